-- One row a trade. `version` counts its events, `revision` its writes (reservations change no event).
CREATE TABLE trade (
    merchant_id   text     NOT NULL,
    charge_code   text     NOT NULL,
    state         text     NOT NULL,
    version       integer  NOT NULL,
    revision      bigint   NOT NULL DEFAULT 0,
    amount_fen    bigint   NOT NULL CHECK (amount_fen > 0),
    paid_fen      bigint   NOT NULL CHECK (paid_fen IN (0, amount_fen)),
    refunded_fen  bigint   NOT NULL CHECK (refunded_fen >= 0),
    reserved_fen  bigint   NOT NULL CHECK (reserved_fen >= 0),
    cancelling    boolean  NOT NULL DEFAULT false,
    down_code     text,
    third_code    text,
    channel_type  integer,
    created_at    timestamptz NOT NULL DEFAULT now(),
    changed_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (charge_code, merchant_id),
    -- The last line of defence for "refunds never exceed what was paid": no code can write past it.
    CHECK (refunded_fen + reserved_fen <= paid_fen)
);

-- One row a command that was accepted: intent and inbox at once.
-- It is held by `owner` (a live worker that works on it), or free and due at `due_at`, or final with neither.
-- `turn` counts how often it changed hands or state: who holds it may write it only in the turn he took it in.
CREATE TABLE operation (
    operation_id  bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    merchant_id   text     NOT NULL,
    kind          text     NOT NULL,
    key           text     NOT NULL,
    charge_code   text     NOT NULL,
    method        text     NOT NULL,
    amount_fen    bigint   NOT NULL,
    fingerprint   bytea    NOT NULL,
    command       bytea    NOT NULL,
    traceparent   text,
    state         text     NOT NULL,
    turn          integer  NOT NULL DEFAULT 0,
    asked         integer  NOT NULL DEFAULT 0,
    reply_code    text,    -- the gateway's word on the last request that was sent for it
    return_code   text,    -- its last word of any kind
    reason        text,
    owner         uuid,
    due_at        timestamptz,
    quiet_since   timestamptz,  -- no request for it can have left after this moment
    expires_at    timestamptz,
    asked_for_at  timestamptz NOT NULL,
    accepted_at   timestamptz NOT NULL DEFAULT now(),
    answered_at   timestamptz,
    answer_id     text,    -- the event that answers the command
    UNIQUE (merchant_id, kind, key),
    CHECK (state IN ('done', 'rejected') OR (owner IS NULL) <> (due_at IS NULL)),
    CHECK (state NOT IN ('done', 'rejected') OR (owner IS NULL AND due_at IS NULL))
);
CREATE INDEX operation_held ON operation (owner) WHERE owner IS NOT NULL;
CREATE INDEX operation_due ON operation (kind, due_at) WHERE due_at IS NOT NULL;
-- A pay is found by its key, which is the charge code.
CREATE INDEX operation_of_trade ON operation (charge_code, merchant_id) WHERE kind <> 'pay';

-- Every event there ever was. The id is `merchant/charge code/version`, so a trade's events stand together.
CREATE TABLE event (
    ce_id         text     PRIMARY KEY,
    ce_type       text     NOT NULL,
    charge_code   text     NOT NULL,
    occurred_at   timestamptz NOT NULL DEFAULT now(),
    traceparent   text,
    value         bytea    NOT NULL
);

-- Events that are not on Kafka yet. Numbers are taken while the trade's row is locked, so a trade's are in order.
CREATE TABLE outbox (
    outbox_id     bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shard         smallint NOT NULL,
    ce_id         text     NOT NULL,
    since         timestamptz NOT NULL DEFAULT now()
);

-- Whether the relay whose lowest shard this is sleeps, and wants to be woken by a notification.
CREATE TABLE relay (
    shard         smallint PRIMARY KEY,
    asleep        boolean  NOT NULL DEFAULT false
);
INSERT INTO relay (shard) SELECT generate_series(0, 15);

CREATE TABLE worker (
    worker_id     uuid     PRIMARY KEY,
    service       text     NOT NULL,
    started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    beat_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    dead_at       timestamptz
);
CREATE INDEX worker_alive ON worker (service) WHERE dead_at IS NULL;

-- Every callback whose sign was right, as it came. `digest` is that of its meaning: a repeat is one row.
CREATE TABLE callback (
    merchant_id   text     NOT NULL,
    charge_code   text     NOT NULL,
    digest        bytea    NOT NULL,
    receipt       text     NOT NULL,  -- applied, stale, discrepancy, recorded or unmatched
    gateway_state integer,
    amount_fen    bigint,
    down_code     text,
    third_code    text,
    channel_type  integer,
    body          bytea    NOT NULL,
    times         integer  NOT NULL DEFAULT 1,
    first_at      timestamptz NOT NULL DEFAULT now(),
    last_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (charge_code, merchant_id, digest)
);
-- Every pay that is accepted asks whether a callback came before it.
CREATE INDEX callback_unmatched ON callback (charge_code, merchant_id) WHERE receipt = 'unmatched';

-- Rows come and go all day in these: let the vacuum keep up with them.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
ALTER TABLE operation SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE trade SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
