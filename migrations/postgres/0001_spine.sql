-- The tables of the spine. Times are integer milliseconds, documents are JSON text, text sorts by bytes (COLLATE "C"), as in SQLite.

CREATE TABLE meta (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE user_pools (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    declared BOOLEAN NOT NULL,
    username_case_sensitive BOOLEAN NOT NULL,
    document TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    modified_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_pools_declared ON user_pools (name) WHERE declared;

CREATE TABLE app_clients (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    pool_id TEXT COLLATE "C" NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    declared BOOLEAN NOT NULL,
    data TEXT NOT NULL
);
CREATE UNIQUE INDEX app_clients_pool ON app_clients (pool_id, id);
CREATE UNIQUE INDEX app_clients_declared ON app_clients (pool_id, name) WHERE declared;

CREATE TABLE users (
    pool_id TEXT COLLATE "C" NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    sub TEXT COLLATE "C" NOT NULL,
    username TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    enabled BOOLEAN NOT NULL,
    attributes TEXT NOT NULL,
    signed_out_ms BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    modified_ms BIGINT NOT NULL,
    PRIMARY KEY (pool_id, sub)
);
CREATE UNIQUE INDEX users_username ON users (pool_id, username);

CREATE TABLE user_identities (
    pool_id TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    subject_key TEXT COLLATE "C" NOT NULL,
    sub TEXT COLLATE "C" NOT NULL,
    provider_type TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    issuer TEXT COLLATE "C",
    is_primary BOOLEAN NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (pool_id, provider, subject_key),
    FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE INDEX user_identities_user ON user_identities (pool_id, sub);

CREATE TABLE identity_providers (
    pool_id TEXT COLLATE "C" NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    enabled BOOLEAN NOT NULL,
    declared BOOLEAN NOT NULL,
    details TEXT NOT NULL,
    sealed_details TEXT NOT NULL,
    attribute_mapping TEXT NOT NULL,
    document TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    modified_ms BIGINT NOT NULL,
    PRIMARY KEY (pool_id, name)
);

CREATE TABLE identity_provider_identifiers (
    pool_id TEXT COLLATE "C" NOT NULL,
    identifier TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (pool_id, identifier),
    FOREIGN KEY (pool_id, name) REFERENCES identity_providers (pool_id, name) ON DELETE CASCADE
);
CREATE INDEX identity_provider_identifiers_provider ON identity_provider_identifiers (pool_id, name);

CREATE TABLE domains (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    pool_id TEXT COLLATE "C" NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    custom BOOLEAN NOT NULL,
    document TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE INDEX domains_pool ON domains (pool_id);

CREATE TABLE grants (
    pool_id TEXT COLLATE "C" NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    id TEXT COLLATE "C" NOT NULL,
    client_id TEXT COLLATE "C" NOT NULL,
    sub TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    code_digest TEXT COLLATE "C",
    refresh_digest TEXT COLLATE "C",
    scopes TEXT NOT NULL,
    nonce TEXT,
    auth_time_ms BIGINT NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    revoked_ms BIGINT,
    PRIMARY KEY (pool_id, id)
);
CREATE UNIQUE INDEX grants_code ON grants (code_digest) WHERE code_digest IS NOT NULL;
CREATE UNIQUE INDEX grants_refresh ON grants (refresh_digest) WHERE refresh_digest IS NOT NULL;
CREATE INDEX grants_user ON grants (pool_id, sub);
CREATE INDEX grants_expiry ON grants (expires_ms);

CREATE TABLE consumed (
    pool_id TEXT COLLATE "C" NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (pool_id, kind, digest)
);
CREATE INDEX consumed_expiry ON consumed (expires_ms);

CREATE TABLE signing_keys (
    pool_id TEXT COLLATE "C" NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    kid TEXT COLLATE "C" NOT NULL,
    token_use TEXT COLLATE "C" NOT NULL,
    sealed_private TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    active_from_ms BIGINT NOT NULL,
    retire_at_ms BIGINT,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (pool_id, kid)
);
