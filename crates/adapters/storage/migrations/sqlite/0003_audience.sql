-- What belongs to contacts and is asked for less often: merges, consents, trials of imports.

-- Customer numbers that lead to a contact beside its own.
CREATE TABLE contact_external_ids (
    external_id TEXT PRIMARY KEY,
    contact_id  BIGINT NOT NULL
);

-- Further addresses and telephone numbers; the preferred ones stand in contacts. value_key: as it is compared.
CREATE TABLE contact_points (
    id             INTEGER PRIMARY KEY,
    contact_id     BIGINT NOT NULL,
    kind           TEXT NOT NULL,
    value          TEXT NOT NULL,
    value_key      TEXT NOT NULL,
    label          TEXT NOT NULL DEFAULT '',
    provider       TEXT NOT NULL DEFAULT '',
    lookalike_of   TEXT,
    search_text    TEXT NOT NULL,
    invalid_at     BIGINT,
    invalid_reason TEXT,
    removed_at     BIGINT, -- taken off; it can be brought back for a while
    created_at     BIGINT NOT NULL
);
CREATE INDEX contact_points_by_contact ON contact_points (contact_id, id);
CREATE INDEX contact_points_by_key ON contact_points (value_key, kind, contact_id);

-- Entries made into one. before: every contact as it was; points: what the survivor had beside.
CREATE TABLE merges (
    id        INTEGER PRIMARY KEY,
    master_id BIGINT NOT NULL,
    others    TEXT NOT NULL,
    before    TEXT NOT NULL,
    points    TEXT NOT NULL,
    at        BIGINT NOT NULL,
    actor     BIGINT,
    undone_at BIGINT
);
CREATE INDEX merges_by_master ON merges (master_id, id);

-- What customers agreed to and withdrew; entries are only added. keep_until: of a person whose data were erased.
CREATE TABLE consents (
    contact_id   BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    source_id    BIGINT,
    topic_id     BIGINT,
    act          TEXT NOT NULL,
    at           BIGINT NOT NULL,
    route        TEXT NOT NULL,
    address      TEXT NOT NULL,
    ip           TEXT,
    user_agent   TEXT,
    mail_id      BIGINT,
    confirmed_at BIGINT,
    actor        BIGINT,
    recorded_at  BIGINT NOT NULL,
    keep_until   BIGINT,
    PRIMARY KEY (contact_id, id)
) WITHOUT ROWID;
CREATE INDEX consents_by_topic ON consents (topic_id, contact_id, id) WHERE topic_id IS NOT NULL;
CREATE INDEX consents_withdrawn ON consents (contact_id, id) WHERE act = 'withdrawn';
CREATE INDEX consents_sealed ON consents (address) WHERE keep_until IS NOT NULL;

-- The words and the proof behind many entries, kept once.
CREATE TABLE consent_sources (
    id         INTEGER PRIMARY KEY,
    basis      TEXT NOT NULL,
    wording    TEXT NOT NULL,
    evidence   TEXT NOT NULL,
    import_id  BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX consent_sources_by_basis ON consent_sources (basis, created_at);

-- Who had refused mail when her data were erased: fingerprints of addresses.
CREATE TABLE erased_refusals (
    fingerprint TEXT PRIMARY KEY,
    route       TEXT NOT NULL,
    at          BIGINT NOT NULL
);

-- What a trial run has met so far, by a fingerprint of number or address.
CREATE TABLE import_met (
    import_id BIGINT NOT NULL,
    met       BIGINT NOT NULL,
    PRIMARY KEY (import_id, met)
) WITHOUT ROWID;

-- Addresses and domains nothing is sent to. key: an address as it is compared, or @domain.
CREATE TABLE suppressions (
    key      TEXT PRIMARY KEY,
    note     TEXT NOT NULL,
    added_by BIGINT,
    added_at BIGINT NOT NULL
);

-- What a trial run has made of people so far, beside the house; columns as in contacts.
CREATE TABLE import_people (
    import_id      BIGINT NOT NULL,
    id             BIGINT NOT NULL,
    address        TEXT,
    address_key    TEXT,
    provider       TEXT NOT NULL,
    name           TEXT NOT NULL,
    kana           TEXT NOT NULL,
    phone          TEXT NOT NULL,
    company        TEXT NOT NULL,
    external_id    TEXT NOT NULL,
    note           TEXT NOT NULL,
    fields         TEXT NOT NULL,
    opted_out_at   BIGINT,
    opt_out_route  TEXT,
    invalid_at     BIGINT,
    invalid_reason TEXT,
    lookalike_of   TEXT,
    status         TEXT NOT NULL,
    dm_refused_at  BIGINT,
    trashed_at     BIGINT,
    consent        TEXT,
    consented_at   BIGINT,
    address_label  TEXT NOT NULL DEFAULT '',
    phone_label    TEXT NOT NULL DEFAULT '',
    version        BIGINT NOT NULL DEFAULT 1,
    created_at     BIGINT NOT NULL DEFAULT 0,
    updated_at     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (import_id, id)
) WITHOUT ROWID;
CREATE INDEX import_people_by_address ON import_people (import_id, address_key, id);
CREATE INDEX import_people_by_external_id ON import_people (import_id, external_id) WHERE external_id <> '';

CREATE TABLE import_people_points (
    import_id  BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    value_key  TEXT NOT NULL,
    PRIMARY KEY (import_id, contact_id, value_key)
) WITHOUT ROWID;
CREATE INDEX import_people_points_by_key ON import_people_points (import_id, value_key);

-- How columns of such a file were assigned the last time.
CREATE TABLE import_presets (
    name       TEXT PRIMARY KEY,
    plan       TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
