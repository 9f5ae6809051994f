"""The commands that tell numbers of a battery, and what they agree with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from geom3d.cli.options import (
    Device,
    Json,
    MaxMemory,
    Overrides,
    Requests,
    Source,
    Temperature,
    Transport,
    asked,
    length,
    loaded,
)
from geom3d.cli.tables import as_json, print_numbers, print_table, say
from geom3d.core.tables import Column, Kind, Table, Value

if TYPE_CHECKING:
    from geom3d.api import Design

#: Exit code of a check that ends well and says no.
CANNOT_BE_MADE = 3
#: Steps of a sponge where all shipped templates are verified at once, in steps of its own: an eighth of the work.
COARSER = 2.0


def measure(
    template: Source,
    *,
    set_: Overrides = (),
    transport: Transport = False,
    request: Requests = (),
    temperature: Temperature = None,
    bending: Annotated[
        str | None,
        Parameter(help="Also the strain of every layer of a flat cell at this radius of curvature, such as 5mm."),
    ] = None,
    device: Device = None,
    all_: Annotated[
        bool, Parameter(name="--all", help="All numbers in groups, not only those that are asked first.")
    ] = False,
    json: Annotated[bool, Parameter(help="Print JSON, for machines: all numbers in full.")] = False,
    max_memory: MaxMemory = None,
) -> None:
    """Measure a battery: area gain, distance, capacity and energy per footprint; with --all everything."""
    design = loaded(template, set_, asked(request, transport), temperature, device)
    if bending is None:
        report = design.measure()
    else:
        report = design.measure(request=(*design.requests, "bending"), radius=length("bending", bending))
    if json:
        print(report.to_json())
    else:
        print_numbers(report, everything=all_)
    for warning in report.warnings:
        say(f"warning: {warning}")


def check(
    template: Source,
    *,
    process: Annotated[
        str, Parameter(help="Name of a process, path of a TOML file, or all: every shipped one, the best first.")
    ] = "all",
    scale: Annotated[float, Parameter(help="Magnification of all lengths.")] = 1.0,
    material: Annotated[
        str | None,
        Parameter(help="Material in which all of it is printed, for the masses; the regions' own if left out."),
    ] = None,
    set_: Overrides = (),
    json: Json = False,
    max_memory: MaxMemory = None,
) -> int:
    """Check whether a process can make a battery: the worst places, and the smallest scale at which it can.

    The exit code is 0 where it can be made at this scale (with all: by one process at least), and 3 where it cannot.
    """
    from geom3d.library.processes import CATALOGUE

    design = loaded(template, set_)
    everything = process == "all"
    report = (
        design.check_all(scale, material=material) if everything else design.check(process, scale, material=material)
    )
    for problem in CATALOGUE.problems() if process == "all" else ():
        say(f"warning: {problem}")
    if json:
        print(report.to_json())
    else:
        print(report.heading)
        for table in report.tables():
            print_table(table, width=80)
    for warning in report.warnings:
        say(f"warning: {warning}")
    return 0 if report.can_be_made else CANNOT_BE_MADE


def coverage(
    template: Source,
    *,
    sticking: Annotated[
        float | None, Parameter(help="Probability that a molecule stays where it hits: 0.01 for many kinds of CVD.")
    ] = None,
    process: Annotated[
        str | None, Parameter(help="Instead of it, a process: sputter, or path of a TOML file with its own.")
    ] = None,
    film: Annotated[
        tuple[str, ...], Parameter(show_default=False, help="Only this film, by its name. Repeatable.")
    ] = (),
    seed: Annotated[int, Parameter(help="Of the particles; the same gives the same result.")] = 1,
    output: Annotated[
        Path | None,
        Parameter(name=["--output", "-o"], help="File to write as well: .svg or .png, a chart; .csv or .json."),
    ] = None,
    set_: Overrides = (),
    json: Json = False,
    max_memory: MaxMemory = None,
) -> None:
    """Films as a process makes them: thickness against depth, each on the shape that the films before it leave."""
    report = loaded(template, set_).coverage(sticking, process=process, films=film, seed=seed)
    if json:
        print(report.to_json())
    else:
        print(report.title)
        for table in report.tables():
            print_table(table)
    if output is not None:
        from geom3d.comparison.coverage import write_coverage

        write_coverage(report, output)
        if not json:
            print(output)


def verify(
    *templates: Annotated[str, Parameter(help="Path or name of a template; all shipped ones if none.")],
    full: Annotated[
        bool, Parameter(help="All shipped ones at their own resolution, too: sponges take minutes.")
    ] = False,
    json: Json = False,
    max_memory: MaxMemory = None,
) -> int:
    """Compare measured numbers with closed forms and published values, per template.

    Of all shipped templates at once, sponges are sampled in steps of twice their own, and held to the uncertainty of
    these.
    """
    from geom3d.cell import template as module
    from geom3d.verification.comparison import PASS, Comparison, plain, verdicts, verify_all

    sources = [*templates] or module.shipped()
    make = _as_it_is if templates or full else _on_coarse_grid
    checked = verify_all(
        sources, make, os.cpu_count() or 1, takes_long=lambda name: module.read_original(name).takes_long()
    )
    found: list[Comparison] = []
    for source, (rows_of_one, warnings) in zip(sources, checked, strict=True):
        for warning in warnings:
            say(f"warning: {source}: {warning}")
        found += rows_of_one
    judged = verdicts(found)
    if json:
        print(as_json([plain(verdict) for verdict in judged]))
    else:
        deviation = Column("deviation", Kind.DEVIATIONS)
        columns = [Column("template"), Column("metric"), Column("measured", Kind.NUMBERS)]
        columns += [Column("closed form", Kind.NUMBERS), deviation, Column("shared")]
        columns += [Column("published", Kind.NUMBERS), deviation, Column("unit")]
        rows: list[list[Value]] = []
        for row in found:
            numbers = [row.measured, row.closed, row.from_closed, row.shared, row.published, row.from_published]
            shown = ["" if number is None else number for number in numbers]
            rows.append([row.template, row.path, *shown, "" if row.unit == "1" else row.unit])
        print_table(Table.of(columns, rows))
        heads = [Column("template"), Column("numbers", Kind.NUMBERS), Column("independent", Kind.NUMBERS)]
        heads += [Column("worst of these", Kind.FIGURES, "%"), Column("verdict"), Column("published values")]
        lines: list[list[Value]] = [
            [v.template, len(v.rows), len(v.independent), v.worst_percent, v.text, "; ".join(v.published)]
            for v in judged
        ]
        print_table(Table.of(heads, lines))
    failed = sum(not row.agrees for row in found)
    if failed:
        say(f"{failed} numbers deviate by more than {PASS:g} from their closed form")
    return 1 if failed else 0


def _as_it_is(source: str) -> Design:
    return loaded(source, ())


def _on_coarse_grid(source: str) -> Design:
    """A shipped design as a quick look samples it; as it is where nothing is sampled."""
    design = _as_it_is(source)
    step = design.cell().step
    return design if step is None else loaded(source, (f"resolution={COARSER * step!r}",))
