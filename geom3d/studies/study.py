"""A study: which designs, which of their numbers count, and what bounds these have. Read from TOML, checked, frozen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from geom3d.cell.template import Original, read_original
from geom3d.core.errors import InputError, choose_from
from geom3d.core.quantities import Length, convert
from geom3d.core.validation import explain
from geom3d.core.words import Words
from geom3d.library import processes
from geom3d.library.catalogue import read_text, read_toml
from geom3d.metrics import measured_by, metric_of
from geom3d.studies.expressions import Expression, in_order
from geom3d.studies.keys import Key, key_of

_CONFIG = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
#: Most designs of a full grid.
MOST = 1_000_000
#: Keys of a table that make it a range.
RANGE = {"from", "to", "steps", "scale"}
#: Numbers that a study gives beside those of the report, with their units.
OWN = {
    "check.violations": "1",
    "fits.thickness_um": "µm",
    "runtime_h": "h",
}


def _duration(value: Any) -> float:
    return convert(value, "hour", "a time")


Power = Annotated[float, BeforeValidator(lambda v: convert(v, "mW", "a power")), Field(gt=0)]
Duration = Annotated[float, BeforeValidator(_duration), Field(gt=0)]
Extent = Annotated[Length, Field(gt=0)]
Bound = Annotated[float, Field(strict=True)]


class Range(BaseModel):
    """Numbers from one to another.

    Attributes:
        start, end: the lowest and the highest, both included; lengths may have a unit.
        steps: how many a full grid takes; what else is drawn from a range is drawn anywhere in it.
        scale: whether steps are equal in size or in ratio.
    """

    model_config = _CONFIG

    start: float | str = Field(alias="from")
    end: float | str = Field(alias="to")
    steps: Annotated[int, Field(ge=2, le=MOST)] | None = None
    scale: Literal["linear", "log"] = "linear"


class Limits(BaseModel):
    """Bounds of a number of the report, both included."""

    model_config = _CONFIG

    min: Bound | None = None
    max: Bound | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("needs min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is more than max {self.max:g}, so nothing can lie between")
        return self


class Outside(BaseModel):
    """Outer size of a device that the battery has to fit."""

    model_config = _CONFIG

    width: Extent
    length: Extent
    thickness: Extent | None = None
    margin: Annotated[Length, Field(ge=0)] | None = None


class Constraints(BaseModel):
    """What a design must keep to.

    Attributes:
        check: name of a process that must be able to make it.
        fits: outer size of the device.
        power: mean power that the device draws, mW.
        duration: for how long it must last, hours.
        numbers: bounds of numbers of the report, by path.
    """

    model_config = _CONFIG

    check: str | None = None
    fits: Outside | None = None
    power: Power | None = None
    duration: Duration | None = None
    numbers: dict[str, Limits] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.power is not None or self.duration is not None) and self.fits is None:
            raise ValueError("power and duration are those of a device: give fits = { width, length } as well")
        if self.duration is not None and self.power is None:
            raise ValueError("duration needs power, the mean power that the device draws")
        return self


class Sampler(BaseModel):
    """How designs are chosen.

    Attributes:
        method: of a sweep grid, latin-hypercube, sobol or list; of an optimisation tpe, which finds more in some
            hundred designs, or nsga2.
        count: designs of a sweep for each template, or trials of an optimisation.
        seed: of what is random.
        designs: the list, values by path.
    """

    model_config = _CONFIG

    method: Literal["grid", "latin-hypercube", "sobol", "list", "tpe", "nsga2"] | None = None
    count: Annotated[int, Field(ge=1, le=MOST)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    designs: tuple[dict[str, Any], ...] = ()


class Base(BaseModel):
    """One template of a study, and what is changed or varied in it alone."""

    model_config = _CONFIG

    template: str
    label: Words = ""
    set: dict[str, Any] = Field(default_factory=dict)
    vary: dict[str, Range | list[Any]] = Field(default_factory=dict)
    derive: dict[str, str] = Field(default_factory=dict)


class Plan(BaseModel):
    """A study as its file gives it; see `Study`."""

    model_config = _CONFIG

    title: Words = ""
    template: str | list[str] | None = None
    templates: tuple[Base, ...] = ()
    set: dict[str, Any] = Field(default_factory=dict)
    vary: dict[str, Range | list[Any]] = Field(default_factory=dict)
    derive: dict[str, str] = Field(default_factory=dict)
    objectives: dict[str, Literal["maximise", "minimise"]] = Field(default_factory=dict)
    constraints: Constraints = Field(default_factory=Constraints)
    record: tuple[str, ...] = ()
    sampler: Sampler = Field(default_factory=Sampler)


@dataclass(frozen=True)
class Axis:
    """A key that is varied in a template.

    Attributes:
        key: of the template, or None where a whole table is chosen.
        path: of the key or table.
        choices: among which it is chosen; empty for a range.
        low, high, log, whole, steps: of a range.
    """

    path: str
    key: Key | None
    choices: tuple[Any, ...] = ()
    low: float = math.nan
    high: float = math.nan
    log: bool = False
    whole: bool = False
    steps: int | None = None

    def at(self, share: float) -> Any:
        """The value at a share of the way, 0 … 1."""
        if self.choices:
            return self.choices[min(int(share * len(self.choices)), len(self.choices) - 1)]
        if self.whole:
            return min(int(self.low + share * (self.high - self.low + 1)), int(self.high))
        if self.log:
            return min(max(self.low * (self.high / self.low) ** share, self.low), self.high)
        return self.low + share * (self.high - self.low)

    @property
    def values(self) -> list[Any]:
        """All that a full grid takes.

        Raises:
            InputError: for a range without steps.
        """
        if self.choices:
            return list(self.choices)
        if self.steps is None and self.whole:
            return list(range(int(self.low), int(self.high) + 1))
        if self.steps is None:
            raise InputError(f"vary.{self.path}: a grid needs steps; give steps, or another method in [sampler]")
        values = [
            self.low * (self.high / self.low) ** (k / (self.steps - 1))
            if self.log
            else self.low + (self.high - self.low) * k / (self.steps - 1)
            for k in range(self.steps)
        ]
        values[-1] = self.high
        return list(dict.fromkeys(round(value) for value in values)) if self.whole else values


@dataclass(frozen=True)
class Branch:
    """A template of the study with all that changes in it.

    Attributes:
        label: what results call it.
        original: the template, whole in itself.
        fixed: values by path that hold for all its designs.
        axes: keys that are varied.
        derived: formulas by path, each after those that it reads.
    """

    label: str
    original: Original
    fixed: Mapping[str, Any]
    axes: tuple[Axis, ...]
    derived: Mapping[str, Expression]

    def overrides(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """All changed keys of a design, from those that were chosen.

        Raises:
            InputError: where a derived key has no value.
        """
        values: dict[str, Any] = {**self.fixed}
        for path, value in chosen.items():
            if isinstance(value, Mapping):  # a whole film, or another table
                values |= {f"{path}.{key}": part for key, part in value.items()}
            else:
                values[path] = value

        def at(path: str) -> float:
            given = values[path] if path in values else self._own(path)
            return key_of(self.original, path).number(given, path)

        for path, formula in self.derived.items():
            found = formula.value(at)
            values[path] = round(found) if key_of(self.original, path).whole else found
        return values

    def _own(self, path: str) -> Any:
        """What the template itself, or the architecture's default, gives for a key."""
        here: Any = self.original.content
        for part in path.split("."):
            if isinstance(here, list):
                here = next((entry for entry in here if isinstance(entry, Mapping) and entry.get("name") == part), None)
            else:
                here = here.get(part) if isinstance(here, Mapping) else None
        if here is None:
            default = key_of(self.original, path).info.get_default(call_default_factory=True)
            if isinstance(default, int | float):
                return default
            raise InputError(f"derive: {path} has no value in {self.original.source}")
        return here


@dataclass(frozen=True)
class Study:
    """A study, ready to be run.

    Attributes:
        name: of its file, without the ending.
        plan: what its file says.
        branches: its templates.
    """

    name: str
    plan: Plan
    branches: tuple[Branch, ...]

    @property
    def title(self) -> str:
        """What results are called."""
        return self.plan.title or self.name

    @property
    def maximised(self) -> dict[str, bool]:
        """For every objective, whether more is better."""
        return {path: aim == "maximise" for path, aim in self.plan.objectives.items()}

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Paths of all numbers that are kept of a design: objectives, constraints, and what is recorded."""
        asked = self.plan.constraints
        own = [*(["check.violations"] if asked.check else []), *(["fits.thickness_um"] if asked.fits else [])]
        own += ["device.capacity_mAh", "device.energy_mWh", "device.unit_cells"] if asked.fits else []
        own += ["runtime_h"] if asked.power else []
        return tuple(dict.fromkeys([*self.plan.objectives, *self.limits, *own, *self.plan.record]))

    @cached_property
    def limits(self) -> dict[str, Limits]:
        """Bounds of numbers by path, those of a check, of a device's size and of its run included."""
        asked, found = self.plan.constraints, dict(self.plan.constraints.numbers)
        if asked.check is not None:
            found["check.violations"] = Limits(max=0.0)
        if asked.fits is not None and asked.fits.thickness is not None:
            found["fits.thickness_um"] = Limits(max=asked.fits.thickness)
        if asked.duration is not None:
            found["runtime_h"] = Limits(min=asked.duration)
        return found

    def violations(self, numbers: Mapping[str, float | None]) -> list[float]:
        """By how much a design misses each bound, as a share of it where it is not 0; nothing or less where it keeps it."""
        found: list[float] = []
        for path, limits in self.limits.items():
            value = numbers.get(path)
            for bound, sign in ((limits.min, 1.0), (limits.max, -1.0)):
                if bound is not None:
                    found.append(math.inf if value is None else sign * (bound - value) / (abs(bound) or 1.0))
        return found

    def keeps(self, numbers: Mapping[str, float | None]) -> bool:
        """Whether a design keeps to all constraints."""
        return all(miss <= 0 for miss in self.violations(numbers))


def load_study(source: str | Path) -> Study:
    """Reads a study: a path of a TOML file, or the name of a shipped study.

    Raises:
        InputError: one line that names the file, the key, the rule, the value and the valid options.
    """
    from geom3d.studies.shipped import text_of

    path = Path(source)
    text = text_of(str(source)) if path.suffix != ".toml" else None
    folder: Path | None = None
    if text is None:
        from geom3d.studies.shipped import shipped

        def missing() -> str:
            return f"study {str(path)!r}: no such file, and no shipped study has that name; {choose_from(path.stem, shipped())}"

        text, folder = read_text(path, str(path), missing), path.parent
    try:
        return make_study(read_toml(text, str(source)), path.stem, folder)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None


def make_study(data: Mapping[str, Any], name: str = "study", folder: Path | None = None) -> Study:
    """A study from a mapping of the form of its file.

    Args:
        data: left as it is.
        name: of the study.
        folder: where templates are looked for besides the working folder.

    Raises:
        InputError: naming the key, the rule, the value and the valid options.
    """
    content = _with_ranges(_flat(data), "")
    try:
        plan = Plan.model_validate(content)
    except ValidationError as error:
        raise InputError(explain(error, Plan, content, "").replace("template:", "study:", 1)) from None
    bases = list(plan.templates)
    names = [plan.template] if isinstance(plan.template, str) else plan.template or []
    bases += [Base(template=name) for name in names]
    if not bases:
        raise InputError("template: is missing; give the name or the path of one, or a list of them")
    branches = tuple(_branch(plan, base, folder) for base in bases)
    labels = [branch.label for branch in branches]
    if len(set(labels)) < len(labels):
        raise InputError(f"templates: labels must differ; got {', '.join(labels)}")
    study = Study(name, plan, branches)
    _require_numbers(study)
    if plan.constraints.check is not None:
        processes.load_process(plan.constraints.check)
    return study


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """The content with paths in one key where TOML has tables in tables: `parameters.depth` in [vary], and so on."""
    content: dict[str, Any] = {**data}
    for table in ("vary", "set", "derive", "objectives"):
        if isinstance(content.get(table), Mapping):
            content[table] = dict(_leaves(content[table], table))
    if isinstance(content.get("constraints"), Mapping):
        own = {key: value for key, value in content["constraints"].items() if key in Constraints.model_fields}
        rest = {key: value for key, value in content["constraints"].items() if key not in own}
        content["constraints"] = {**own, "numbers": dict(_leaves(rest, "constraints"))}
    if isinstance(content.get("templates"), list):
        content["templates"] = [_flat(base) if isinstance(base, Mapping) else base for base in content["templates"]]
    sampler = content.get("sampler")
    if isinstance(sampler, Mapping) and isinstance(sampler.get("designs"), list):
        designs = [dict(_leaves(one, "set")) if isinstance(one, Mapping) else one for one in sampler["designs"]]
        content["sampler"] = {**sampler, "designs": designs}
    return content


def _with_ranges(content: dict[str, Any], where: str) -> dict[str, Any]:
    """The content with the ranges of [vary] as such: of a union of types, errors would name the type and not the key."""
    given = content.get("vary")
    if isinstance(given, Mapping):
        content["vary"] = {path: _range(value, f"{where}vary.{path}") for path, value in given.items()}
    if isinstance(content.get("templates"), list):
        content["templates"] = [
            _with_ranges(base, f"templates.{base.get('label') or base.get('template')}.")
            if isinstance(base, dict)
            else base
            for base in content["templates"]
        ]
    return content


def _range(value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        try:
            return Range.model_validate(value)
        except ValidationError as error:
            raise InputError(explain(error, Range, value, where)) from None
    if not isinstance(value, list) or not value:
        raise InputError(f"{where}: must be a list of values, or a range {{ from, to, steps }}; got {value!r}")
    return value


def _leaves(table: Mapping[str, Any], kind: str, path: str = "") -> Iterator[tuple[str, Any]]:
    ends = {"vary": RANGE, "constraints": {"min", "max"}}.get(kind, set())
    for key, value in table.items():
        inner = f"{path}.{key}" if path else key
        if isinstance(value, Mapping) and value and not set(value) & ends:
            yield from _leaves(value, kind, inner)
        else:
            yield inner, value


def _branch(plan: Plan, base: Base, folder: Path | None) -> Branch:
    original = _original(base.template, folder)
    fixed = {**plan.set, **base.set}
    if plan.constraints.fits is not None:
        size = plan.constraints.fits.model_dump(exclude_none=True)
        fixed["device"] = {**_table(original.content.get("device")), **size}
    # What is fixed may choose the architecture, and with it the keys that there are.
    whole = Original(original.source, original.name, _whole(original, fixed), original.folder)
    axes = tuple(_axis(whole, path, given) for path, given in {**plan.vary, **base.vary}.items())
    formulas = {path: Expression(text, f"derive.{path}") for path, text in {**plan.derive, **base.derive}.items()}
    for path, formula in formulas.items():
        if path in {axis.path for axis in axes}:
            raise InputError(f"derive.{path}: is varied, too; it can be one of the two only")
        for key in [path, *formula.paths]:
            if not key_of(whole, key).is_number:
                raise InputError(f"derive.{path}: {key} takes no numbers")
    ordered = {path: formulas[path] for path in in_order(formulas)}
    return Branch(base.label or original.name, whole, {}, axes, ordered)


def _whole(original: Original, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The content with fixed keys, and with the materials that are files beside it."""
    try:
        content = original.changed(fixed)
    except InputError as error:
        raise InputError(f"set: {error}") from None
    try:
        known = original.draft(fixed).template.user_materials
    except InputError:
        return content  # what is varied may make it valid
    given = _table(content.get("materials"))
    beside = {
        name: material.model_dump(mode="json", exclude_defaults=True, by_alias=True)
        for name, material in known.items()
        if name not in given and not any(isinstance(value, Mapping) for value in given.values())
    }
    return {**content, "materials": {**given, **beside}} if beside else content


def _table(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _original(source: str, folder: Path | None) -> Original:
    """A template by its name or path; a path is one from the study's own folder first."""
    beside = None if folder is None else folder / source
    return read_original(beside if source.endswith(".toml") and beside is not None and beside.is_file() else source)


def _axis(original: Original, path: str, given: Range | list[Any]) -> Axis:
    where = f"vary.{path}"
    if isinstance(given, Range):
        return _ranged(key_of(original, path), given, where)
    tables = [isinstance(value, Mapping) for value in given]
    if any(tables):
        if not all(tables):
            raise InputError(f"{where}: must be all tables or all values")
        for key in {key for value in given for key in value}:
            key_of(original, f"{path}.{key}")
        return Axis(path, None, tuple(given))
    if path in ("architecture", "capacity_basis"):
        return Axis(path, None, tuple(given))
    key = key_of(original, path)
    values = tuple(key.number(value, where) if key.is_number and not key.whole else value for value in given)
    if len({str(value) for value in values}) < len(values):
        raise InputError(f"{where}: holds a value twice; got {given}")
    return Axis(path, key, values)


def _ranged(key: Key, given: Range, where: str) -> Axis:
    """A range as an axis, its ends checked."""
    if not key.is_number:
        raise InputError(f"{where}: takes no numbers; give a list of what it may be")
    low, high = key.number(given.start, f"{where}.from"), key.number(given.end, f"{where}.to")
    if not low < high:
        raise InputError(f"{where}: from must be less than to; got {low:g} and {high:g}")
    if given.scale == "log" and low <= 0:
        raise InputError(f"{where}: a logarithmic range must begin above 0; got {low:g}")
    if low < key.low or high > key.high:
        raise InputError(f"{where}: {key.path} lies in {key.low:g} … {key.high:g}; got {low:g} … {high:g}")
    if key.whole and (low != round(low) or high != round(high)):
        raise InputError(f"{where}: must begin and end with whole numbers; got {low:g} and {high:g}")
    return Axis(key.path, key, (), low, high, given.scale == "log", key.whole, given.steps)


def _require_numbers(study: Study) -> None:
    """Every number that is asked for must be one of the report, or of a study's own."""
    plan = study.plan
    for table, paths in (
        ("objectives", plan.objectives),
        ("constraints", plan.constraints.numbers),
        ("record", plan.record),
    ):
        for path in paths:
            if path in study.numbers and path in OWN and _is_given(path, plan.constraints):
                continue
            try:
                measured_by([path])
            except InputError as error:
                raise InputError(f"{table}.{error}") from None
            metric = metric_of(path)
            if metric is None or (metric.path.endswith("*") and path == metric.path):
                raise InputError(f"{table}.{path}: is a table; name one number below it")


def _is_given(path: str, asked: Constraints) -> bool:
    """Whether the constraints hold what one of a study's own numbers needs."""
    needs = {"check.violations": asked.check, "fits.thickness_um": asked.fits, "runtime_h": asked.power}
    return needs[path] is not None


#: Names of the numbers that only studies give.
WORDS = {
    "check.violations": "rules of the process that are broken",
    "fits.thickness_um": "thickness of the cell",
    "runtime_h": "run of the device",
}


def title_of(path: str) -> str:
    """What a number is called in tables, with its unit."""
    if path in OWN:
        return WORDS[path] + ("" if OWN[path] == "1" else f", {OWN[path]}")
    metric = metric_of(path)
    if metric is None:
        return path
    name = metric.title + (f": {path.removeprefix(metric.path[:-1])}" if metric.path.endswith("*") else "")
    return name if metric.unit in ("1", "") else f"{name}, {metric.unit}"


def short_name(path: str) -> str:
    """The last parts of a path, for axes of charts."""
    return re.sub(r"^(parameters|layers)\.", "", path).replace("_", " ")
