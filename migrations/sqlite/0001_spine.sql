-- The tables of the spine. Times are integer milliseconds, documents are JSON text, booleans are 0 or 1.

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE user_pools (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    declared INTEGER NOT NULL,
    username_case_sensitive INTEGER NOT NULL,
    document TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_pools_declared ON user_pools (name) WHERE declared = 1;

CREATE TABLE app_clients (
    id TEXT NOT NULL PRIMARY KEY,
    pool_id TEXT NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    declared INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX app_clients_pool ON app_clients (pool_id, id);
CREATE UNIQUE INDEX app_clients_declared ON app_clients (pool_id, name) WHERE declared = 1;

CREATE TABLE users (
    pool_id TEXT NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    sub TEXT NOT NULL,
    username TEXT NOT NULL,
    status TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    signed_out_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    PRIMARY KEY (pool_id, sub)
) STRICT;
CREATE UNIQUE INDEX users_username ON users (pool_id, username);

CREATE TABLE user_identities (
    pool_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    subject_key TEXT NOT NULL,
    sub TEXT NOT NULL,
    provider_type TEXT NOT NULL,
    subject TEXT NOT NULL,
    issuer TEXT,
    is_primary INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (pool_id, provider, subject_key),
    FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
) STRICT;
CREATE INDEX user_identities_user ON user_identities (pool_id, sub);

CREATE TABLE identity_providers (
    pool_id TEXT NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    declared INTEGER NOT NULL,
    details TEXT NOT NULL,
    sealed_details TEXT NOT NULL,
    attribute_mapping TEXT NOT NULL,
    document TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    PRIMARY KEY (pool_id, name)
) STRICT;

CREATE TABLE identity_provider_identifiers (
    pool_id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (pool_id, identifier),
    FOREIGN KEY (pool_id, name) REFERENCES identity_providers (pool_id, name) ON DELETE CASCADE
) STRICT;
CREATE INDEX identity_provider_identifiers_provider ON identity_provider_identifiers (pool_id, name);

CREATE TABLE domains (
    name TEXT NOT NULL PRIMARY KEY,
    pool_id TEXT NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    custom INTEGER NOT NULL,
    document TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX domains_pool ON domains (pool_id);

CREATE TABLE grants (
    pool_id TEXT NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    sub TEXT NOT NULL,
    provider TEXT NOT NULL,
    code_digest TEXT,
    refresh_digest TEXT,
    scopes TEXT NOT NULL,
    nonce TEXT,
    auth_time_ms INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    PRIMARY KEY (pool_id, id)
) STRICT;
CREATE UNIQUE INDEX grants_code ON grants (code_digest) WHERE code_digest IS NOT NULL;
CREATE UNIQUE INDEX grants_refresh ON grants (refresh_digest) WHERE refresh_digest IS NOT NULL;
CREATE INDEX grants_user ON grants (pool_id, sub);
CREATE INDEX grants_expiry ON grants (expires_ms);

CREATE TABLE consumed (
    pool_id TEXT NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (pool_id, kind, digest)
) STRICT;
CREATE INDEX consumed_expiry ON consumed (expires_ms);

CREATE TABLE signing_keys (
    pool_id TEXT NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    kid TEXT NOT NULL,
    token_use TEXT NOT NULL,
    sealed_private TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    active_from_ms INTEGER NOT NULL,
    retire_at_ms INTEGER,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (pool_id, kid)
) STRICT;
