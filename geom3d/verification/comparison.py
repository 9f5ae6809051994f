"""Measured against closed form and published value, template by template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from geom3d.core.errors import InputError
from geom3d.evaluation import Evaluation
from geom3d.metrics import metric_of, request_for
from geom3d.solids.prisms.outline import AUTO_TOLERANCE
from geom3d.verification.closed_form import closed_form

#: Largest deviation from a closed form that passes: areas carry the chord tolerance, 0.03 % by default.
PASS = 1e-3


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
    """

    template: str
    path: str
    unit: str
    measured: float
    uncertainty: float
    closed: float | None
    published: float | None
    note: str

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


def _allowed(design: Evaluation, path: str) -> float:
    """By how much a measured number may be off without being wrong."""
    if path.startswith("inter_electrode_distance_um.") and not design.cell().family.is_sampled:
        # Chords on both sides: between posts that almost touch, a distance is as exact as they are.
        cell = design.cell()
        lengths = {key: value for key, value in design.description.lengths.items() if isinstance(value, float)}
        radius = max((value / 2 for key, value in lengths.items() if key.endswith("diameter")), default=0.0)
        radius += sum(layer.thickness or 0.0 for layer in cell.layers)
        return 2 * (AUTO_TOLERANCE * radius if cell.chord_tolerance is None else cell.chord_tolerance)
    return float((design.measure()["uncertainty"] or {}).get(path, 0.0))


def deviation(value: float, reference: float) -> float:
    """Relative deviation; where the reference is zero, the deviation itself."""
    return (value - reference) / abs(reference) if reference else value


def verify(design: Evaluation) -> Iterator[Comparison]:
    """Compares all of a design's numbers that have a closed form or a published value.

    Raises:
        InputError: where a published value belongs to no metric.
    """
    closed, about = closed_form(design.cell()), design.description
    asked = [*closed, *(p.metric for p in about.published)]
    # Metrics on request take their time: only where there is something to hold them against.
    report = design.measure(request=request_for(asked))
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
        yield Comparison(
            template=about.name,
            path=path,
            unit=metric.unit,
            measured=value,
            uncertainty=_allowed(design, path),
            closed=closed.get(path),
            published=None if entry is None else entry.value,
            note="" if entry is None else entry.note,
        )
