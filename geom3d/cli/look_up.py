"""The commands that tell what there is, and begin a template of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from geom3d.cli.options import Json, Overrides, Source, loaded
from geom3d.cli.tables import as_json, print_table, say
from geom3d.core.errors import InputError, OutputError
from geom3d.core.tables import Column, Kind, Table, Value


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
    _give(loaded(template, set_).cite(), output)


def _give(text: str, output: Path | None) -> None:
    """Prints a text, or writes it to a file and prints its path."""
    from geom3d.core.files import replacing

    if output is None:
        print(text, end="")
        return
    with replacing(output) as file:
        file.write(text.encode())
    print(output)


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
