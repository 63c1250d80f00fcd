"""What the vendor's own client sent, byte for byte, and the sandbox's answers."""

import asyncio
from dataclasses import replace
import json
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.house import MERCHANT, House, open_house

from paybus.gateway.cipher import decrypt

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "vectors.json").read_text(encoding="utf-8"))
ANSWERS = {"SUCCESS", True, "CHARGE_NONEXISTENT"}  # the last about orders that empty books do not have


async def exchange(house: House, vector: dict[str, Any]) -> str:
    """Send the request as it was recorded and give the reply's body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.address.rpartition(":")[2]))
    headers = {name: value for name, value in vector["headers"].items() if name != "Connection"}
    head = [f"{vector['method']} {VECTORS['base_path']}{vector['path_and_query']} HTTP/1.1", "Host: gateway"]
    head += [f"{name}: {value}" for name, value in headers.items()] + ["Connection: close", "", ""]
    writer.write("\r\n".join(head).encode() + (vector["body_wire"] or "").encode())
    reply = await reader.read()
    writer.close()
    status, _, body = reply.partition(b"\r\n\r\n")
    assert status.startswith(b"HTTP/1.1 200 ")
    return body.decode()


@pytest.mark.parametrize("vector", VECTORS["requests"], ids=lambda vector: vector["id"])
async def test_the_vendors_requests_are_believed(vector: dict[str, Any]) -> None:
    """Every recorded request is decrypted, believed, read and answered as it asks to be."""
    key = vector["key"] or MERCHANT.key
    merchant = replace(MERCHANT, key=key)
    async with open_house(merchants={merchant.merchant_id: merchant}) as house:
        text = await exchange(house, vector)
        if vector["encrypt"] == "3DES":
            text = decrypt(text, key=key)
        content = json.loads(text)
        if len(content) == 1 and "RESULT" not in content:  # below a root
            (content,) = content.values()
        told = content["RESULT"]["CODE"] if "RESULT" in content else content["success"]
        assert told in ANSWERS
