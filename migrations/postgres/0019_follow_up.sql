-- What a phone or an account is to follow up: of a list of which it has rows here it is given those entities alone. Set by the
-- office, so no rebuild makes it again.
CREATE TABLE follow_up (
    holder_id uuid NOT NULL,
    dataset text NOT NULL,
    entity_id uuid NOT NULL,
    set_at bigint NOT NULL,
    PRIMARY KEY (holder_id, dataset, entity_id)
);
