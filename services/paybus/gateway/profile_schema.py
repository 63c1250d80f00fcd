"""The JSON Schema of a profile, for editors: `schemas/profile.json` is printed from here.

python -m paybus.gateway.profile_schema > schemas/profile.json
"""

import json
import sys
from typing import Any

from paybus.gateway.profile import CAPABILITIES, CODE
from paybus.trades.operation import Kind
from paybus.trades.outcome import Verdict


def profile_schema() -> dict[str, Any]:
    """Build the schema; what it cannot say (not_executed is never asked about) is told by the reader."""
    verdict = {"enum": [verdict.value for verdict in Verdict]}
    row = {
        "type": "object",
        "properties": {**{kind.value: verdict for kind in Kind}, "ask": {"type": "boolean"}},
        "anyOf": [{"required": [kind.value]} for kind in Kind],
        "additionalProperties": False,
    }
    capabilities = {
        name: {"type": "number", "minimum": least, "maximum": most}
        for name, (least, most) in CAPABILITIES.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:paybus:profile:v1",
        "title": "The gateway's habits (PAYBUS_PROFILE)",
        "type": "object",
        "properties": {
            "return_codes": {
                "type": "object", "patternProperties": {CODE: row}, "additionalProperties": False,
            },
            "capabilities": {
                "type": "object", "properties": capabilities, "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    }  # fmt: skip


def text() -> str:
    """Write it as it is kept."""
    return json.dumps(profile_schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
