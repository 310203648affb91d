-- Published states of the counts: what may be told of a dataset, protected when it is of persons, until
-- enough has changed ("current"), and each month for the public ("2026-11").
CREATE TABLE count_release (
    dataset text NOT NULL,
    period text NOT NULL,
    released_at bigint NOT NULL,
    basis bigint NOT NULL,
    cells text NOT NULL,
    PRIMARY KEY (dataset, period)
);

-- Few records are not simply in the register: their number stands beside every count.
CREATE INDEX record_under_review ON record (dataset, state, zone_id) WHERE state <> 'received';
