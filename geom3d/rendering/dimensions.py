"""The dimensions that a section shows: lengths of the template, each at a place where the section really has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from geom3d.cell.cell import Cell
from geom3d.core.roles import Role
from geom3d.evaluation import Evaluation
from geom3d.scene.faces import Face

#: Relative difference by which a length in the section may miss the template's: circles are polygons.
SAME = 5e-3
#: Parameters that a section across the posts or fingers does not show, those that run along z, and that of the cell itself.
ASIDE = frozenset({"wavelength", "bus_width", "finger_length", "margin"})
UPRIGHT = frozenset({"height", "depth", "base", "backing", "plate", "tip gap"})
PERIOD, DISTANCE, SAME_PLACE = "period", "distance", " = "
#: Where lengths along the section are looked for, from the floor to half the height: so low that their lines cross no pore.
SHARES = (0.02, 0.1, 0.3, 0.6, 1.0)

Interval = tuple[float, float]


@dataclass(frozen=True)
class Dimension:
    """A length and where it is.

    Attributes:
        name: what it is.
        length: as the template gives it, µm.
        spans: where it may be shown: its ends on the axis along which it runs, µm.
        across: its place on the other axis, µm.
        upright: whether it runs along z.
    """

    name: str
    length: float
    spans: tuple[Interval, ...]
    across: float
    upright: bool


def dimensions(design: Evaluation, face: Face, distance: float | None, films: Mapping[str, float]) -> list[Dimension]:
    """The dimensions of a section, those along it first.

    Args:
        design: the battery.
        face: the section, normal to y.
        distance: least distance of the electrodes, µm, if it is known.
        films: thickness by name of those that are shown, µm.
    """
    cell = design.cell()
    facts = cell.facts
    lengths = {
        k.replace("_", " "): v
        for k, v in design.description.lengths.items()
        if isinstance(v, float) and v > 0 and k not in ASIDE
    }
    if distance:
        lengths[DISTANCE] = distance
    bodies = _bodies(face, [cell.names.index(name) for name in facts.scaffold])
    own = [SCAFFOLD, REST] if SCAFFOLD in bodies else list(bodies)
    owners = {name: [k for k, region in enumerate(cell.names) if name.split()[0] == region] or own for name in lengths}
    owners |= {name: [cell.names.index(name)] for name in films}
    owners |= {name: cell.labels(Role.ELECTROLYTE) for name in (DISTANCE, "tip gap")}
    owners |= {name: list(bodies) for name in ("base", "backing", "plate")}
    if facts.pattern is not None:  # the lines of a grid are their films
        owners["width"] = [cell.names.index(name) for name in cell.films]
    heights = _heights(cell)
    along = {name: length for name, length in lengths.items() if name not in UPRIGHT} | dict(films)
    first: dict[str, Dimension] = {}
    for height in heights:
        left = {name: length for name, length in along.items() if name not in first}
        first |= {d.name: d for d in _along(face, bodies, owners, left, height)}
    found = _merged([first[name] for name in along if name in first])
    if PERIOD in lengths and _same(lengths[PERIOD], cell.size[0]):
        low, high = face.bounds[0], face.bounds[2]
        spans = [(k, k + cell.size[0]) for k in np.arange(low, high - 0.5 * cell.size[0], cell.size[0]).tolist()]
        found.append(Dimension(PERIOD, lengths[PERIOD], tuple(spans), face.bounds[1], upright=False))
    taken = {name for dimension in found for name in dimension.name.split(SAME_PLACE)}
    upright = {name: length for name, length in lengths.items() if name in UPRIGHT or name in {DISTANCE} - taken}
    rise = facts.top - facts.base_z
    for name in ("height", "depth"):
        if name in upright and _same(upright[name], rise):
            found.append(Dimension(name, upright.pop(name), ((facts.base_z, facts.top),), 0.0, upright=True))
    places = [
        (low + high) / 2 for shape in bodies.values() for low, high in intervals(shape, heights[-1], upright=False)
    ]
    ends = {"base": facts.base_z}
    return _merged([*found, *_upright(bodies, owners, upright, places, ends)])


def _heights(cell: Cell) -> list[float]:
    """Where lengths along the section are looked for, µm, the best first."""
    facts, films = cell.facts, list(cell.films.values())
    if facts.pattern is not None:  # in the thickest film
        k = max(range(len(films)), key=lambda n: films[n], default=-1)
        return [facts.base_z + sum(films[:k]) + films[k] / 2] if films else [facts.base_z]
    middle, floor = (facts.base_z + facts.top) / 2, facts.base_z + sum(films)
    if cell.family.is_sampled or floor >= middle:
        return [middle]
    return [floor + share * (middle - floor) for share in SHARES]


def _merged(found: Sequence[Dimension]) -> list[Dimension]:
    """The dimensions; the distance of the electrodes shares the line of what has that length at the same place."""
    kept = [dimension for dimension in found if dimension.name != DISTANCE]
    for dimension in found:
        if dimension.name != DISTANCE:
            continue
        for k, other in enumerate(kept):
            shared = tuple(span for span in other.spans if span in dimension.spans)
            if shared and other.upright == dimension.upright:
                kept[k] = replace(other, name=f"{other.name}{SAME_PLACE}{DISTANCE}", spans=shared)
                break
        else:
            kept.append(dimension)
    return kept


#: What may have a length: a region by its label, the scaffold, and all that it leaves.
Bodies = Mapping[int, shapely.Geometry]
SCAFFOLD, REST = -1, -2


def _bodies(face: Face, scaffold: Sequence[int]) -> Bodies:
    found = dict(face.shapes)
    if len(scaffold) == 1 and scaffold[0] in face.shapes:
        found[SCAFFOLD] = face.shapes[scaffold[0]]
        found[REST] = shapely.box(*face.bounds).difference(found[SCAFFOLD])
    return found


def intervals(shape: shapely.Geometry, place: float, *, upright: bool) -> list[Interval]:
    """Where a straight line lies inside polygons.

    Args:
        shape: the polygons.
        place: of the line on the other axis, µm.
        upright: whether the line runs along z.
    """
    if shapely.is_empty(shape):  # a body that the section does not meet has no bounds
        return []
    low_u, low_v, high_u, high_v = shapely.bounds(shape).tolist()
    ends = [(place, low_v - 1), (place, high_v + 1)] if upright else [(low_u - 1, place), (high_u + 1, place)]
    parts = shapely.get_parts(shapely.intersection(shape, shapely.linestrings(ends)))
    axis = 1 if upright else 0
    spans = [shapely.get_coordinates(part)[:, axis] for part in parts if shapely.length(part) > 0]
    return sorted((float(span.min()), float(span.max())) for span in spans)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * other


def _along(
    face: Face, bodies: Bodies, owners: Mapping[str, Sequence[int]], lengths: Mapping[str, float], height: float
) -> Iterator[Dimension]:
    """Dimensions along the section, at a height."""
    low_u, _, high_u, _ = face.bounds
    inner = 1e-6 * (high_u - low_u)
    whole: dict[int, list[Interval]] = {}
    for key, shape in bodies.items():
        spans = intervals(shape, height, upright=False)
        # What the end of the drawing cuts has no length.
        whole[key] = [(low, high) for low, high in spans if low > low_u + inner and high < high_u - inner]
    middles = sorted((low + high) / 2 for key in whole if key != REST for low, high in whole[key])
    for name, length in lengths.items():
        if name == "pitch":
            spans = [(a, b) for a in middles for b in middles if b > a]
        else:
            spans = [span for key in owners[name] for span in whole.get(key, ())]
        fitting = dict.fromkeys(span for span in spans if _same(span[1] - span[0], length))
        if fitting:
            yield Dimension(name, length, tuple(fitting), height, upright=False)


def _upright(
    bodies: Bodies,
    owners: Mapping[str, Sequence[int]],
    lengths: Mapping[str, float],
    places: Sequence[float],
    ends: Mapping[str, float],
) -> Iterator[Dimension]:
    """Dimensions along z, at places along the section; some must end at a known height."""
    for name, length in lengths.items():
        for key, place in ((k, at) for k in owners[name] for at in dict.fromkeys(places)):
            spans = intervals(bodies[key], place, upright=True) if key in bodies else []
            fitting = [
                (low, high)
                for low, high in spans
                if _same(high - low, length) and abs(high - ends.get(name, high)) <= SAME * length
            ]
            if fitting:
                yield Dimension(name, length, (fitting[0],), place, upright=True)
                break
