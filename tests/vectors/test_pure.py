"""Signatures, ciphertexts and amounts come out byte for byte as recorded."""

from decimal import Decimal
from typing import Any

import pytest

from paybus.gateway.cipher import decrypt, encrypt, key_bytes
from paybus.gateway.errors import DecryptionError
from paybus.gateway.java import double_text
from paybus.gateway.signature import sign, verify
from paybus.trades.money import MAX_FEN, MoneyError, fen_from_yuan


def test_signature(signatures_vector: dict[str, Any]) -> None:
    """The recorded text gives the recorded sign, and the sign verifies."""
    vector = signatures_vector
    made = sign(vector["sign_text"], key=vector["key"], timestamp_ms=int(vector["timestamp"]))
    assert made == vector["sign"]
    assert verify(vector["sign_text"], vector["sign"], key=vector["key"])
    assert verify(vector["sign_text_stripped"], vector["sign"], key=vector["key"])
    assert not verify(vector["sign_text"] + "x", vector["sign"], key=vector["key"])


def test_encryption(triple_des_vector: dict[str, Any]) -> None:
    """The recorded plain text gives the recorded ciphertext and comes back from it."""
    vector = triple_des_vector
    assert key_bytes(vector["key"]).hex() == vector["key_bytes_hex"]
    assert encrypt(vector["plaintext"], key=vector["key"]) == vector["ciphertext_base64"]
    assert decrypt(vector["ciphertext_base64"], key=vector["key"]) == vector["plaintext"]


def test_decryption(triple_des_decode_vector: dict[str, Any]) -> None:
    """A ciphertext that the SDK tolerates decrypts; one that it cannot read is an error."""
    vector = triple_des_decode_vector
    if vector["plaintext"] is None:
        with pytest.raises(DecryptionError):
            decrypt(vector["ciphertext_base64"], key=vector["key"])
    else:
        assert decrypt(vector["ciphertext_base64"], key=vector["key"]) == vector["plaintext"]


def test_amount_text(amount_text_vector: dict[str, Any]) -> None:
    """The SDK's text is reproduced; our reader takes it if it is an amount of whole fen above zero."""
    yuan, text = Decimal(amount_text_vector["input"]), amount_text_vector["sdk_text"]
    assert double_text(amount_text_vector["input"]) == text
    fen = Decimal(text) * 100
    if 0 < fen <= MAX_FEN and fen == int(fen):
        assert fen_from_yuan(text) == fen
    else:
        with pytest.raises(MoneyError):
            fen_from_yuan(text)
    assert float(yuan) == float(text)
