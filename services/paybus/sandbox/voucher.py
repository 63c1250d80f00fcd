"""Codes that are issued and redeemed for goods, the gateway's "verify" side (docs/protocol.md §5.10)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from paybus.sandbox.errors import BooksFullError, RefusalError

_FIRST_CODE = 100_000_000_000  # codes have twelve digits


@dataclass(frozen=True, slots=True)
class Place:
    """How many codes of a voucher may be redeemed at which merchants."""

    merchant_ids: frozenset[str]
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherWish:
    """What a merchant asks for; `goods` is told to whoever looks it up. Times are Unix seconds."""

    merchant_id: str
    trade_code: str
    goods: Mapping[str, str]
    most: int
    places: tuple[Place, ...]
    valid_until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """One redeeming of a voucher, at Unix seconds."""

    serial: str
    voucher: "Voucher"
    merchant_id: str
    device_code: str
    at: float


@dataclass(slots=True, kw_only=True, eq=False)
class Voucher:
    """One issued code and what became of it."""

    wish: VoucherWish
    code: str
    active: bool = True
    redemptions: list[Redemption] = field(default_factory=list)


class Vouchers:
    """All issued codes; every method does all or raises RefusalError and does nothing."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most  # as many as orders: a voucher weighs the same
        self._now = now
        self._by_trade_code: dict[tuple[str, str], Voucher] = {}
        self._by_code: dict[str, Voucher] = {}
        self.redemptions: list[Redemption] = []

    def issue(self, wish: VoucherWish) -> Voucher:
        """Issue a code."""
        key = (wish.merchant_id, wish.trade_code)
        if key in self._by_trade_code:
            raise RefusalError("SERIAL_REPEAT", "tradeCode was used before")
        if len(self._by_code) >= self._most:
            raise BooksFullError(f"more than {self._most} write-off codes")
        voucher = Voucher(wish=wish, code=str(_FIRST_CODE + len(self._by_code)))
        self._by_trade_code[key] = self._by_code[voucher.code] = voucher
        return voucher

    def of_trade(self, merchant_id: str, trade_code: str) -> Voucher:
        """Give the voucher of a trade."""
        return _found(self._by_trade_code.get((merchant_id, trade_code)))

    def of_code(self, code: str) -> Voucher:
        """Give the voucher of a code."""
        return _found(self._by_code.get(code))

    def redeem(self, voucher: Voucher, merchant_id: str, device_code: str) -> Redemption:
        """Redeem a voucher once at a merchant."""
        if not voucher.active:
            raise RefusalError("FAIL", "the code was cancelled")
        if voucher.wish.valid_until is not None and self._now() > voucher.wish.valid_until:
            raise RefusalError("FAIL", "the code is no longer valid")
        if len(voucher.redemptions) >= voucher.wish.most or not _has_room(voucher, merchant_id):
            raise RefusalError("FAIL", "the code cannot be redeemed (again) here")
        redemption = Redemption(
            serial=f"VS{len(self.redemptions) + 1:010}",
            voucher=voucher,
            merchant_id=merchant_id,
            device_code=device_code,
            at=self._now(),
        )
        voucher.redemptions.append(redemption)
        self.redemptions.append(redemption)
        return redemption

    def cancel(self, voucher: Voucher) -> None:
        """Make a code worthless that was not redeemed."""
        if not voucher.active:
            raise RefusalError("AREADY_REVOKED", "the code was cancelled before")
        if voucher.redemptions:
            raise RefusalError("FAIL", "the code was redeemed")
        voucher.active = False


def _found(voucher: Voucher | None) -> Voucher:
    if voucher is None:
        raise RefusalError("CHARGE_NONEXISTENT", "no such code")
    return voucher


def _has_room(voucher: Voucher, merchant_id: str) -> bool:
    """Say whether a place of this merchant has redemptions left."""
    return any(
        merchant_id in place.merchant_ids
        and sum(done.merchant_id in place.merchant_ids for done in voucher.redemptions) < place.most
        for place in voucher.wish.places
    )
