"""`paybus dlq`: dead letters are looked at, and sent again where that is safe (docs/dead-letters.md)."""
