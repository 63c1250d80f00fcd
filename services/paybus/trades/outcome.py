"""What one attempt at the gateway told us: a verdict and the facts that came with it."""

from dataclasses import dataclass, field
from enum import StrEnum, unique

from paybus.trades.money import Fen


@unique
class Verdict(StrEnum):
    """Whether the operation had its effect at the gateway, as far as one attempt can say."""

    EXECUTED = "executed"
    DECLINED = "declined"
    """The gateway said no; sending the same again is pointless."""
    NOT_EXECUTED = "not_executed"
    """Nothing happened and nothing is on its way; sending again is safe."""
    UNKNOWN = "unknown"
    """It may or may not have happened; only asking can tell."""


@unique
class Source(StrEnum):
    """Where a piece of news came from."""

    REPLY = "reply"
    CALLBACK = "callback"
    INQUIRY = "inquiry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the gateway told us besides the verdict; None where it said nothing."""

    down_code: str | None = None
    third_code: str | None = None
    channel_type: int | None = None
    amount_fen: Fen | None = None
    gateway_state: int | None = None
    bar_code: str | None = None
    jsapi: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One attempt, judged. `reason` is a slug where the return code alone does not explain the verdict."""

    verdict: Verdict
    source: Source
    return_code: str | None = None
    reason: str | None = None
    reply_code: str | None = None
    """The return code of the reply to what we sent, if one was read: to be kept with the operation."""
    facts: Facts = field(default_factory=Facts)
    confirm: bool = False
    """Ask the gateway once more before believing this verdict (a failed pay, a repeated serial number)."""
    hung_seconds: float = 0.0
    """How long the request went without an answer, if it found none."""
