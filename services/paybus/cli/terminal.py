"""Where commands write: results on stdout, everything that passes by on stderr."""

from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
"""Results; soft-wrapped, so that a pipe gets whole lines."""

passing = Console(stderr=True, highlight=False)
"""Progress and remarks."""
