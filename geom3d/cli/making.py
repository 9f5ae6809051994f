"""The commands that write files: of a battery, of several side by side, and pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from geom3d.cli.options import (
    Device,
    MaxMemory,
    Overrides,
    Requests,
    Source,
    Temperature,
    Transport,
    asked,
    cells,
    length,
    loaded,
    paper_width,
)
from geom3d.cli.tables import print_numbers, say
from geom3d.core.errors import Geom3dError, GeometryError, InputError, choose_from


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
        Parameter(converter=cells, help="Unit cells in x and y; the template's where left out."),
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

    design = loaded(template, set_, asked(request, transport), temperature, device)
    lengths = {"max_edge": max_edge, "voxel": voxel, "pixel": pixel, "layer_height": layer_height}
    options = Options(**{key: None if text is None else length(key, text) for key, text in lengths.items()})
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
    requests = asked(request, transport)
    names = _with_studies((template, *templates))
    changes = _per_design(set_, names)
    designs = [loaded(name, own, requests, temperature) for name, own in zip(names, changes, strict=True)]
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
    repeat: Annotated[tuple[int, int] | None, Parameter(converter=cells, help="Unit cells in x and y.")] = None,
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
    look |= {"width": None if width is None else paper_width(width), "dpi": dpi, "camera": camera}
    look |= {"title": not no_title, "legend": not no_legend}
    module.render(loaded(template, set_), output, **look)
    print(output)


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
