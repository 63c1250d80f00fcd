"""Under which group a merchant is counted: he himself is never a label."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from paybus.telemetry.metrics.family import OTHER

NOBODY: Mapping[str, Iterable[str]] = MappingProxyType({})


class MerchantGroups:
    """Groups by name, with the ids of their merchants; who is in none is counted under `other`."""

    def __init__(self, members: Mapping[str, Iterable[str]] = NOBODY) -> None:
        self.names = (*members, OTHER)
        self._of = {merchant_id: name for name, some in members.items() for merchant_id in some}

    def of(self, merchant_id: str) -> str:
        """Name the group of a merchant."""
        return self._of.get(merchant_id, OTHER)
