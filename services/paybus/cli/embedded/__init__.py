"""Everything on this machine: PostgreSQL, a broker, the sandbox and every service as processes."""
