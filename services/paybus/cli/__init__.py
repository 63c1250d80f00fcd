"""The `paybus` command: what people touch."""
