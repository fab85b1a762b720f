-- What complete federation needs: origins of values, links, provider sessions, our SAML keys, the last good provider documents.

-- Attribute name -> {provider, claim, at_ms}: where a value came from.
ALTER TABLE users ADD COLUMN origins TEXT NOT NULL DEFAULT '{}';

-- The unified identity as this provider last gave it, and when.
ALTER TABLE user_identities ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
ALTER TABLE user_identities ADD COLUMN seen_ms BIGINT NOT NULL DEFAULT 0;

CREATE INDEX user_identities_subject ON user_identities (pool_id, provider, subject);

-- Links by an attribute of the provider (Cognito: AdminLinkProviderForUser) that no sign-in has used yet.
CREATE TABLE identity_links (
    pool_id TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    attribute TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    sub TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (pool_id, provider, attribute, value),
    FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE INDEX identity_links_user ON identity_links (pool_id, sub);

-- Until when what a provider proved of a user counts no more: sign-ins before the unlinking of one of its identities.
CREATE TABLE identity_ends (
    pool_id TEXT COLLATE "C" NOT NULL,
    sub TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    ended_ms BIGINT NOT NULL,
    PRIMARY KEY (pool_id, sub, provider),
    FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);

-- Which of our browser sessions came from which session of a provider, for single logout.
CREATE TABLE provider_sessions (
    pool_id TEXT COLLATE "C" NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    session_key TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    subject_key TEXT COLLATE "C" NOT NULL,
    session_index TEXT COLLATE "C",
    logout TEXT NOT NULL,
    sub TEXT COLLATE "C" NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (pool_id, session_key)
);
CREATE INDEX provider_sessions_subject ON provider_sessions (pool_id, provider, subject_key);
CREATE INDEX provider_sessions_expiry ON provider_sessions (expires_ms);

-- Our keys as a SAML service provider: the pool's signing keys (provider is empty) and each provider's encryption keys. Generations
-- count from 1: of replicas that make the same one at once, one wins.
CREATE TABLE saml_keys (
    pool_id TEXT COLLATE "C" NOT NULL REFERENCES user_pools (id) ON DELETE CASCADE,
    provider TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    sealed_private TEXT NOT NULL,
    certificate TEXT NOT NULL,
    active_from_ms BIGINT NOT NULL,
    retire_at_ms BIGINT,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (pool_id, provider, generation)
);

-- The last good copy of what a provider publishes (SAML metadata), when it was last found good, and when to look again.
-- `source` is the digest of where it comes from and what it must be; dates of expiry stand beside it, so that nobody has to parse it for them.
CREATE TABLE provider_documents (
    pool_id TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    body TEXT NOT NULL,
    etag TEXT,
    modified TEXT,
    fetched_ms BIGINT NOT NULL,
    checked_ms BIGINT NOT NULL,
    due_ms BIGINT NOT NULL,
    certificate_until_ms BIGINT,
    valid_until_ms BIGINT,
    PRIMARY KEY (pool_id, provider),
    FOREIGN KEY (pool_id, provider) REFERENCES identity_providers (pool_id, name) ON DELETE CASCADE
);
