"""Parameters of any type: what `describe` says of them, and what is said of a wrong value."""

from __future__ import annotations

from enum import Enum, IntEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from geom3d.architectures import ParametersBase, Size
from geom3d.cell.describe import is_length, limits, rows
from geom3d.core.validation import explain


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Count(IntEnum):
    ONE = 1
    TWO = 2


class Foot(BaseModel, extra="forbid"):
    radius: Size = 1.0
    kind: str = "round"


class Parameters(ParametersBase):
    """One of each."""

    length: Annotated[Size, Field(description="a length")] = 2.5
    maybe: Size | None = None
    choice: Literal["a", 2] = "a"
    colour: Colour = Colour.BLUE
    count: Count = Count.TWO
    flag: bool = True
    word: Annotated[str, Field(min_length=2)] = "ab"
    whole: Annotated[int, Field(gt=0, lt=9)] = 3
    share: Annotated[float, Field(ge=0)] = 0.5
    low: Annotated[float, Field(le=4)] = 0.5
    free: float = 1.0
    number_or_word: int | str = 4
    lengths: list[Size] = Field(default_factory=lambda: [1.0, 2.0])
    pair: tuple[int, str] = (1, "x")
    nested: list[list[Annotated[float, Field(ge=0, le=1)]]] = [[0.5], []]
    table: dict[str, float] = {"a": 1.0}
    foot: Foot = Foot()
    path: Path = Path("a/b")


SAID = {
    "length": ("µm", "0.001 … 100000", "2.5"),
    "maybe": ("µm", "0.001 … 100000", "–"),
    "choice": ("", "a | 2", "a"),
    "colour": ("", "red | blue", "blue"),
    "count": ("", "1 | 2", "2"),
    "flag": ("", "true | false", "true"),
    "word": ("", "text", "ab"),
    "whole": ("", "> 0 … < 9", "3"),
    "share": ("", "≥ 0", "0.5"),
    "low": ("", "≤ 4", "0.5"),
    "free": ("", "any number", "1"),
    "number_or_word": ("", "any number or text", "4"),
    "lengths": ("µm", "list of 0.001 … 100000", "[1.0, 2.0]"),
    "pair": ("", "list of any number, text", '[1, "x"]'),
    "nested": ("", "list of list of 0 … 1", "[[0.5], []]"),
    "table": ("", "table", '{"a": 1.0}'),
    "foot": ("", "table of radius, kind", '{"radius": 1.0, "kind": "round"}'),
    "path": ("", "Path", "a/b"),
}


def test_every_type_has_a_range_and_a_default():
    found = {
        name: (unit, span, default) for name, unit, span, default, _ in rows(SimpleNamespace(Parameters=Parameters))
    }
    assert found == SAID


def test_limits_are_infinite_where_there_are_none():
    fields = Parameters.model_fields
    assert limits(fields["length"]) == (1e-3, 1e5)
    assert limits(fields["share"]) == (0, float("inf"))
    assert limits(fields["word"]) == (-float("inf"), float("inf"))
    assert [name for name, info in fields.items() if is_length(info)] == ["length", "maybe", "lengths"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"flag": "perhaps"}, "parameters.flag: must be true or false; got 'perhaps'"),
        ({"colour": "green"}, "parameters.colour: must be one of 'red' or 'blue'; got 'green'"),
        ({"word": 5}, "parameters.word: must be text in quotes; got 5"),
        ({"number_or_word": 1.5}, "parameters.number_or_word: must be a whole number; got 1.5"),
        ({"lengths": 5}, "parameters.lengths: must be a list; got 5"),
        ({"lengths": [1, "5 V"]}, "parameters.lengths.1: must be a length; V cannot be converted to µm; got '5 V'"),
        ({"nested": [[0.5], [2]]}, "parameters.nested.1.0: must be at most 1; got 2"),
        ({"foot": {"radius": -1}}, "parameters.foot.radius: must be at least 0.001; got -1"),
        ({"foot": {"kinds": "x"}}, "parameters.foot.kinds: unknown key; did you mean 'kind'? valid: kind, radius"),
        ({"maybe": "five"}, "parameters.maybe: must be a length"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(given, words):
    with pytest.raises(ValidationError) as caught:
        Parameters.model_validate(given)
    assert explain(caught.value, Parameters, given, "parameters").startswith(words)
