-- Base lists that were imported; what they say stands in the journal, between the two places named here.
CREATE TABLE base_import (
    import_id uuid PRIMARY KEY,
    dataset text NOT NULL,
    file_name text NOT NULL,
    imported_at bigint NOT NULL,
    new_lines bigint NOT NULL,
    changed_lines bigint NOT NULL,
    same_lines bigint NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    undone_at bigint
);
