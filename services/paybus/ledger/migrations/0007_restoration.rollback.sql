DROP TABLE doubted_record;
ALTER TABLE operation DROP COLUMN doubted_at;
