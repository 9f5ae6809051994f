"""Parameters of an architecture as rows of a table, read off its model."""

from __future__ import annotations

from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from geom3d.architectures import Architecture
from geom3d.core.quantities import parse_length


def rows(architecture: Architecture) -> list[tuple[str, str, str, str, str]]:
    """(name, unit, range, default, meaning) of every parameter."""
    # Parameters that architectures share come last.
    fields = architecture.Parameters.model_fields
    own = [name for name in fields if name in architecture.Parameters.__annotations__]
    return [
        (name, _unit(info), _range(info), _show(info.default), info.description or "")
        for name in dict.fromkeys([*own, *fields])
        for info in [fields[name]]
    ]


def regions(architecture: Architecture) -> list[str]:
    """Names of the architecture's own regions at default parameters."""
    names = [name for name, _, _ in architecture.build(architecture.Parameters()).regions]
    optional = "backing" in architecture.Parameters.model_fields and "backing" not in names
    return [*names, "backing (where its thickness is not 0)"] if optional else names


def limits(info: FieldInfo) -> tuple[float, float]:
    """Lowest and highest value of a number."""
    low = [m.ge for m in info.metadata if hasattr(m, "ge")]
    high = [m.le for m in info.metadata if hasattr(m, "le")]
    return float(low[0]), float(high[0])


def _unit(info: FieldInfo) -> str:
    return "µm" if parse_length in [getattr(part, "func", None) for part in info.metadata] else ""


def _range(info: FieldInfo) -> str:
    if get_origin(info.annotation) is Literal:
        return " | ".join(map(str, get_args(info.annotation)))
    low, high = limits(info)
    return f"{low:g} … {high:g}"


def _show(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
