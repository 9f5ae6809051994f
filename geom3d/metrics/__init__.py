"""Metrics: one file each, found by its name; all read one `Sample` and give entries of the report.

Such a file, or what another distribution registers under `[project.entry-points."geom3d.metrics"]`, has the form of
`MetricModule`, or of `MetricOnRequest` where it takes its time and is computed only where somebody asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Protocol

from geom3d.cell.cell import Cell
from geom3d.core.arrays import BoolArray
from geom3d.core.errors import InputError, PluginError, choose_from
from geom3d.core.plugins import Door, lacking, spelled
from geom3d.core.roles import COLLECTOR, Role
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.transport import Transport
from geom3d.transport.distance import Electrodes
from geom3d.transport.electrons import Electronic

#: First keys of the report that are no metric's.
RESERVED = frozenset({"title", "source", "architecture", "repeat", "materials", "warnings", "uncertainty"})
#: Relative uncertainty of a number from which on the report warns.
UNCERTAIN = 0.01
#: What a metric on request may need besides the design.
CONDITIONS = ("temperature", "radius")


@dataclass(frozen=True)
class KeyFigure:
    """A column in the table of key figures by which designs are compared at a glance.

    Attributes:
        head: of the column.
        rank: order among these columns; the metric's own if None.
    """

    head: str
    rank: float | None = None


@dataclass(frozen=True)
class Metric:
    """A quantity of the report.

    Attributes:
        path: where it stands, such as `area_gain.anode`; a last part `*` stands for every region.
        title: what a table calls it.
        unit: "1" for plain numbers.
        meaning: its definition, in a sentence.
        rank: order in tables.
        key_figure: its column among the key figures; None for none.
    """

    path: str
    title: str
    unit: str
    meaning: str
    rank: float
    key_figure: KeyFigure | None = None


@dataclass(frozen=True)
class Request:
    """How a metric is asked for: `design.measure(request=[NAME])`, and by an option of the command line.

    Attributes:
        name: by which it is asked for.
        help: what it gives and how long that takes, in a sentence.
        needs: which of `CONDITIONS` it reads; it is computed anew where one of these changes, and not where others do.
    """

    name: str
    help: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """What metrics read: a cell and its walls, and what several of them ask for, found once.

    Attributes:
        cell, walls: the battery.
    """

    cell: Cell
    walls: InterfaceMesh

    def __repr__(self) -> str:
        return f"<Sample of {self.cell!r} with {len(self.walls.triangles)} triangles>"

    def labels(self, *roles: Role) -> list[int]:
        """Labels of the regions with one of these roles."""
        return self.cell.labels(*roles)

    def volume(self, *roles: Role) -> float:
        """Volume of all regions with one of these roles, µm³."""
        return float(self.walls.volumes[self.labels(*roles)].sum())

    @cached_property
    def electrodes(self) -> Electrodes | None:
        """The surfaces of both electrodes; None where one of them is missing."""
        return Electrodes.of(self.cell, self.walls)

    @cached_property
    def electrons(self) -> dict[tuple[Role, float], Electronic | None]:
        """What electrons meet in an electrode, by it and by what it is held against, Ω·cm², as far as it has been asked for."""
        return {}

    @cached_property
    def connected_volumes(self) -> dict[int, float]:
        """By label of every electrode region, its volume that reaches its own collector, µm³."""
        return self._volumes(self.reached)

    @cached_property
    def counted_volumes(self) -> dict[int, float]:
        """By label of every electrode region, its volume that electrons and ions reach, µm³."""
        components = self.walls.components
        return self._volumes({role: self.cell.counted(components, role, self.reached) for role in COLLECTOR})

    @cached_property
    def reached(self) -> dict[Role, BoolArray]:
        """For either electrode, the (n,) pieces of it or its collector from which current reaches a contact."""
        return {role: self.cell.reached(self.walls.components, role) for role in COLLECTOR}

    def _volumes(self, chosen: Mapping[Role, BoolArray]) -> dict[int, float]:
        """By label of every electrode region, the volume of its chosen pieces, µm³."""
        components = self.walls.components
        volumes: dict[int, float] = {}
        for role in COLLECTOR:
            electrode = self.labels(role)
            if electrode:
                for label in electrode:
                    own = components.labels == label
                    share = components.volumes[own & chosen[role]].sum() / components.volumes[own].sum()
                    volumes[label] = float(self.walls.volumes[label] * share)
        return volumes


@dataclass(frozen=True)
class Measured:
    """What a metric has found.

    Attributes:
        values: entries of the report, nested as there.
        warnings: sentences that a reader of these numbers must know.
        uncertainty: of numbers among them, by path, where a metric knows it itself.
    """

    values: Mapping[str, Any]
    warnings: Sequence[str] = ()
    uncertainty: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Inquiry:
    """What a metric on request reads.

    Attributes:
        sample: the battery.
        coarse: the same on a grid of twice the step, for an estimate of the uncertainty; None where nothing is sampled.
        known: the report without this metric's entries.
        temperature: of the electrolyte, °C.
        radius: of curvature, µm; None where none is given.
        conduct: ionic conduction at a temperature, °C, solved once for all who ask; raises `geom3d.transport.NoPath`.
    """

    sample: Sample
    coarse: Sample | None
    known: Mapping[str, Any]
    temperature: float
    conduct: Callable[[float], Transport]
    radius: float | None = None


class MetricModule(Protocol):
    """The form of a metric: of a module in this folder, and of what another distribution registers.

    The first line of its docstring says what it gives. How high a cell is over its width, with a column of its own when
    designs are compared:

    >>> METRICS = (
    ...     Metric("slenderness", "slenderness", "1", "height over the shorter period", 78, KeyFigure("slenderness")),
    ... )
    >>> def measure(sample):
    ...     return Measured({"slenderness": sample.cell.top / min(sample.cell.size[:2])})
    >>> import geom3d
    >>> battery = geom3d.load("pillars-coated")
    >>> round(measure(battery.sample).values["slenderness"], 3)
    5.787

    Attributes:
        METRICS: the quantities it gives. The first keys of their paths belong to this metric alone.
    """

    __doc__: str | None
    METRICS: tuple[Metric, ...]

    def measure(self, sample: Sample) -> Measured:
        """The entries, nested as their paths are: numbers, words, lists, or None where there is nothing to tell."""
        ...


class MetricOnRequest(Protocol):
    """The form of a metric that is computed only where somebody asks for it; else its entries are null.

    The heat that the electrolyte makes where the cell is charged at 1 mA/cm²:

    >>> METRICS = (Metric("heat_mW_cm2", "ohmic heat at 1 mA/cm²", "mW/cm²", "current² × ionic resistance", 47),)
    >>> REQUEST = Request("heat", "The ohmic heat, which takes as long as ionic conduction.", needs=("temperature",))
    >>> def answer(inquiry):
    ...     return Measured({"heat_mW_cm2": 1e-3 * inquiry.conduct(inquiry.temperature).resistance})

    Attributes:
        METRICS: as in `MetricModule`.
        REQUEST: how it is asked for.
    """

    __doc__: str | None
    METRICS: tuple[Metric, ...]
    REQUEST: Request

    def answer(self, inquiry: Inquiry) -> Measured:
        """The entries, their uncertainties, and what there is to say of them."""
        ...


def request_of(module: MetricModule | MetricOnRequest) -> Request | None:
    """How a metric is asked for; None where it is always measured."""
    found: Request | None = getattr(module, "REQUEST", None)
    return found


def keys_of(module: MetricModule | MetricOnRequest) -> tuple[str, ...]:
    """The first keys of a metric's paths, which are its own."""
    return tuple(dict.fromkeys(metric.path.split(".")[0] for metric in module.METRICS))


def _fault(thing: Any) -> str | None:
    """What is wrong with the form of a registered metric."""
    known = getattr(thing, "METRICS", None)
    if not isinstance(known, tuple | list) or not known or not all(isinstance(metric, Metric) for metric in known):
        return "must have METRICS, a tuple of geom3d.metrics.Metric"
    reserved = RESERVED & set(keys_of(thing))
    if reserved:
        return f"must not give {min(reserved)}, which is the report's own"
    request = request_of(thing)
    if request is None:
        return lacking(thing, "measure")
    if not isinstance(request, Request):
        return "must have a geom3d.metrics.Request as its REQUEST"
    unknown = [need for need in request.needs if need not in CONDITIONS]
    if unknown:
        return f"needs {unknown[0]!r}, which is unknown; {choose_from(unknown[0], CONDITIONS)}"
    return lacking(thing, "answer")


def _wrong_entries(thing: Any, result: Any) -> str | None:
    """What is wrong with the entries that a registered metric gives."""
    if not isinstance(result, Mapping):
        return f"must return a mapping; got {type(result).__name__}"
    foreign = [key for key in result if key not in keys_of(thing)]
    return f"gives {foreign[0]!r}, which is not among its METRICS" if foreign else _not_plain(result, "")


def _wrong_measured(thing: Any, result: Any) -> str | None:
    """What is wrong with what a registered metric has found."""
    if not isinstance(result, Measured):
        return f"must return a Measured; got {type(result).__name__}"
    return _wrong_entries(thing, result.values) or _not_plain(result.uncertainty, "")


def _not_plain(value: Any, path: str) -> str | None:
    """Where a value is none that JSON can hold: finite numbers, words, truth, null, lists and mappings of these."""
    if isinstance(value, Mapping):
        wrong = next((key for key in value if not isinstance(key, str)), None)
        if wrong is not None:
            return f"gives the key {wrong!r} in {path or 'its entries'}; keys must be text"
        parts = [(part, f"{path}.{key}".removeprefix(".")) for key, part in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(part, path) for part in value]
    else:
        plain = value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
        return None if plain else f"gives {value!r} for {path}; must be a finite number, a word or None"
    return next((wrong for part, where in parts if (wrong := _not_plain(part, where))), None)


#: The metrics: those of this folder, and those of distributions that have entry points `geom3d.metrics`.
DOOR: Door[MetricModule | MetricOnRequest] = Door(
    "metric",
    __name__,
    "geom3d.metrics",
    _fault,
    {"measure": _wrong_measured, "answer": _wrong_measured},
    hidden=("report", "answer"),
)


@cache
def _accepted() -> tuple[dict[str, MetricModule | MetricOnRequest], list[str]]:
    """All metrics that can be used, by name, in the order of their first quantity's rank; what is wrong with others."""
    keys: dict[str, str] = {}
    requests: set[str] = set()
    found: dict[str, MetricModule | MetricOnRequest] = {}
    problems: list[str] = []
    for name, module in DOOR.usable():
        label, request = f"metric {name!r} of {DOOR.origin(name)}", request_of(module)
        taken = [key for key in keys_of(module) if key in keys]
        if taken:
            problems.append(f"{label}: {taken[0]!r} is already given by metric {keys[taken[0]]!r}")
        elif request is not None and request.name in requests:
            problems.append(f"{label}: another metric is asked for by {request.name!r}")
        else:
            keys |= dict.fromkeys(keys_of(module), name)
            requests |= {request.name} if request is not None else set()
            found[name] = module
    return dict(sorted(found.items(), key=lambda entry: entry[1].METRICS[0].rank)), problems


def named() -> dict[str, MetricModule | MetricOnRequest]:
    """All metrics by name, in the order of their first quantity's rank."""
    return _accepted()[0]


def modules() -> tuple[MetricModule | MetricOnRequest, ...]:
    """All metrics, in the order of their first quantity's rank."""
    return tuple(named().values())


def problems() -> list[str]:
    """A sentence on every metric of another distribution that cannot be used."""
    return [*DOOR.problems(), *_accepted()[1]]


@cache
def catalogue() -> tuple[Metric, ...]:
    """Every quantity of the report, in the order of tables."""
    return tuple(sorted((m for module in modules() for m in module.METRICS), key=lambda m: m.rank))


def metric_of(path: str) -> Metric | None:
    """The quantity that the value at a path of the report belongs to; None where it belongs to none."""
    for metric in catalogue():
        if metric.path == path or (metric.path.endswith("*") and path.startswith(metric.path[:-1])):
            return metric
    return None


def requests() -> dict[str, Any]:
    """The metrics on request (`MetricOnRequest`) by the name by which each is asked for, in the order of tables."""
    return {request.name: module for module in modules() if (request := request_of(module)) is not None}


def requested(names: Sequence[str]) -> dict[str, Any]:
    """The metrics on request of these names, in the order of tables, each once.

    Raises:
        InputError: for an unknown name, with the valid ones.
    """
    known = requests()
    names = [spelled(name, known) for name in names]
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise InputError(f"request: unknown {unknown!r}; {choose_from(unknown, known)}")
    return {name: module for name, module in known.items() if name in names}


def request_for(paths: Sequence[str]) -> tuple[str, ...]:
    """What must be asked for, so that the report has the values at these paths."""
    keys = {path.split(".")[0] for path in paths}
    return tuple(name for name, module in requests().items() if keys & set(keys_of(module)))


def measured_by(paths: Sequence[str]) -> tuple[MetricModule | MetricOnRequest, ...]:
    """The metrics that give the values at these paths, in the order of tables.

    Args:
        paths: of the report; a path above others, such as `area_gain`, stands for all below it.

    Raises:
        InputError: for a path that no metric gives, with the valid ones.
    """
    known = {key: module for module in modules() for key in keys_of(module)}
    for path in paths:
        key = path.split(".")[0]
        if key not in known or not _leads_to(path):
            near = (
                [metric.path for metric in catalogue() if metric.path.split(".")[0] == key] if key in known else known
            )
            raise InputError(f"{path}: no number of the report; {choose_from(path, near)}")
    wanted = {path.split(".")[0] for path in paths}
    return tuple(module for module in modules() if wanted & set(keys_of(module)))


def judged_with(chosen: Sequence[MetricModule | MetricOnRequest]) -> tuple[MetricModule | MetricOnRequest, ...]:
    """Chosen metrics, and those by whose figures their uncertainties are judged: all but the distances, which have their own kind."""
    return tuple(
        module for module in modules() if module in chosen or "inter_electrode_distance_um" not in keys_of(module)
    )


def _leads_to(path: str) -> bool:
    """Whether a path is one of a quantity, or lies above or (where regions are named) below some."""
    return metric_of(path) is not None or any(metric.path.startswith(f"{path}.") for metric in catalogue())


def measure(sample: Sample, chosen: Sequence[MetricModule | MetricOnRequest] | None = None) -> Measured:
    """All entries of the report of a battery, or those of chosen metrics; null what must be asked for."""
    found = [_measured(module, sample) for module in (modules() if chosen is None else chosen)]
    values = {key: value for measured in found for key, value in measured.values.items()}
    warnings = [warning for measured in found for warning in measured.warnings]
    own = {path: error for measured in found for path, error in measured.uncertainty.items()}
    # Metrics that ask each other may have the same to say.
    return Measured(values, tuple(dict.fromkeys([*warnings, *problems()])), own)


def _measured(module: Any, sample: Sample) -> Measured:
    """The entries of a metric; null where it must be asked for, or where that of another distribution fails."""
    nothing: dict[str, Any] = dict.fromkeys(keys_of(module))
    if request_of(module) is not None:
        return Measured(nothing)
    try:
        found: Measured = module.measure(sample)
    except PluginError as error:
        return Measured(nothing, (str(error),))
    return found
