"""What we promised and did: our durable memory in PostgreSQL."""
