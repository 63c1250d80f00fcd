"""The sandbox: a stateful stand-in for the gateway, with books of its own (docs/sandbox.md)."""
