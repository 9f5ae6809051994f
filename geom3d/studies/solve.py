"""One unknown for one target: the value of a key at which a number of the report is what it should be.

Designs that cannot be built cut the unknown's range into intervals, and a number may rise and fall along it. So the search
first goes outward from where the template stands, in steps that double, until two neighbours enclose the target; where
designs cease to be buildable it closes in on the last that is. If that encloses nothing, all of the range is looked at.
What is enclosed is then found by Brent's method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from scipy.optimize import brentq, minimize_scalar

from geom3d.cell.assembly import assemble
from geom3d.cell.template import Original
from geom3d.cell.written import written
from geom3d.core.errors import Geom3dError, GeometryError, InputError, choose_from
from geom3d.evaluation import Evaluation
from geom3d.metrics import metric_of
from geom3d.metrics.report import Report
from geom3d.studies.keys import Key, key_of

#: Relative difference from the target that counts as met.
MET = 1e-7
#: First step outward from the template's value, as a share of it.
STEP = 0.1
#: Halvings that find where designs cease to be buildable: to a share of 1e-6 of the step.
HALVINGS = 20
#: Places at which a range is looked at where the way outward encloses nothing.
PLACES = 24
#: Designs that are looked at for a largest or smallest number between such places.
CLOSER = 30


@dataclass(frozen=True)
class Solution:
    """A value at which a target is met.

    Attributes:
        key: that was varied.
        value: of that key, in its unit (µm where it is a length).
        number: the path of the number.
        wanted, reached: the number that was asked for, and that of the design.
        evaluations: how many designs were looked at.
        design: the one that meets the target.
        original: its template.
    """

    key: Key
    value: float
    number: str
    wanted: float
    reached: float
    evaluations: int
    design: Evaluation = field(repr=False)
    original: Original = field(repr=False)

    @property
    def path(self) -> str:
        """Path of the key."""
        return self.key.path

    @property
    def text(self) -> str:
        """The template that meets the target, as TOML."""
        note = f"{self.path} for {self.number} = {self.wanted:g}"
        return written(self.original, self.design.overrides, note)


def built(original: Original, overrides: Mapping[str, Any]) -> Evaluation:
    """The design of a template with some keys changed.

    Raises:
        InputError: where it cannot be built.
    """
    return Evaluation(assemble(original.draft(overrides)), original.source, dict(overrides))


def solve(
    original: Original,
    path: str,
    number: str,
    wanted: float,
    *,
    overrides: Mapping[str, Any] | None = None,
    between: tuple[Any, Any] | None = None,
    make: Callable[[Original, Mapping[str, Any]], Evaluation] = built,
    on_design: Callable[[float, float | None], None] = lambda value, number: None,
) -> Solution:
    """The value of a key at which a number of the report is what is wanted; of several the one that is found first on the way
    outward from the template's own value.

    Args:
        original: the template.
        path: of the key to vary, such as `parameters.depth`.
        number: path of a number of the report, such as `capacity_uAh_cm2.cell`.
        wanted: what it should be, in the report's unit.
        overrides: what else is changed.
        between: the lowest and the highest value of the key; its range if None.
        make: builds a design.
        on_design: called with every value that was tried, and the number there; None where the design cannot be built.

    Raises:
        InputError: where the key or the number is none, or the target cannot be met: with the closest number, and where.
    """
    key = key_of(original, path)
    if not key.is_number:
        raise InputError(f"{path}: takes no numbers, so it cannot be solved for; take one that does")
    if not math.isfinite(wanted):
        raise InputError(f"{number}: must be a finite number; got {wanted:g}")
    if metric_of(number) is None:
        raise InputError(_unknown(number))
    low, high = _range(key, between)
    curve = _Curve(original, dict(overrides or {}), key, number, make, on_design)
    search = _Search(curve, low, high, wanted, curve.own(low, high))
    return search.run()


def _unknown(number: str) -> str:
    from geom3d.metrics import measured_by

    try:
        measured_by([number])
    except InputError as error:
        return str(error)
    return f"{number}: is a table; name one number below it"


def _range(key: Key, between: tuple[Any, Any] | None) -> tuple[float, float]:
    """The lowest and the highest value to try."""
    low, high = key.low, key.high
    if between is not None:
        one, two = (key.number(value, "between") for value in between)
        if not one < two:
            raise InputError(f"between: the first must be less than the second; got {one:g} and {two:g}")
        low, high = max(low, one), min(high, two)
        if low > high:
            raise InputError(f"between: {key.path} lies in {key.low:g} … {key.high:g}; got {one:g} and {two:g}")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InputError(f"between: {key.path} has no range of its own; give the lowest and the highest value to try")
    if key.whole:
        low, high = math.ceil(low), math.floor(high)
    return low, high


@dataclass
class _Curve:
    """The number as a function of the key's value; every design is looked at once."""

    original: Original
    overrides: dict[str, Any]
    key: Key
    number: str
    make: Callable[[Original, Mapping[str, Any]], Evaluation]
    on_design: Callable[[float, float | None], None]
    known: dict[float, float | None] = field(default_factory=dict)
    problems: dict[float, str] = field(default_factory=dict)
    empty: str = ""

    def own(self, low: float, high: float) -> float | None:
        """The template's own value, if it has one within the range."""
        try:
            here: Any = self.original.draft(self.overrides).template
        except Geom3dError:
            return None
        for part in self.key.path.split("."):
            if isinstance(here, tuple):
                here = next((layer for layer in here if layer.name == part), None)
            else:
                here = here.get(part) if isinstance(here, Mapping) else getattr(here, part, None)
        ok = isinstance(here, int | float) and not isinstance(here, bool) and low <= here <= high
        return float(here) if ok else None

    def __call__(self, value: float) -> float | None:
        """The number there, or None where the design cannot be built or has none."""
        value = round(value) if self.key.whole else value
        if value not in self.known:
            found: float | None = None
            try:
                report = self.design(value).measure_only([self.number])
            except (InputError, GeometryError) as error:
                self.problems[value] = str(error).splitlines()[0].removeprefix(f"{self.original.source}: ")
            else:
                found = number_in(report, self.number)
                if found is None:
                    self.empty = _reason(report, self.number)
            self.known[value] = found
            self.on_design(value, found)
        return self.known[value]

    def design(self, value: float) -> Evaluation:
        """The design at a value."""
        return self.make(self.original, {**self.overrides, self.key.path: value})


@dataclass
class _Search:
    """One search: where the key's range is laid out so that equal steps are equal shares of a value."""

    curve: _Curve
    low: float
    high: float
    wanted: float
    start: float | None

    @property
    def nothing(self) -> bool:
        """Whether the template's own design can be built, and has no such number: then no other will."""
        return (
            self.start in self.curve.known
            and self.start not in self.curve.problems
            and self.curve.known[self.start] is None
        )

    @cached_property
    def scale(self) -> float:
        """Below it values of a range that holds 0 lie evenly."""
        return max(abs(self.start or 0.0), 1e-6 * max(abs(self.low), abs(self.high)))

    def place(self, value: float) -> float:
        """Where a value lies: its logarithm, or what takes its place in a range that holds 0."""
        return math.log(value) if self.low > 0 else math.asinh(value / self.scale)

    def value(self, place: float) -> float:
        """The value at a place, in the range."""
        value = math.exp(place) if self.low > 0 else math.sinh(place) * self.scale
        return min(max(value, self.low), self.high)

    def run(self) -> Solution:
        """The solution.

        Raises:
            InputError: where there is none.
        """
        for one, two in self._enclosing():
            solution = self._between(one, two)
            if solution is not None:
                return solution
        raise InputError(self._miss())

    def _enclosing(self) -> Iterator[tuple[float, float]]:
        """Pairs of values whose numbers enclose the target."""
        start = self.start if self.start is not None and self.curve(self.start) is not None else None
        if start is not None:
            yield from self._outward(start)
        if self.nothing:
            return
        places = [self.place(self.low), self.place(self.high)]
        for k in range(PLACES + 1):
            self.curve(self.value(places[0] + (places[1] - places[0]) * k / PLACES))
        yield from self._pairs()
        for one, two in self._edges():
            self._edge(one, two)
        yield from self._pairs()
        self._turning()
        yield from self._pairs()

    def _outward(self, start: float) -> Iterator[tuple[float, float]]:
        """Steps that double, to both sides in turn, each until it encloses the target, or nothing more can be built."""
        ends = {1: start, -1: start}
        step = STEP
        while ends:
            for side, before in list(ends.items()):
                value = self.value(self.place(before) + side * step)
                if self.curve.key.whole:
                    value = min(max(before + side * max(1, round(abs(value - before))), self.low), self.high)
                if value == before:
                    del ends[side]
                    continue
                if self.curve(value) is None:
                    value = self._edge(before, value)
                    del ends[side]
                else:
                    ends[side] = value
                if self._encloses(before, value):
                    yield before, value
            step *= 2

    def _edge(self, built: float, failed: float) -> float:
        """The last value that can be built on the way to one that cannot."""
        for _ in range(HALVINGS):
            middle = self.value((self.place(built) + self.place(failed)) / 2)
            if self.curve.key.whole:
                middle = (round(built) + round(failed)) // 2
                if middle in (built, failed):
                    break
            if self.curve(middle) is None:
                failed = middle
            else:
                built = middle
        return built

    def _edges(self) -> list[tuple[float, float]]:
        """Neighbours of which one can be built and the other cannot, the one that can first."""
        found = []
        for one, two in pairwise(sorted(self.curve.known)):
            first, second = self.curve.known[one] is None, self.curve.known[two] is None
            if first != second:
                found.append((two, one) if first else (one, two))
        return found

    def _built(self) -> list[float]:
        return sorted(value for value, number in self.curve.known.items() if number is not None)

    def _pairs(self) -> Iterator[tuple[float, float]]:
        """Neighbours among all that was built that enclose the target, the nearest to the template's value first."""
        built = self._built()
        pairs = [(one, two) for one, two in pairwise(built) if self._encloses(one, two)]
        middle = self.start if self.start is not None and self.start in built else (built[0] if built else 0.0)
        yield from sorted(pairs, key=lambda pair: min(abs(self.place(v) - self.place(middle)) for v in pair))

    def _turning(self) -> None:
        """Looks closer where the number comes nearest to the target: it may turn between two places."""
        built = self._built()
        if not built or self.curve.key.whole:
            return
        best = min(range(len(built)), key=lambda k: abs(self._off(built[k])))
        ends = self.place(built[max(best - 1, 0)]), self.place(built[min(best + 1, len(built) - 1)])
        if ends[0] < ends[1]:
            far = max(abs(self._off(value)) for value in built)
            minimize_scalar(
                lambda place: 2 * far if self.curve(self.value(place)) is None else abs(self._off(self.value(place))),
                bounds=ends,
                method="bounded",
                options={"maxiter": CLOSER},
            )

    def _off(self, value: float) -> float:
        """By how much the number of a design that was built misses the target."""
        found = self.curve(value)
        assert found is not None
        return found - self.wanted

    def _encloses(self, one: float, two: float) -> bool:
        return self.curve(one) is not None and self.curve(two) is not None and self._off(one) * self._off(two) <= 0

    def _between(self, one: float, two: float) -> Solution | None:
        """The solution between two values that enclose the target; None where nothing there meets it."""
        if self.curve.key.whole:
            return self._whole(round(one), round(two))

        def off(place: float) -> float:
            if self.curve(self.value(place)) is None:
                raise _UnbuildableError
            return self._off(self.value(place))

        ends = self.place(one), self.place(two)
        try:
            place = brentq(off, *ends, xtol=1e-13 * max(1.0, abs(ends[0]), abs(ends[1])), rtol=1e-13, maxiter=100)
        except _UnbuildableError:
            return None
        except RuntimeError:  # no end in so many steps: a number that jumps
            return None
        return self._met(self.value(place))

    def _whole(self, one: int, two: int) -> Solution | None:
        while abs(two - one) > 1:
            middle = (one + two) // 2
            if self.curve(middle) is None:
                return None
            one, two = (one, middle) if self._encloses(one, middle) else (middle, two)
        return self._met(min(one, two, key=lambda value: abs(self._off(value))))

    def _met(self, value: float) -> Solution | None:
        """The solution at a value, if the target is met there."""
        value = round(value) if self.curve.key.whole else value
        reached = self.curve(value)
        if reached is None or abs(reached - self.wanted) > MET * max(abs(self.wanted), abs(reached)):
            return None
        curve = self.curve
        return Solution(
            key=curve.key,
            value=value,
            number=curve.number,
            wanted=self.wanted,
            reached=reached,
            evaluations=len(curve.known),
            design=curve.design(value),
            original=curve.original,
        )

    def _miss(self) -> str:
        """What there is to say where the target cannot be met."""
        key, number, built = self.curve.key, self.curve.number, self._built()
        span = f"{key.path} between {key.text(self.low)} and {key.text(self.high)}"
        if not built:
            if self.curve.empty:
                return f"{number}: has no value with {span}: {self.curve.empty}"
            return f"no design can be built with {span}: {next(iter(self.curve.problems.values()))}"
        best = min(built, key=lambda value: abs(self._off(value)))
        metric = metric_of(number)
        unit = "" if metric is None or metric.unit == "1" else f" {metric.unit}"
        text = f"{number}: {self.wanted:g}{unit} cannot be met with {span}; the closest is {self.curve(best):.6g}{unit} at {key.text(float(best))}"
        beyond = [reason for side in (1, -1) if (reason := self._beyond(best, side))]
        return text + (f" (beyond it: {beyond[0]})" if beyond else "")

    def _beyond(self, value: float, side: int) -> str:
        """Why the next design on one side cannot be built; empty where it can."""
        here = self.place(value)
        far = [other for other in self.curve.known if (self.place(other) - here) * side > 1e-9]
        return self.curve.problems.get(min(far, key=lambda other: abs(other - value)), "") if far else ""


def number_in(report: Report, path: str) -> float | None:
    """A number of a report; None where it has no such value.

    Raises:
        InputError: where there is a word in its place, or no such key, with the valid ones.
    """
    here: Any = report
    for part in path.split("."):
        if here is None:
            return None
        if not isinstance(here, Mapping) or part not in here:
            raise InputError(f"{path}: no such number; {choose_from(part, here if isinstance(here, Mapping) else ())}")
        here = here[part]
    if isinstance(here, Mapping):
        raise InputError(f"{path}: is a table; name one number: {', '.join(f'{path}.{name}' for name in here)}")
    if isinstance(here, str):
        raise InputError(f"{path}: is a word ({here!r}), no number")
    return None if here is None else float(here)


def _reason(report: Report, path: str) -> str:
    """Why a report has no such number, as far as it says so."""
    table = report.get(path.partition(".")[0])
    reason = table.get("reason") if isinstance(table, Mapping) else None
    return str(reason or "there is nothing of the kind in this design")


class _UnbuildableError(Exception):
    """Brent's method met a design that cannot be built."""
