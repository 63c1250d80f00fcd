"""Kafka record -> accepted operation: decode, dead letters, batch accept, backpressure."""
