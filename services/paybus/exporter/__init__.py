"""The deployable that makes figures for Prometheus of what is in Kafka and in the ledger."""
