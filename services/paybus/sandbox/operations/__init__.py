"""The operations of the gateway, one file each (docs/protocol.md §5)."""
