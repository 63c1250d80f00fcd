-- Which business days were compared with the gateway's own list, and what differed.
CREATE TABLE reconciliation (
    business_day  date        NOT NULL,  -- in China time
    merchant_id   text        NOT NULL,
    started_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    matched       integer,
    open          integer,               -- still being asked about
    breaks        integer,
    PRIMARY KEY (business_day, merchant_id)
);
-- Each difference is announced once, however often its day is compared.
CREATE TABLE reconciliation_break (
    business_day  date        NOT NULL,
    merchant_id   text        NOT NULL,
    charge_code   text        NOT NULL,
    break         text        NOT NULL,
    our_state     text,
    their_state   integer,
    our_amount_fen   bigint,
    their_amount_fen bigint,
    found_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (business_day, merchant_id, charge_code, break)
);
-- A day's trades stand together in the table, so an index of a few pages finds them.
CREATE INDEX trade_created ON trade USING brin (created_at);
