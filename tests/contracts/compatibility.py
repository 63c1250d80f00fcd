"""Whether a schema may follow an earlier one on the same topic.

Others write commands: what was allowed must stay allowed. Others read events, calls and dead letters: what
they know must stay, as it was; only optional fields may come. When messages are released, the folders of
schemas/ are copied to released/v1/; a file there is never changed, and none is removed.

A keyword that this checker does not know must stay as it is.
"""

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]
_TEXTS = {"title", "description", "examples", "$id", "$schema"}


def without_texts(part: Any) -> Any:
    """Leave out what is for people; what a field is called is not a text."""
    if isinstance(part, list):
        return [without_texts(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: {name: without_texts(field) for name, field in value.items()}
        if key in {"properties", "$defs"}
        else without_texts(value)
        for key, value in part.items()
        if key not in _TEXTS
    }


def changes_for_readers(old: Schema, new: Schema) -> list[str]:
    """Say what a reader who knows *old* would miss or find changed in *new*."""
    before, now = without_texts(old), without_texts(new)
    fields_before, fields_now = before.pop("properties"), now.pop("properties")
    found = [
        f"{name}: was {field}, is {fields_now.get(name, 'gone')}"
        for name, field in fields_before.items()
        if fields_now.get(name) != field
    ]
    required_before, required_now = set(before.pop("required", ())), set(now.pop("required", ()))
    found += [f"{name}: required in one only" for name in sorted(required_before ^ required_now)]
    return found + [f"{key} changed" for key in before.keys() | now.keys() if before.get(key) != now.get(key)]


def refusals_of_writers(old: Schema, new: Schema) -> list[str]:
    """Say what a writer who keeps to *old* may write and *new* would refuse or pass over."""
    return _narrowed(without_texts(old), without_texts(new), "")


def _narrowed(before: Schema, now: Schema, where: str) -> list[str]:
    found = []
    for keyword in sorted(before.keys() | now.keys()):
        was, is_ = before.get(keyword), now.get(keyword)
        if was != is_:
            judge = _JUDGES.get(keyword, _unknown)
            found += judge(was, is_, f"{where}/{keyword}")
    return found


def _unknown(was: Any, is_: Any, where: str) -> list[str]:
    return [f"{where}: was {was}, is {is_}"]


def _may_go(was: Any, is_: Any, where: str) -> list[str]:
    return [] if is_ is None else _unknown(was, is_, where)


def _may_fall(was: Any, is_: Any, where: str) -> list[str]:
    return [] if is_ is None or (was is not None and is_ <= was) else _unknown(was, is_, where)


def _may_rise(was: Any, is_: Any, where: str) -> list[str]:
    return [] if is_ is None or (was is not None and is_ >= was) else _unknown(was, is_, where)


def _may_grow(was: Any, is_: Any, where: str) -> list[str]:
    lost = [] if is_ is None else [one for one in was or () if one not in is_]
    return [f"{where}: {one} is not allowed any more" for one in lost] or (
        [] if was is not None or is_ is None else _unknown(was, is_, where)
    )


def _may_shrink(was: Any, is_: Any, where: str) -> list[str]:
    return [f"{where}: {one} was not demanded" for one in is_ or () if one not in (was or ())]


def _each(was: Any, is_: Any, where: str) -> list[str]:
    found = [f"{where}/{name}: is gone" for name in was or () if name not in (is_ or {})]
    for name in (was or {}).keys() & (is_ or {}).keys():
        found += _narrowed(was[name], is_[name], f"{where}/{name}")
    return found


def _options(was: Any, is_: Any, where: str) -> list[str]:
    if is_ is None or was is None:
        return _may_go(was, is_, where)
    lost = [one for one in was if all(_narrowed(one, other, where) for other in is_)]
    return [f"{where}: {one} is not allowed any more" for one in lost]


def _inside(was: Any, is_: Any, where: str) -> list[str]:
    both = isinstance(was, dict) and isinstance(is_, dict)
    return _narrowed(was, is_, where) if both else _may_go(was, is_, where)


_JUDGES: dict[str, Callable[[Any, Any, str], list[str]]] = {
    "properties": _each,
    "$defs": _each,
    "required": _may_shrink,
    "allOf": _may_shrink,
    "enum": _may_grow,
    "anyOf": _options,
    "items": _inside,
    "minimum": _may_fall,
    "minLength": _may_fall,
    "maximum": _may_rise,
    "maxLength": _may_rise,
    "maxItems": _may_rise,
    "pattern": _may_go,
    "format": _may_go,
    "type": _may_go,
}
