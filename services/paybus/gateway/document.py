"""The gateway's documents, JSON and XML, as plain dicts (docs/protocol.md §4, §5.0, §6.1).

Reading is tolerant of spelling and shape and strict about where a document ends: the signature can
be extended without the key, so data behind a document is never overlooked (docs/protocol.md §2).
Values are what the document says: strings, numbers, None, dicts, lists; XML has strings only.
"""

from collections.abc import Mapping
import json
import re
from typing import Any, Final, Literal
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
import orjson

from paybus.gateway.errors import DocumentError

Format = Literal["json", "xml"]
FORMATS: Final[tuple[Format, ...]] = ("json", "xml")

_BLANKS = " \t\r\n"  # what JSON and XML allow around a document; a byte order mark is not a blank
_MAX_DEPTH = 32  # real documents have five levels; deeper ones only cost stack
_SAYS_WHETHER = frozenset({"RESULT", "SUCCESS"})  # answers about accounts have the latter
_XML_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG_INTEGER = r"[:\[,]\s*-?[0-9]{19}"  # outside of texts; 64 bits are certain to hold 18 digits
_LONG_IN_TEXT, _LONG_IN_BYTES = re.compile(_LONG_INTEGER), re.compile(_LONG_INTEGER.encode())
_ESCAPED = {"\r": "&#13;"}  # a parser would turn a bare carriage return into a line feed


def read_document(text: str) -> dict[str, Any]:
    """Read one JSON object or XML document, told apart by its first character; raises DocumentError.

    An XML document is `{root: content}`; repeated elements are a list, an empty element is "".
    """
    start = text.lstrip(_BLANKS)[:1]
    if start == "{":
        return read_json(text)
    if start == "<":
        return read_xml(text)
    raise DocumentError("neither a JSON object nor an XML document")


def read_json(text: str | bytes) -> dict[str, Any]:
    """Read exactly one JSON object; raises DocumentError. Integers keep all their digits."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise DocumentError(f"not JSON, at position {error.pos}") from None  # its chain holds the text
    if not isinstance(document, dict):
        raise DocumentError("not a JSON object")
    long = _LONG_IN_TEXT.search(text) if isinstance(text, str) else _LONG_IN_BYTES.search(text)
    return _read_exactly(text) if long else document


def read_xml(text: str) -> dict[str, Any]:
    """Read exactly one XML document without a DOCTYPE as `{root: content}`; raises DocumentError."""
    try:
        root: Element = fromstring(text.lstrip(_BLANKS), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise DocumentError(f"not XML: {type(error).__name__}") from None
    return {_local_name(root): _content(root, _MAX_DEPTH)}


def write_json(document: Mapping[str, Any]) -> bytes:
    """Write compact JSON in raw UTF-8; raises DocumentError for what JSON cannot hold."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError as error:
        raise DocumentError(f"cannot be written as JSON: {error}") from None


def write_xml(root: str, content: Mapping[str, Any]) -> str:
    """Write *content* below *root*, lists as repeated elements, None left out; raises DocumentError."""
    return _XML_HEAD + _element(root, content)


def as_list(value: object, inner: str) -> list[dict[str, Any]]:
    """Give the records of a list member, in whatever shape it came (docs/protocol.md §8 #15).

    A list may be an array, a single object, null, "", or any of these one level down under *inner*.
    What is not an object is left out.
    """
    records: list[dict[str, Any]] = []
    for record in _records(value):
        nested = [below for name, below in record.items() if name.upper() == inner.upper()]
        records.extend(_records(nested[0]) if nested else [record])
    return records


def below_root(document: dict[str, Any], root: str) -> dict[str, Any]:
    """Give the members below *root*, wherever the gateway put them; raises DocumentError.

    Without the expected root, a top level with RESULT or a single member with RESULT inside is
    taken (docs/protocol.md §8 #37). The root's own name is matched without regard to case.
    """
    for name, value in document.items():
        if name.upper() == root.upper():
            return _object(value, root)
    if _has_result(document):
        return document
    if len(document) == 1:
        (only,) = document.values()
        if _has_result(only):
            return _object(only, root)
    raise DocumentError(f"no {root} in the document")


def _read_exactly(text: str | bytes) -> dict[str, Any]:
    """Read JSON that is known to be well-formed and has integers of which the fast reader makes floats.

    Codes of 20 to 28 digits may come as numbers (docs/protocol.md §4, §8 #33).
    """
    try:
        document: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):  # an integer of thousands of digits, nesting of hundreds of levels
        raise DocumentError("not JSON that we are willing to hold") from None
    return document


def without_root(document: dict[str, Any]) -> dict[str, Any]:
    """Give the members of an answer that has no root; in XML it stands under one of any name."""
    if len(document) == 1:
        (only,) = document.values()
        if isinstance(only, dict) and any(name.upper() in _SAYS_WHETHER for name in only):
            return only
    return document


def _records(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict) and item]


def _object(value: object, root: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if value == "":  # an XML root without elements
        return {}
    raise DocumentError(f"{root} is not an object")


def _has_result(value: object) -> bool:
    return isinstance(value, dict) and any(name.upper() == "RESULT" for name in value)


def _local_name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _content(element: Element, depth: int) -> str | dict[str, Any]:
    if len(element) == 0:
        return element.text or ""
    if depth == 0:
        raise DocumentError("nested too deeply")
    content: dict[str, Any] = {}
    for child in element:
        name, value = _local_name(child), _content(child, depth - 1)
        if name not in content:
            content[name] = value
        elif isinstance(content[name], list):
            content[name].append(value)
        else:
            content[name] = [content[name], value]
    return content


def _element(name: str, value: object) -> str:
    if _XML_NAME.fullmatch(name) is None:
        raise DocumentError("a name that XML does not allow")
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "".join(_element(name, item) for item in value)
    return f"<{name}>{_inside(value)}</{name}>"


def _inside(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(_element(name, below) for name, below in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if _NOT_XML.search(text):
        raise DocumentError("a character that XML cannot hold")
    return escape(text, _ESCAPED)
