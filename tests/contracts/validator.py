"""A JSON Schema validator that reads patterns as the schemas mean them."""

from collections.abc import Iterator
import re
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend


def _pattern(_: Any, pattern: str, instance: object, __: Any) -> Iterator[ValidationError]:
    # Patterns are ECMA 262's: `$` is the end of the text, while Python's also matches before a line end.
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def validator_of(schema: dict[str, Any]) -> Any:
    """Give the validator of *schema*, which is itself checked first."""
    Draft202012Validator.check_schema(schema)
    return _Validator(schema)
