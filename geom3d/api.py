"""The Python API: a battery's design, from template to report and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from geom3d.cell.assembly import assemble
from geom3d.cell.cell import Cell
from geom3d.cell.islands import without_islands
from geom3d.cell.template import Template, load_template, parse_template
from geom3d.core.errors import InputError
from geom3d.exports import Job, Options, plan, write
from geom3d.library import processes
from geom3d.library.materials import CELSIUS
from geom3d.manufacturability import Measures
from geom3d.manufacturability.measures import measures
from geom3d.manufacturability.report import CheckReport, Ranking, check, rank, require_scale
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.volume import VolumeMesh, volume_mesh
from geom3d.metrics import Inquiry, Sample, requested
from geom3d.metrics.report import Report, make_report, with_answer
from geom3d.transport import NoPath, Transport, conduct
from geom3d.transport.distance import with_distance


@dataclass(frozen=True)
class Design:
    """A battery.

    >>> design = load("pillars-coated", {"parameters.pitch": 12})
    >>> round(design.measure()["area_gain.scaffold"], 3)
    4.024

    Attributes:
        template: what was asked for.
        overrides: what was changed with respect to the file.
        source: what the user called it.
        requests: names of the metrics on request that `measure` includes where nothing else is asked for.
        temperature: of the electrolyte then, °C.
    """

    template: Template
    overrides: Mapping[str, Any]
    source: str
    requests: tuple[str, ...] = ()
    temperature: float = CELSIUS

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Puts the template's name before what is wrong with it: several may be at work."""
        try:
            yield
        except InputError as error:
            raise InputError(f"{self.source}: {error}") from None

    @cached_property
    def _cell(self) -> Cell:
        with self._naming():
            return assemble(self.template)

    @cached_property
    def _walls(self) -> InterfaceMesh:
        cell = self._cell
        with self._naming():
            return cell.walls()

    @cached_property
    def _coarse(self) -> tuple[tuple[Cell, InterfaceMesh] | None, list[str]]:
        """The cell and its walls on a grid of twice the step where it is sampled, and what there is to say of it."""
        coarser = self._cell.coarser()
        try:
            return None if coarser is None else (coarser, coarser.walls()), []
        except InputError as error:  # necks and throats that only the finer grid resolves
            return None, [f"uncertainties unknown, a grid of twice the step cannot hold it: {error}"]

    @cached_property
    def _report(self) -> Report:
        walls = self._walls
        coarse, notes = self._coarse
        report = make_report(self.template, self._cell, walls, coarse)
        report.data["warnings"] += notes
        return report

    @cached_property
    def _transports(self) -> dict[float, Transport]:
        """Ionic conduction by temperature, °C, as far as it has been asked for."""
        return {}

    def _conduct(self, celsius: float) -> Transport:
        """Ionic conduction, solved once; at other temperatures only where the field changes with them."""
        known = self._transports
        if celsius not in known:
            usual = next(iter(known.values()), None)
            scaled = None if usual is None else usual.at(self._cell, celsius)
            known[celsius] = scaled or conduct(self._cell, self._walls, self._coarse[0], celsius=celsius)
        return known[celsius]

    @cached_property
    def _reports(self) -> dict[tuple[tuple[str, Any], ...], Report]:
        """Reports with metrics on request, by their names and conditions, as far as they have been asked for."""
        return {}

    def _inquiry(self, known: Report, celsius: float) -> Inquiry:
        """What a metric on request reads."""
        sample = Sample(self.template, self._cell, self._walls)
        coarse = self._coarse[0]
        coarser = None if coarse is None else Sample(self.template, *coarse)
        return Inquiry(sample, coarser, known.data, celsius, self._conduct)

    def cell(self) -> Cell:
        """The unit cell: its regions in order, in a box periodic in x and y.

        Raises:
            InputError: where the template cannot be built.
        """
        return self._cell

    def walls(self) -> InterfaceMesh:
        """The triangles between the regions of the unit cell, checked.

        Raises:
            InputError: where a region is left without volume.
            GeometryError: where the mesh fails a check.
        """
        return self._walls

    def walls_with_distance(self) -> InterfaceMesh:
        """The walls with a field: `fields["inter_electrode_distance_um"]` holds for every triangle of an electrode's surface
        its mean distance to the other electrode, µm, and nan for all others.
        """
        return with_distance(self._cell, self._walls)

    def mesh(self, max_edge: float | None = None, *, layers: int = 1, void: bool = False) -> VolumeMesh:
        """The volume mesh of the unit cell, for solvers, checked.

        Args:
            max_edge: no edge is longer, µm; None for the coarsest mesh that the geometry allows.
            layers: of tetrahedra in every layer in z, and across films of prisms that are thinner than half of `max_edge`, at
                least. Wider films get points inside.
            void: whether the empty space is meshed, too.

        Raises:
            InputError: a length that is not valid, or more tetrahedra than fit.
            GeometryError: where the mesh fails a check.
        """
        walls = self._walls
        with self._naming():
            return volume_mesh(walls, max_edge, layers=layers, void=void)

    def measure(
        self,
        *,
        request: Sequence[str] | None = None,
        transport: bool | None = None,
        temperature: float | None = None,
    ) -> Report:
        """The numbers: area gain, capacity per footprint and all else that `geom3d measure` prints.

        >>> report = load("planar-licoo2-lipon-lithium").measure(transport=True, temperature=60)
        >>> round(report["ionic_resistance_ohm_cm2"], 2), round(report["transport.resistance_ohm_cm2"], 2)
        (43.48, 4.59)

        Args:
            request: names of metrics that take their time and are computed where they are asked for (`geom3d list`); the
                design's own choice if None.
            transport: short for asking for "transport", or for leaving it out: the ionic resistance and how evenly current
                spreads, which takes seconds, of a sponge up to minutes.
            temperature: of the electrolyte, °C; the design's own if None.

        Raises:
            InputError: a request or a temperature that is none.
            PluginError: where a metric of another distribution fails that was asked for.
        """
        names = set(self.requests if request is None else request)
        if transport is not None:
            names = names | {"transport"} if transport else names - {"transport"}
        conditions = {"temperature": self.temperature if temperature is None else temperature}
        report = self._report
        done: tuple[tuple[str, Any], ...] = ()
        for name, module in requested(sorted(names)).items():
            done = (*done, (name, tuple(conditions[need] for need in module.REQUEST.needs)))
            if done not in self._reports:
                with self._naming():
                    answer = module.answer(self._inquiry(report, conditions["temperature"]))
                self._reports[done] = with_answer(report, answer)
            report = self._reports[done]
        return report

    def transport(self, temperature: float = CELSIUS) -> Transport:
        """Ionic conduction in the electrolyte: resistance, bounds, currents, and walls that show them.

        Args:
            temperature: °C.

        Raises:
            InputError: a temperature that is none, or a design in which no current can flow.
        """
        with self._naming():
            try:
                return self._conduct(temperature)
            except NoPath as missing:
                raise InputError(f"transport: {missing}") from None

    def walls_with_current(self, temperature: float = CELSIUS) -> InterfaceMesh:
        """InterfaceMesh with a field: `fields["current_density_over_mean"]` holds for every triangle of an electrode's surface the
        current density over its mean, and nan for all others. Their triangles are finer than those of `walls()`.

        Args:
            temperature: °C.

        Raises:
            InputError: a temperature that is none, or a design in which no current can flow.
        """
        return self.transport(temperature).field()

    @cached_property
    def _measures(self) -> Measures:
        walls = self._walls
        with self._naming():
            return measures(self.template, self._cell, walls)

    def check(self, process: str | Path = "micro-sla", scale: float = 1.0) -> CheckReport:
        """Whether a process can make it: every rule's measure, limit and worst place, and the smallest scale that does.

        >>> report = load("pillars-coated").check("micro-sla", scale=50)
        >>> report.verdict
        'prints from scale 200'
        >>> [finding.rule for finding in report.violations]
        ['feature', 'layer']

        Args:
            process: name of a shipped process, or path of a TOML file.
            scale: magnification.

        Raises:
            InputError: a process or a scale that is none.
        """
        require_scale(scale)
        name, limits = processes.load_process(process)
        return check(self.template, self._cell, self._measures, name, limits, scale)

    def check_all(self, scale: float = 1.0) -> Ranking:
        """All known processes side by side, the best first.

        Args:
            scale: magnification.

        Raises:
            InputError: a scale that is none.
        """
        require_scale(scale)
        known = processes.CATALOGUE.usable()
        return rank([check(self.template, self._cell, self._measures, name, limits, scale) for name, limits in known])

    def build(
        self,
        folder: str | Path,
        *,
        formats: tuple[str, ...] = ("stl",),
        repeat: tuple[int, int] | None = None,
        unit: str = "mm",
        scale: float = 1.0,
        drop_islands: bool = False,
        transport: bool = False,
        options: Options | None = None,
    ) -> list[Path]:
        """Writes files: one per region, one of the assembly, and `report.json`.

        Args:
            folder: made if it is missing.
            formats: names of exporters.
            repeat: unit cells in x and y; the template's if None.
            unit: "mm" or "um", the length that one unit of the file stands for.
            scale: magnification, for demonstrators.
            drop_islands: leave out of the files what hangs on nothing; the report's numbers still count it.
            transport: the files hold the finer triangles of `walls_with_current`, and vtp its numbers.
            options: what single formats ask for.

        Returns:
            the files written.

        Raises:
            InputError: an option that is not valid.
            OutputError: a file that cannot be written.
        """
        report = self.measure()
        job = self._job(report, Path(folder), repeat, unit, scale, drop_islands, transport, options)
        return write(job, formats)

    def plan(
        self,
        folder: str | Path = ".",
        *,
        formats: tuple[str, ...] = ("stl",),
        repeat: tuple[int, int] | None = None,
        unit: str = "mm",
        scale: float = 1.0,
        drop_islands: bool = False,
        transport: bool = False,
        options: Options | None = None,
    ) -> dict[str, int]:
        """What `build` would write: the most bytes that each file may have, by its name.

        Raises:
            InputError: an option that is not valid.
        """
        # The sizes of files do not depend on metrics on request, which take their time.
        job = self._job(self._report, Path(folder), repeat, unit, scale, drop_islands, transport, options)
        return plan(job, formats)

    def _job(
        self,
        report: Report,
        folder: Path,
        repeat: tuple[int, int] | None,
        unit: str,
        scale: float,
        drop_islands: bool,
        transport: bool,
        options: Options | None,
    ) -> Job:
        if transport and drop_islands:
            raise InputError("transport: currents are those of the whole cell; leave out drop_islands")
        walls, notes = without_islands(self._cell, self._walls) if drop_islands else (self._walls, [])
        walls = self.walls_with_current(self.temperature) if transport else walls
        return Job(
            template=self.template,
            overrides=self.overrides,
            cell=self._cell,
            walls=walls,
            report=report,
            folder=folder,
            repeat=self.template.repeat if repeat is None else repeat,
            unit=unit,
            scale=scale,
            options=options or Options(),
            warnings=notes,
        )

    def plot(self, *, repeat: tuple[int, int] = (1, 1), cut: bool = True, **options: Any) -> Any:
        """The regions in a PyVista plotter: see `Cell.plot`."""
        return self._cell.plot(repeat=repeat, cut=cut, walls=self._walls, **options)

    def _repr_html_(self) -> str:
        return self._cell.to_html(self._walls) + self._report._repr_html_()


def load(source: str | Path, overrides: Mapping[str, Any] | None = None) -> Design:
    """The design of a template file or a shipped template.

    Args:
        source: path, or name of a shipped template.
        overrides: value by path, such as `{"parameters.pitch": 12, "layers.barrier.thickness": "20 nm"}`.

    Raises:
        InputError: naming the key, the rule, the value and the valid options.
    """
    return Design(load_template(source, overrides), dict(overrides or {}), str(source))


def design(description: Mapping[str, Any], name: str = "design") -> Design:
    """The design of a description of the form of a template file.

    >>> posts = design({"architecture": "pillars", "parameters": {"pitch": 10, "diameter": 5, "height": 50}})
    >>> round(posts.measure()["area_gain.scaffold"], 2)
    8.86
    """
    return Design(parse_template(description, name), {}, name)
