DROP INDEX operation_unsent;
