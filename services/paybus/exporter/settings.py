"""The exporter's settings: which merchants are counted together."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, Json, StringConstraints, model_validator
from pydantic_settings import NoDecode

from paybus.runtime.settings import PREFIX, BusSettings
from paybus.telemetry.metrics.family import OTHER

MOST_GROUPS = 20
"""Each costs more than two hundred series (docs/metrics.md)."""
MOST_MERCHANTS = 10_000
"""Of one group; Linux gives an environment variable 128 KB."""

GroupName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
MerchantId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Members = Annotated[tuple[MerchantId, ...], Field(max_length=MOST_MERCHANTS)]
Groups = Annotated[dict[GroupName, Members], Field(max_length=MOST_GROUPS)]


class ExporterSettings(BusSettings):
    """Whose figures can be told apart."""

    merchant_groups: Annotated[Json[Groups], NoDecode] = Field(
        default_factory=dict,
        validate_default=False,  # it would have to be text, too
        description='JSON such as {"retail": ["0010000001"], "online": ["0010000002"]}: at most 20 groups of '
        "merchants, named with a to z, 0 to 9, _ and -, by 32 characters at most",
    )

    @model_validator(mode="after")
    def _check_groups(self) -> Self:
        """Raise ValueError, a whole sentence, where it is not clear under what a merchant is counted."""
        name = f"{PREFIX}MERCHANT_GROUPS"
        if OTHER in self.merchant_groups:
            raise ValueError(
                f"{name}: a group is named {OTHER}, as those who are in none: write another name."
            )
        if twice := _in_two(self.merchant_groups):
            merchant_id, first, second = twice
            raise ValueError(f"{name}: merchant {merchant_id} is in {first} and in {second}: write him once.")
        return self


def _in_two(groups: Mapping[str, tuple[str, ...]]) -> tuple[str, str, str] | None:
    """Give a merchant who is in two groups, with both of them."""
    found: dict[str, str] = {}
    for name, members in groups.items():
        for merchant_id in members:
            if found.setdefault(merchant_id, name) != name:
                return merchant_id, found[merchant_id], name
    return None
