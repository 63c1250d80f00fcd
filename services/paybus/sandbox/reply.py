"""From an answer to the bytes of a reply (docs/protocol.md §3, §4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from paybus.gateway.cipher import encrypt
from paybus.gateway.document import write_json, write_xml
from paybus.gateway.errors import DocumentError
from paybus.sandbox.fault import Fault

Format = Literal["json", "xml"]
_CONTENT_TYPE: Mapping[Format, bytes] = {
    "json": b"application/json;charset=UTF-8",
    "xml": b"text/xml;charset=UTF-8",
}
_INNER_NAMES = {"PAY_CHANNEL_LIST": "PAY_CHANNEL"}  # lists whose entries have a name in XML only
_ROOTLESS = "RESPONSE"  # what an XML reply is called whose JSON has no root [assumed]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway says: a return code and members; `fault` spoils its way to the caller."""

    code: str
    info: str = ""
    members: Mapping[str, Any] = field(default_factory=dict)
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """How the caller wants the reply: its format, and the key if it is to be encrypted."""

    format: Format = "json"
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it goes over HTTP."""

    status: int
    content_type: bytes
    body: bytes


def with_result(answer: Answer) -> Mapping[str, Any]:
    """Give RESULT and members of an answer, as nearly all operations write it."""
    return {"RESULT": {"CODE": answer.code, "INFO": answer.info}, **answer.members}


def write_content(content: Mapping[str, Any], root: str, envelope: Envelope) -> Reply:
    """Write *content* below *root*, or without one if that is empty; errors are encrypted like all else."""
    body = _document(content, root, envelope.format)
    if envelope.key is not None:
        body = encrypt(body, key=envelope.key).encode()
    return Reply(200, _CONTENT_TYPE[envelope.format], body)


def _document(content: Mapping[str, Any], root: str, format_: Format) -> bytes:
    if format_ == "json":
        return write_json({root: content} if root else content)
    try:
        return write_xml(root or _ROOTLESS, _with_inner_names(content)).encode()
    except DocumentError as error:  # a name or character that came in JSON and XML cannot hold
        refusal = {"RESULT": {"CODE": "EXCEPTION", "INFO": str(error)}}
        return write_xml(root or _ROOTLESS, refusal).encode()


def _with_inner_names(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {_INNER_NAMES[name]: value} if name in _INNER_NAMES else value
        for name, value in content.items()
    }
