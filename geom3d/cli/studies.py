"""The commands that search: one unknown for one target, sweeps and optimisation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from geom3d.cli.options import Json, MaxMemory, Overrides, Source, override_of
from geom3d.cli.tables import as_json, print_numbers, print_table, say
from geom3d.core.errors import InputError
from geom3d.core.files import replacing

if TYPE_CHECKING:
    from geom3d.studies.results import Results


def solve(
    template: Source,
    *,
    vary: Annotated[str, Parameter(help="Key of the template, such as parameters.depth.")],
    for_: Annotated[
        str, Parameter(name="--for", help="Number of the report and its value: `--for capacity_uAh_cm2.cell=300`.")
    ],
    between: Annotated[
        tuple[str, str] | None,
        Parameter(help="Lowest and highest value of the key; its range where left out.", show_default=False),
    ] = None,
    set_: Overrides = (),
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Template to write, such as mine.toml.")
    ] = None,
    json: Json = False,
    max_memory: MaxMemory = None,
) -> None:
    """Solve for one key of a template: at which value is a number of the report what you want?"""
    from geom3d.api import solve as find
    from geom3d.cell.schema import DIRECTIVE, FILE_NAME

    number, equals, text = for_.partition("=")
    wanted = _number(text)
    if not equals or wanted is None:
        raise InputError(f"for: must be a number of the report and its value, capacity_uAh_cm2.cell=300; got {for_!r}")
    ends = None if between is None else (_plain(between[0]), _plain(between[1]))
    found = find(template, vary, {number.strip(): wanted}, dict(map(override_of, set_)), between=ends)
    report = found.design.measure()
    if output is not None:
        # A template that new began keeps its line for editors, where the schema is that it names.
        head = f"{DIRECTIVE}\n" if (output.parent / FILE_NAME).is_file() else ""
        with replacing(output) as file:
            file.write(f"{head}{found.text}".encode())
    if json:
        result = {"path": found.path, "value": found.value, "number": found.number, "reached": found.reached}
        print(as_json({**result, "report": report.data}))
    else:
        print(f"{found.path} = {found.key.text(float(found.value))}  ({found.number} = {found.reached:.6g})")
        print_numbers(report)
        if output is not None:
            print(output)
    for warning in report.warnings:
        say(f"warning: {warning}")


StudySource = Annotated[str, Parameter(help="Path of a study's TOML file, or name of a shipped study.")]
Folder = Annotated[
    Path,
    Parameter(name=["--output", "-o"], help="Folder of the store and the results; a run that was ended goes on there."),
]
Jobs = Annotated[int | None, Parameter(help="Processes on this machine; as many as it has cores where left out.")]
Scheduler = Annotated[
    str | None, Parameter(help="Address of a Dask scheduler that hands out the work, such as tcp://10.0.0.1:8786.")
]
NoReport = Annotated[bool, Parameter(help="Leave out report.html, which may take longer than a small study.")]


def sweep(
    study: StudySource,
    *,
    output: Folder,
    jobs: Jobs = None,
    shard: Annotated[
        str | None, Parameter(help="Only the i-th of n parts, i/n, as in arrays of jobs: `--shard 3/20`.")
    ] = None,
    scheduler: Scheduler = None,
    no_report: NoReport = False,
    max_memory: MaxMemory = None,
) -> None:
    """Sweep through the designs of a study: a grid, a Latin hypercube, Sobol points or a list."""
    from geom3d.api import sweep as run

    part = (1, 1) if shard is None else _shard(shard)
    _tell(run(study, output, jobs=jobs, shard=part, scheduler=scheduler), output, report=not no_report)


def optimize(
    study: StudySource,
    *,
    output: Folder,
    trials: Annotated[
        int | None, Parameter(help="Designs to look at; what the study says, or 200, where left out.")
    ] = None,
    seed: Annotated[
        int | None, Parameter(help="The same seed gives the same designs; the study's where left out.")
    ] = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    no_report: NoReport = False,
    max_memory: MaxMemory = None,
) -> None:
    """Optimise a study: look for the designs that are best in its objectives and keep to its constraints."""
    from geom3d.api import optimize as run

    found = run(study, output, trials=trials, seed=seed, jobs=jobs, scheduler=scheduler)
    _tell(found, output, report=not no_report)


def _shard(text: str) -> tuple[int, int]:
    part, slash, parts = text.partition("/")
    if not slash or not (part.strip().isdigit() and parts.strip().isdigit()):
        raise InputError(f"shard: must be i/n such as 3/20; got {text!r}")
    return int(part), int(parts)


def _tell(found: Results, folder: Path, *, report: bool) -> None:
    """Prints the best designs and the paths of all files."""
    for path in found.write(folder, report=report):
        print(path)
    print(
        f"{len(found.rows)} designs, {sum(row.ok for row in found.rows)} can be built, {int(found.feasible.sum())} keep to all constraints"
    )
    if found.best is not None:
        print_table(found.table())
    elif found.study.plan.objectives:
        say("no design keeps to all constraints; what each misses stands in results.csv")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _plain(text: str) -> Any:
    """A number, or text with a unit."""
    number = _number(text)
    return text if number is None else number
