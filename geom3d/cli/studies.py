"""The commands that search: one unknown for one target, sweeps and optimisation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from geom3d.cli.app import Json, Overrides, Source, override_of
from geom3d.cli.tables import as_json, print_numbers, say
from geom3d.core.errors import InputError
from geom3d.core.files import replacing


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
) -> None:
    """Solve for one key of a template: at which value is a number of the report what you want?"""
    from geom3d.api import solve as find

    number, equals, text = for_.partition("=")
    wanted = _number(text)
    if not equals or wanted is None:
        raise InputError(f"for: must be a number of the report and its value, capacity_uAh_cm2.cell=300; got {for_!r}")
    ends = None if between is None else (_plain(between[0]), _plain(between[1]))
    found = find(template, vary, {number.strip(): wanted}, dict(map(override_of, set_)), between=ends)
    report = found.design.measure()
    if output is not None:
        with replacing(output) as file:
            file.write(found.text.encode())
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


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _plain(text: str) -> Any:
    """A number, or text with a unit."""
    number = _number(text)
    return text if number is None else number
