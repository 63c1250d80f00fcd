"""What can go wrong while a day is compared.

ReconciliationError
└── StatementError      the gateway's list of a day cannot be had, or not whole: nothing can be concluded
"""


class ReconciliationError(Exception):
    """A day was not compared."""


class StatementError(ReconciliationError):
    """The gateway did not give its whole list of the day."""
