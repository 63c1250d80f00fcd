"""Whether a request is believed: decrypt, merchant, sign, then parameters (docs/protocol.md §9)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from paybus.gateway.cipher import ENCRYPT, decrypt
from paybus.gateway.errors import DecryptionError, DocumentError
from paybus.gateway.members import Members, read_request
from paybus.gateway.merchant import Merchant
from paybus.gateway.signature import verify
from paybus.sandbox.errors import RefusalError
from paybus.sandbox.reply import Envelope, Format
from paybus.sandbox.request import Request

Merchants = Mapping[str, Merchant]
_MERCHANT_NAMES = ("BUSI_ID", "busiCode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request whose sender is known. `merchant` is None where the protocol lets it be missing."""

    merchant: Merchant | None
    members: Members
    request: Request

    @property
    def merchant_id(self) -> str:
        """The merchant's id, "" without one."""
        return self.merchant.merchant_id if self.merchant else ""


def envelope_of(request: Request, merchant_id: str | None, merchants: Merchants) -> Envelope:
    """Say how to answer; a caller whose key is not known gets plain JSON (docs/protocol.md §3)."""
    if request.parameters.get("encrypt") == ENCRYPT:
        merchant = merchants.get(merchant_id or "")
        if merchant is None:
            return Envelope("json")
        return Envelope(_format(request), merchant.key)
    return Envelope(_format(request))


def admit_post(request: Request, merchants: Merchants, *, merchant_member: str = "BUSI_ID") -> Asked:
    """Believe a POST whose sign covers its plain body; raises RefusalError."""
    merchant_id = request.parameters.get("busiCode") or None
    merchant = None if merchant_id is None else find_merchant(merchant_id, merchants)
    text = _plain_text(request, merchant)
    if merchant is not None:
        _check_sign(request, merchant, [text])
    members = _members(text)
    named = members.text(merchant_member)
    if not named:
        raise RefusalError("ILLEGAL_PARAMETER", f"{merchant_member} is missing")
    if merchant is None:
        merchant = find_merchant(named, merchants)
        _check_sign(request, merchant, [text])
    if named != merchant.merchant_id:
        raise RefusalError("ILLEGAL_PARAMETER", "busiCode and body name different merchants")
    return Asked(merchant=merchant, members=members, request=request)


def admit_get(
    request: Request, merchants: Merchants, merchant_id: str | None, texts: Callable[[Request], Sequence[str]]
) -> Asked:
    """Believe a GET whose sign covers one of *texts*; raises RefusalError."""
    if not merchant_id:
        raise RefusalError("ILLEGAL_PARAMETER", "the merchant is missing")
    _check_encrypt(request)
    merchant = find_merchant(merchant_id, merchants)
    _check_sign(request, merchant, texts(request))
    for name in _MERCHANT_NAMES:
        if request.parameters.get(name, merchant_id) != merchant_id:
            raise RefusalError("ILLEGAL_PARAMETER", f"{name} and the path name different merchants")
    return Asked(merchant=merchant, members=Members(dict(request.parameters)), request=request)


def _format(request: Request) -> Format:
    """Give the format that `_type` asks for: the reply's, not the request's (docs/protocol.md §1.2)."""
    return "json" if request.parameters.get("_type") in {None, "", "json"} else "xml"


def _check_encrypt(request: Request) -> None:
    if request.parameters.get("encrypt") not in {None, "", ENCRYPT}:
        raise RefusalError("ILLEGAL_PARAMETER", f"encrypt can only be {ENCRYPT}")


def find_merchant(merchant_id: str, merchants: Merchants) -> Merchant:
    """Give the merchant of that id; raises RefusalError."""
    merchant = merchants.get(merchant_id)
    if merchant is None:
        raise RefusalError("UNREGISTERED_BUSI", "no such merchant")
    return merchant


def _plain_text(request: Request, merchant: Merchant | None) -> str:
    """Give the body's text; strict UTF-8 is part of the signature's safety (docs/protocol.md §2)."""
    _check_encrypt(request)
    try:
        if request.parameters.get("encrypt") != ENCRYPT:
            return request.body.decode()
        if merchant is None:
            raise RefusalError("ILLEGAL_PARAMETER", "an encrypted request needs busiCode in its query")
        return decrypt(request.body, key=merchant.key)
    except UnicodeDecodeError:
        raise RefusalError("ILLEGAL_PARAMETER", "the body is not UTF-8") from None
    except DecryptionError:
        raise RefusalError("ILLEGAL_PARAMETER", "the body does not decrypt") from None


def _check_sign(request: Request, merchant: Merchant, texts: Sequence[str]) -> None:
    made = request.parameters.get("sign", "")
    if not any(verify(text, made, key=merchant.key) for text in texts):
        raise RefusalError("INVALID_SIGN", "the sign is missing, malformed or wrong")


def _members(text: str) -> Members:
    try:
        return read_request(text)
    except DocumentError as error:
        raise RefusalError("ILLEGAL_PARAMETER", f"the body cannot be read: {error}") from None
