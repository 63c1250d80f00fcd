"""The kinds of fields that several messages have: their limits, and what they mean."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from paybus.trades.money import MAX_FEN

# `(?!\n)` because Python's `$` also matches before a line end; the schemas leave it out, as ECMA's does not.
Code = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{1,64}(?!\n)$",
        description="A number of ours at the gateway, part of a URL path there (docs/protocol.md §5.3).",
    ),
]
MerchantId = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_-]{1,32}(?!\n)$", description="The merchant: the gateway's BUSI_ID."),
]
AmountFen = Annotated[
    int,
    Meta(ge=1, le=MAX_FEN, description="Whole fen (1/100 yuan), written without fraction or exponent."),
]
NotNegativeFen = Annotated[int, Meta(ge=0, le=MAX_FEN, description="Whole fen (1/100 yuan).")]
Text = Annotated[str, Meta(min_length=1, max_length=256)]
Digits = Annotated[str, Meta(pattern=r"^[0-9]{6,32}(?!\n)$")]
Moment = Annotated[
    datetime,
    Meta(
        extra_json_schema={
            "format": "date-time",
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
            r"([Zz]|[+-][0-9]{2}:[0-9]{2})$",
        }
    ),
]
"""RFC 3339 with its offset from UTC. The reader also takes a blank for the T, and +0800."""
