DROP INDEX trade_created;
DROP TABLE reconciliation_break, reconciliation;
