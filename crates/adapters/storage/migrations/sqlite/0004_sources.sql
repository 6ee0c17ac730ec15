-- The sources mail leaves by, their warm-up, and what left by them.

-- What mail leaves by. way: direct or a smart host, as JSON, with its login. What was removed keeps its name.
CREATE TABLE sources (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL,
    way            TEXT NOT NULL,
    pool           TEXT NOT NULL,
    weight         BIGINT NOT NULL,
    enabled        BOOLEAN NOT NULL,
    quota          TEXT NOT NULL,
    curve          TEXT,
    curve_from     BIGINT,
    rest           TEXT,
    not_for        TEXT NOT NULL DEFAULT '[]',
    standing       TEXT,
    checked_at     BIGINT,
    created_at     BIGINT NOT NULL,
    removed_at     BIGINT
);
INSERT INTO sources (id, name, way, pool, weight, enabled, quota, created_at)
    VALUES (1, '', '{"kind":"direct"}', 'main', 10, TRUE, '{}', 0);

-- How access tokens are renewed; the token itself is the login's password.
CREATE TABLE source_tokens (
    source_id     INTEGER PRIMARY KEY,
    token_url     TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    client_secret TEXT NOT NULL,
    refresh_token TEXT NOT NULL,
    expires_at    BIGINT,
    trouble       TEXT,
    trouble_at    BIGINT
);

CREATE TABLE source_warm_ups (
    source_id BIGINT NOT NULL,
    provider_group TEXT NOT NULL,
    step      BIGINT NOT NULL,
    day       BIGINT NOT NULL,
    stage     TEXT NOT NULL,
    why       TEXT NOT NULL,
    PRIMARY KEY (source_id, provider_group)
);

-- What left, by the hour (hours since 1970); limits are sums over it.
CREATE TABLE source_counts (
    source_id  BIGINT NOT NULL,
    provider   TEXT NOT NULL,
    hour       BIGINT NOT NULL,
    handed     BIGINT NOT NULL DEFAULT 0,
    accepted   BIGINT NOT NULL DEFAULT 0,
    deferred   BIGINT NOT NULL DEFAULT 0,
    refused    BIGINT NOT NULL DEFAULT 0,
    complained BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (source_id, provider, hour)
);
CREATE INDEX source_counts_by_hour ON source_counts (hour);
