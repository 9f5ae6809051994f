"""Options that several commands have, and the values of the command line read."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, Token

from geom3d.core.errors import InputError

if TYPE_CHECKING:
    from geom3d.api import Design

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


def memory_limit(_: Any, tokens: Sequence[Token]) -> str:
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
        converter=memory_limit,
        show_default=False,
        help="Memory that may be used, such as 4GB; what needs more is refused beforehand. Half of the machine's where left out.",
    ),
]
Json = Annotated[bool, Parameter(help="Print JSON, for machines.")]
Source = Annotated[str, Parameter(help="Path or name of a template.")]


def cells(_: Any, tokens: Sequence[Token]) -> tuple[int, int]:
    """Numbers of unit cells as they stand: a plain conversion would cut 1.5 to 1."""
    from geom3d.cell.repeat import checked_repeat

    try:
        numbers = [float(token.value) for token in tokens]
    except ValueError:
        raise ValueError(f"--repeat: must be two whole numbers; got {' '.join(t.value for t in tokens)}") from None
    return checked_repeat([int(number) if number.is_integer() else number for number in numbers])


def loaded(
    source: str,
    overrides: tuple[str, ...],
    requests: tuple[str, ...] = (),
    temperature: float | None = None,
    device: str | None = None,
) -> Design:
    """The design of a template with what the command line changes in it and asks of it."""
    from dataclasses import replace

    from geom3d.api import load
    from geom3d.metrics import requested

    if temperature is not None and not requests:
        raise InputError("temperature: nothing asked for depends on it; give --transport or --request as well")
    changes = dict(override_of(text) for text in overrides)
    if device is not None:
        changes["device"] = device_of(device)
    design = load(source, changes)
    design = replace(design, requests=tuple(requested(requests)))
    return design if temperature is None else replace(design, temperature=temperature)


def asked(requests: tuple[str, ...], transport: bool) -> tuple[str, ...]:
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


def device_of(text: str) -> dict[str, str | float]:
    """The [device] of the command line: width, length and perhaps thickness, µm or with a unit."""
    edges = re.split(r"\s*[x×,]\s*", text.strip())
    if len(edges) not in (2, 3):
        raise InputError(f'device: must be two or three lengths such as "2 mm x 2 mm"; got {text!r}')
    return {key: length("device", edge) for key, edge in zip(("width", "length", "thickness"), edges, strict=False)}


def length(key: str, text: str) -> float:
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


def paper_width(text: str) -> float:
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
