"""The deployable that carries out cancel commands."""
