-- One server, its identity and the epoch of its feed (a restore or rebuild starts a new epoch).
CREATE TABLE server_info (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    server_id BLOB NOT NULL,
    epoch BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    public_url TEXT NOT NULL,
    key_check BLOB NOT NULL
) STRICT;

-- Journal order is commit order: the row is locked by whoever appends.
CREATE TABLE journal_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO journal_head (id, seq) VALUES (1, 0);

-- How far the derived tables have followed the journal.
CREATE TABLE apply_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO apply_state (id, seq) VALUES (1, 0);

CREATE TABLE zone (
    zone_id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE account (
    account_id BLOB PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    zone_id INTEGER REFERENCES zone (zone_id),
    password_hash TEXT NOT NULL,
    ha1_sealed BLOB,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES account (account_id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE device (
    device_id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    zone_id INTEGER REFERENCES zone (zone_id),
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE TABLE audit (
    audit_id BLOB PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);

CREATE TABLE form (
    form_id TEXT NOT NULL,
    version TEXT NOT NULL,
    title TEXT NOT NULL,
    xml BLOB NOT NULL,
    md5 TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    PRIMARY KEY (form_id, version)
) STRICT;

CREATE TABLE form_media (
    form_id TEXT NOT NULL,
    version TEXT NOT NULL,
    filename TEXT NOT NULL,
    md5 TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (form_id, version, filename),
    FOREIGN KEY (form_id, version) REFERENCES form (form_id, version)
) STRICT;

CREATE TABLE boundary (
    division TEXT NOT NULL,
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    geometry TEXT NOT NULL,
    source TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    PRIMARY KEY (division, level, code)
) STRICT;

-- ---------------------------------------------------------------- the truth

CREATE TABLE journal (
    zone_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    submission_id BLOB NOT NULL,
    form_id TEXT NOT NULL,
    form_version TEXT NOT NULL,
    instance_id TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    account_id BLOB,
    device_id BLOB,
    received_at INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (zone_id, seq)
) STRICT;
CREATE INDEX journal_seq ON journal (seq);

-- Idempotency: what has been seen, by form + instance id, by content, by attachment.
CREATE TABLE intake_key (
    intake_key BLOB PRIMARY KEY,
    zone_id INTEGER NOT NULL,
    submission_id BLOB NOT NULL,
    content_hash BLOB
) STRICT, WITHOUT ROWID;

-- The random key of an event or an entity (`subject`), wrapped by a master key; empty = destroyed.
-- Phones choose entity ids: they must not meet those of events.
CREATE TABLE subject_key (
    zone_id INTEGER NOT NULL,
    subject TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    realm TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (zone_id, subject, subject_id)
) STRICT, WITHOUT ROWID;

-- Files by content; the bytes lie in the data folder, sealed, each with its wrapped key in front.
CREATE TABLE blob (
    sha256 BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    realm TEXT NOT NULL
) STRICT;

-- ---------------------------------------------------------------- derived

CREATE TABLE record (
    zone_id INTEGER NOT NULL,
    submission_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    form_id TEXT NOT NULL,
    form_version TEXT NOT NULL,
    instance_id TEXT NOT NULL,
    dataset TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    entity_id BLOB,
    account_id BLOB,
    device_id BLOB,
    received_at INTEGER NOT NULL,
    violations TEXT NOT NULL,
    expected_files TEXT NOT NULL,
    answers TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (zone_id, submission_id)
) STRICT;

CREATE TABLE attachment (
    zone_id INTEGER NOT NULL,
    submission_id BLOB NOT NULL,
    name TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    size INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (zone_id, submission_id, name, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE entity (
    zone_id INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    dataset TEXT NOT NULL,
    version INTEGER NOT NULL,
    label TEXT NOT NULL,
    props TEXT NOT NULL,
    lon REAL,
    lat REAL,
    flags TEXT NOT NULL,
    site_id BLOB,
    region_2012 TEXT NOT NULL,
    cercle_2012 TEXT NOT NULL,
    commune_2012 TEXT NOT NULL,
    basis_2012 TEXT NOT NULL,
    region_2023 TEXT NOT NULL,
    cercle_2023 TEXT NOT NULL,
    commune_2023 TEXT NOT NULL,
    basis_2023 TEXT NOT NULL,
    district TEXT NOT NULL,
    sex TEXT NOT NULL,
    age_group TEXT NOT NULL,
    status TEXT NOT NULL,
    created_seq INTEGER NOT NULL,
    updated_seq INTEGER NOT NULL,
    PRIMARY KEY (zone_id, entity_id)
) STRICT;
CREATE INDEX entity_dataset ON entity (dataset, zone_id, entity_id);
CREATE INDEX entity_site ON entity (site_id) WHERE site_id IS NOT NULL;

-- Every value with its source: what each submission set, in order.
CREATE TABLE entity_version (
    zone_id INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    submission_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    base_version INTEGER NOT NULL,
    branch_id TEXT NOT NULL,
    props TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (zone_id, entity_id, version),
    CONSTRAINT fk_entity_version_entity
        FOREIGN KEY (zone_id, entity_id) REFERENCES entity (zone_id, entity_id)
        DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE vault (
    zone_id INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (zone_id, entity_id)
) STRICT;

-- Finds an entity by its id alone; `canonical_id` is another entity when both are one person.
CREATE TABLE entity_home (
    entity_id BLOB PRIMARY KEY,
    zone_id INTEGER NOT NULL,
    canonical_id BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Keyed hashes of normalised identifiers.
CREATE TABLE block_key (
    block_key BLOB NOT NULL,
    zone_id INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    PRIMARY KEY (block_key, zone_id, entity_id)
) STRICT, WITHOUT ROWID;

-- Entity changes that arrived before what they change.
CREATE TABLE held (
    zone_id INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    submission_id BLOB NOT NULL,
    base_version INTEGER NOT NULL,
    PRIMARY KEY (entity_id, zone_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE count_cell (
    zone_id INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    region_2012 TEXT NOT NULL,
    cercle_2012 TEXT NOT NULL,
    commune_2012 TEXT NOT NULL,
    region_2023 TEXT NOT NULL,
    cercle_2023 TEXT NOT NULL,
    commune_2023 TEXT NOT NULL,
    district TEXT NOT NULL,
    sex TEXT NOT NULL,
    age_group TEXT NOT NULL,
    status TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023,
        cercle_2023, commune_2023, district, sex, age_group, status)
) STRICT, WITHOUT ROWID;

-- A counter per zone, taken last in the transaction: feed order is commit order.
CREATE TABLE feed_head (
    zone_id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;

CREATE TABLE feed (
    zone_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    dataset TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    device_id BLOB,
    detail TEXT NOT NULL,
    PRIMARY KEY (zone_id, seq)
) STRICT, WITHOUT ROWID;

-- A change token per dataset and zone, for entity lists and downloads.
CREATE TABLE dataset_head (
    zone_id INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (zone_id, dataset)
) STRICT, WITHOUT ROWID;
