"""Replies are read whatever they call themselves, and refused with an error of this room."""

import pytest

from paybus.gateway.errors import ReplyError
from paybus.gateway.pay import PAY
from paybus.gateway.reply import RawReply, read_answer

BODY = '{"ORDER_RESP":{"RESULT":{"CODE":"SUCCESS","INFO":"成功"}}}'


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("UTF-8", "utf-8"),
        ("utf8", "utf-8"),
        ('"GBK"', "gbk"),
        ("gb2312", "gbk"),
        ("GB18030", "gb18030"),
        (" = big5", "big5"),
        ("UTF-16", "utf-16"),
        ("utf-16le", "utf-16-le"),
    ],
)
def test_the_named_charset_is_used(charset: str, encoding: str) -> None:
    """In any spelling; the media type does not matter."""
    raw = RawReply(200, BODY.encode(encoding, "replace"), f"text/html;Charset={charset.removeprefix(' = ')}")
    code, info = read_answer(raw, PAY, encrypted_with=None).members.result()
    assert code == "SUCCESS"
    assert info == "成功".encode(encoding, "replace").decode(encoding)


@pytest.mark.parametrize(
    "charset", ["", "'gbk'", "idna", "punycode", "undefined", "hex", "rot13", "zlib", "unheard-of", "x" * 99]
)
def test_a_charset_that_is_none_spoils_only_texts(charset: str) -> None:
    """Codes are ASCII: bytes that do not decode must not hide them."""
    raw = RawReply(200, BODY.encode("gbk"), f"application/json;charset={charset}")
    answer = read_answer(raw, PAY, encrypted_with=None)
    assert answer.members.result()[0] == "SUCCESS"


@pytest.mark.parametrize("key", [None, "TESTKEY0123456789ABCDEFGHIJKLMNO"])
@pytest.mark.parametrize("body", [b"", b"\xff", b"\xef\xbb\xbf{}", b"<", b"<!DOCTYPE a><a/>", b'{"A":1}x'])
def test_what_is_no_document_is_told(body: bytes, key: str | None) -> None:
    """Encrypted or not, there is one error, with the HTTP status."""
    with pytest.raises(ReplyError) as caught:
        read_answer(RawReply(200, body), PAY, encrypted_with=key)
    assert caught.value.http_status == 200
