-- The house: operators, contacts, sources, templates, broadcasts, the queue, arrivals, events.
-- Instants are milliseconds UTC. JSON is TEXT on both engines. Hot tables stay narrow.

CREATE TABLE operators (
    id            INTEGER PRIMARY KEY,
    login         TEXT NOT NULL,
    login_key     TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    language      TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    failed_logins BIGINT NOT NULL DEFAULT 0,
    locked_at     BIGINT,
    created_at    BIGINT NOT NULL,
    logged_in_at  BIGINT
);

CREATE TABLE sessions (
    token_hash  TEXT PRIMARY KEY,
    operator_id BIGINT NOT NULL,
    csrf_token  TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sessions_by_operator ON sessions (operator_id);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE contacts (
    id             INTEGER PRIMARY KEY,
    address        TEXT,
    address_key    TEXT,
    provider       TEXT NOT NULL DEFAULT '',
    name           TEXT NOT NULL DEFAULT '',
    kana           TEXT NOT NULL DEFAULT '',
    phone          TEXT NOT NULL DEFAULT '',
    company        TEXT NOT NULL DEFAULT '',
    external_id    TEXT NOT NULL DEFAULT '',
    note           TEXT NOT NULL DEFAULT '',
    fields         TEXT NOT NULL DEFAULT '{}',
    search_text    TEXT NOT NULL DEFAULT '',
    opted_out_at   BIGINT,
    opt_out_route  TEXT,
    invalid_at     BIGINT,
    invalid_reason TEXT,
    lookalike_of   TEXT,
    status         TEXT NOT NULL DEFAULT 'registered',
    dm_refused_at  BIGINT,
    trashed_at     BIGINT,
    consent        TEXT, -- the basis of the last agreement to all advertising that was not withdrawn
    consented_at   BIGINT,
    address_label  TEXT NOT NULL DEFAULT '',
    phone_label    TEXT NOT NULL DEFAULT '',
    merged_into    BIGINT, -- the entry of the same person that survived; this one is in the trash
    version        BIGINT NOT NULL DEFAULT 1,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
-- What segments look at most, beside the wide rows; by id, so that sets of contacts are joined in their order.
CREATE INDEX contacts_narrow ON contacts (id, created_at, provider, trashed_at, opted_out_at, invalid_at, lookalike_of,
    dm_refused_at, status, consent, consented_at, address_key);
CREATE INDEX contacts_by_address ON contacts (address_key, id);
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;
CREATE UNIQUE INDEX contacts_by_external_id ON contacts (external_id) WHERE external_id <> '';

-- Messages that did not reach an address, until something proves it works or somebody says so.
CREATE TABLE address_failures (
    recipient_id INTEGER PRIMARY KEY,
    address_key  TEXT NOT NULL,
    at           BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    is_temporary BOOLEAN NOT NULL,
    cleared_at   BIGINT
);
CREATE INDEX address_failures_by_address ON address_failures (address_key, at) WHERE cleared_at IS NULL;

CREATE TABLE contact_fields (
    id             INTEGER PRIMARY KEY,
    key            TEXT NOT NULL UNIQUE, -- the name in contacts.fields and in templates; never changes
    label          TEXT NOT NULL,
    kind           TEXT NOT NULL,
    choices        TEXT NOT NULL DEFAULT '[]',
    required       BOOLEAN NOT NULL DEFAULT FALSE,
    position       BIGINT NOT NULL DEFAULT 0,
    retyping_up_to BIGINT, -- contacts up to this one have been read anew as another kind
    archived_at    BIGINT,
    created_at     BIGINT NOT NULL
);

-- The values of contacts.fields as they are compared, one field after the other like the columns of a table
-- (docs/decisions/0003). text is folded; number is a number, days since 1970, or 0 and 1.
CREATE TABLE field_values (
    field_id   BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    text       TEXT,
    number     DOUBLE PRECISION,
    PRIMARY KEY (field_id, contact_id, seq)
) WITHOUT ROWID;

-- What customers may refuse apart from everything else.
CREATE TABLE topics (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    position    BIGINT NOT NULL DEFAULT 0,
    archived_at BIGINT,
    created_at  BIGINT NOT NULL
);

CREATE TABLE topic_opt_outs (
    topic_id   BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    route      TEXT NOT NULL,
    PRIMARY KEY (topic_id, contact_id)
) WITHOUT ROWID;
CREATE INDEX topic_opt_outs_by_contact ON topic_opt_outs (contact_id);

-- Groups of customers; rule is JSON (audience::segment).
CREATE TABLE segments (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL, -- the name as it is compared
    rule        TEXT NOT NULL,
    changed_by  BIGINT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL DEFAULT 1, -- counts the changes
    archived_at BIGINT
);
CREATE UNIQUE INDEX segments_by_name ON segments (name_key) WHERE archived_at IS NULL;

CREATE TABLE imports (
    id          INTEGER PRIMARY KEY,
    file_name   TEXT NOT NULL,
    bytes_total BIGINT NOT NULL DEFAULT 0,
    plan        TEXT NOT NULL DEFAULT '',
    state       TEXT NOT NULL,
    rows_done   BIGINT NOT NULL DEFAULT 0,
    bytes_done  BIGINT NOT NULL DEFAULT 0,
    added       BIGINT NOT NULL DEFAULT 0,
    updated     BIGINT NOT NULL DEFAULT 0,
    unchanged   BIGINT NOT NULL DEFAULT 0,
    failed      BIGINT NOT NULL DEFAULT 0,
    skipped     BIGINT NOT NULL DEFAULT 0,
    trial       TEXT, -- what a trial run found
    failure     TEXT,
    created_by  BIGINT,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT
);

CREATE TABLE import_pieces (
    import_id BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    bytes     BLOB NOT NULL,
    PRIMARY KEY (import_id, seq)
);

CREATE TABLE import_errors (
    import_id BIGINT NOT NULL,
    row_no    BIGINT NOT NULL,
    cells     TEXT NOT NULL,
    ja        TEXT NOT NULL,
    en        TEXT NOT NULL,
    PRIMARY KEY (import_id, row_no)
);

CREATE TABLE domains (
    id                 INTEGER PRIMARY KEY,
    name               TEXT NOT NULL UNIQUE,
    return_path_domain TEXT NOT NULL,
    keys               TEXT NOT NULL,
    created_at         BIGINT NOT NULL,
    standing           TEXT,
    checked_at         BIGINT
);

CREATE TABLE templates (
    id         INTEGER PRIMARY KEY,
    version_id BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE template_versions (
    id          INTEGER PRIMARY KEY,
    template_id BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    name        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    text_body   TEXT NOT NULL,
    html_body   TEXT,
    created_at  BIGINT NOT NULL,
    UNIQUE (template_id, version)
);

CREATE TABLE broadcasts (
    id                  INTEGER PRIMARY KEY,
    name                TEXT NOT NULL,
    purpose             TEXT NOT NULL DEFAULT 'advertising',
    template_id         BIGINT NOT NULL,
    template_version_id BIGINT,
    from_name           TEXT NOT NULL,
    from_address        TEXT NOT NULL,
    reply_to            TEXT NOT NULL,
    audience            TEXT NOT NULL,
    pool                TEXT, -- the pool it leaves by; its lane's when NULL
    audience_rules      TEXT NOT NULL DEFAULT '{}',
    topic_id            BIGINT, -- the topic it is about, out of audience_rules
    state               TEXT NOT NULL,
    prepared_up_to      BIGINT NOT NULL DEFAULT 0,
    audience_up_to      BIGINT NOT NULL DEFAULT 0,
    prepared            BOOLEAN NOT NULL DEFAULT FALSE,
    catching_up         BOOLEAN NOT NULL DEFAULT FALSE, -- its queue rows do not follow its state yet
    expires_at          BIGINT,
    pace                TEXT, -- its hours, rate and priority as JSON
    records_clicks      BOOLEAN NOT NULL DEFAULT FALSE, -- its links are recorded when they are followed
    created_by          BIGINT,
    created_at          BIGINT NOT NULL,
    started_at          BIGINT,
    finished_at         BIGINT
);

CREATE TABLE broadcast_picks (
    broadcast_id BIGINT NOT NULL,
    contact_id   BIGINT NOT NULL,
    excluded     BOOLEAN NOT NULL DEFAULT FALSE, -- taken out by hand instead of put in
    PRIMARY KEY (broadcast_id, contact_id)
);

-- One person × one message, for good.
CREATE TABLE recipients (
    id                  INTEGER PRIMARY KEY,
    broadcast_id        BIGINT NOT NULL,
    template_version_id BIGINT NOT NULL,
    contact_id          BIGINT NOT NULL,
    address             TEXT NOT NULL,
    provider            TEXT NOT NULL,
    state               TEXT NOT NULL,
    state_at            BIGINT NOT NULL,
    withheld            TEXT,
    reason              TEXT,
    fault               TEXT,
    verdict             TEXT,
    reply_code          BIGINT,
    reply_text          TEXT,
    next_at             BIGINT,
    expires_at          BIGINT NOT NULL,
    attempts            BIGINT NOT NULL DEFAULT 0,
    source_id           BIGINT, -- the source of the last try
    vals                TEXT,
    arrival_id          BIGINT,
    resend_of           BIGINT,
    resent_as           BIGINT, -- the row that took this one's place in the report
    handled_at          BIGINT,
    handled_note        TEXT NOT NULL DEFAULT '',
    created_at          BIGINT NOT NULL
);
CREATE INDEX recipients_by_broadcast ON recipients (broadcast_id, state, provider, resent_as);
CREATE INDEX recipients_by_contact ON recipients (contact_id, state, state_at, broadcast_id);
CREATE INDEX recipients_on_desk ON recipients (state_at, id)
    WHERE state IN ('refused', 'bounced', 'doubtful') AND handled_at IS NULL;
CREATE INDEX recipients_by_time ON recipients (state_at, state);

-- Where the recorded links of a broadcast lead. A number never changes its meaning.
CREATE TABLE links (
    broadcast_id BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    target       TEXT NOT NULL,
    PRIMARY KEY (broadcast_id, number)
) WITHOUT ROWID;

-- Who followed a link on a day: one row however often it was.
CREATE TABLE clicks (
    recipient_id BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    day          BIGINT NOT NULL, -- days since 1970, in Japan
    sign         TEXT NOT NULL, -- why it is a machine's; empty for a person's
    broadcast_id BIGINT NOT NULL,
    contact_id   BIGINT NOT NULL,
    judged       BIGINT NOT NULL, -- 0 not yet, 1 a person's, 2 a machine's
    times        BIGINT NOT NULL,
    first_at     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    PRIMARY KEY (recipient_id, number, day, sign)
) WITHOUT ROWID;
CREATE INDEX clicks_to_judge ON clicks (first_at, recipient_id) WHERE judged = 0;
CREATE INDEX clicks_by_contact ON clicks (contact_id, broadcast_id, number, last_at, times) WHERE judged = 1;
CREATE INDEX clicks_by_broadcast ON clicks (broadcast_id, contact_id, number, judged, last_at, times);

-- What is still to be done: a row leaves when its recipient is settled.
CREATE TABLE queue (
    id           INTEGER PRIMARY KEY,
    broadcast_id BIGINT NOT NULL,
    lane         BIGINT NOT NULL,
    site         TEXT NOT NULL,
    due_at       BIGINT NOT NULL,
    phase        BIGINT NOT NULL DEFAULT 0, -- 0 ready, 1 leased, 2 committing
    node         TEXT NOT NULL DEFAULT '',
    lease_until  BIGINT NOT NULL DEFAULT 0,
    paused       BOOLEAN NOT NULL DEFAULT FALSE,
    waits        TEXT -- why its source is not free, until it is tried
);
CREATE INDEX queue_ready ON queue (lane, broadcast_id, due_at, id, site) WHERE phase = 0 AND NOT paused;
CREATE INDEX queue_by_site ON queue (lane, broadcast_id, site, due_at, id) WHERE phase = 0 AND NOT paused;
CREATE INDEX queue_leased ON queue (id) WHERE phase > 0;

-- The owner's own limits by group of servers, laid over the rule pack's. limits: JSON.
CREATE TABLE pacing_limits (
    group_name TEXT PRIMARY KEY,
    limits     TEXT NOT NULL,
    set_by     BIGINT,
    set_at     BIGINT NOT NULL
);

-- What an operator or a reply stopped, slowed or moved to another source. NULL: every source, every group.
CREATE TABLE holds (
    id         INTEGER PRIMARY KEY,
    source_id  BIGINT,
    group_name TEXT,
    change     TEXT NOT NULL,
    rule       TEXT NOT NULL,
    sample     TEXT NOT NULL,
    since_at   BIGINT NOT NULL,
    until_at   BIGINT,
    made_by    BIGINT,
    lifted_at  BIGINT,
    lifted_by  BIGINT
);
CREATE INDEX holds_in_force ON holds (id) WHERE lifted_at IS NULL;

-- What each process is doing, told every few seconds. flows: JSON.
CREATE TABLE pacing_told (
    node  TEXT PRIMARY KEY,
    at    BIGINT NOT NULL,
    flows TEXT NOT NULL
);

CREATE TABLE attempts (
    recipient_id BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    host         TEXT NOT NULL,
    peer_address TEXT NOT NULL,
    tls          TEXT,
    assurance    TEXT,
    stage        TEXT NOT NULL,
    reply_code   BIGINT,
    reply_text   TEXT,
    trouble      TEXT,
    detail       TEXT NOT NULL,
    state        TEXT NOT NULL,
    next_at      BIGINT,
    verdict      TEXT,
    source_id    BIGINT NOT NULL DEFAULT 1,
    script_id    BIGINT, -- what was said, for some weeks: the shared words,
    opening_id   BIGINT, -- how the connection was opened,
    spoken       TEXT, -- and what is its own: times, queue ids
    PRIMARY KEY (recipient_id, number)
) WITHOUT ROWID;

-- What servers and we say again and again, once; id: the text's hash.
CREATE TABLE scripts (
    id      INTEGER PRIMARY KEY,
    text    TEXT NOT NULL,
    seen_at BIGINT NOT NULL
);

-- How connections were opened.
CREATE TABLE openings (
    id        INTEGER PRIMARY KEY,
    at        BIGINT NOT NULL,
    script_id BIGINT NOT NULL,
    own       TEXT NOT NULL
);

CREATE TABLE arrivals (
    id           INTEGER PRIMARY KEY,
    arrived_at   BIGINT NOT NULL,
    reverse_path TEXT NOT NULL,
    forward_path TEXT NOT NULL,
    recipient_id BIGINT,
    peer         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    size         BIGINT NOT NULL,
    sha256       TEXT NOT NULL
);

-- Large bytes, by content.
CREATE TABLE blobs (
    sha256 TEXT PRIMARY KEY,
    bytes  BLOB NOT NULL
);

-- What happened. tx: the transaction that wrote it, where transactions overlap (PostgreSQL); readers go by (tx, id).
CREATE TABLE events (
    id           INTEGER PRIMARY KEY,
    tx           BIGINT NOT NULL DEFAULT 0,
    at           BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    contact_id   BIGINT,
    recipient_id BIGINT,
    broadcast_id BIGINT,
    operator_id  BIGINT,
    detail       TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX events_by_contact ON events (contact_id, id) WHERE contact_id IS NOT NULL;
CREATE INDEX events_by_recipient ON events (recipient_id, id) WHERE recipient_id IS NOT NULL;

CREATE TABLE cursors (
    reader   TEXT PRIMARY KEY,
    event_id BIGINT NOT NULL,
    tx       BIGINT NOT NULL DEFAULT 0
);
