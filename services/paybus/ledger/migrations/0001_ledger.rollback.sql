DROP TABLE callback, worker, relay, outbox, event, operation, trade;
