"""Parameters of an architecture as rows of a table, read off its model, whatever the types of its fields are."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from geom3d.architectures import Architecture
from geom3d.core.errors import InputError
from geom3d.core.quantities import parse_length


def rows(architecture: Architecture) -> list[tuple[str, str, str, str, str]]:
    """(name, unit, range, default, meaning) of every parameter."""
    # Parameters that architectures share come last.
    fields = architecture.Parameters.model_fields
    own = [name for name in fields if name in architecture.Parameters.__annotations__]
    return [
        (name, _unit(info), _range(info), _show(info.get_default(call_default_factory=True)), info.description or "")
        for name in dict.fromkeys([*own, *fields])
        for info in [fields[name]]
    ]


def regions(architecture: Architecture) -> list[str]:
    """Names of the architecture's own regions; in brackets, where one is not always there."""
    from geom3d.architectures._sponge import WebParameters

    model = architecture.Parameters
    if issubclass(model, WebParameters):  # whatever its values, and building one takes its time
        return ["backing", "scaffold"]
    names = _own(architecture, model())
    found = {name: name for name in names}
    for key, info in model.model_fields.items():
        for choice in get_args(info.annotation) if get_origin(info.annotation) is Literal else ():
            try:
                others = _own(architecture, model(**{key: choice}))
            except InputError:  # a choice that asks for another value beside it
                continue
            for name in others:
                found.setdefault(name, f"{name} (where {key} is {choice})")
    if "backing" in model.model_fields:
        found.setdefault("backing", "backing (where its thickness is not 0)")
    return list(found.values())


def _own(architecture: Architecture, parameters: Any) -> list[str]:
    return [name for name, _, _ in architecture.build(parameters).regions]


def limits(info: FieldInfo) -> tuple[float, float]:
    """Lowest and highest value of a number, infinite where it has no limit."""
    low, high, _, _ = _limits(info.metadata)
    return low, high


def is_length(info: FieldInfo) -> bool:
    """Whether a parameter is a length, or holds lengths."""
    return any(
        getattr(part, "func", None) is parse_length
        for _, metadata in _leaves(info.annotation, info.metadata)
        for part in metadata
    )


def number_of(info: FieldInfo) -> tuple[type, float, float, bool] | None:
    """What numbers a parameter takes: `int` or `float`, the lowest, the highest, and whether the lowest is itself not allowed.

    None where it takes none; what else it may be, such as a table, does not count.
    """
    annotation, metadata = _unwrapped(info.annotation, info.metadata)
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    found = [(kind, own) for part in parts for kind, own in [_unwrapped(part, metadata)] if kind in (int, float)]
    if not found:
        return None
    kind = int if all(kind is int for kind, _ in found) else float
    low, high, below, _ = _limits(found[-1][1])
    return kind, low, high, bool(below)


Metadata = list[Any]


def _unwrapped(annotation: Any, metadata: Iterable[Any]) -> tuple[Any, Metadata]:
    """A type without its annotations, and all of them."""
    found = list(metadata)
    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        for part in more:
            found += [part, *part.metadata] if isinstance(part, FieldInfo) else [part]
    return annotation, found


def _leaves(annotation: Any, metadata: Iterable[Any]) -> Iterator[tuple[Any, Metadata]]:
    """The types that a type is made of, each with its annotations."""
    annotation, found = _unwrapped(annotation, metadata)
    parts = () if get_origin(annotation) is Literal else get_args(annotation)
    yield annotation, found
    for part in parts:
        yield from _leaves(part, found if get_origin(annotation) in (Union, UnionType) else ())


def _limits(metadata: Iterable[Any]) -> tuple[float, float, str, str]:
    """Lowest and highest value, and a mark before each that is itself not allowed."""
    low, high, below, above = -math.inf, math.inf, "", ""
    for part in metadata:
        for key, sign, mark in (("ge", 1, ""), ("gt", 1, "> "), ("le", -1, ""), ("lt", -1, "< ")):
            value = getattr(part, key, None)
            if value is None:
                continue
            if sign > 0 and value >= low:
                low, below = float(value), mark
            elif sign < 0 and value <= high:
                high, above = float(value), mark
    return low, high, below, above


def _unit(info: FieldInfo) -> str:
    return "µm" if is_length(info) else ""


def _range(info: FieldInfo) -> str:
    return _values(info.annotation, info.metadata)


def _values(annotation: Any, metadata: Iterable[Any]) -> str:
    """What values a type has, in a few words."""
    annotation, found = _unwrapped(annotation, metadata)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(_show(part) for part in parts)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_values(part, found) for part in parts if part is not NoneType))
    kind = origin or annotation
    if not isinstance(kind, type):
        return "any"
    if issubclass(kind, Enum):
        return " | ".join(_show(member) for member in kind)
    if issubclass(kind, bool):
        return "true | false"
    if issubclass(kind, int | float):
        return _span(found)
    if issubclass(kind, BaseModel):
        return f"table of {', '.join(kind.model_fields)}"
    if issubclass(kind, list | tuple | set | frozenset):
        inner = dict.fromkeys(_values(part, ()) for part in parts if part is not ...)
        return f"list of {', '.join(inner)}" if inner else "list"
    return "text" if issubclass(kind, str) else "table" if issubclass(kind, dict) else kind.__name__


def _span(metadata: Iterable[Any]) -> str:
    """The range of a number."""
    low, high, below, above = _limits(metadata)
    if math.isinf(low) and math.isinf(high):
        return "any number"
    if math.isinf(high):
        return f"{below or '≥ '}{low:g}"
    if math.isinf(low):
        return f"{above or '≤ '}{high:g}"
    return f"{below}{low:g} … {above}{high:g}"


def _show(value: Any) -> str:
    """A default as a template would give it, words without their quotes."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return str(value.value) if isinstance(value, Enum) else value
    plain = TypeAdapter(type(value)).dump_python(value, mode="json")
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
