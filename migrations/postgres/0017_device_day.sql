-- The interviews of a phone in a day, of which some rules ask whether they overlap, repeat a position or are too many
-- (ADR 21). The name begins with the day, so that what is written together lies together; the rest is a keyed hash of the
-- phone. Packed: submission, minutes, keyed hashes of who was where. A register from before is told of them by a rebuild.
CREATE TABLE device_day (
    zone_id integer NOT NULL,
    device_day uuid NOT NULL,
    interviews bytea NOT NULL,
    PRIMARY KEY (zone_id, device_day)
);
