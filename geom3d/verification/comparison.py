"""Measured against closed form and published value, template by template."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from geom3d.core.errors import InputError
from geom3d.core.progress import bar
from geom3d.core.workers import each
from geom3d.evaluation import Evaluation
from geom3d.metrics import metric_of, request_for
from geom3d.metrics.report import Report
from geom3d.verification.closed_form import closed_form

#: Largest deviation from a closed form that passes: areas carry the chord tolerance, 0.03 % by default.
PASS = 1e-3

#: Starts of paths at which the report repeats what the architecture says of itself, as its closed form does.
RESTATED = ("posts_per_cm2", "footprint_um2", "aspect_ratio", "smallest_", "gap_left_um", "thinnest_film_um")
#: Relative deviation from a published value beyond which a verdict asks for the reason.
FAR = 0.1
#: Designs from which on more processes are worth their start.
FEWEST = 4

#: The comparisons of a design, and its report's warnings.
Checked = tuple[list["Comparison"], list[str]]


@dataclass(frozen=True)
class Comparison:
    """One number, by up to three ways.

    Attributes:
        template: name of the template.
        path: of the metric.
        unit: of the metric.
        measured: on the mesh.
        uncertainty: of the measured number where it is sampled, else 0.
        closed: by formula, or None.
        published: in the literature, or None.
        note: on the published value.
        shared: what the measured number and its closed form have in common; empty where nothing but the template is.
        chosen: the dimension that was chosen to give the published value; empty for none.
        reason: why the measured number is far from the published one.
    """

    template: str
    path: str
    unit: str
    measured: float
    uncertainty: float
    closed: float | None
    published: float | None
    note: str
    shared: str = ""
    chosen: str = ""
    reason: str = ""

    @property
    def independent(self) -> bool:
        """Whether there is a closed form that shares neither code nor a factor with what was measured."""
        return self.closed is not None and not self.shared

    @property
    def circular(self) -> bool:
        """Whether the published value is no test, since a free dimension was chosen to give it."""
        return bool(self.chosen)

    @property
    def from_closed(self) -> float | None:
        """Relative deviation of the measured from the closed form."""
        return None if self.closed is None else deviation(self.measured, self.closed)

    @property
    def from_published(self) -> float | None:
        """Relative deviation of the measured from the published value."""
        return None if self.published is None else deviation(self.measured, self.published)

    @property
    def agrees(self) -> bool:
        """Whether measured and closed form agree."""
        if self.closed is None or self.from_closed is None:
            return True
        return abs(self.from_closed) <= PASS or abs(self.measured - self.closed) <= self.uncertainty


def _shared(design: Evaluation, path: str) -> str:
    """What the ways to a measured number and to its closed form have in common."""
    if path.startswith(RESTATED):
        return "the architecture states it"
    if path.startswith("capacity_uAh_cm2."):
        return "charge per volume"
    return "" if design.cell().facts.web is None else "the sampled field"


def _allowed(design: Evaluation, report: Report, path: str) -> float:
    """By how much a measured number may be off without being wrong."""
    # A web of whole parts misses what was asked for by up to half of one.
    slack = design.cell().facts.fraction_slack if path == "sponge.solid_fraction" else 0.0
    return slack + float((report["uncertainty"] or {}).get(path, 0.0))


def deviation(value: float, reference: float) -> float:
    """Relative deviation; where the reference is zero, the deviation itself."""
    return (value - reference) / abs(reference) if reference else value


def verify(design: Evaluation) -> Iterator[Comparison]:
    """Compares all of a design's numbers that have a closed form or a published value.

    Raises:
        InputError: where a published value belongs to no metric.
    """
    yield from _checked(design)[0]


def _report(design: Evaluation, asked: Sequence[str]) -> Report:
    """The numbers that are compared: of a sponge the distances alone, which no formula tells, take a third of the time."""
    known = [path for path in asked if metric_of(path) is not None]
    if len(known) < len(asked):  # all of them, for a message that says what is valid
        return design.measure(request=request_for(known))
    return design.measure_only([*known, "counted_fraction"], uncertainty=True)


def _checked(design: Evaluation) -> Checked:
    """A design's comparisons, and the warnings of the numbers that they hold."""
    closed, about = closed_form(design.cell()), design.description
    report = _report(design, [*closed, *(p.metric for p in about.published)])
    rows: list[Comparison] = []
    for side, share in report["counted_fraction"].items():
        # The closed form knows nothing of connections: it is the capacity of all of the electrode.
        path = f"capacity_uAh_cm2.{side}"
        if share != 1 and path in closed:
            closed[f"{path}_in_all"] = closed.pop(path)
    published = {p.metric: p for p in about.published}
    for path in dict.fromkeys([*closed, *published]):
        try:
            value = report[path]
        except KeyError as error:
            raise InputError(f"{design.source}: published.metric: {error.args[0]}") from None
        if isinstance(value, dict):
            raise InputError(
                f"{design.source}: published.metric: {path!r} is a group; name one number of it, such as {path}.{next(iter(value))}"
            )
        metric = metric_of(path)
        if metric is None or isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{design.source}: published.metric: {path!r} is not a number in this design")
        entry = published.get(path)
        found = Comparison(
            template=about.name,
            path=path,
            unit=metric.unit,
            measured=value,
            uncertainty=_allowed(design, report, path),
            closed=closed.get(path),
            published=None if entry is None else entry.value,
            note="" if entry is None else entry.note,
            shared=_shared(design, path) if path in closed else "",
            chosen="" if entry is None else entry.chosen,
            reason="" if entry is None else entry.reason,
        )
        rows.append(found)
    return rows, report.warnings


def verify_all(
    sources: Sequence[str],
    make: Callable[[str], Evaluation],
    workers: int = 1,
    takes_long: Callable[[str], bool] = lambda source: False,
) -> list[Checked]:
    """The comparisons of every design and its report's warnings, with a progress bar.

    Args:
        sources: paths or names of templates, in the order of the answer.
        make: the design of one, a function of a module or a partial of one: it travels to where the work is done, since a web
            takes long to build.
        workers: processes that share the work; 1 for this one alone.
        takes_long: whether one is to be begun before the others: begun last, it would keep all waiting.

    Raises:
        InputError: where a published value belongs to no metric, or a design cannot be built.
        GeometryError: where a mesh fails its checks.
        OutputError: where a process was ended by the system.
    """
    with bar("verifying", len(sources)) as advance:
        return each(
            partial(_made_and_checked, make),
            sources,
            advance,
            workers=workers if len(sources) >= FEWEST else 1,
            last=lambda source: not takes_long(source),
            lost=lambda source: f"{source!r} is not verified; name fewer templates",
        )


def _made_and_checked(make: Callable[[str], Evaluation], source: str) -> Checked:
    return _checked(make(source))


@dataclass(frozen=True)
class Verdict:
    """What all comparisons of one template say together.

    Attributes:
        template: its name.
        rows: its comparisons.
    """

    template: str
    rows: tuple[Comparison, ...]

    @property
    def independent(self) -> tuple[Comparison, ...]:
        """Those with a closed form that shares nothing with what was measured."""
        return tuple(row for row in self.rows if row.independent)

    @property
    def worst_percent(self) -> float | None:
        """Largest deviation from an independent closed form, %; None without one."""
        return max((100 * abs(row.from_closed or 0.0) for row in self.independent), default=None)

    @property
    def agrees(self) -> bool:
        """Whether no closed form is missed by more than is allowed."""
        return all(row.agrees for row in self.rows)

    @property
    def published(self) -> list[str]:
        """A sentence on each published value: the deviation in percent, whether that is a test, and why it is large."""
        return [_judged(row) for row in self.rows if row.published is not None]

    @property
    def text(self) -> str:
        """In a word."""
        if not self.agrees:
            missed = [row.path for row in self.rows if not row.agrees]
            return f"disagrees: {', '.join(missed)}"
        return "agrees" if self.independent else "nothing independent to hold it against"


def _judged(row: Comparison) -> str:
    off = row.from_published
    assert off is not None  # the caller's promise
    text = f"{row.path} {100 * off:+.2g} %"
    if row.circular:
        return f"{text} (circular: {row.chosen} was chosen to give it)"
    if abs(off) <= FAR:
        return text
    return f"{text} ({row.reason or 'no reason is known'})"


def verdicts(rows: Iterable[Comparison]) -> list[Verdict]:
    """A verdict for each template, in their order."""
    found: dict[str, list[Comparison]] = {}
    for row in rows:
        found.setdefault(row.template, []).append(row)
    return [Verdict(template, tuple(of)) for template, of in found.items()]


def plain(verdict: Verdict) -> dict[str, Any]:
    """A verdict and its numbers for JSON, with all their digits."""
    return {
        "template": verdict.template,
        "agrees": verdict.agrees,
        "verdict": verdict.text,
        "numbers": len(verdict.rows),
        "independent": len(verdict.independent),
        "worst_percent": verdict.worst_percent,
        "published": verdict.published,
        "rows": [
            asdict(row)
            | {
                "independent": row.independent,
                "circular": row.circular,
                "from_closed": row.from_closed,
                "from_published": row.from_published,
                "agrees": row.agrees,
            }
            for row in verdict.rows
        ],
    }
