-- Encryption towards other servers: policies of domains, rules of the owner, counts and reports.

-- What a domain says about TLS towards it (MTA-STS), as fetched.
CREATE TABLE tls_policies (
    domain      TEXT PRIMARY KEY,
    id          TEXT NOT NULL,
    body        TEXT NOT NULL,
    fetched_at  BIGINT NOT NULL,
    holds_until BIGINT NOT NULL
);

-- What the owner demands of a domain.
CREATE TABLE tls_rules (
    domain TEXT PRIMARY KEY,
    rule   TEXT NOT NULL,
    set_at BIGINT NOT NULL
);

-- How TLS went, per day (since 1970, UTC).
CREATE TABLE tls_counts (
    day         BIGINT NOT NULL,
    domain      TEXT NOT NULL,
    policy_type TEXT NOT NULL,
    policy      TEXT NOT NULL,
    host        TEXT NOT NULL,
    address     TEXT NOT NULL,
    result      TEXT NOT NULL,
    detail      TEXT NOT NULL,
    sessions    BIGINT NOT NULL,
    PRIMARY KEY (day, domain, policy_type, policy, host, address, result)
);

CREATE TABLE tls_report_days (
    day     BIGINT PRIMARY KEY,
    made_at BIGINT NOT NULL
);

CREATE TABLE tls_reports (
    id      INTEGER PRIMARY KEY,
    domain  TEXT NOT NULL,
    day     BIGINT NOT NULL,
    place   TEXT NOT NULL,
    bytes   BLOB NOT NULL,
    tries   BIGINT NOT NULL,
    next_at BIGINT NOT NULL
);
