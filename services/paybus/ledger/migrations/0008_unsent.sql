-- What waits to be sent, or may have been sent by a worker that died: all workers count it at each look, and bound it.
-- What is merely asked about from time to time is not in it, however much that is.
CREATE INDEX operation_unsent ON operation (kind)
    WHERE due_at IS NOT NULL AND state IN ('waiting', 'ready') AND doubted_at IS NULL;
