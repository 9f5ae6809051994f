"""Verdicts: what a process says of a design at a scale, for people and machines, and processes side by side."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from geom3d.cell.cell import Cell
from geom3d.core.errors import InputError
from geom3d.core.markup import render
from geom3d.core.roles import COLLECTOR
from geom3d.core.tables import Column, Kind, Table, Value
from geom3d.library.materials import Material
from geom3d.library.processes import Process
from geom3d.manufacturability import ASSEMBLY, Measures
from geom3d.manufacturability.coverage import CoverageReport
from geom3d.manufacturability.rules import Finding, findings, region_scale

#: What a process does, by its family: where it can, where it cannot, and where there is nothing for it.
WORDS = {
    "printing": ("prints", "does not print", "nothing to print"),
    "etching": ("can be etched", "cannot be etched", "nothing to etch"),
    "deposition": ("films can be deposited", "films cannot be deposited", "no films to deposit"),
}
#: Order of processes side by side.
RANKS = {"yes": 0, "from scale": 1, "up to scale": 2, "no": 3, "nothing": 4}
#: A film of more than this share of its volume is the one that the design counts on.
WHOLE = 0.99
#: mm³ and cm³ in a µm³.
MM3, CM3 = 1e-9, 1e-12


@dataclass(frozen=True)
class Part:
    """A region, or the assembly, as it is printed.

    Attributes:
        name, material: of the region; the assembly has no material.
        narrowest_um, thinnest_um: magnified; None where it spreads without end.
        from_scale: at which it is wide and thick enough by itself; None for other processes than printing.
        volume_mm3, mass_g: of all unit cells, magnified; no mass without a density.
    """

    name: str
    material: str
    narrowest_um: float | None
    thinnest_um: float | None
    from_scale: float | None
    volume_mm3: float
    mass_g: float | None


@dataclass(frozen=True)
class Film:
    """A film, as the design takes it and as a process makes it.

    Attributes:
        name: of the layer.
        nominal_um: on the flat at the top, magnified.
        taken_as: "conformal", "uneven" as the template measured it, or "predicted" from its own process.
        top, middle, foot, floor: shares of the nominal thickness that the process gives; None where there is no such place,
            or it is not known.
        volume: share of the volume of a conformal film that it gives; None where it is not known.
        capacity_uAh_cm2: of an electrode, as the design counts it, and as the process would give it; None for all others.
    """

    name: str
    nominal_um: float
    taken_as: str
    top: float | None = None
    middle: float | None = None
    foot: float | None = None
    floor: float | None = None
    volume: float | None = None
    capacity_uAh_cm2: tuple[float, float] | None = None

    @property
    def shares(self) -> tuple[float | None, ...]:
        """At the top, half-way down, at the foot, on the floor, and of the volume."""
        return self.top, self.middle, self.foot, self.floor, self.volume

    def warning(self, process: Process) -> str | None:
        """A sentence where the design counts on a film that the process would not give."""
        if self.taken_as != "conformal" or self.volume is None or self.volume > WHOLE:
            return None
        least = min(share for share in self.shares[:4] if share is not None)
        words = f"{self.name} is taken for conformal; {process.title[0].lower()}{process.title[1:]} leaves "
        words += (
            f"{100 * least:.2g} % of its thickness at the thinnest place and {100 * self.volume:.2g} % of its volume"
        )
        if self.capacity_uAh_cm2 is not None:
            words += f": {self.capacity_uAh_cm2[1]:.4g} instead of {self.capacity_uAh_cm2[0]:.4g} µAh/cm²"
        return words


@dataclass(frozen=True)
class CheckReport:
    """Whether a process can make a design.

    Attributes:
        title: of the design.
        name, process: what it was checked against.
        scale: magnification.
        repeat: unit cells of which volumes and masses are told.
        findings: of every rule.
        parts: every region, then the assembly.
        material: in which all of it is printed; each region in its own if None.
        films: of a process that deposits: how each was taken, and what the process gives.
    """

    title: str
    name: str
    process: Process
    scale: float
    repeat: tuple[int, int]
    findings: tuple[Finding, ...]
    parts: tuple[Part, ...]
    material: Material | None = None
    films: tuple[Film, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on films that were taken for conformal, and which the process would make otherwise."""
        told = [film.warning(self.process) for film in self.films]
        return tuple(sentence for sentence in told if sentence is not None)

    @property
    def violations(self) -> tuple[Finding, ...]:
        """The rules that are broken at this scale."""
        return tuple(finding for finding in self.findings if not finding.ok)

    @property
    def never(self) -> tuple[Finding, ...]:
        """The rules that are broken at every scale."""
        return tuple(finding for finding in self.findings if finding.from_scale is None)

    @property
    def smallest_scale(self) -> float | None:
        """The smallest scale at which no rule is broken; None where there is none, or nothing to do."""
        if self.never or self.opposed or not self.findings:
            return None
        return max(finding.from_scale or 0.0 for finding in self.findings)

    @property
    def largest_scale(self) -> float | None:
        """The largest scale at which no rule is broken; None where there is none, or no bound."""
        bounds = [finding.to_scale for finding in self.findings if finding.to_scale is not None]
        return min(bounds) if bounds and not self.never and not self.opposed else None

    @property
    def opposed(self) -> tuple[Finding, ...]:
        """Two rules that ask for scales which exclude each other: the one for a larger scale first."""
        low = max(self.findings, key=lambda finding: finding.from_scale or 0.0, default=None)
        high = min(
            self.findings, key=lambda finding: math.inf if finding.to_scale is None else finding.to_scale, default=None
        )
        if low is None or high is None or high.to_scale is None or (low.from_scale or 0.0) <= high.to_scale:
            return ()
        return low, high

    @property
    def status(self) -> str:
        """yes, from scale, up to scale, no, or nothing."""
        if not self.findings:
            return "nothing"
        if self.never or self.opposed:
            return "no"
        if not self.violations:
            return "yes"
        # At the scale itself: what is broken asks either for a larger one or for a smaller one.
        return "from scale" if any(f.from_scale for f in self.violations) else "up to scale"

    @property
    def can_be_made(self) -> bool:
        """Whether no rule is broken at this scale, or there is nothing to do."""
        return not self.violations

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        can, cannot, nothing = WORDS[self.process.family]
        if self.never:
            return f"{cannot}: {'; '.join(reason(finding) for finding in self.never)}"
        if self.opposed:
            low, high = self.opposed
            return f"{cannot}: {low.title} needs scale {low.from_scale:.6g} or more, {high.title} {high.to_scale:.6g} or less"
        upper = "" if self.largest_scale is None else f" {self.largest_scale:.6g}"
        if self.status == "from scale":
            return f"{can} from scale {self.smallest_scale:.6g}" + (f" to{upper}" if upper else "")
        if self.status == "up to scale":
            return f"{can} up to scale{upper}"
        return can if self.status == "yes" else nothing

    @property
    def decisive(self) -> Finding | None:
        """The rule on which it depends: one broken at every scale, else the one that needs the largest or smallest scale."""
        if self.never:
            return self.never[0]
        if self.opposed or self.status == "up to scale":
            return min((f for f in self.findings if f.to_scale is not None), key=lambda f: f.to_scale or 0.0)
        return max((f for f in self.findings if f.from_scale), key=lambda f: f.from_scale or 0.0, default=None)

    @property
    def data(self) -> dict[str, Any]:
        """All of it, for machines."""
        process = self.process.model_dump(mode="json", by_alias=True)
        return {
            "title": self.title,
            "process": {"name": self.name, **process},
            "scale": self.scale,
            "status": self.status,
            "verdict": self.verdict,
            "smallest_scale": self.smallest_scale,
            "largest_scale": self.largest_scale,
            "findings": [asdict(finding) for finding in self.findings],
            "violations": [finding.rule for finding in self.violations],
            "repeat": list(self.repeat),
            "print_material": None if self.material is None else self.material.title,
            "parts": [asdict(part) for part in self.parts],
            "films": [asdict(film) for film in self.films],
            "warnings": list(self.warnings),
        }

    def to_json(self) -> str:
        """The report as JSON text; no NaN, no infinity."""
        return json.dumps(self.data, indent=2, ensure_ascii=False, allow_nan=False)

    def tables(self) -> list[Table]:
        """The findings, and the parts."""
        found = [
            Column("check"),
            Column("measured", Kind.NUMBERS),
            Column("limit", Kind.NUMBERS),
            Column(""),
            Column("scale", Kind.NUMBERS),
            Column("worst place"),
        ]
        cells = f"{self.repeat[0]} × {self.repeat[1]} unit cells at scale {self.scale:g}"
        made = [
            Column("part"),
            Column("material"),
            Column("narrowest", Kind.SIZES, "µm"),
            Column("thinnest", Kind.SIZES, "µm"),
            Column("from scale", Kind.SIZES),
            Column("volume", Kind.SIZES, "mm³"),
            Column("mass", Kind.SIZES, "g"),
        ]
        parts = [
            [p.name, p.material, p.narrowest_um, p.thinnest_um, p.from_scale, p.volume_mm3, p.mass_g]
            for p in self.parts
        ]
        films = [
            Column("film"),
            Column("nominal", Kind.SIZES, "µm"),
            Column("taken as"),
            *(Column(place, Kind.FIGURES, "%") for place in ("top", "middle", "foot", "floor", "volume")),
        ]
        made_of: list[list[Value]] = [
            [f.name, f.nominal_um, f.taken_as, *(None if s is None else 100 * s for s in f.shares)] for f in self.films
        ]
        told = "places are x, y, z in µm, before magnification" if any(f.at for f in self.findings) else ""
        of = "" if self.material is None else f", masses as printed in {self.material.title}"
        tables = [Table.of(found, map(_row, self.findings), told), Table.of(made, parts, cells + of)]
        return (
            [*tables, Table.of(films, made_of, f"films by {self.name}, of the nominal thickness")]
            if made_of
            else tables
        )

    @property
    def heading(self) -> str:
        """What was checked, and the answer."""
        return f"{self.title}\n{self.process.title} ({self.name}) at scale {self.scale:g}: {self.verdict}"

    def __repr__(self) -> str:
        return f"<CheckReport {self.title!r}, {self.name} at scale {self.scale:g}: {self.status}>"

    def __str__(self) -> str:
        lines = [self.heading]
        for table in self.tables():
            heads = [column.short_heading for column in table.columns]
            lines += ["", *([table.title] if table.title else [])]
            lines += ["  ".join(row).rstrip() for row in [heads, *table.texts()]]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return _html(self.heading, self.tables())


@dataclass(frozen=True)
class Ranking:
    """Processes side by side, the best first: those that make it at this scale, then by the scale they need.

    Attributes:
        title: of the design.
        scale: magnification.
        reports: one per process.
    """

    title: str
    scale: float
    reports: tuple[CheckReport, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on films are those of each process: side by side, nothing is taken from one of them."""
        return ()

    @property
    def can_be_made(self) -> bool:
        """Whether one process at least can make it at this scale."""
        return any(report.status == "yes" for report in self.reports)

    @property
    def data(self) -> dict[str, Any]:
        """All of it, for machines."""
        return {"title": self.title, "scale": self.scale, "processes": [report.data for report in self.reports]}

    def to_json(self) -> str:
        """The ranking as JSON text; no NaN, no infinity."""
        return json.dumps(self.data, indent=2, ensure_ascii=False, allow_nan=False)

    def tables(self) -> list[Table]:
        """One row per process."""
        columns = [Column("process"), Column("verdict"), Column("scale", Kind.NUMBERS), Column("decided by")]
        rows: list[list[Value]] = []
        for report in self.reports:
            decisive = report.decisive
            verdict = report.verdict.partition(":")[0].partition(" from scale")[0].partition(" up to scale")[0]
            verdict += {"from scale": ", if larger", "up to scale": ", if smaller"}.get(report.status, "")
            why = "" if decisive is None else reason(decisive)
            if len(report.never) > 1:
                why += f" (and {len(report.never) - 1} more)"
            low, high = report.smallest_scale, report.largest_scale
            scales = "" if high is None else f"≤ {high:.4g}"
            if low:
                scales = f"≥ {low:.4g}" if high is None else f"{low:.4g} to {high:.4g}"
            rows.append([report.name, verdict, scales, why])
        return [Table.of(columns, rows)]

    def __repr__(self) -> str:
        made = [report.name for report in self.reports if report.status == "yes"]
        return f"<Ranking {self.title!r} at scale {self.scale:g}: {', '.join(made) or 'none'} of {len(self.reports)}>"

    @property
    def heading(self) -> str:
        """What was checked."""
        return f"{self.title}\nall processes at scale {self.scale:g}, the best first"

    def _repr_html_(self) -> str:
        return _html(self.heading, self.tables())


def require_scale(scale: float) -> None:
    """Raises an InputError unless the magnification is a positive number."""
    if not (math.isfinite(scale) and 1e-6 <= scale <= 1e9):
        raise InputError(f"scale: must be a number from 1e-6 to 1e9; got {scale}")


def check(
    cell: Cell,
    measures: Measures,
    name: str,
    process: Process,
    scale: float,
    material: Material | None = None,
    films: CoverageReport | None = None,
) -> CheckReport:
    """Holds a design against a process.

    Args:
        cell, measures: of the design.
        name, process: to make it with.
        scale: magnification.
        material: in which all of it is printed, for the masses; the regions' own if None.
        films: as the process makes them, where it deposits and its sticking probability is known.
    """
    parts = _parts(cell, measures, process, scale, material)
    found = tuple(findings(process, measures, scale, films))
    made = tuple(_films(cell, measures, scale, films)) if process.family == "deposition" else ()
    repeat = cell.description.repeat
    return CheckReport(cell.description.title, name, process, scale, repeat, found, parts, material, made)


def _films(cell: Cell, measures: Measures, scale: float, films: CoverageReport | None) -> Iterator[Film]:
    """Every coat as the design takes it, and as the process makes it."""
    given = {} if films is None else {film.name: film.coverage for film in films.films}
    basis = cell.description.capacity_basis
    for region in cell.regions:
        if region.thickness is None:
            continue
        taken = "predicted" if region.coverage else "uneven" if region.film else "conformal"
        nominal, found = region.thickness * scale, given.get(region.name)
        if found is None:
            yield Film(region.name, nominal, taken)
            continue
        charges = None
        if region.role in COLLECTOR:
            counted = measures.volumes[region.name] / cell.footprint * region.material.capacity_uAh_cm2_um(basis)
            charges = counted, counted * found.mean
        upright = len(found.depths) > 0
        yield Film(
            name=region.name,
            nominal_um=nominal,
            taken_as=taken,
            top=None if found.top is None else found.top[0],
            middle=found.at(found.depth / 2) if upright else None,
            foot=found.at(found.depth) if upright else None,
            floor=None if found.floor is None else found.floor[0],
            volume=found.mean,
            capacity_uAh_cm2=charges,
        )


def rank(reports: Sequence[CheckReport]) -> Ranking:
    """Puts the verdicts of several processes on one design in order."""

    def place(report: CheckReport) -> tuple[int, float, str]:
        worse = -(report.largest_scale or 0.0) if report.status == "up to scale" else report.smallest_scale or 0.0
        return RANKS[report.status], worse, report.name

    return Ranking(reports[0].title, reports[0].scale, tuple(sorted(reports, key=place)))


def reason(finding: Finding) -> str:
    """A finding in a few words: what, how much, what would be right."""
    if finding.rule in ("cavities", "islands", "loose"):
        one = {"cavities": "closed cavity", "islands": "island", "loose": "loose body"}[finding.rule]
        return f"{finding.value:g} {one if finding.value == 1 else finding.title}"
    if finding.rule == "bridge" and finding.note:
        return finding.note
    value = "–" if finding.value is None else f"{finding.value:.4g}"
    if finding.rule == "overhang":
        return f"{finding.title} {value} {finding.unit}"
    if finding.rule == "bridge":
        return f"{finding.title} {value} µm, at most {finding.limit:g} µm"
    if finding.unit == "µm":
        of = f" ({', '.join(finding.regions)})" if finding.regions else ""
        return f"{finding.title} {value} µm{of}"
    unit = f" {finding.unit}" if finding.unit == "%" else finding.unit
    side = "at least" if finding.at_least else "at most"
    limit = "" if finding.limit is None else f", {side} {finding.limit:g}{unit}"
    if finding.rule == "coverage":
        told = "; ".join(part for part in (*finding.regions, finding.note) if part)
        return f"{finding.title} {finding.value or 0.0:.2g}{unit}{limit} ({told})"
    return f"{finding.title} {value}{unit}{limit}"


def _parts(
    cell: Cell, measures: Measures, process: Process, scale: float, printed: Material | None
) -> tuple[Part, ...]:
    """Every region and the assembly, magnified, of all unit cells."""
    repeat = cell.description.repeat
    factor = scale**3 * repeat[0] * repeat[1]
    density = {region.name: (printed or region.material).density_g_cm3 for region in cell.regions}
    found = []
    for name, volume in measures.volumes.items():
        wide, high = measures.widths.get(name), measures.heights.get(name)
        if name == ASSEMBLY:
            known = [density[n] is not None for n in density]
            mass = sum(measures.volumes[n] * (density[n] or 0.0) for n in density) if all(known) else None
            material = ""
        else:
            mass = None if (own := density[name]) is None else volume * own
            material = next(region.material.title for region in cell.regions if region.name == name)
        found.append(
            Part(
                name=name,
                material=material,
                narrowest_um=None if wide is None else wide.value * scale,
                thinnest_um=None if high is None else high.value * scale,
                from_scale=region_scale(process, measures, name) if process.family == "printing" else None,
                volume_mm3=volume * factor * MM3,
                mass_g=None if mass is None else mass * factor * CM3,
            )
        )
    return tuple(found)


def _row(finding: Finding) -> list[str]:
    """A finding as the cells of a table."""
    value = "–" if finding.value is None else f"{finding.value:.4g} {finding.unit}".replace(" °", "°").strip()
    if finding.uncertainty:
        value += f" ± {finding.uncertainty:.2g}"
    limit = ""
    if finding.limit is not None:
        limit = (
            "none"
            if finding.limit == 0 and not finding.unit
            else f"{'≥' if finding.at_least else '≤'} {finding.limit:g} {finding.unit}".replace(" °", "°").strip()
        )
    verdict = "" if finding.limit is None else "ok" if finding.ok else "violated"
    scale = "never" if finding.from_scale is None else f"≥ {finding.from_scale:.4g}" if finding.from_scale else ""
    if finding.to_scale is not None:
        scale = f"≤ {finding.to_scale:.4g}"
    place = "" if finding.at is None or not finding.value else f"({', '.join(f'{x:.4g}' for x in finding.at)})"
    where = ", ".join(part for part in (" | ".join(finding.regions), place, finding.note) if part)
    return [finding.title, value, limit, verdict, scale, where]


def _html(heading: str, tables: list[Table]) -> str:
    title, _, answer = heading.partition("\n")
    return render("geom3d.manufacturability", "report.html", title=title, answer=answer, tables=tables)
