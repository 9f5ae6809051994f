"""The Python API: a battery's design, from template to report and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from geom3d import architectures, notebook
from geom3d.cell.assembly import assemble
from geom3d.cell.islands import without_islands
from geom3d.cell.repeat import checked_repeat
from geom3d.cell.template import Draft, Template, load_draft, parse_draft, read_original, shipped
from geom3d.core.errors import InputError
from geom3d.deposition.keys import sticking_of
from geom3d.evaluation import Evaluation, naming
from geom3d.exports import BuildResult, Job, Options, plan, write
from geom3d.library import processes
from geom3d.library.materials import Material
from geom3d.library.processes import Process
from geom3d.manufacturability import Measures
from geom3d.manufacturability.coverage import CoverageReport, film_coverages
from geom3d.manufacturability.measures import measures
from geom3d.manufacturability.report import CheckReport, Ranking, check, rank, require_scale
from geom3d.mesh.volume import VolumeMesh, volume_mesh
from geom3d.metrics import Sample
from geom3d.metrics.report import Report

if TYPE_CHECKING:
    from geom3d.rendering.gallery import Gallery
    from geom3d.studies.results import Results
    from geom3d.studies.solve import Solution
    from geom3d.studies.study import Study


@dataclass(frozen=True, eq=False, repr=False)
class Design(Evaluation):
    """A battery that a template describes.

    >>> design = load("pillars-coated", {"parameters.pitch": 12})
    >>> round(design.measure()["area_gain.scaffold"], 3)
    4.024

    Attributes:
        template: what was asked for.
    """

    template: Template = field(kw_only=True)

    @classmethod
    def of(cls, draft: Draft, overrides: Mapping[str, Any], source: str) -> Design:
        """The design of a template.

        Raises:
            InputError: where the template cannot be built.
        """
        with naming(source):
            return cls(assemble(draft), source, dict(overrides), template=draft.template)

    def ideal(self) -> Design | None:
        """The same with straight walls and films as thick everywhere as on the top; None where it is that already.

        >>> load("trenches-as-etched").ideal().template.title
        'Trenches as etched: 89.5° walls, scallops, films that thin with depth, ideal'
        >>> load("trenches-notten-2007").ideal() is None
        True
        """
        draft = Draft(
            self.template, architectures.get(self.template.architecture).build(self.template.parameters)
        ).ideal
        if draft is None:
            return None
        found = Design.of(draft, self.overrides, f"{self.source}, ideal")
        return replace(found, requests=self.requests, temperature=self.temperature)

    def mesh(
        self, max_edge: float | None = None, *, layers: int = 1, void: bool = False, keep_walls: bool = False
    ) -> VolumeMesh:
        """The volume mesh of the unit cell, for solvers, checked.

        Args:
            max_edge: no edge is longer, µm; None for the coarsest mesh that the geometry allows.
            layers: of tetrahedra in every layer in z, and across films of prisms that are thinner than half of `max_edge`, at
                least. Wider films get points inside.
            void: whether the empty space is meshed, too.
            keep_walls: whether a sponge's walls stay triangle for triangle; else flat tetrahedra are taken out.

        Raises:
            InputError: a length that is not valid, or more tetrahedra than fit.
            GeometryError: where the mesh fails a check.
        """
        walls = self.walls()
        with naming(self.source):
            return volume_mesh(walls, max_edge, layers=layers, void=void, keep_walls=keep_walls)

    @cached_property
    def _measures(self) -> Measures:
        sample = self.sample
        with naming(self.source):
            return measures(sample)

    def check(
        self, process: str | Path = "micro-sla", scale: float = 1.0, *, material: str | None = None
    ) -> CheckReport:
        """Whether a process can make it: every rule's measure, limit and worst place, and the smallest scale that does.

        >>> report = load("pillars-coated").check("micro-sla", scale=50)
        >>> report.verdict
        'prints from scale 200'
        >>> [finding.rule for finding in report.violations]
        ['feature', 'layer']

        Args:
            process: name of a shipped process, or path of a TOML file.
            scale: magnification.
            material: in which all of it is printed, for the masses; the regions' own if None.

        Raises:
            InputError: a process, a scale or a material that is none.
        """
        require_scale(scale)
        name, limits = processes.load_process(process)
        return self._checked(name, limits, scale, self._printed(material))

    @cached_property
    def _coverages(self) -> dict[float, CoverageReport]:
        """Films as processes make them, by sticking probability, as far as they have been asked for."""
        return {}

    def _checked(self, name: str, limits: Process, scale: float, made_of: Material | None) -> CheckReport:
        sticking, films = limits.sticking_probability, None
        # What comes from both sides is not predicted: films of a plate with holes through it are taken as the template has them.
        predicted = bool(self.unit_cell.films) and not self.unit_cell.facts.both_faces
        if limits.family == "deposition" and sticking is not None and predicted:
            if sticking not in self._coverages:
                self._coverages[sticking] = film_coverages(self.unit_cell, self.walls(), sticking)
            films = self._coverages[sticking]
        return check(self.unit_cell, self._measures, name, limits, scale, made_of, films)

    def _printed(self, material: str | None) -> Material | None:
        """The material of a demonstrator."""
        found = None if material is None else self.template.material(material, "material")
        if found is not None and found.density_g_cm3 is None:
            raise InputError(f"material: {material!r} has no density_g_cm3, so no mass is known")
        return found

    def check_all(self, scale: float = 1.0, *, material: str | None = None) -> Ranking:
        """All known processes side by side, the best first.

        Args:
            scale: magnification.
            material: in which all of it is printed, for the masses; the regions' own if None.

        Raises:
            InputError: a scale or a material that is none.
        """
        require_scale(scale)
        known = processes.CATALOGUE.usable()
        made_of = self._printed(material)
        return rank([self._checked(name, limits, scale, made_of) for name, limits in known])

    def coverage(
        self,
        sticking: float | None = None,
        *,
        process: str | Path | None = None,
        films: Sequence[str] = (),
        seed: int = 1,
    ) -> CoverageReport:
        """Films as a process makes them: thickness against depth, each on the shape that the films before it leave.

        >>> report = load("trenches-notten-2007").coverage(0.01, films=["electrolyte"])
        >>> round(report.films[0].coverage.mean, 3)
        0.733

        Args:
            sticking: probability that a molecule stays where it hits.
            process: instead of it: name of a process, or path of a TOML file, such as "sputter". Without either, the films are
                those whose `step_coverage` the template tells.
            films: names of coats; all if there are none.
            seed: of the particles that find it where nothing is round or straight; the same gives the same result.

        Raises:
            InputError: a design without coats, an unknown name, both of the two, none where the template tells nothing, or a value
                that is none.
        """
        with naming(self.source):
            if sticking is not None and process is not None:
                raise InputError("coverage: give either sticking or process, not both")
            if process is not None:
                sticking = sticking_of(*processes.load_process(process))
            return film_coverages(self.unit_cell, self.walls(), sticking, films=tuple(films), seed=seed)

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
    ) -> BuildResult:
        """Writes files: one per region, one of the assembly, and `report.json`.

        Args:
            folder: made if it is missing.
            formats: names of exporters.
            repeat: unit cells in x and y; the template's if None.
            unit: "mm" or "um", the length that one unit of the file stands for.
            scale: magnification, for demonstrators.
            drop_islands: leave out of the files what hangs on nothing; the report's numbers still count it.
            transport: the files hold the finer triangles of `walls_with_current`, vtp its numbers, and the report the
                ionic resistance.
            options: what single formats ask for.

        Returns:
            the paths of the files, what their readers must know, and the numbers.

        Raises:
            InputError: an option that is not valid.
            OutputError: a file that cannot be written.
        """
        _require_whole(transport, drop_islands)
        report = self.measure(transport=transport or None)
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
        _require_whole(transport, drop_islands)
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
        sample = self.sample
        repeat = checked_repeat(self.description.repeat if repeat is None else repeat)
        cells: tuple[int, int] = (1, 1)
        notes: list[str] = []
        if drop_islands:
            walls, cells, notes = without_islands(self.unit_cell, sample.walls, repeat)
            if walls is not sample.walls:
                sample = Sample(replace(self.unit_cell, size=walls.size), walls)
        if transport:
            sample = Sample(self.unit_cell, self.walls_with_current(self.temperature))
        return Job(
            sample=sample,
            overrides=self.overrides,
            report=report,
            folder=folder,
            repeat=(repeat[0] // cells[0], repeat[1] // cells[1]),
            cells=cells,
            unit=unit,
            scale=scale,
            options=options or Options(),
            notes=tuple(notes),
        )

    def cite(self) -> str:
        """References of the template, its materials and its method, as the text of a BibTeX file.

        >>> "@article{lethien2011," in load("nanopillars-lethien-2011").cite()
        True
        """
        from geom3d.cell.citations import bibtex

        with naming(self.source):
            return bibtex(self.template, self.unit_cell)

    def render(self, path: str | Path, **options: Any) -> Path:
        """Draws a picture into a file; see `geom3d.rendering.render` for the options: view, repeat, size and others.

        Raises:
            InputError: an option that is not valid.
            OutputError: a file that cannot be written, or a machine without OpenGL.
        """
        from geom3d.rendering import render

        render(self, Path(path), **options)
        return Path(path)

    def section(self, repeat: int | None = None) -> str:
        """The exact section through the posts with its dimensions, as the text of an SVG file; needs no OpenGL.

        >>> "<svg" in load("planar-efl700a39").section()
        True

        Args:
            repeat: unit cells along it; as many as suit its height if None.
        """
        from geom3d.rendering.section import drawing

        return drawing(self, repeat)

    def plot(self, *, repeat: tuple[int, int] = (1, 1), cut: bool = True, **options: Any) -> Any:
        """The regions in a PyVista plotter: see `notebook.plot`."""
        return notebook.plot(self.unit_cell, self.walls(), repeat=repeat, cut=cut, **options)

    def _repr_html_(self) -> str:
        cell, walls = self.unit_cell, self.walls()
        numbers = self._report._repr_html_()
        return notebook.to_html(cell, walls) + numbers + notebook.turnable(cell, walls)


def _require_whole(transport: bool, drop_islands: bool) -> None:
    """Refuses currents in a part of the cell, before anything is solved.

    Raises:
        InputError: where both are asked for.
    """
    if transport and drop_islands:
        raise InputError("transport: currents are those of the whole cell; leave out drop_islands")


def load(source: str | Path, overrides: Mapping[str, Any] | None = None) -> Design:
    """The design of a template file or a shipped template.

    Args:
        source: path, or name of a shipped template.
        overrides: value by path, such as `{"parameters.pitch": 12, "layers.barrier.thickness": "20 nm"}`.

    Raises:
        InputError: naming the key, the rule, the value and the valid options.
    """
    return Design.of(load_draft(source, overrides), overrides or {}, str(source))


def design(description: Mapping[str, Any], name: str = "design") -> Design:
    """The design of a description of the form of a template file.

    >>> posts = design({"architecture": "pillars", "parameters": {"pitch": 10, "diameter": 5, "height": 50}})
    >>> round(posts.measure()["area_gain.scaffold"], 2)
    8.86
    """
    return Design.of(parse_draft(description, name), {}, name)


def compare(
    designs: Sequence[Design | str | Path],
    path: str | Path,
    *,
    rows: Sequence[str] = (),
    labels: Sequence[str] = (),
    charts: str | Path | None = None,
    pictures: bool = True,
    products: bool = False,
    workers: int = 1,
    as_made: bool = False,
) -> list[str]:
    """Writes designs side by side into a file; the ending of the path chooses the form.

    Args:
        designs: or templates, by path or name; the first is the one that others are held against.
        path: of the file: .html, .md, .csv, .json, .xlsx or .tex.
        rows: paths of the numbers to show, in this order; `capacity_uAh_cm2` means all below; all numbers if empty.
        labels: what the designs are called, one for each; their titles if empty.
        charts: a folder for the charts as separate files; made if it is missing.
        pictures: whether a page shows pictures.
        products: whether charts show thin-film batteries on sale, too.
        workers: processes that share the work; several need a `__main__` guard in scripts.
        as_made: before each design with a wall profile or uneven films stands its ideal one, of straight walls and even films.

    Returns:
        sentences that the user must know: what could not be done.

    Raises:
        InputError: where an option is not valid, or a design cannot be built.
        OutputError: where a file cannot be written.
    """
    from geom3d import comparison

    found = [entry if isinstance(entry, Design) else load(entry) for entry in designs]
    if not found:
        raise InputError("compare: needs at least one design")
    if as_made:
        pairs = [(design.ideal(), design) for design in found]
        if not any(ideal for ideal, _ in pairs):
            raise InputError("as_made: none of the designs has a wall profile or films of uneven thickness")
        found = [design for pair in pairs for design in pair if design is not None]
    folder = None if charts is None else Path(charts)
    return comparison.compare(
        found,
        Path(path),
        charts=folder,
        pictures=pictures,
        workers=workers,
        rows=rows,
        labels=labels,
        products=products,
    )


def solve(
    source: str | Path,
    vary: str,
    target: Mapping[str, float],
    overrides: Mapping[str, Any] | None = None,
    *,
    between: tuple[Any, Any] | None = None,
) -> Solution:
    """The value of one key of a template at which a number of the report is what it should be.

    >>> found = solve("trenches-notten-2007", "parameters.depth", {"capacity_uAh_cm2.cell": 300})
    >>> round(found.value, 2), round(found.design.measure()["capacity_uAh_cm2.cell"], 3)
    (24.78, 300.0)

    Args:
        source: path, or name of a shipped template.
        vary: path of the key, such as `parameters.depth` or `layers.anode.thickness`.
        target: one number of the report by its path, and what it should be.
        overrides: what else is changed, by path.
        between: the lowest and the highest value of the key; its range if None.

    Returns:
        the value, the number that is reached, and the design; its `text` is the template.

    Raises:
        InputError: where the key or the number is none, or where the target cannot be met: with the closest number, and
            where that lies.
    """
    from geom3d.core.progress import bar
    from geom3d.studies.solve import solve as found

    if len(target) != 1:
        raise InputError(f"target: must be one number and its value; got {len(target)}")
    ((number, wanted),) = target.items()
    with bar("designs", None) as advance:
        return found(
            read_original(source),
            vary,
            number,
            wanted,
            overrides=overrides,
            between=between,
            make=lambda original, changes: Design.of(original.draft(changes), changes, original.source),
            on_design=lambda value, number: advance(1),
        )


def sweep(
    study: Study | Mapping[str, Any] | str | Path,
    folder: str | Path | None = None,
    *,
    jobs: int | None = None,
    shard: tuple[int, int] = (1, 1),
    scheduler: str | None = None,
) -> Results:
    """Measures all designs of a study: a full grid, a Latin hypercube, Sobol points, or a list.

    >>> found = sweep({"template": "pillars-coated", "vary": {"parameters.height": [50, 100]}, "record": ["area_gain.scaffold"]})
    >>> [round(gain, 2) for gain in found["area_gain.scaffold"]]
    [9.5, 18.01]

    Args:
        study: path of a TOML file, name of a shipped study, or a mapping of the same form.
        folder: of the store, which goes on where it was; nothing is kept if None.
        jobs: processes on this machine; as many as it has cores if None. Several need a `__main__` guard in scripts.
        shard: (i, n): the i-th of n parts, counted from 1, for arrays of jobs.
        scheduler: address of a Dask scheduler that hands out the work instead.

    Returns:
        the designs as a mapping of columns; `to_frame` makes a pandas data frame, `write` the files of the command line.

    Raises:
        InputError: where the study or an option is wrong, or the folder holds another study.
        OutputError: where the store cannot be written, or the scheduler does not answer.
    """
    from geom3d.studies.sweep import sweep as run

    with _study_folder(folder) as place:
        return run(_study(study), place, jobs=jobs, shard=shard, scheduler=scheduler)


def optimize(
    study: Study | Mapping[str, Any] | str | Path,
    folder: str | Path | None = None,
    *,
    trials: int | None = None,
    seed: int | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
) -> Results:
    """Looks for the best designs of a study; needs Optuna (`pip install 'geom3d[optimize]'`).

    Args:
        study: as for `sweep`, with objectives.
        folder: of the store, which goes on where it was; nothing is kept if None.
        trials: designs to propose; what the study says, or 200, if None.
        seed: of the sampler; the study's own if None. The same seed gives the same designs.
        jobs, scheduler: as for `sweep`.

    Returns:
        all designs that were looked at; `best`, `ranked` and `frontier` tell the best of them.

    Raises:
        InputError, OutputError: as for `sweep`.
    """
    from geom3d.studies.optimise import optimise as run

    with _study_folder(folder) as place:
        return run(_study(study), place, trials=trials, seed=seed, jobs=jobs, scheduler=scheduler)


def _study(study: Study | Mapping[str, Any] | str | Path) -> Study:
    from geom3d.studies import study as module

    if isinstance(study, module.Study):
        return study
    return module.make_study(study) if isinstance(study, Mapping) else module.load_study(study)


@contextmanager
def _study_folder(folder: str | Path | None) -> Iterator[Path]:
    """The folder of a study's store; a passing one if there is none."""
    if folder is not None:
        yield Path(folder)
        return
    with TemporaryDirectory(prefix="geom3d-") as passing:
        yield Path(passing)


def gallery(folder: str | Path, templates: Sequence[str] = ()) -> Gallery:
    """Draws a picture of each template, and one sheet of all architectures.

    Args:
        folder: made if it is missing.
        templates: paths or names; all shipped ones, and the architectures that none of them has, if there are none.

    Returns:
        the files written, and which pictures were left out because they failed.

    Raises:
        InputError: a template that is not valid.
        OutputError: a file that cannot be written, or a machine without OpenGL.
    """
    from geom3d.rendering.gallery import draw
    from geom3d.scene.stage import require_opengl

    require_opengl()
    designs = [load(name) for name in templates or shipped()]
    there = {battery.description.architecture for battery in designs}
    bare = [] if templates else [_bare(name) for name, _ in architectures.DOOR.usable() if name not in there]
    return draw(Path(folder), designs, bare)


def _bare(architecture: str) -> Design:
    """The default structure of an architecture, without films."""
    title = f"bare {architecture.replace('_', ' ')}, default parameters"
    return design({"title": title, "architecture": architecture, "repeat": [4, 4]}, architecture)
