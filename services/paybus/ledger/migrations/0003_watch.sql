-- Trades about which nobody else asks the gateway: an order waits for its customer, or may be charged after it
-- was revoked. One row a trade, taken away when there is nothing left to be heard.
CREATE TABLE watch (
    merchant_id   text        NOT NULL,
    charge_code   text        NOT NULL,
    reason        text        NOT NULL,
    asked         integer     NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL,
    PRIMARY KEY (charge_code, merchant_id)
);
CREATE INDEX watch_due ON watch (due_at);
ALTER TABLE watch SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

-- Up to which answer trades were looked through for such that have to be watched: one row.
CREATE TABLE watch_progress (
    answered_at   timestamptz NOT NULL,
    operation_id  bigint      NOT NULL
);
INSERT INTO watch_progress VALUES ('-infinity', 0);
