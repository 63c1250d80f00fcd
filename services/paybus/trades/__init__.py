"""The domain: money, state machines, return codes, guards. Standard library; no I/O, no clock."""
