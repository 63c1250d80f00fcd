"""Another vector file made of ours: other keys, merchant, numbers and times, everything signed anew.

Signs and ciphertexts are made here with the libraries alone, so that a fault of ours cannot hide itself.
"""

from base64 import b64decode, b64encode
from hashlib import md5
import json
import re
from typing import Any

from Crypto.Cipher import DES3
from Crypto.Util.Padding import pad, unpad

Vector = dict[str, Any]
KEYS = {
    "TESTKEY0123456789ABCDEFGHIJKLMNO": "an-odd-Key_of~37*characters+(really)!",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233a": "SHORTER than 24 & ~odd",
}
LATER_MS = 86_400_123
NAMES = {  # what stands in bodies, paths and queries; longer ones first
    "20150324001069125999": "Z-9_8",
    "20150324001069126002": "20150324001069126002X",
    "0010000001": "0020000077",
    "1435736619488": "9935736619488",
    "280000000000000001": "134567890123456789",
}
BLANKS = re.compile(b"[ \t\n\x0b\x0c\r]")


def vary(vectors: dict[str, Any]) -> dict[str, Any]:
    """Give a file of the same format in which every value that can be another is another."""
    varied = _renamed({name: value for name, value in vectors.items() if name != "amount_text"})
    for vector in varied["requests"]:
        _vary_request(vector)
    for vector in varied["signatures"]:
        _vary_signature(vector)
    for vector in varied["triple_des"]:
        vector["key_bytes_hex"] = _des_key(vector["key"]).hex()
        vector["ciphertext_base64"] = _encrypt(vector["plaintext"], vector["key"])
    for vector, old in zip(varied["triple_des_decode"], vectors["triple_des_decode"], strict=True):
        if vector["plaintext"] is not None:  # written with a line break in the middle, as in ours
            ciphertext = _encrypt(vector["plaintext"], vector["key"])
            vector["ciphertext_base64"] = f"{ciphertext[:16]}\r\n{ciphertext[16:]}"
        else:
            vector["ciphertext_base64"] = old["ciphertext_base64"]
    for vector, old in zip(varied["responses"], vectors["responses"], strict=True):
        _vary_response(vector, old)
    for vector, old in zip(varied["callbacks"], vectors["callbacks"], strict=True):
        _vary_callback(vector, old)
    amounts = [{"input": "7", "sdk_text": "7.0"}, {"input": "12345678.9", "sdk_text": "1.23456789E7"}]
    return {**varied, "amount_text": amounts, "counts": {**varied["counts"], "amount_text": len(amounts)}}


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_renamed(below) for below in value]
    if not isinstance(value, str):
        return value
    for name, other in (KEYS | NAMES).items():
        value = value.replace(name, other)
    return value


def _vary_request(vector: Vector) -> None:
    old = vector["sign"]
    if vector["sign_text"] is not None:
        vector["timestamp"] = str(int(vector["timestamp"]) + LATER_MS)
        vector["sign"] = _sign(vector["sign_text"].encode(), vector["key"], vector["timestamp"])
        raw, quoted = vector["sign"], vector["sign"].replace(":", "%3A")
        for name in ("path_and_query", "query_raw"):
            vector[name] = vector[name].replace(old, raw).replace(old.replace(":", "%3A"), quoted)
        vector["query"] = [[name, raw if value == old else value] for name, value in vector["query"]]
    if vector["body_plain"]:
        wire = vector["body_plain"]
        vector["body_wire"] = wire if vector["encrypt"] is None else _encrypt(wire, vector["key"])
        vector["headers"]["Content-Length"] = str(len(vector["body_wire"].encode()))


def _vary_signature(vector: Vector) -> None:
    vector["timestamp"] = str(int(vector["timestamp"]) + LATER_MS)
    vector["sign"] = _sign(vector["sign_text"].encode(), vector["key"], vector["timestamp"])


def _vary_response(vector: Vector, old: Vector) -> None:
    body = old["body"]
    if isinstance(body, dict):  # bytes of another charset: left as they are, and so is what was read
        vector["body"], vector["sdk_parsed"] = body, old["sdk_parsed"]
    elif vector["encrypt"] and (plain := _decrypt(body, old["key"])) is not None:
        wire = _encrypt(_renamed(plain), vector["key"])
        vector["body"] = f'"{wire}"' if body.startswith('"') else "\r\n".join(re.findall(".{1,76}", wire))


def _vary_callback(vector: Vector, old: Vector) -> None:
    """Sign again what was rightly signed, in whatever way it was; what was wrong stays wrong."""
    if old["timestamp"].isdigit():
        vector["timestamp"] = str(int(old["timestamp"]) + LATER_MS)
    raw = b64decode(old["body_base64"]) if "body_base64" in old else None
    text = raw or _renamed(old["sign_text"]).encode()
    before = raw or old["sign_text"].encode()
    made = old["sign"]
    ways = (bytes, lambda data: data.replace(b"\\", b""))  # one receiver in the field takes them out
    for way in ways:
        for key, other in KEYS.items():
            if made == _sign(way(before), key, old["timestamp"]):
                made = _sign(way(text), other, vector["timestamp"])
    vector["sign"] = made
    vector["path_and_query"] = vector["path_and_query"].replace(old["sign"], made)
    vector["sign_text"] = old["sign_text"] and _renamed(old["sign_text"])
    if old["encrypt"] and "body" in old:
        for key, other in KEYS.items():
            if _decrypt(old["body"], key) is not None:
                vector["body"] = _encrypt(text.decode(), other)
    elif raw:
        vector["body_base64"] = old["body_base64"]


def _sign(text: bytes, key: str, timestamp: str) -> str:
    data = timestamp.encode() + key.encode() + BLANKS.sub(b"", text)
    return f"{md5(data, usedforsecurity=False).hexdigest()}:{timestamp}"


def _des_key(key: str) -> bytes:
    return key.encode()[:24].ljust(24, b"\0")


def _encrypt(text: str, key: str) -> str:
    if len(key) <= 8:  # what the library refuses was recorded
        return {"12345678": "uiBAOVeY2RK+yDoLMRnafA=="}[key]
    return b64encode(DES3.new(_des_key(key), DES3.MODE_ECB).encrypt(pad(text.encode(), 8))).decode()


def _decrypt(wire: str, key: str) -> str | None:
    try:
        data = DES3.new(_des_key(key), DES3.MODE_ECB).decrypt(b64decode(re.sub(r"[^\w+/=]", "", wire)))
        return unpad(data, 8).decode()
    except ValueError:
        return None


def dump(vectors: dict[str, Any]) -> str:
    """Write a vector file."""
    return json.dumps(vectors, ensure_ascii=False)
