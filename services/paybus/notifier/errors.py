"""What can go wrong while an event is published.

NotifierError
└── NotPublishedError   Kafka did not acknowledge: it may or may not have some of it, so all of it is repeated
"""


class NotifierError(Exception):
    """The notifier could not do what it is for."""


class NotPublishedError(NotifierError):
    """Kafka did not acknowledge every event; which ones it has is not known."""
