"""The deployable that carries out pay commands."""
