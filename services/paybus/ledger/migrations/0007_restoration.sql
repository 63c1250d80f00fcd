-- An operation that waits and may have been sent all the same, in a past that this ledger has lost by a restore:
-- it is asked about before anything is sent for it. Null once the gateway has told, and for everything new.
ALTER TABLE operation ADD COLUMN doubted_at timestamptz;
-- Records below `until_offset` were on their topic when the ledger was restored: the lost ledger may have accepted
-- them. No request for one of them can have left, or still show up, after `quiet_since`. One row a partition.
CREATE TABLE doubted_record (
    topic         text        NOT NULL,
    partition     integer     NOT NULL,
    until_offset  bigint      NOT NULL,
    quiet_since   timestamptz NOT NULL,
    PRIMARY KEY (topic, partition)
);
