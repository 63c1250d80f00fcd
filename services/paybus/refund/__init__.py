"""The deployable that carries out refund commands."""
