ALTER TABLE operation DROP COLUMN overdue, DROP COLUMN automatic;
