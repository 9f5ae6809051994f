"""All that is found out about a cell: its walls, its numbers, conduction; each once, when it is first asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from geom3d.cell.cell import Cell
from geom3d.cell.description import Description
from geom3d.core.errors import InputError
from geom3d.library.materials import CELSIUS
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.metrics import Inquiry, Sample, judged_with, measured_by, request_for, requested
from geom3d.metrics._patches import light_sample
from geom3d.metrics.report import Report, make_report, short_report, with_answer
from geom3d.transport import NoPath, Transport, conduct
from geom3d.transport.distance import with_distance


@contextmanager
def naming(source: str) -> Iterator[None]:
    """Puts a battery's name before what is wrong with it: several may be at work."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{source}: {error}") from None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A battery, and what is known of it; pictures, comparisons and checks against closed forms read this.

    Attributes:
        unit_cell: the battery.
        source: what the user called it.
        overrides: what was changed with respect to its template.
        requests: names of the metrics on request that `measure` includes where nothing else is asked for.
        temperature: of the electrolyte then, °C.
        radius: of curvature then, µm; None for a flat battery.
    """

    unit_cell: Cell
    source: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    requests: tuple[str, ...] = ()
    temperature: float = CELSIUS
    radius: float | None = None

    @cached_property
    def sample(self) -> Sample:
        """The cell and its walls, as metrics read them."""
        with naming(self.source):
            return Sample(self.unit_cell, self.unit_cell.walls())

    @cached_property
    def _coarse(self) -> tuple[Sample | None, list[str]]:
        """The same on a grid of twice the step where the cell is sampled, and what there is to say of it."""
        coarser = self.unit_cell.coarser()
        try:
            return None if coarser is None else Sample(coarser, coarser.walls()), []
        except InputError as error:  # necks and throats that only the finer grid resolves
            return None, [f"uncertainties unknown, a grid of twice the step cannot hold it: {error}"]

    @property
    def coarse_sample(self) -> Sample | None:
        """The same on a grid of twice the step, an eighth of the work; None where nothing is sampled or no such grid holds it."""
        return self._coarse[0]

    @cached_property
    def _report(self) -> Report:
        return make_report(self.sample, *self._coarse)

    @cached_property
    def _transports(self) -> dict[float, Transport]:
        """Ionic conduction by temperature, °C, as far as it has been asked for."""
        return {}

    def _conduct(self, celsius: float) -> Transport:
        """Ionic conduction, solved once; at other temperatures only where the field changes with them."""
        known = self._transports
        if celsius not in known:
            usual = next(iter(known.values()), None)
            scaled = None if usual is None else usual.at(self.unit_cell, celsius)
            coarse = self.coarse_sample
            pair = None if coarse is None else (coarse.cell, coarse.walls)
            known[celsius] = scaled or conduct(self.unit_cell, self.walls(), pair, celsius=celsius)
        return known[celsius]

    @cached_property
    def _reports(self) -> dict[tuple[tuple[str, Any], ...], Report]:
        """Reports with metrics on request, by their names and conditions, as far as they have been asked for."""
        return {}

    @property
    def description(self) -> Description:
        """What the battery is called, and how its numbers are to be taken."""
        return self.unit_cell.description

    def cell(self) -> Cell:
        """The unit cell: its regions in order, in a box periodic in x and y."""
        return self.unit_cell

    def __repr__(self) -> str:
        x, y, z = self.unit_cell.size
        name = f"<{type(self).__name__} {self.description.title!r}"
        return f"{name}: {x:.6g} × {y:.6g} × {z:.6g} µm, {', '.join(self.unit_cell.names)}>"

    def walls(self) -> InterfaceMesh:
        """The triangles between the regions of the unit cell, checked.

        Raises:
            InputError: where a region is left without volume.
            GeometryError: where the mesh fails a check.
        """
        return self.sample.walls

    def walls_with_distance(self) -> InterfaceMesh:
        """Returns the walls with the inter-electrode distance as a field.

        `fields["inter_electrode_distance_um"]` holds for every triangle of an electrode's surface
        its mean distance to the other electrode, µm, and nan for all others.
        """
        return with_distance(self.walls(), self.sample.electrodes)

    def measure(
        self,
        *,
        request: Sequence[str] | None = None,
        transport: bool | None = None,
        temperature: float | None = None,
        radius: float | None = None,
    ) -> Report:
        """The numbers: area gain, capacity per footprint and all else that is known of the battery.

        >>> import geom3d
        >>> report = geom3d.load("planar-licoo2-lipon-lithium").measure(transport=True, temperature=60)
        >>> round(report["ionic_resistance_ohm_cm2"], 2), round(report["transport.resistance_ohm_cm2"], 2)
        (43.48, 4.59)

        Args:
            request: names of metrics that take their time and are computed where they are asked for (`geom3d list`); the
                battery's own choice if None.
            transport: short for asking for "transport", or for leaving it out: the ionic resistance and how evenly current
                spreads, which takes seconds, of a sponge up to minutes.
            temperature: of the electrolyte, °C; the battery's own if None.
            radius: of curvature, µm, for "bending"; the battery's own if None.

        Raises:
            InputError: an unknown request, a radius that is none, or a temperature outside the electrolyte's range.
            PluginError: where a metric of another distribution fails that was asked for.
        """
        names = set(self.requests if request is None else request)
        if transport is not None:
            names = names | {"transport"} if transport else names - {"transport"}
        radius = self.radius if radius is None else radius
        if radius is not None and not 0 < radius < math.inf:
            raise InputError(f"radius: must be a length of more than nothing; got {radius:g} µm")
        conditions = {"temperature": self.temperature if temperature is None else temperature, "radius": radius}
        report = self._report
        done: tuple[tuple[str, Any], ...] = ()
        for name, module in requested(sorted(names)).items():
            done = (*done, (name, tuple(conditions[need] for need in module.REQUEST.needs)))
            if done not in self._reports:
                with naming(self.source):
                    inquiry = Inquiry(
                        self.sample,
                        self.coarse_sample,
                        report.data,
                        self.temperature if temperature is None else temperature,
                        self._conduct,
                        radius,
                    )
                    self._reports[done] = with_answer(report, module.answer(inquiry))
            report = self._reports[done]
        return report

    def measure_only(self, paths: Sequence[str], *, uncertainty: bool = False) -> Report:
        """The numbers at some paths, and nothing that they do not need; uncertainties are left out unless told.

        Capacity and areas do not wait for distances, nor any of these for conduction.

        >>> import geom3d
        >>> report = geom3d.load("pillars-coated").measure_only(["area_gain.scaffold"])
        >>> round(report["area_gain.scaffold"], 3), "inter_electrode_distance_um" in report
        (7.804, False)

        Args:
            paths: of the report; a path above others, such as `area_gain`, stands for all below it. What a metric on request
                gives is computed, too.
            uncertainty: whether to find out how uncertain they are, too: what is sampled is sampled twice for that, and all but
                distances is measured, since figures of one kind are judged together.

        Raises:
            InputError: for a path that no metric gives.
        """
        chosen, on_request = measured_by(paths), request_for(paths)
        if on_request or "_report" in self.__dict__:
            return self.measure(request=on_request)
        if uncertainty:
            return make_report(self.sample, *self._coarse, judged_with(chosen))
        with naming(self.source):
            light = None if "sample" in self.__dict__ else light_sample(self.unit_cell, chosen)
        return short_report(light or self.sample, chosen)

    def transport(self, temperature: float = CELSIUS) -> Transport:
        """Ionic conduction in the electrolyte: resistance, bounds, currents, and walls that show them.

        Args:
            temperature: °C.

        Raises:
            InputError: where the temperature is out of range, or no current can flow.
        """
        with naming(self.source):
            try:
                return self._conduct(temperature)
            except NoPath as missing:
                raise InputError(f"transport: {missing}") from None

    def walls_with_current(self, temperature: float = CELSIUS) -> InterfaceMesh:
        """Returns the walls with the current density as a field.

        `fields["current_density_over_mean"]` holds for every triangle of an electrode's surface the
        current density over its mean, and nan for all others. Their triangles are finer than those of `walls()`.

        Args:
            temperature: °C.

        Raises:
            InputError: where the temperature is out of range, or no current can flow.
        """
        return self.transport(temperature).field()
