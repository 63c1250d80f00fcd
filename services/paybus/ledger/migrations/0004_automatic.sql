-- What nobody asked for: the cancel of an unpaid barcode payment, the refund of a late charge.
ALTER TABLE operation ADD COLUMN automatic boolean NOT NULL DEFAULT false;
-- A cancel whose pay is past its deadline: it does not wait for the pay's outcome.
ALTER TABLE operation ADD COLUMN overdue boolean NOT NULL DEFAULT false;
