"""Why something is not published."""


class PublishError(Exception):
    """Nothing further is published; the text says why. What was pushed before it is used by no chart."""
