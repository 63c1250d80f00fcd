"""What we say about ourselves: log lines without secrets, and metrics, each named in one place."""
