"""Keys of a template that can be varied: what numbers each may have, and in which unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from geom3d import architectures
from geom3d.cell.describe import is_length, number_of
from geom3d.cell.film_thickness import THICKEST, ThreeThicknesses
from geom3d.cell.template import Layer, Original, Template
from geom3d.core.errors import InputError, choose_from
from geom3d.core.quantities import LONGEST, SHORTEST, convert, parse_length


@dataclass(frozen=True)
class Key:
    """A key of a template.

    Attributes:
        path: such as `parameters.pitch` or `layers.barrier.thickness`.
        info: its field.
        low, high: between which its numbers lie; infinite where there is no limit, nan where it takes none.
        whole: whether they are whole.
        is_length: whether they are lengths in µm, which may be given with a unit.
    """

    path: str
    info: FieldInfo
    low: float = math.nan
    high: float = math.nan
    whole: bool = False
    is_length: bool = False

    @property
    def unit(self) -> str:
        """The unit of its numbers; empty for plain ones."""
        return "µm" if self.is_length else ""

    @property
    def is_number(self) -> bool:
        """Whether it takes numbers."""
        return not math.isnan(self.low)

    def number(self, value: Any, where: str) -> float:
        """A number of this key from what a user wrote: a number, or a length with a unit.

        Args:
            value: what was written.
            where: what an error calls it.

        Raises:
            InputError: naming the rule and the value.
        """
        try:
            number = parse_length(value) if self.is_length else convert(value, "", "a number")
        except ValueError as error:
            rule = str(error) if self.is_length else "must be a finite number"
            raise InputError(f"{where}: {rule}; got {value!r}") from None
        return number

    def text(self, value: Any) -> str:
        """A value with its unit."""
        shown = f"{value:.6g}" if isinstance(value, float) else str(value)
        return f"{shown} {self.unit}".strip() if isinstance(value, int | float) else shown


def key_of(original: Original, path: str) -> Key:
    """A key of a template.

    Args:
        original: the template; its architecture and its layers decide which keys there are.
        path: as in an override.

    Raises:
        InputError: where the template has no such key, with the valid ones.
    """
    keys = path.split(".")
    if len(keys) in (3, 4) and keys[0] == "layers" and keys[2] == "thickness":
        return _thickness(path, keys)
    info = _field(original.content, keys, path)
    numbers = number_of(info)
    if numbers is None:
        return Key(path, info)
    kind, low, high, not_low = numbers
    length = is_length(info)
    if length:
        low, high = max(low, -LONGEST), min(high, LONGEST)
        low = SHORTEST if low == 0 and not_low else low
    return Key(path, info, low, high, kind is int, length)


def _thickness(path: str, keys: list[str]) -> Key:
    """The thickness of a coat, or one of three; its reader knows the range, which its field does not."""
    info = Layer.model_fields["thickness"]
    parts = list(ThreeThicknesses.model_fields)
    if len(keys) == 4 and keys[3] not in parts:
        raise InputError(f"{path}: unknown key; {choose_from(keys[3], parts)}")
    return Key(path, info, SHORTEST, THICKEST, False, True)


def _field(content: Mapping[str, Any], keys: list[str], path: str) -> FieldInfo:
    """The field at a path; entries of lists and of tables of the user's go by their names."""
    model: type[BaseModel] = Template
    name = content.get("architecture")
    if isinstance(name, str) and architectures.DOOR.knows(name):
        parameters = architectures.get(architectures.DOOR.spelled(name)).Parameters
    else:
        parameters = Template.model_fields["parameters"].annotation  # type: ignore[assignment]
    info: FieldInfo | None = None
    named = False
    for key in keys:
        if named:  # the name of a layer, or of a material
            named = False
            continue
        info = model.model_fields.get(key)
        if info is None:
            raise InputError(f"{path}: unknown key; {choose_from(key, _names(model))}")
        inner = parameters if key == "parameters" else _model_in(info.annotation)
        model = inner or _Nothing
        named = inner is not None and key != "parameters" and _is_collection(info.annotation)
    if info is None or named or model is not _Nothing:
        # The path ends at a table.
        places = ", ".join(f"{path}.{name}" for name in _names(model)) if not named else f"{path}.NAME.KEY"
        raise InputError(f"{path}: is a table; name the key to vary: {places}")
    return info


class _Nothing(BaseModel):
    """What a key that is no table holds."""


def _names(model: type[BaseModel]) -> list[str]:
    hidden = {"name", "user_materials"} if model is Template else set()
    return [name for name in model.model_fields if name not in hidden]


def _is_collection(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return any(_is_collection(part) for part in get_args(annotation))
    return origin in (list, tuple, dict)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
