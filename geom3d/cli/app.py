"""The command line. Data goes to stdout, words and progress to stderr; no geometry here.

Exit codes: 0 done, 1 the design is invalid or the work failed, 2 wrong usage, 3 what is checked cannot be made.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tomllib
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, CycloptsError, Parameter, Token

from geom3d._version import __version__
from geom3d.cli.tables import as_json, print_numbers, print_table, say
from geom3d.core.errors import Geom3dError, GeometryError, InputError, MissingOptionError, OutputError, choose_from
from geom3d.core.heap import keep_memory
from geom3d.core.memory import limited
from geom3d.core.tables import Column, Kind, Table, Value
from geom3d.core.threads import use_one_thread

if TYPE_CHECKING:
    from geom3d.api import Design

#: Exit code of a check that ends well and says no.
CANNOT_BE_MADE = 3
#: Steps of a sponge where all shipped templates are verified at once, in steps of its own: an eighth of the work.
COARSER = 2.0

app = App(
    name="geom3d",
    version=__version__,
    default_parameter=Parameter(negative=()),  # no --no-json, no --empty-size
    suppress_keyboard_interrupt=False,  # run() says that unfinished files are gone
    help="Exact geometry, files and figures of merit of 3D solid-state microbatteries.",
    help_epilogue="TEMPLATE is a path or the name of a shipped template (`geom3d list`). Lengths are in µm, or text with a unit.",
)

app.register_install_completion_command(help="Install completion of commands and options for the shell in use.")

Overrides = Annotated[
    tuple[str, ...],
    Parameter(
        name="--set",
        show_default=False,
        help='Override a key: `--set parameters.pitch=12`, `--set layers.barrier.thickness="20 nm"`. Repeatable.',
    ),
]
Transport = Annotated[
    bool,
    Parameter(help="Also the ionic resistance and the spread of current; takes seconds, a sponge longer."),
]
Requests = Annotated[
    tuple[str, ...],
    Parameter(
        name="--request",
        show_default=False,
        help="Also a metric that takes its time, by the name that `geom3d list` gives. Repeatable.",
    ),
]
Temperature = Annotated[
    float | None, Parameter(help="Of the electrolyte, °C, with --transport or --request; 25 where left out.")
]
Device = Annotated[
    str | None,
    Parameter(help='Outer size of a device, for its numbers in total: "2 mm x 2 mm", or with a thickness as third.'),
]


def _memory(_: Any, tokens: Sequence[Token]) -> str:
    """The memory that may be used, for all that follows and for worker processes; `run` sets it back."""
    from geom3d.core import memory

    (token,) = tokens
    try:
        memory.parse_size(token.value)
    except ValueError as error:
        raise InputError(f"max_memory: {error}; got {token.value!r}") from None
    os.environ[memory.VARIABLE] = token.value
    return token.value


MaxMemory = Annotated[
    str | None,
    Parameter(
        name="--max-memory",
        converter=_memory,
        show_default=False,
        help="Memory that may be used, such as 4GB; what needs more is refused beforehand. Half of the machine's where left out.",
    ),
]
Json = Annotated[bool, Parameter(help="Print JSON, for machines.")]
Source = Annotated[str, Parameter(help="Path or name of a template.")]


def _cells(_: Any, tokens: Sequence[Token]) -> tuple[int, int]:
    """Numbers of unit cells as they stand: a plain conversion would cut 1.5 to 1."""
    from geom3d.cell.repeat import checked_repeat

    try:
        numbers = [float(token.value) for token in tokens]
    except ValueError:
        raise ValueError(f"--repeat: must be two whole numbers; got {' '.join(t.value for t in tokens)}") from None
    return checked_repeat([int(number) if number.is_integer() else number for number in numbers])


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    use_one_thread()
    keep_memory()
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
        with limited(None):  # until the command has ended, whatever it sets
            code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except CycloptsError as error:
        say(f"{error}\nTry `{' '.join(['geom3d', *(error.command_chain or ())])} --help`.")
        return 2
    except GeometryError as error:
        say(str(error))
        if error.walls is not None:
            say("`geom3d build` of it writes the mesh that failed into its output folder, for inspection")
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
def list_(
    kind: Annotated[
        str | None,
        Parameter(
            help="architectures, templates, materials, processes, metrics, formats or studies; all where left out."
        ),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """List architectures, templates, materials, processes, metrics and formats, those of other distributions included."""
    from dataclasses import asdict

    from geom3d.cli import known

    if json:
        print(as_json({name: [asdict(entry) for entry in entries] for name, entries in known.listed(kind).items()}))
    else:
        print("\n".join(known.listing(kind)))
    for problem in known.problems(kind):
        say(f"warning: {problem}")


@app.command
def describe(
    name: Annotated[str, Parameter(help="Name of an architecture, material, process, metric or format.")],
    *,
    json: Json = False,
) -> None:
    """Describe an architecture by its parameters (unit, range, default, meaning), and whatever else has a name."""
    from geom3d.cli import known

    if json:
        print(as_json(known.described_as_data(name)))
        return
    for part in known.described(name):
        if isinstance(part, str):
            print(part)
        else:
            print_table(part)


@app.command
def show(
    name: Annotated[
        str, Parameter(help="Name of a template, material or process; or electrolytes, for a table of them all.")
    ],
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Chart of the electrolytes to write, .svg or .png.")
    ] = None,
) -> None:
    """Show the TOML file of a template, material or process; or the electrolytes: conductivity, and a chart of it."""
    if name == "electrolytes":
        _show_electrolytes(output)
        return
    from geom3d.cli.known import text_of

    if output is not None:
        raise InputError(f"output: a chart is drawn of electrolytes only; got {name!r}")
    print(text_of(name), end="")


@app.command
def new(
    name: Annotated[str, Parameter(help="Name of an architecture, or of a shipped template to change.")],
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="File to write, such as mine.toml.")],
    force: Annotated[bool, Parameter(help="Replace the file if it is there.")] = False,
) -> None:
    """Write a template of one's own, whole and ready to measure: every key with its unit, range and meaning.

    Beside it goes the schema by which editors complete and check it (`geom3d schema`); its first line says so.
    """
    from geom3d.cell.commented import commented
    from geom3d.cell.schema import DIRECTIVE, write_beside
    from geom3d.core.files import replacing

    text = f"{DIRECTIVE}\n{commented(name)}"
    if output.exists() and not force:
        raise OutputError(f"{output} is there already; --force replaces it")
    with replacing(output) as file:
        file.write(text.encode())
        beside = write_beside(output)
    print(output)
    print(beside)


@app.command
def schema(
    *,
    output: Annotated[
        Path | None,
        Parameter(name=["--output", "-o"], help="File to write, such as geom3d.schema.json; printed where left out."),
    ] = None,
) -> None:
    """Give the JSON schema of templates, by which editors complete keys and show what is wrong.

    Taplo, and so Even Better TOML, reads it where a template begins with `#:schema ./geom3d.schema.json`.
    """
    from geom3d.cell.schema import schema_text

    _give(schema_text(), output)


def _give(text: str, output: Path | None) -> None:
    """Prints a text, or writes it to a file and prints its path."""
    from geom3d.core.files import replacing

    if output is None:
        print(text, end="")
        return
    with replacing(output) as file:
        file.write(text.encode())
    print(output)


@app.command
def cite(
    template: Source,
    *,
    set_: Overrides = (),
    output: Annotated[
        Path | None,
        Parameter(name=["--output", "-o"], help="BibTeX file to write, such as sources.bib; printed where left out."),
    ] = None,
) -> None:
    """Cite a battery: its template's, its materials' and its method's sources as BibTeX, as far as the files tell them."""
    _give(_load(template, set_).cite(), output)


@app.command
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
    design = _load(template, set_, _asked(request, transport), temperature, device)
    if bending is None:
        report = design.measure()
    else:
        report = design.measure(request=(*design.requests, "bending"), radius=_length("bending", bending))
    if json:
        print(report.to_json())
    else:
        print_numbers(report, everything=all_)
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

    design = _load(template, set_)
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


@app.command
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
    report = _load(template, set_).coverage(sticking, process=process, films=film, seed=seed)
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


@app.command
def build(
    template: Source,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="Folder for the files; made if missing.")],
    set_: Overrides = (),
    format: Annotated[
        tuple[str, ...],
        Parameter(
            show_default=False,
            help="Kind of file, such as stl, 3mf, gds or vtu; a wrong one names all. Repeatable.",
        ),
    ] = ("stl",),
    repeat: Annotated[
        tuple[int, int] | None,
        Parameter(converter=_cells, help="Unit cells in x and y; the template's where left out."),
    ] = None,
    unit: Annotated[
        str | None, Parameter(help="Length that one unit of the file stands for: mm or um; mm where left out.")
    ] = None,
    scale: Annotated[float, Parameter(help="Magnification, for hand-sized demonstrators.")] = 1.0,
    drop_islands: Annotated[
        bool, Parameter(help="Leave out what hangs on nothing; the numbers still count it.")
    ] = False,
    max_edge: Annotated[str | None, Parameter(help="Longest edge of a volume mesh (vtu, msh).")] = None,
    voxel: Annotated[str | None, Parameter(help="Edge of a voxel (tiff, nrrd).")] = None,
    pixel: Annotated[str | None, Parameter(help="Edge of a pixel of a slice (png).")] = None,
    layer_height: Annotated[str | None, Parameter(help="Distance of slices (png, svg).")] = None,
    transport: Annotated[
        bool, Parameter(help="Finer triangles with the current density on the electrodes (vtp).")
    ] = False,
    request: Requests = (),
    temperature: Temperature = None,
    device: Device = None,
    dry_run: Annotated[bool, Parameter(help="Tell files and sizes, write nothing.")] = False,
    max_memory: MaxMemory = None,
) -> int:
    """Build the files of a battery and print its numbers: one file per region, one of the assembly, report.json."""
    from geom3d.core.files import size_text
    from geom3d.exports import Options, require_used

    design = _load(template, set_, _asked(request, transport), temperature, device)
    lengths = {"max_edge": max_edge, "voxel": voxel, "pixel": pixel, "layer_height": layer_height}
    options = Options(**{key: None if text is None else _length(key, text) for key, text in lengths.items()})
    given = {"unit": unit, **lengths}
    require_used(format, [key for key, value in given.items() if value is not None] + ["transport"] * transport)
    requested: dict[str, Any] = {"formats": format, "repeat": repeat, "unit": unit or "mm", "scale": scale}
    requested |= {"drop_islands": drop_islands, "transport": transport, "options": options}
    if dry_run:
        planned = design.plan(output, **requested)
        for name, size in planned.items():
            print(f"{output / name}  {size_text(size)}")
        print(f"in all at most {size_text(sum(planned.values()))}")
        return 0
    try:
        written = design.build(output, **requested)
    except GeometryError as error:
        say(str(error))
        _keep(error, output)
        return 1
    print_numbers(written.report)
    for path in written:
        print(path)
    for warning in [*written.report.warnings, *written.warnings]:
        say(f"warning: {warning}")
    return 0


@app.command
def compare(
    template: Source,
    *templates: Source,
    output: Annotated[
        Path,
        Parameter(
            name=["--output", "-o"],
            help="File to write: .html, a page in itself; .md, .csv, .json, .xlsx or .tex. Its folder is made if missing.",
        ),
    ],
    set_: Annotated[
        tuple[str, ...],
        Parameter(
            name="--set",
            show_default=False,
            help="Override a key in all designs, or in one: `--set pillars-coated@parameters.pitch=12`; a number before "
            "the @ counts the designs. Repeatable.",
        ),
    ] = (),
    rows: Annotated[
        tuple[str, ...],
        Parameter(
            show_default=False,
            help="Numbers to show, by their path: `--rows capacity_uAh_cm2.cell,area_gain`. Repeatable; all if left out.",
        ),
    ] = (),
    labels: Annotated[
        tuple[str, ...],
        Parameter(show_default=False, help="Name of a design, one for each in order; titles if left out."),
    ] = (),
    charts: Annotated[
        Path | None, Parameter(help="Folder for the charts as SVG and PNG, 85 and 170 mm wide; made if missing.")
    ] = None,
    no_pictures: Annotated[bool, Parameter(help="Leave pictures out of the page: that is faster.")] = False,
    products: Annotated[bool, Parameter(help="Show thin-film batteries on sale as lines in charts of charge.")] = False,
    as_made: Annotated[
        bool,
        Parameter(
            help="Set the ideal design, straight walls and even films, beside each with a profile or uneven films."
        ),
    ] = False,
    transport: Transport = False,
    request: Requests = (),
    temperature: Temperature = None,
    max_memory: MaxMemory = None,
) -> None:
    """Compare batteries in one report: pictures, charts, all numbers, what differs, sources."""
    from geom3d.api import compare as write

    if no_pictures and output.suffix.lower() != ".html":
        raise InputError(f"no_pictures: only a page (.html) has pictures; got {output.name!r}")
    requests = _asked(request, transport)
    names = _with_studies((template, *templates))
    changes = _per_design(set_, names)
    designs = [_load(name, own, requests, temperature) for name, own in zip(names, changes, strict=True)]
    shown = [row.strip() for text in rows for row in text.split(",")]
    look: dict[str, Any] = {
        "rows": shown,
        "labels": labels,
        "charts": charts,
        "pictures": not no_pictures,
        "products": products,
        "as_made": as_made,
    }
    for note in write(designs, output, workers=os.cpu_count() or 1, **look):
        say(note)
    print(output)


# Commands that search many designs live in a file of their own.
app.command("geom3d.cli.studies:solve")
app.command("geom3d.cli.studies:sweep")
app.command("geom3d.cli.studies:optimize")
# So does the one that serves a page.
app.command("geom3d.cli.live:app")


@app.command
def render(
    template: Source,
    *,
    output: Annotated[
        Path,
        Parameter(
            name=["--output", "-o"],
            help="Picture to write: .png, .svg or .pdf for a section, .gif or .mp4 to turn. Its folder is made if missing.",
        ),
    ],
    set_: Overrides = (),
    view: Annotated[
        str | None,
        Parameter(
            help="cut (front quarter removed), iso, top, front, exploded, xray, peeled, distance, current, or section; "
            "where left out, section for .svg and .pdf, else cut, or xray where cut would show hardly anything."
        ),
    ] = None,
    repeat: Annotated[tuple[int, int] | None, Parameter(converter=_cells, help="Unit cells in x and y.")] = None,
    size: Annotated[
        tuple[int, int] | None,
        Parameter(help="Width and height in pixels, not of a section; 1600 1200 where left out."),
    ] = None,
    transparent: Annotated[bool, Parameter(help="No white behind the picture.")] = False,
    turntable: Annotated[bool, Parameter(help="Turn the battery: .gif, or .mp4 with imageio-ffmpeg.")] = False,
    width: Annotated[str | None, Parameter(help="On paper, mm, or with a unit: 85mm.")] = None,
    dpi: Annotated[int | None, Parameter(help="Dots per inch of a PNG; 300 where left out.")] = None,
    no_title: Annotated[bool, Parameter(help="Leave the title out.")] = False,
    no_legend: Annotated[bool, Parameter(help="Leave the legend out.")] = False,
    camera: Annotated[
        tuple[float, float] | None,
        Parameter(help="Degrees to the right of the front, and above the horizon."),
    ] = None,
    max_memory: MaxMemory = None,
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
    max_memory: MaxMemory = None,
) -> None:
    """Render every template, and one sheet of all architectures."""
    from geom3d.api import gallery as draw

    drawn = draw(output, templates)
    for path in drawn:
        print(path)
    for warning in drawn.warnings:
        say(f"warning: {warning}")


@app.command
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
    return _load(source, ())


def _on_coarse_grid(source: str) -> Design:
    """A shipped design as a quick look samples it; as it is where nothing is sampled."""
    design = _as_it_is(source)
    step = design.cell().step
    return design if step is None else _load(source, (f"resolution={COARSER * step!r}",))


def _show_electrolytes(output: Path | None) -> None:
    """Prints conductivity and activation energy of the electrolytes, and draws a chart where a path is given."""
    from geom3d.comparison.electrolytes import curves, write_chart

    columns = [Column("material"), Column("formula"), Column("class")]
    columns += [Column("", Kind.FIGURES, unit) for unit in ("S/cm at 25 °C", "eV", "S/cm at 60 °C")]
    rows: list[list[Value]] = []
    for curve in curves():
        material = curve.material
        numbers = material.conductivity_S_cm, material.activation_energy_eV, material.conductivity_at(60)
        rows.append(
            [curve.name, material.formula, material.kind or "", *numbers, material.source_of("conductivity_S_cm")]
        )
    table = Table.of([*columns, Column("source")], rows)
    print_table(table)
    if output is not None:
        write_chart(output)
        print(output)


def _load(
    source: str,
    overrides: tuple[str, ...],
    requests: tuple[str, ...] = (),
    temperature: float | None = None,
    device: str | None = None,
) -> Design:
    from dataclasses import replace

    from geom3d.api import load
    from geom3d.metrics import requested

    if temperature is not None and not requests:
        raise InputError("temperature: nothing asked for depends on it; give --transport or --request as well")
    changes = dict(override_of(text) for text in overrides)
    if device is not None:
        changes["device"] = _device(device)
    design = load(source, changes)
    design = replace(design, requests=tuple(requested(requests)))
    return design if temperature is None else replace(design, temperature=temperature)


def _with_studies(names: tuple[str, ...]) -> tuple[str, ...]:
    """The templates, and in place of a study's folder those of its best designs."""
    if not any(Path(name).is_dir() for name in names):
        return names
    from geom3d.studies.results import templates_in

    return tuple(found for name in names for found in (templates_in(Path(name)) if Path(name).is_dir() else [name]))


def _per_design(overrides: tuple[str, ...], names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The overrides of each design: those for all, and those that its name or its number precedes."""
    found: list[list[str]] = [[] for _ in names]
    for text in overrides:
        path, equals, value = text.partition("=")
        whose, at, key = path.rpartition("@")
        called = [k for k, name in enumerate(names) if not at or whose in (name, Path(name).stem, str(k + 1))]
        if not called:
            raise InputError(f"--set {text}: no design {whose!r}; {choose_from(whose, names)}")
        for k in called:
            found[k].append(f"{key}{equals}{value}")
    return [tuple(own) for own in found]


def _asked(requests: tuple[str, ...], transport: bool) -> tuple[str, ...]:
    """The metrics on request; ionic conduction has an option of its own."""
    return (*requests, "transport") if transport else requests


def override_of(text: str) -> tuple[str, Any]:
    """`key=value`; the value is read as TOML, and as plain text where that fails."""
    path, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--set {text}: must have the form key=value")
    try:
        read = tomllib.loads(f"value = {value}")
        return path.strip(), read["value"] if len(read) == 1 else value.strip()
    except (ValueError, RecursionError):
        return path.strip(), value.strip()


def _device(text: str) -> dict[str, str | float]:
    """The [device] of the command line: width, length and perhaps thickness, µm or with a unit."""
    edges = re.split(r"\s*[x×,]\s*", text.strip())
    if len(edges) not in (2, 3):
        raise InputError(f'device: must be two or three lengths such as "2 mm x 2 mm"; got {text!r}')
    return {key: _length("device", edge) for key, edge in zip(("width", "length", "thickness"), edges, strict=False)}


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


def _keep(error: GeometryError, folder: Path) -> None:
    """Writes the mesh that failed its checks into the folder that was meant for the files, so that it can be looked at."""
    if error.walls is None:
        return
    from geom3d.core.files import make_folder, replacing
    from geom3d.exports.stl import write_stl

    path = folder / "failed-mesh.stl"
    try:
        make_folder(folder)
        with replacing(path) as file:
            write_stl(file, error.walls, list(range(len(error.walls.names))), (1, 1), 1.0, "geom3d failed mesh, um")
    except Geom3dError as second:
        say(str(second))
    else:
        say(f"the mesh was written to {path} (µm) for inspection; please report it with the template")
