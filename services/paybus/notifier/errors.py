"""What can go wrong in the notifier.

NotifierError
├── NotPublishedError   Kafka did not acknowledge: it may or may not have some of it, so all of it is repeated
└── BrokenOffError      a client went away in the middle of its request: there is nobody to answer
"""


class NotifierError(Exception):
    """The notifier could not do what it is for."""


class NotPublishedError(NotifierError):
    """Kafka did not acknowledge every event; which ones it has is not known."""


class BrokenOffError(NotifierError):
    """The client went away before its request was complete."""
