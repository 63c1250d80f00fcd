"""The reconciler's settings."""

from pydantic import Field

from paybus.runtime.settings import WorkerSettings


class ReconcilerSettings(WorkerSettings):
    """How often the gateway is asked about what waits."""

    watch_per_second: int = Field(
        # The gateway counts good and bad inquiries alike: enough for 70 000 waiting orders an hour.
        default=20, ge=1, le=1_000,
        description="a whole number from 1 to 1000: how many trades one process asks about a second",
    )  # fmt: skip
    watch_first_seconds: float = Field(
        default=10.0, ge=0.1, le=3_600.0,
        description="a number from 0.1 to 3600: how long after its order a trade is asked about first",
    )  # fmt: skip
    watch_longest_seconds: float = Field(
        default=3_600.0, ge=1.0, le=86_400.0,
        description="a number from 1 to 86400: the longest wait between two inquiries about a waiting trade",
    )  # fmt: skip
    barcode_grace_seconds: float = Field(
        # A payment sent in the last moment has the gateway's own 80 s for the customer's PIN.
        default=80.0, ge=0.0, le=3_600.0,
        description="a number from 0 to 3600: how long after its expiry an unpaid barcode pay is cancelled",
    )  # fmt: skip
    refund_late_charges: bool = Field(
        default=True,
        description="true or false: whether a charge after its trade ended unpaid is refunded automatically",
    )
    reconcile_hour: int = Field(
        # The gateway closes what is open at the end of a day in the night that follows.
        default=6, ge=0, le=23,
        description="a whole number from 0 to 23: the hour in China from which the day before is compared",
    )  # fmt: skip
    coherence_seconds: float = Field(
        # Ten queries of some milliseconds; what is wrong is seen within two scrapes.
        default=30.0, ge=1.0, le=3_600.0,
        description="a number from 1 to 3600: how often the ledger is checked against itself",
    )  # fmt: skip
