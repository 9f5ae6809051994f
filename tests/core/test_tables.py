"""Tables: one model, and what each of its media makes of it."""

from __future__ import annotations

import csv

import pytest

from geom3d.cli.tables import print_table
from geom3d.core.tables import Column, Entry, Kind, Table, comma_separated, exact, markdown, show

COLUMNS = (
    Column("part", key="name"),
    Column("width", Kind.SIZES, "µm"),
    Column("gain", Kind.NUMBERS, key="area_gain.anode", meaning="area per footprint"),
    Column("off by", Kind.DEVIATIONS),
)
ROWS = [["post | [red]a", 12.34567, Entry(1234567.0, 0.01234), -0.000123], ["rim\nb", None, 3, "none"]]


@pytest.fixture
def table() -> Table:
    return Table.of(COLUMNS, ROWS, "two parts")


def test_values_are_written_by_the_kind_of_their_column(table):
    assert table.texts() == [
        ["post | [red]a", "12.35", "1.23457e+06 ± 0.012", "-1.23e-04"],
        ["rim\nb", "–", "3", "none"],
    ]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, Kind.NUMBERS, "–"),
        (0.1 + 0.2, Kind.NUMBERS, "0.3"),
        (0.1 + 0.2, Kind.WORDS, "0.3"),
        (12345678, Kind.NUMBERS, "12345678"),  # a count or a seed is not rounded
        (12345678, Kind.SIZES, "1.235e+07"),
        (0, Kind.DEVIATIONS, "+0.00e+00"),
        ("1e3", Kind.SIZES, "1e3"),
    ],
)
def test_what_people_see_of_a_value(value, kind, expected):
    assert show(value, kind) == expected


def test_exact_numbers_have_no_tail():
    assert [exact(v) for v in (3.0, 0.1, 1e-05, 7, "a", None)] == ["3", "0.1", "1e-05", "7", "a", ""]


def test_a_table_is_the_same_by_rows_and_by_columns(table):
    pairs = list(table.by_column())
    assert [column for column, _ in pairs] == list(COLUMNS)
    assert pairs[1][1] == (Entry(12.34567), Entry(None))
    assert Table.of_columns(pairs, table.title) == table


def test_rows_have_as_many_entries_as_there_are_columns():
    with pytest.raises(ValueError, match="'short': a row of 1 entries under 2 columns"):
        Table.of(COLUMNS[:2], [["a", 1.0], ["b"]], "short")
    with pytest.raises(ValueError, match="shorter"):
        Table.of_columns([(COLUMNS[0], ["a", "b"]), (COLUMNS[1], [1.0])])


def test_markdown_puts_numbers_to_the_right_and_keeps_one_line_per_row(table):
    assert markdown(table).splitlines() == [
        "| part | width | gain | off by |",
        "| --- | ---: | ---: | ---: |",
        "| post \\| [red]a | 12.35 | 1.23457e+06 ± 0.012 | -1.23e-04 |",
        "| rim b | – | 3 | none |",
    ]


def test_csv_loses_no_digit(table):
    head, *rows = csv.reader(comma_separated(table).splitlines(keepends=True))
    assert head == ["part", "width", "gain", "off by"]
    assert rows == [["post | [red]a", "12.34567", "1234567.0", "-0.000123"], ["rim\nb", "", "3", "none"]]


def test_a_terminal_shows_title_units_and_words_as_they_are(table, capsys):
    print_table(table)
    title, *lines = capsys.readouterr().out.splitlines()
    assert title == "two parts"
    head, _, first, *_ = [line.rstrip() for line in lines if line.strip()]
    assert head.split() == ["part", "width", "µm", "gain", "off", "by"]
    assert first.startswith(" post | [red]a")
    assert first.endswith("-1.23e-04"), "numbers stand at the right edge"
    assert head.index("width µm") + len("width µm") == first.index("12.35") + len("12.35")


def test_headings_tell_the_unit():
    assert [COLUMNS[1].heading, COLUMNS[1].short_heading] == ["width (µm)", "width µm"]
    assert [COLUMNS[0].heading, COLUMNS[0].short_heading] == ["part", "part"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry(12.34567, 0.0213), "12.346 ± 0.021"),
        (Entry(8.9999, 0.031), "9.000 ± 0.031"),  # zeros that are known are written
        (Entry(123456.7, 2100.0), "123500 ± 2.1e+03"),
        (Entry(12.34567, 1e-12), "12.3457 ± 1e-12"),  # six digits at most
        (Entry(0.3, 9.96), "0 ± 10"),  # 10 has two digits, too, when 9.96 is rounded
        (Entry(0.004, 2.6), "0 ± 2.6"),
        (Entry(3.3e-16, None, 1.0), "0"),
        (Entry(-3.3e-16, 1e-17, 1.0), "0 ± 1e-17"),
        (Entry(3.3e-16, None, 1e-9), "3.3e-16"),
        (Entry(0.0, 0.5), "0 ± 0.5"),
    ],
)
def test_numbers_end_where_their_uncertainty_begins(entry, expected):
    (row,) = Table.of([Column("n", Kind.NUMBERS)], [[entry]]).texts()
    assert row == [expected]
    assert comma_separated(Table.of([Column("n", Kind.NUMBERS)], [[entry]])) == f"n\n{entry.value}\n"
