"""Pages on which a person plays the customer; BAR_CODE leads there (docs/sandbox.md)."""
