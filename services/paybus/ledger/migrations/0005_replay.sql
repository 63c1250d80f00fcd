-- How often a record was sent again after it had become a dead letter, by where it first stood: Kafka's records
-- never change, so the letter cannot tell. One row a record that was ever sent again.
CREATE TABLE replay (
    topic         text        NOT NULL,
    partition     integer     NOT NULL,
    record_offset bigint      NOT NULL,
    timestamp_ms  bigint      NOT NULL,  -- a topic that was made anew counts its offsets from 0 again
    times         integer     NOT NULL,
    first_at      timestamptz NOT NULL DEFAULT now(),
    last_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, record_offset, timestamp_ms)
);
