"""Documents are read tolerantly, end where they end, and survive a round trip."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
import pytest

from paybus.gateway.document import (
    as_list,
    below_root,
    read_document,
    read_json,
    read_xml,
    write_json,
    write_xml,
)
from paybus.gateway.errors import DocumentError

NAMES = st.from_regex(r"[A-Z][A-Z_]{0,11}", fullmatch=True)
JSON_TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
XML_TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
        lambda character: character >= " " or character in "\t\n\r"
    ),
    max_size=30,
)
JSON_DOCUMENTS = st.dictionaries(
    NAMES,
    st.recursive(
        JSON_TEXTS | st.integers(-(2**53), 2**53) | st.none() | st.booleans(),
        lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=3),
        max_leaves=8,
    ),
    max_size=6,
)
XML_CONTENTS = st.dictionaries(
    NAMES,
    st.recursive(
        XML_TEXTS,
        lambda below: (
            st.dictionaries(NAMES, below, min_size=1, max_size=3)
            | st.lists(XML_TEXTS, min_size=2, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
    max_size=6,
)


@given(JSON_DOCUMENTS)
def test_json_round_trip(document: dict[str, Any]) -> None:
    """A JSON document reads back as it was written."""
    written = write_json(document)
    assert read_json(written) == document
    assert read_document(" \r\n" + written.decode()) == document


@given(XML_CONTENTS)
def test_xml_round_trip(content: dict[str, Any]) -> None:
    """An XML document reads back as it was written, carriage returns and markup characters included."""
    assert read_xml(write_xml("ORDER_REQ", content)) == {"ORDER_REQ": content}
    assert read_document("\n" + write_xml("ORDER_REQ", content)) == {"ORDER_REQ": content}


@given(st.text(max_size=60) | st.text(alphabet='{}[]<>"=/!DOCTYPE', max_size=40))
def test_any_text_is_a_document_or_refused(text: str) -> None:
    """Reading never fails in any other way than by a DocumentError."""
    try:
        document = read_document(text)
    except DocumentError:
        return
    assert isinstance(document, dict)


@given(JSON_DOCUMENTS, st.text(min_size=1).filter(lambda tail: tail.strip(" \t\r\n")))
def test_data_behind_a_json_document_is_refused(document: dict[str, Any], tail: str) -> None:
    """Nothing but blanks may stand behind a JSON document."""
    with pytest.raises(DocumentError):
        read_document(write_json(document).decode() + tail.replace("\ud800", "x"))


@given(st.text(alphabet="abc<&{ ", min_size=1).filter(str.strip))
def test_data_behind_an_xml_document_is_refused(tail: str) -> None:
    """Nothing but blanks may stand behind an XML document."""
    with pytest.raises(DocumentError):
        read_document(write_xml("A", {"B": "1"}) + tail)


def test_raw_utf8_and_no_blanks() -> None:
    """JSON is written compactly and without escapes for other scripts: the sign covers this text."""
    assert write_json({"PAY_SUBJECT": "嗖嗖 1", "A": "/"}) == '{"PAY_SUBJECT":"嗖嗖 1","A":"/"}'.encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FAIL",
        "[1]",
        '"text"',
        "1",
        "\ufeff{}",
        "\ufeff<A/>",
        "{} {}",
        '{"A":1}x',
        "{'A':1}",
        '{"A":NaN}',
        "<A>",
        "<A></B>",
        "<A/><B/>",
        "<!DOCTYPE A><A/>",
        '<!DOCTYPE A [<!ENTITY b "c">]><A>&b;</A>',
        '<!DOCTYPE A SYSTEM "file:///etc/passwd"><A/>',
        "<A>&undefined;</A>",
        "<A>" * 40 + "</A>" * 40,
    ],
)
def test_refused_documents(text: str) -> None:
    """What is not exactly one object or element, or declares a DTD, is refused."""
    with pytest.raises(DocumentError):
        read_document(text)


@pytest.mark.parametrize("value", ["\ud800", {1, 2}, 2**70])
def test_json_that_cannot_be_written(value: object) -> None:
    """What JSON cannot hold is refused before anything is signed or sent."""
    with pytest.raises(DocumentError):
        write_json({"A": value})


@pytest.mark.parametrize(
    ("root", "content"),
    [("A", {"B": "\x00"}), ("A", {"B": "\ud800"}), ("A B", {}), ("A", {"<": "1"}), ("", {})],
)
def test_xml_that_cannot_be_written(root: str, content: dict[str, Any]) -> None:
    """Control characters and foreign names are refused."""
    with pytest.raises(DocumentError):
        write_xml(root, content)


@pytest.mark.parametrize(
    "value",
    [
        {"TRADEFUNDBILL": [{"A": 1}]},
        {"TRADEFUNDBILL": {"A": 1}},
        {"tradefundbill": {"A": 1}},
        [{"A": 1}],
        {"A": 1},
        [{"TRADEFUNDBILL": {"A": 1}}],
    ],
)
def test_a_list_of_one_in_every_shape(value: object) -> None:
    """A list with one record is the same list in each shape it may take."""
    assert as_list(value, "TRADEFUNDBILL") == [{"A": 1}]


@pytest.mark.parametrize("value", [None, "", [], {}, {"TRADEFUNDBILL": None}, {"TRADEFUNDBILL": ""}, 7, "x"])
def test_an_empty_list_in_every_shape(value: object) -> None:
    """Null, nothing, an empty text and what is no record are an empty list."""
    assert as_list(value, "TRADEFUNDBILL") == []


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
@pytest.mark.parametrize(
    "digits", ["18446744073709551616", "2015101400000000000000000001", "-9223372036854775809", "9" * 300]
)
def test_integers_keep_all_their_digits(digits: str, blank: str) -> None:
    """A code of 28 digits that comes as a number is that code, and no double near it."""
    text = f'{{"A":{blank}{digits},"L":[{blank}{digits}],"T":"{digits}","F":0.01}}'
    expected = {"A": int(digits), "L": [int(digits)], "T": digits, "F": 0.01}
    assert read_json(text) == read_json(text.encode()) == expected


@pytest.mark.parametrize(
    "text", ['{"A":' + "9" * 5000 + "}", '{"A":' + "[" * 1010 + "9" * 20 + "]" * 1010 + "}"]
)
def test_numbers_that_nobody_needs_are_refused(text: str) -> None:
    """Thousands of digits, or a thousand levels, only cost time and stack."""
    with pytest.raises(DocumentError):
        read_json(text)


def test_deep_nesting_is_no_trap() -> None:
    """A list nested as deeply as a document may be is an empty list, not a crash."""
    arrays = read_json('{"L":' + "[" * 900 + "]" * 900 + "}")
    objects = read_json('{"":' * 900 + "1" + "}" * 900)
    assert as_list(arrays["L"], "X") == []
    assert len(as_list(objects, "")) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"ORDER_RESP": {"RESULT": "SUCCESS"}},
        {"order_resp": {"RESULT": "SUCCESS"}},
        {"OTHER": {"RESULT": "SUCCESS"}},
        {"RESULT": "SUCCESS"},
    ],
)
def test_root_rule(document: dict[str, Any]) -> None:
    """The members are found under the expected root, at the top, or under a single other root."""
    assert below_root(document, "ORDER_RESP") == {"RESULT": "SUCCESS"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"ORDER_RESP": None},
        {"ORDER_RESP": "text"},
        {"ORDER_RESP": [1]},
        {"OTHER": {"CODE": "SUCCESS"}},
        {"OTHER": {"RESULT": "SUCCESS"}, "MORE": 1},
    ],
)
def test_no_root(document: dict[str, Any]) -> None:
    """A document in which the members cannot be found is refused."""
    with pytest.raises(DocumentError):
        below_root(document, "ORDER_RESP")
