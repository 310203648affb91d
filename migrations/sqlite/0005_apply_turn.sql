-- Counts the transactions that derived: who looked things up before another derived must look again.
ALTER TABLE apply_state ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
