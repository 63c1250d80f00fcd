"""What can go wrong around a cluster of tests, apart from what is tested."""


class ClusterError(Exception):
    """A step could not be done; the text says which, and ends with what the program said."""


class MissingError(ClusterError):
    """This machine has not what the cluster is made of; the text says what to install."""
