-- What a phone or an account is to follow up: of a list of which it has rows here it is given those entities alone. Set by the
-- office, so no rebuild makes it again.
CREATE TABLE follow_up (
    holder_id BLOB NOT NULL,
    dataset TEXT NOT NULL,
    entity_id BLOB NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (holder_id, dataset, entity_id)
) STRICT, WITHOUT ROWID;
