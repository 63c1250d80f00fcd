"""From the bytes of a reply to its members (docs/protocol.md §3, §4, §8 #36, #37)."""

from dataclasses import dataclass
import re
from typing import Any

from paybus.gateway.cipher import decrypt
from paybus.gateway.document import below_root, read_document, read_json, without_root
from paybus.gateway.endpoint import Endpoint
from paybus.gateway.errors import (
    DecryptionError,
    DocumentError,
    HttpStatusError,
    UndecodableReplyError,
    UndecryptableReplyError,
)
from paybus.gateway.members import Members

_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What every reply says.

    `code` is the return code in upper case (SUCESS as SUCCESS, "" if there was none; unknown codes are
    kept), `unreadable` names members that were there and could not be read: with AMT or STATE among
    them nothing may be concluded from the reply.
    """

    code: str
    info: str | None
    http_status: int
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawReply:
    """A reply as it came: HTTP status, body, Content-Type ("" if there was none)."""

    http_status: int
    body: bytes
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The members of a reply together with its HTTP status."""

    http_status: int
    members: Members

    def head(self) -> dict[str, Any]:
        """Give the fields of Reply; call it last, when every member has been read."""
        code, info = self.members.result()
        return {
            "code": code,
            "info": info,
            "http_status": self.http_status,
            "unreadable": tuple(self.members.unreadable),
        }


def read_answer(raw: RawReply, endpoint: Endpoint, *, encrypted_with: str | None) -> Answer:
    """Read the members of a reply; *encrypted_with* is the key if the request asked for encryption.

    Raises HttpStatusError for a status other than 2xx without a readable return code, else
    UndecryptableReplyError or UndecodableReplyError.
    """
    if 200 <= raw.http_status < 300:
        return _read_success(raw, endpoint, encrypted_with)
    if raw.http_status >= 400:
        try:
            answer = _read(raw, endpoint, encrypted_with)
            if answer.members.result()[0]:
                return answer
        except (DocumentError, DecryptionError):
            pass  # the status says more than the unreadable body
    raise HttpStatusError(raw.http_status, moves_money=endpoint.moves_money)


def _read_success(raw: RawReply, endpoint: Endpoint, key: str | None) -> Answer:
    status, money = raw.http_status, endpoint.moves_money
    try:
        return _read(raw, endpoint, key)
    except DocumentError as error:
        message = f"{endpoint.name}: {error}"
        raise UndecodableReplyError(message, http_status=status, moves_money=money) from error
    except DecryptionError as error:
        message = f"{endpoint.name}: {error}"
        raise UndecryptableReplyError(message, http_status=status, moves_money=money) from error


def _read(raw: RawReply, endpoint: Endpoint, key: str | None) -> Answer:
    document = _document(raw, key)
    found = below_root(document, endpoint.root) if endpoint.root else without_root(document)
    return Answer(raw.http_status, Members(found))


def _document(raw: RawReply, key: str | None) -> dict[str, Any]:
    start = raw.body.lstrip(b" \t\r\n")[:1]
    if key is not None and start not in {b"{", b"<"}:  # even an encrypting gateway may answer in plain text
        return read_document(decrypt(raw.body, key=key))
    if start == b"{":
        try:
            return read_json(raw.body)
        except DocumentError:  # perhaps only not UTF-8
            return read_document(_decoded(raw))
    return read_document(_decoded(raw))


def _decoded(raw: RawReply) -> str:
    """Decode by the charset the reply names, else UTF-8; what does not decode becomes U+FFFD.

    Replies are not signed, codes and numbers are ASCII: a spoilt INFO text must not hide them.
    """
    named = _CHARSET.search(raw.content_type)
    try:
        return raw.body.decode(named[1] if named else "utf-8", errors="replace")
    except (LookupError, UnicodeError):  # a charset that Python does not know, or that is none
        return raw.body.decode("utf-8", errors="replace")
