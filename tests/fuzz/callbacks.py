"""Callbacks: junk is refused with a reason, and so is every genuine one that was tampered with."""

from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import strategies as st
from tests.fuzz.material import ANYTHING, MERCHANTS, PIECES, SEEDS, XML_TEXTS
from tests.fuzz.md5_extension import extend
from tests.fuzz.target import BATCH, Target

from paybus.gateway.callback import Callback, OutgoingCallback, read_callback, write_callback
from paybus.gateway.cipher import encrypt
from paybus.gateway.errors import CallbackRefusedError
from paybus.gateway.merchant import Merchant
from paybus.gateway.signature import sign, verify

BLANKS = b"\t\n\x0b\x0c\r "
NAMES = ("sign", "sign", "_type", "encrypt", "busiCode", "pid", "", "%73ign")
VALUES = ("", "json", "3DES", "0" * 32 + ":1", "0" * 32 + "%3A1", "a", "%ff", "+", "%")
ADDRESSES = (
    "http://n/x?_type=json", "http://n/x", "http://n/x?_type=json&encrypt=3DES", "http://n/x?encrypt=3DES",
    "http://n/x?pid=7&pid=8&_type=json",
)  # fmt: skip
TAMPERINGS = ("body", "body", "append", "backslash", "sign", "sign", "time", "encrypt", "key")


@dataclass(frozen=True)
class Genuine:
    """A callback as the gateway sends it, and to whom."""

    sent: OutgoingCallback
    merchant: Merchant

    @property
    def query(self) -> str:
        """Its query, the sign last."""
        return urlsplit(self.sent.url).query

    def read(self) -> Callback:
        """Read it."""
        return read_callback(raw=self.sent.body, query=self.query, merchant=self.merchant)

    def attempt(self, raw: bytes | None = None, query: str | None = None) -> Callback | CallbackRefusedError:
        """Read what was made of it, or give why it is refused."""
        try:
            return read_callback(
                raw=self.sent.body if raw is None else raw,
                query=self.query if query is None else query,
                merchant=self.merchant,
            )
        except CallbackRefusedError as error:
            return error


def junk_is_refused(data: tuple[bytes, int]) -> None:
    """Hold that whatever comes is refused for a reason with a status; believed is only what is signed."""
    raw, seed = data
    chance = Random(seed)
    merchant, signed = chance.choice(MERCHANTS), chance.random() < 0.5
    pairs = [f"{chance.choice(NAMES)}={chance.choice(VALUES)}" for _ in range(chance.randrange(5))]
    if chance.random() < 0.5:
        raw = b'{"PAY_NODIFY":{"BUSI_ID":"0010000001","CHARGE_CODE":"C","STATE":1,"AMT":1,' + raw[1:] + b"}"
    if signed:
        pairs = [*(pair for pair in pairs if "ign=" not in pair), f"sign={_sign(raw, merchant)}"]
        if "encrypt=3DES" in pairs:
            raw = encrypt(raw, key=merchant.key).encode()
    read = Genuine(OutgoingCallback(f"?{'&'.join(pairs)}", {}, raw), merchant).attempt()
    if isinstance(read, Callback):
        assert signed
        assert read.merchant_id == merchant.merchant_id
    else:
        assert read.http_status in {400, 401, 403, 413}
        assert read.reason.isidentifier()


def tampering_is_refused(data: tuple[Genuine, int]) -> None:
    """Hold that a genuine callback is believed, and with any other byte in body, sign or time is not.

    Blanks are not signed; so only for a text that is the same without them may the sign still be right.
    """
    one, seed = data
    chance = Random(seed)
    callback = one.read()
    raw, query = _tampered(one, callback, chance)
    read = one.attempt(raw, query)
    if isinstance(read, Callback):
        assert squeezed(read.text) == squeezed(callback.text)
        assert dict(parse_qsl(query))["sign"] == dict(parse_qsl(one.query))["sign"]


def _tampered(one: Genuine, callback: Callback, chance: Random) -> tuple[bytes, str]:
    raw, query = one.sent.body, one.query
    piece = chance.choice(PIECES) if chance.random() < 0.5 else chance.randbytes(chance.randrange(3))
    sign_at = query.index("sign=") + 5
    match chance.choice(TAMPERINGS):
        case "body":
            place = chance.randrange(len(raw))
            raw = raw[:place] + piece + raw[place + chance.randrange(4) :]
        case "append":
            raw += piece
        case "backslash":
            place = chance.randrange(len(raw))
            raw = raw[:place] + b"\\" + raw[place:]
        case "sign":
            query = query[:sign_at] + _other_sign(query[sign_at:], chance)
        case "time":
            query = query[: query.rindex(":") + 1] + str(chance.randrange(10**13))
        case "encrypt":
            query = query.replace("encrypt=3DES&", "") if "encrypt=3DES" in query else f"encrypt=3DES&{query}"
        case "key":
            other = next(merchant for merchant in MERCHANTS if merchant is not one.merchant)
            query = query[:sign_at] + _sign(callback.text.encode(), other)
    return raw, query


def _other_sign(made: str, chance: Random) -> str:
    """Give something that looks nearly like *made*."""
    place = chance.choice((0, 31, chance.randrange(32)))
    other = chance.choice("0123456789abcdef".replace(made[place], ""))
    return chance.choice(
        (
            made[:place] + other + made[place + 1 :],
            made[:place] + made[place].swapcase() + made[place + 1 :],
            made[:place] + made[place + 1 :],
            made.replace(":", chance.choice(("", "::", ":0", ":+", ": ", ":%00", "%20:", ":-"))),
            made + chance.choice(("0", "+", "%0a", "%00", ".0", "x", "&sign=", f"&sign={other}")),
            made[:-1],
        )
    )


def extension_is_refused(data: tuple[Genuine, int]) -> None:
    """Hold that a sign extended without the key is refused, although it is right over the bytes."""
    one, seed = data
    callback = one.read()
    suffix = squeezed(
        Random(seed).choice((callback.text, callback.text[:-1], "", ' {"PAY_NODIFY":{}}', "</x>"))
    )
    text, made = callback.text.encode(), one.query[one.query.index("sign=") + 5 :]
    signed = len(made[33:] + one.merchant.key) + len(squeezed(callback.text))
    tail, digest = extend(made[:32], signed, suffix)
    forged, raw = f"{digest}:{made[33:]}", text + tail
    if not set(tail) & set(BLANKS):  # else the length itself has a blank, and the attacker has to try another
        assert verify(raw, forged, key=one.merchant.key)
    query = one.query.replace("encrypt=3DES&", "").replace(made, forged)
    assert isinstance(one.attempt(raw, query), CallbackRefusedError)


def squeezed(text: str) -> bytes:
    """Give what of a text is signed."""
    return text.encode().translate(None, BLANKS)


def _sign(raw: bytes, merchant: Merchant) -> str:
    return sign(raw, key=merchant.key, timestamp_ms=1_500_000_000_123)


def with_seeds(bodies: list[bytes], seed: int) -> list[tuple[bytes, int]]:
    """Give each body a seed, of which everything around it is made."""
    chance = Random(seed)
    return [(body, chance.randrange(2**32)) for body in bodies]


def genuine(subject: str, code: str, seed: int) -> list[tuple[Genuine, int]]:
    """Give a genuine callback of any merchant, in any format, with many seeds."""
    chance = Random(seed)
    members: dict[str, Any] = {
        "BUSI_ID": "0010000001",
        "CHARGE_CODE": code,
        "STATE": chance.randrange(15),
        "AMT": chance.randrange(10**7),
        "PAY_SUBJECT": subject,
    }
    merchant, url = chance.choice(MERCHANTS), chance.choice(ADDRESSES)
    sent = write_callback(members, notify_url=url, key=merchant.key, timestamp_ms=chance.randrange(10**13))
    return [(Genuine(sent, merchant), chance.randrange(2**32)) for _ in range(BATCH)]


GENUINE = st.builds(genuine, XML_TEXTS, st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True), SEEDS)
TARGETS = (
    Target("callback junk", st.builds(with_seeds, ANYTHING, SEEDS), junk_is_refused),
    Target("callback tampering", GENUINE, tampering_is_refused),
    Target("length extension", GENUINE, extension_is_refused),
)
