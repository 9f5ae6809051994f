"""The form of a template: every key that a page can change, with unit, range, meaning and what it begins with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, get_args, get_origin

from geom3d import architectures
from geom3d.architectures import PlateParameters, Structure
from geom3d.architectures._profile import WallKeys
from geom3d.cell.assembly import DEFAULT_MATERIALS
from geom3d.cell.commented import MEANINGS
from geom3d.cell.describe import is_length, number_of, rows
from geom3d.cell.template import Original
from geom3d.core.errors import Geom3dError
from geom3d.core.quantities import parse_length
from geom3d.core.roles import COLLECTOR, Role
from geom3d.library import materials

#: A slider of a length runs from a tenth to ten times of what it begins with.
SPAN = 10.0
#: Numbers whose limits are no further apart than this, as a ratio or a difference, have a linear slider from one to the other.
NEAR_RATIO, NEAR = 100.0, 400.0
#: Degrees around upright that a slider of a side wall's angle shows.
TILT = (80.0, 100.0)
#: Electrodes, electrolytes and collectors take only some materials.
STRICT = (Role.ANODE, Role.CATHODE, Role.ELECTROLYTE, *COLLECTOR.values())


@dataclass(frozen=True)
class Slider:
    """What a slider runs over.

    Attributes:
        low, high: its ends.
        log: whether equal ways are equal ratios.
    """

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Field:
    """A key of a template, as a page shows it.

    Attributes:
        path: of the key, as overrides have it.
        label: what it is called.
        group: "structure", "films", "materials", "walls" or "more".
        kind: "number", "whole", "choice", "truth", "text", "material", "cells" or "fixed", which a page only shows.
        value: what it begins with, lengths in µm; None where it is left out.
        unit, meaning: for people.
        low, high: limits of a number; None where there is none.
        optional: whether it may be left out.
        slider: of a number; None for one without.
        options: of a choice or a material: groups of (value, title), each under a heading.
        owner: name of the layer or region that it belongs to.
        role: of that.
        further: whether it begins with nothing, as imperfections do, or tells apart what looks alike, as a seed does.
        needs: path of the field that must be other than nothing for this one to mean anything.
    """

    path: str
    label: str
    group: str
    kind: str
    value: Any = None
    unit: str = ""
    meaning: str = ""
    low: float | None = None
    high: float | None = None
    optional: bool = False
    slider: Slider | None = None
    options: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()
    owner: str = ""
    role: str = ""
    further: bool = False
    needs: str = ""


def form(original: Original) -> list[Field]:
    """The fields of a template, in the order of a page.

    Args:
        original: the template, which may hold wrong values: they are what the page begins with.

    Raises:
        InputError: where its architecture is unknown.
    """
    content = original.content
    name = content.get("architecture")
    architecture = architectures.get(name if isinstance(name, str) else "")
    try:
        draft = original.draft()
        structure: Structure | None = draft.structure
        own = {material: draft.template.user_materials[material].title for material in draft.template.user_materials}
    except Geom3dError:  # what is wrong is said where the design is asked for
        structure, own = None, {}
    return [
        *_parameters(architecture, _table(content.get("parameters"))),
        *_layers(content, own),
        *_regions(content, architecture, structure, own),
        *_walls(content, structure),
        *_device(_table(content.get("device"))),
        *_more(content, structure),
    ]


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _parameters(architecture: Any, given: Mapping[str, Any]) -> Iterator[Field]:
    defaults = architecture.Parameters().model_dump(mode="json")
    shown = {row[0]: row for row in rows(architecture)}
    lengths = [
        found
        for name, info in architecture.Parameters.model_fields.items()
        if is_length(info) and (found := _in_um(given.get(name, defaults[name]))) and isinstance(found, float)
    ]
    usual = min(lengths, default=1.0)
    plate = PlateParameters.model_fields
    for name in sorted(shown, key=lambda name: name in plate):  # the plate comes last, the rest stays in order
        _, unit, _, _, meaning = shown[name]
        info = architecture.Parameters.model_fields[name]
        value = given.get(name, defaults[name])
        value = _in_um(value) if unit else value
        optional = info.get_default(call_default_factory=True) is None
        make = partial(Field, f"parameters.{name}", name.replace("_", " "), "structure", unit=unit, meaning=meaning)
        further = not value or name in ("seed", "periods")
        if get_origin(info.annotation) is Literal:
            options = [("", [(str(part), str(part).replace("_", " ")) for part in get_args(info.annotation)])]
            yield make(kind="choice", value=value, options=options)
        elif info.annotation is bool or isinstance(value, bool):
            yield make(kind="truth", value=value)
        elif info.annotation is str and name != "file":
            yield make(kind="text", value=value)
        elif (number := number_of(info)) is not None and isinstance(value, int | float | str | None):
            kind, low, high, _ = number
            start = value if isinstance(value, int | float) else None
            slider = _slider(start, low, high, usual if unit else None, whole=kind is int)
            yield make(
                kind="whole" if kind is int else "number", value=value, low=_finite(low), high=_finite(high),
                optional=optional, slider=slider, further=further,
            )  # fmt: skip
        else:
            yield make(kind="fixed", value=_shown(value))


def _layers(content: Mapping[str, Any], own: Mapping[str, str]) -> Iterator[Field]:
    layers = content.get("layers")
    for layer in layers if isinstance(layers, list) else []:
        if not isinstance(layer, Mapping) or not isinstance(layer.get("name"), str):
            continue
        name, role = layer["name"], str(layer.get("role"))
        make = partial(Field, group="films", owner=name, role=role)
        path = f"layers.{name}"
        yield _material(f"{path}.material", layer.get("material"), role, own, group="films", owner=name)
        for key, value in _thicknesses(layer):
            meaning = MEANINGS["layers"]["fill_to" if key == "fill_to" else "thickness"].format()
            number = _in_um(value)
            if not isinstance(number, float):
                yield make(f"{path}.{key}", key, kind="fixed", value=_shown(value), meaning=meaning)
            elif key == "fill_to":
                reach = 5 * (abs(number) or 2.0)
                yield make(
                    f"{path}.{key}", "filled to", kind="number", value=number, unit="µm", meaning=meaning, low=-1e5,
                    high=1e5, slider=Slider(-reach, reach),
                )  # fmt: skip
            else:
                words = key.replace("thickness.", "thickness, ")
                slider = Slider(number / SPAN, min(SPAN * number, 1e4), log=True) if number > 0 else None
                yield make(
                    f"{path}.{key}", words, kind="number", value=number, unit="µm", meaning=meaning, low=0.0, high=1e4,
                    slider=slider,
                )  # fmt: skip
        if role in (Role.ANODE, Role.CATHODE):
            yield make(
                f"{path}.utilisation", "utilisation", kind="number", value=layer.get("utilisation"), low=0.0, high=1.0,
                optional=True, slider=Slider(0.05, 1.0), meaning=MEANINGS["layers"]["utilisation"].format(),
            )  # fmt: skip


def _thicknesses(layer: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The keys of a layer that tell how thick it is."""
    thickness = layer.get("thickness")
    if isinstance(thickness, Mapping):
        for key in ("top", "middle", "bottom"):
            if key in thickness:
                yield f"thickness.{key}", thickness[key]
    elif "thickness" in layer:
        yield "thickness", thickness
    if "fill_to" in layer:
        yield "fill_to", layer["fill_to"]


def _regions(
    content: Mapping[str, Any], architecture: Any, structure: Structure | None, own: Mapping[str, str]
) -> Iterator[Field]:
    """Materials of the architecture's own regions."""
    given = _table(content.get("materials"))
    found = {} if structure is None else {name: role for name, role, _ in structure.regions}
    if "backing" in architecture.Parameters.model_fields:
        found.setdefault("backing", Role.SUBSTRATE)
    for name, usual in found.items():
        choice = given.get(name)
        table = _table(choice)
        role = str(table.get("role", usual))
        known = DEFAULT_MATERIALS.get(usual) if role == usual else None
        value = table.get("material", known) if table else choice or known
        path = f"materials.{name}.material" if table else f"materials.{name}"
        made = _material(path, value, role, own, group="materials", owner=name)
        there = structure is not None and name in [region for region, _, _ in structure.regions]
        yield made if there else replace(made, needs=f"parameters.{name}")


def _material(path: str, value: Any, role: str, own: Mapping[str, str], *, group: str, owner: str) -> Field:
    entry = materials.CATALOGUE.entry(value) if isinstance(value, str) and value not in own else None
    here = str(value) if entry is None else entry.name
    options = list(_choices(role))
    listed = {name for _, names in options for name, _ in names}
    mine = [(name, title) for name, title in own.items() if name not in listed]
    if here not in listed and here not in own:
        mine.append((here, here))
    options += [("of this template", mine)] if mine else []
    words = MEANINGS["layers"]["material"].split(" (")[0]
    return Field(path, "material", group, "material", here, meaning=words, options=options, owner=owner, role=role)


def _choices(role: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The materials that can take a role, those that are meant for it first."""
    everything = {name: material.title for name, material in materials.CATALOGUE.usable()}
    known = Role(role) if role in [each.value for each in Role] else None
    usual = {} if known is None else {name: material.title for name, material in materials.fitting(known).items()}
    if usual:
        yield f"usual as {role.replace('_', ' ')}", _sorted(usual)
    if known in COLLECTOR.values():
        everything = {name: material.title for name, material in materials.collecting().items()}
    elif known in STRICT:
        return
    others = {name: title for name, title in everything.items() if name not in usual}
    if others:
        yield "others", _sorted(others)


def _sorted(titles: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(titles.items(), key=lambda entry: entry[1].casefold())


def _walls(content: Mapping[str, Any], structure: Structure | None) -> Iterator[Field]:
    """The plain keys of `[profile]`, of structures of upright walls."""
    upright = structure is not None and structure.facts.web is None and structure.facts.top > structure.facts.base_z
    if not upright and "profile" not in content:
        return
    given = _table(content.get("profile"))
    depth = 10.0 if structure is None else structure.facts.top - structure.facts.base_z
    for name, info in WallKeys.model_fields.items():
        number = number_of(info)
        words = MEANINGS["profile"][name].format().partition(": ")[2]
        path, label = f"profile.{name}", name.replace("_", " ")
        if number is None or name == "table":
            if name in given:
                yield Field(path, label, "walls", "fixed", _shown(given[name]), meaning=words)
            continue
        angle = name == "sidewall_angle"
        value = given.get(name)
        value = value if angle else _in_um(value)
        usual = value if isinstance(value, int | float) and value > 0 else depth / 20
        along = Slider(*TILT) if angle else Slider(0.0, 2 * min(depth / 4, usual))
        yield Field(
            path, label, "walls", "number", value, "°" if angle else "µm", words, _finite(number[1]), _finite(number[2]),
            optional=True, slider=along,
        )  # fmt: skip


def _device(given: Mapping[str, Any]) -> Iterator[Field]:
    units = {"capacity": "mAh", "voltage": "V"}
    for key, value in given.items():
        number = value if key in units else _in_um(value)
        words = MEANINGS["device"].get(key, "").format().partition(": ")[2]
        if isinstance(number, int | float) and not isinstance(number, bool):
            slider = Slider(number / SPAN, number * SPAN, log=True) if number > 0 else None
            yield Field(
                f"device.{key}", f"device, {key}", "more", "number", number, units.get(key, "µm"), words, slider=slider
            )


def _more(content: Mapping[str, Any], structure: Structure | None) -> Iterator[Field]:
    words = {key: text.format(architectures="") for key, text in MEANINGS[""].items()}
    yield Field("title", "title", "more", "text", content.get("title", ""), meaning=words["title"])
    basis = [("", [("practical", "practical"), ("theoretical", "theoretical")])]
    value = content.get("capacity_basis", "practical")
    yield Field(
        "capacity_basis", "capacity basis", "more", "choice", value, options=basis, meaning=words["capacity_basis"]
    )
    sampled = structure is not None and structure.film_base.family.is_sampled
    key = "resolution" if sampled else "tolerance"
    yield Field(
        key, key, "more", "number", _in_um(content.get(key)), "µm", words[key], low=0.0, high=1e3, optional=True
    )  # fmt: skip
    yield Field("repeat", "cells in files", "more", "cells", content.get("repeat", [1, 1]), meaning=words["repeat"])


def _slider(value: Any, low: float, high: float, usual: float | None, *, whole: bool) -> Slider | None:
    """The slider of a number.

    Args:
        value: where it begins; None where it is left out.
        low, high: its limits.
        usual: of a length, what one is that begins with nothing, µm; None for other numbers.
        whole: whether only whole numbers are allowed.
    """
    if math.isinf(low) or math.isinf(high):
        return None
    if usual is None and (0 < low <= high / NEAR_RATIO or high - low > NEAR):
        # Too many to tell apart on a slider, such as seeds, begin at the lowest.
        few = whole and high <= 1e4
        return Slider(low, min(high, max(50.0, 4.0 * (value or 0)))) if few else None
    if usual is None:
        return Slider(low, high)
    start = value or usual
    if low <= 0 and not value:
        return Slider(max(low, 0.0), min(high, usual))
    return Slider(max(low, start / SPAN), min(high, start * SPAN), log=True)


def _in_um(value: Any) -> Any:
    """A length in µm; what is none stays as it is."""
    try:
        return None if value is None else parse_length(value)
    except ValueError:
        return value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _shown(value: Any) -> str:
    """What a page cannot change, as text."""
    import json

    if value is None:
        return "left out"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
