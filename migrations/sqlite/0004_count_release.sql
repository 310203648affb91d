-- Published states of the counts: what may be told of a dataset, protected when it is of persons, until
-- enough has changed ("current"), and each month for the public ("2026-11").
CREATE TABLE count_release (
    dataset TEXT NOT NULL,
    period TEXT NOT NULL,
    released_at INTEGER NOT NULL,
    basis INTEGER NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (dataset, period)
) STRICT;

-- Few records are not simply in the register: their number stands beside every count.
CREATE INDEX record_under_review ON record (dataset, state, zone_id) WHERE state <> 'received';
