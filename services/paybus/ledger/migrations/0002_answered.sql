-- Operations in the order in which they were answered: whoever counts answers reads on from where they stopped.
CREATE INDEX operation_answered ON operation (answered_at, operation_id) WHERE answered_at IS NOT NULL;
