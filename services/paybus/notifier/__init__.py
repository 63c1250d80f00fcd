"""notifier: the gateway's callbacks in over HTTP, the events of the outbox out to Kafka."""
