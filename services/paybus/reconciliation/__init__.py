"""A business day of ours beside the gateway's own list of it."""
