-- Whose row was written since a day (ADR 23). Rows are written in the order of days: the index grows at its end.
CREATE INDEX entity_day ON entity (day);
