DROP INDEX operation_answered;
