"""The command line. Data goes to stdout, words and progress to stderr; no geometry here.

Exit codes: 0 done, 1 the design is invalid or the work failed, 2 wrong usage.
"""

from __future__ import annotations

import os
import signal
import sys
import tomllib
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, CycloptsError, Parameter

from geom3d._version import __version__
from geom3d.cli.tables import print_numbers, print_table, say
from geom3d.core.errors import Geom3dError, GeometryError, InputError, MissingOptionError
from geom3d.core.tables import Column, Kind, Table, Value

if TYPE_CHECKING:
    from geom3d.api import Design

app = App(
    name="geom3d",
    version=__version__,
    suppress_keyboard_interrupt=False,  # run() says that unfinished files are gone
    help="Exact geometry, files and figures of merit of 3D solid-state microbatteries.",
    help_epilogue="TEMPLATE is a path or the name of a shipped template (`geom3d list`). Lengths are in µm, or text with a unit.",
)

Overrides = Annotated[
    tuple[str, ...],
    Parameter(
        name="--set",
        negative=(),
        show_default=False,
        help='Override a key: `--set parameters.pitch=12`, `--set layers.barrier.thickness="20 nm"`. Repeatable.',
    ),
]
Transport = Annotated[
    bool,
    Parameter(negative=(), help="Also the ionic resistance and the spread of current; takes seconds, a sponge longer."),
]
Requests = Annotated[
    tuple[str, ...],
    Parameter(
        name="--request",
        negative=(),
        show_default=False,
        help="Also a metric that takes its time, by the name that `geom3d list` gives. Repeatable.",
    ),
]
Temperature = Annotated[float, Parameter(help="Of the electrolyte, °C, with --transport or --request.")]
Source = Annotated[str, Parameter(help="Path or name of a template.")]


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    # A request to end takes the same way as Ctrl-C, which removes unfinished files.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without µ or Ω shows a question mark
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command.

    Returns:
        the exit code.
    """
    if sys.stdout is None:  # closed by the caller: there is nobody to write for
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except CycloptsError as error:
        say(f"{error}\nTry `geom3d --help`.")
        return 2
    except GeometryError as error:
        say(str(error))
        _keep(error)
        return 1
    except MissingOptionError as error:
        say(f"{error}: --{error.key.replace('_', '-')} {error.proposal:.6g}")
        return 1
    except Geom3dError as error:
        say(str(error))
        return 1
    except BrokenPipeError:
        # The reader of stdout has gone (`geom3d … | head`); a second error at exit would only repeat that.
        sys.stdout = None
        return 1
    except OSError as error:
        # Files report as OutputError, so this is stdout itself.
        say(f"cannot write to standard output: {error.strerror or error}")
        sys.stdout = None
        return 1
    except KeyboardInterrupt:
        say("interrupted; unfinished files were removed")
        return 130


@app.command(name="list")
def list_() -> None:
    """List architectures, templates, materials, processes, metrics and formats, those of other distributions included."""
    from geom3d.cli.known import listing

    lines, problems = listing()
    print("\n".join(lines))
    for problem in problems:
        say(f"warning: {problem}")


@app.command
def describe(
    name: Annotated[str, Parameter(help="Name of an architecture, material, process, metric or format.")],
) -> None:
    """Describe an architecture by its parameters (unit, range, default, meaning), and whatever else has a name."""
    from geom3d.cli.known import described

    for part in described(name):
        if isinstance(part, str):
            print(part)
        else:
            print_table(part)


@app.command
def measure(
    template: Source,
    *,
    set_: Overrides = (),
    transport: Transport = False,
    request: Requests = (),
    temperature: Temperature = 25.0,
    json: Annotated[bool, Parameter(negative=(), help="Print JSON, for machines.")] = False,
) -> None:
    """Measure a battery: area gain, capacity per footprint and all else."""
    design = _load(template, set_, _asked(request, transport), temperature)
    report = design.measure()
    if json:
        print(report.to_json())
    else:
        print_numbers(report)
    for warning in report.warnings:
        say(f"warning: {warning}")


@app.command
def check(
    template: Source,
    *,
    process: Annotated[
        str, Parameter(help="Name of a process, path of a TOML file, or all: every shipped one, the best first.")
    ] = "all",
    scale: Annotated[float, Parameter(help="Magnification of all lengths.")] = 1.0,
    set_: Overrides = (),
    json: Annotated[bool, Parameter(negative=(), help="Print JSON, for machines.")] = False,
) -> None:
    """Check whether a process can make a battery: the worst places, and the smallest scale at which it can."""
    from geom3d.library.processes import CATALOGUE

    design = _load(template, set_)
    report = design.check_all(scale) if process == "all" else design.check(process, scale)
    for problem in CATALOGUE.problems() if process == "all" else ():
        say(f"warning: {problem}")
    if json:
        print(report.to_json())
        return
    print(report.heading)
    for table in report.tables():
        print_table(table)


@app.command
def build(
    template: Source,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="Folder for the files; made if missing.")],
    set_: Overrides = (),
    format: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            show_default=False,
            help="Kind of file, such as stl, 3mf, gds or vtu; a wrong one names all. Repeatable.",
        ),
    ] = ("stl",),
    repeat: Annotated[
        tuple[float, float] | None, Parameter(negative=(), help="Unit cells in x and y; the template's where left out.")
    ] = None,
    unit: Annotated[str, Parameter(help="Length that one unit of the file stands for: mm or um.")] = "mm",
    scale: Annotated[float, Parameter(help="Magnification, for hand-sized demonstrators.")] = 1.0,
    drop_islands: Annotated[
        bool, Parameter(negative=(), help="Leave out what hangs on nothing; the numbers still count it.")
    ] = False,
    max_edge: Annotated[str | None, Parameter(help="Longest edge of a volume mesh (vtu, msh).")] = None,
    voxel: Annotated[str | None, Parameter(help="Edge of a voxel (tiff, nrrd).")] = None,
    pixel: Annotated[str | None, Parameter(help="Edge of a pixel of a slice (png).")] = None,
    layer_height: Annotated[str | None, Parameter(help="Distance of slices (png, svg).")] = None,
    transport: Annotated[
        bool, Parameter(negative=(), help="Finer triangles with the current density on the electrodes (vtp).")
    ] = False,
    request: Requests = (),
    temperature: Temperature = 25.0,
    dry_run: Annotated[bool, Parameter(negative=(), help="Tell files and sizes, write nothing.")] = False,
) -> None:
    """Build the files of a battery and print its numbers: one file per region, one of the assembly, report.json."""
    from geom3d.core.files import size_text
    from geom3d.exports import Options

    design = _load(template, set_, request, temperature)
    lengths = {"max_edge": max_edge, "voxel": voxel, "pixel": pixel, "layer_height": layer_height}
    options = Options(**{key: None if text is None else _length(key, text) for key, text in lengths.items()})
    # Read as floats, since 1.5 is to be refused and not cut.
    cells: Any = repeat
    requested: dict[str, Any] = {"formats": format, "repeat": cells, "unit": unit, "scale": scale}
    requested |= {"drop_islands": drop_islands, "transport": transport, "options": options}
    if dry_run:
        planned = design.plan(output, **requested)
        for name, size in planned.items():
            print(f"{output / name}  {size_text(size)}")
        print(f"in all at most {size_text(sum(planned.values()))}")
        return
    written = design.build(output, **requested)
    print_numbers(written.report)
    for path in written:
        print(path)
    for warning in [*written.report.warnings, *written.warnings]:
        say(f"warning: {warning}")


@app.command
def compare(
    template: Source,
    *templates: Source,
    output: Annotated[
        Path,
        Parameter(name=["--output", "-o"], help="File to write: .html, a page in itself; .md, .csv, .json or .xlsx."),
    ],
    charts: Annotated[
        Path | None, Parameter(help="Folder for the charts as SVG and PNG, 85 and 170 mm wide; made if missing.")
    ] = None,
    no_pictures: Annotated[
        bool, Parameter(negative=(), help="Leave pictures out of the page: that is faster.")
    ] = False,
    transport: Transport = False,
    request: Requests = (),
    temperature: Temperature = 25.0,
) -> None:
    """Compare batteries in one report: pictures, charts, all numbers, what differs, sources."""
    from geom3d import comparison as module

    requests = _asked(request, transport)
    designs = [_load(name, (), requests, temperature) for name in (template, *templates)]
    workers = os.cpu_count() or 1
    for note in module.compare(designs, output, charts=charts, pictures=not no_pictures, workers=workers):
        say(note)
    print(output)


@app.command
def render(
    template: Source,
    *,
    output: Annotated[
        Path,
        Parameter(name=["--output", "-o"], help="Picture to write: .png, .svg for a section, .gif or .mp4 to turn."),
    ],
    set_: Overrides = (),
    view: Annotated[
        str | None,
        Parameter(
            help="cut (front quarter removed), iso, top, front, exploded, xray, peeled, distance, or section; cut where left out."
        ),
    ] = None,
    repeat: Annotated[tuple[int, int] | None, Parameter(negative=(), help="Unit cells in x and y.")] = None,
    size: Annotated[tuple[int, int], Parameter(help="Width and height in pixels.")] = (1600, 1200),
    transparent: Annotated[bool, Parameter(negative=(), help="No white behind the picture.")] = False,
    turntable: Annotated[
        bool, Parameter(negative=(), help="Turn the battery: .gif, or .mp4 with imageio-ffmpeg.")
    ] = False,
    width: Annotated[str | None, Parameter(help="On paper, mm, or with a unit: 85mm.")] = None,
    dpi: Annotated[int | None, Parameter(help="Dots per inch of a PNG; 300 where left out.")] = None,
    no_title: Annotated[bool, Parameter(negative=(), help="Leave the title out.")] = False,
    no_legend: Annotated[bool, Parameter(negative=(), help="Leave the legend out.")] = False,
    camera: Annotated[
        tuple[float, float] | None,
        Parameter(negative=(), help="Degrees to the right of the front, and above the horizon."),
    ] = None,
) -> None:
    """Render a picture of a battery, or an exact section with dimensions."""
    from geom3d import rendering as module

    look: dict[str, Any] = {"view": view, "repeat": repeat, "size": size, "transparent": transparent, "turn": turntable}
    look |= {"width": None if width is None else _paper(width), "dpi": dpi, "camera": camera}
    look |= {"title": not no_title, "legend": not no_legend}
    module.render(_load(template, set_), output, **look)
    print(output)


@app.command
def gallery(
    *templates: Annotated[str, Parameter(help="Path or name of a template; all shipped ones if none.")],
    output: Annotated[
        Path, Parameter(name=["--output", "-o"], help="Folder for the pictures; made if missing.")
    ] = Path("renders"),
) -> None:
    """Render every template, and one sheet of all architectures."""
    from geom3d.api import gallery as draw

    for path in draw(output, templates):
        print(path)


@app.command
def verify(*templates: Annotated[str, Parameter(help="Path or name of a template; all shipped ones if none.")]) -> int:
    """Compare measured numbers with closed forms and published values, per template."""
    from geom3d.cell import template as module
    from geom3d.verification.comparison import PASS
    from geom3d.verification.comparison import verify as compare_ways

    deviation = Column("deviation", Kind.DEVIATIONS)
    columns = [Column("template"), Column("metric"), Column("measured", Kind.NUMBERS)]
    columns += [Column("closed form", Kind.NUMBERS), deviation, Column("published", Kind.NUMBERS), deviation]
    table: list[list[Value]] = []
    failed = 0
    for name in templates or module.shipped():
        design = _load(name, ())
        for warning in design.measure().warnings:
            say(f"warning: {name}: {warning}")
        for found in compare_ways(design):
            failed += not found.agrees
            numbers = [found.measured, found.closed, found.from_closed, found.published, found.from_published]
            shown = ["" if number is None else number for number in numbers]
            table.append([found.template, found.path, *shown, "" if found.unit == "1" else found.unit])
    print_table(Table.of([*columns, Column("unit")], table))
    if failed:
        say(f"{failed} numbers deviate by more than {PASS:g} from their closed form")
    return 1 if failed else 0


def _load(source: str, overrides: tuple[str, ...], requests: tuple[str, ...] = (), temperature: float = 25.0) -> Design:
    from dataclasses import replace

    from geom3d.api import load
    from geom3d.metrics import requested

    design = load(source, dict(_override(text) for text in overrides))
    return replace(design, requests=tuple(requested(requests)), temperature=temperature)


def _asked(requests: tuple[str, ...], transport: bool) -> tuple[str, ...]:
    """The metrics on request; ionic conduction has an option of its own."""
    return (*requests, "transport") if transport else requests


def _override(text: str) -> tuple[str, Any]:
    """`key=value`; the value is read as TOML, and as plain text where that fails."""
    path, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--set {text}: must have the form key=value")
    try:
        read = tomllib.loads(f"value = {value}")
        return path.strip(), read["value"] if len(read) == 1 else value.strip()
    except (ValueError, RecursionError):
        return path.strip(), value.strip()


def _length(key: str, text: str) -> float:
    """A length of the command line, µm: a number, or a number with a unit."""
    from geom3d.core.quantities import parse_length

    try:
        return parse_length(float(text))
    except ValueError:
        pass
    try:
        return parse_length(text)
    except ValueError as error:
        raise InputError(f"{key}: {error}; got {text!r}") from None


def _paper(text: str) -> float:
    """A width on paper, mm: a number, or a number with a unit."""
    from geom3d.core.quantities import convert

    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(convert(text, "mm", "a length"))
    except ValueError as error:
        raise InputError(f"width: {error}; got {text!r}") from None


def _keep(error: GeometryError) -> None:
    """Writes the mesh that failed its checks, so that it can be looked at."""
    if error.walls is None:
        return
    from geom3d.core.files import replacing
    from geom3d.exports.stl import write_stl

    path = Path("geom3d-failed.stl")
    try:
        with replacing(path) as file:
            write_stl(file, error.walls, list(range(len(error.walls.names))), (1, 1), 1.0, "geom3d failed mesh, um")
    except Geom3dError as second:
        say(str(second))
    else:
        say(f"the mesh was written to {path} (µm) for inspection; please report it with the template")
