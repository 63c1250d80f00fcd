"""The shape of a model as a JSON Schema: what msgspec says of it, our texts, what pays need by method."""

from typing import Any, Final

import msgspec

from paybus.contracts.command import REQUIRED_BY_METHOD, GoodsLine, PayCommand
from paybus.contracts.field_text import field_texts

Schema = dict[str, Any]

_PARTS: Final[dict[str, type[Any]]] = {GoodsLine.__name__: GoodsLine}
_PYTHON_ONLY = r"(?!\n)"  # ECMA 262's `$`, which the schemas mean, does not match before a line end


def shapes_of(model: type[Any], *, reference: str) -> dict[str, Schema]:
    """Give the schemas of *model* and of its parts by name, the model first.

    *reference* is the template of a pointer from one to another, with `{name}` in it.
    """
    _, found = msgspec.json.schema_components([model], ref_template=reference)
    shapes = msgspec.json.decode(msgspec.json.encode(found))  # a default may be a tuple, which JSON has not
    models = {model.__name__: model, **_PARTS}
    return {name: _shape(shapes[name], models[name]) for name in sorted(shapes, key=model.__name__.__ne__)}


def _shape(plain: Schema, model: type[Any]) -> Schema:
    texts = field_texts(model)
    fields = {name: _field(field, texts.get(name)) for name, field in plain["properties"].items()}
    rules = {"allOf": _required_by_method()} if model is PayCommand else {}
    return {**plain, "properties": fields, **rules}


def _field(plain: Schema, text: str | None) -> Schema:
    """Describe a field by its own text and by that of its type, which a union hides one step down."""
    options = [dict(option) for option in plain.get("anyOf", ())]
    inherited = [option.pop("description") for option in options if "description" in option]
    description = " ".join(filter(None, (text, plain.get("description"), *inherited)))
    kept = {key: value for key, value in plain.items() if (key, value) != ("default", None)}
    field = {"description": description} | kept | {"description": description}
    if options:
        field["anyOf"] = [_portable(option) for option in options]
    return _portable(field)


def _portable(field: Schema) -> Schema:
    if "pattern" in field:
        field["pattern"] = field["pattern"].replace(_PYTHON_ONLY, "")
    return field


def _required_by_method() -> list[Schema]:
    return [
        {
            "if": {"properties": {"method": {"const": method}}, "required": ["method"]},
            "then": {
                "properties": {name: {"not": {"type": "null"}} for name in names},
                "required": list(names),
            },
        }
        for method, names in REQUIRED_BY_METHOD.items()
    ]
