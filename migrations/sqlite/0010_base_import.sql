-- Base lists that were imported; what they say stands in the journal, between the two places named here.
CREATE TABLE base_import (
    import_id BLOB PRIMARY KEY,
    dataset TEXT NOT NULL,
    file_name TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    new_lines INTEGER NOT NULL,
    changed_lines INTEGER NOT NULL,
    same_lines INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    undone_at INTEGER
) STRICT;
