"""The texts below the fields of our models, so that a field is described once: where it is declared."""

import ast
from inspect import cleandoc, getsource
from itertools import pairwise

from msgspec import structs


def field_texts(model: type) -> dict[str, str]:
    """Give the docstring of each field of *model*, by its name on the wire; needs the sources."""
    texts: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if owner.__module__.startswith("paybus."):
            texts |= _own_texts(owner)
    return {field.encode_name: texts[field.name] for field in structs.fields(model) if field.name in texts}


def _own_texts(owner: type) -> dict[str, str]:
    (definition,) = ast.parse(getsource(owner)).body
    assert isinstance(definition, ast.ClassDef)
    return {
        field.target.id: cleandoc(text.value.value)
        for field, text in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(text.value.value, str)
    }
