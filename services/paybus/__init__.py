"""Pay, refund and cancel commands from Kafka, carried out exactly once in effect on the Sosopay gateway."""
