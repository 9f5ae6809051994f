"""The report as people see it: in a notebook, words of a template are words."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import geom3d
from geom3d.metrics.report import Report, _rough

HOSTILE = "<b a='1' b=\"2\">&amp; {{ 7 * 6 }}</table>"


class Reader(HTMLParser):
    """The tags, in order, and the words of a table's cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        if data.strip():
            self.words.append(data)


def test_a_notebook_shows_names_numbers_and_warnings_as_they_are():
    data = {
        "title": f"title {HOSTILE}",
        "warnings": [f"warning {HOSTILE}"],
        "thickness_equivalent_um": {HOSTILE: 1.23456789},
        "uncertainty": {f"thickness_equivalent_um.{HOSTILE}": 0.0123},
        "smallest_feature_um": None,
    }
    reader = Reader()
    shown = Report(data)._repr_html_()
    assert '<table style="margin-left:0">' in shown  # notebooks centre tables
    assert shown.count("text-align:left") == 3
    reader.feed(shown)
    assert reader.tags == ["h4", "p", "b", "table", "tr", "td", "td", "td", "td"]
    title, warning, name, value, unit, error = reader.words
    assert (title, warning) == (f"title {HOSTILE}", f"warning {HOSTILE}")
    assert name.endswith(HOSTILE)
    assert (value, unit, error) == ("1.235", "µm", "± 0.012")  # to the uncertainty


def test_a_notebook_shows_the_answer_in_a_short_table():
    """Key figures alone: what is asked first, left-aligned, in few digits; all others are counted."""
    design = geom3d.load("pillars-coated")
    shown = design.measure()._repr_html_()
    reader = Reader()
    reader.feed(shown)
    assert reader.words[: 3 + len(design.measure().warnings)][-2:] == ["area gain of the scaffold", "7.804"]
    assert shown.count("<tr>") <= 12
    assert len(shown) < 4000
    numbers = [word for word in reader.words if re.fullmatch(r"[\d.]+", word)]
    assert len(numbers) == 9
    assert all(len(word.replace(".", "").lstrip("0")) <= 4 for word in numbers)
    assert f"{sum(row.value is not None for row in design.measure().rows())} numbers in all" in shown


def test_rounding_is_shown_as_nothing_and_kept_for_machines():
    data = {
        "title": "t",
        "warnings": [],
        "thickness_equivalent_um": {"a": 1e-17, "b": 2.0, "c": 2.1e-9},
        "volume_fraction": {"void": -3e-17, "a": 1.0},
        "transport": {"resistance_ohm_cm2": 1e7, "to_planar": 1e-3},
        "uncertainty": None,
    }
    report = Report(data)
    shown = {row.path: row.text for row in report.rows() if row.value is not None}
    assert shown == {
        "thickness_equivalent_um.a": "0",
        "thickness_equivalent_um.b": "2",
        "thickness_equivalent_um.c": "2.1e-09",
        "volume_fraction.void": "0",
        "volume_fraction.a": "1",
        "transport.resistance_ohm_cm2": "1e+07",
        "transport.to_planar": "0.001",  # a ratio is held against ratios, not against ohms
    }
    assert json.loads(report.to_json()) == data


def test_percents_are_told_of_something_only():
    values = {"a": 1e-13, "b": 1e-6, "c": 0.0, "d": 0.5, "e": 0.02, "f": 0.5}
    report = Report({"title": "t", "warnings": [], "volume_fraction": values, "uncertainty": None})
    errors = {"a": 1e-4, "b": 1.4e-3, "c": 0.1, "d": 0.05, "e": 0.03, "f": 1e-3}
    (text,) = _rough(report, {f"volume_fraction.{name}": error for name, error in errors.items()}, 0.1)
    # a and c are nothing, b is next to nothing, f is known well enough.
    assert "volume_fraction.d (10 %), volume_fraction.e (± 0.03); a smaller" in text
    assert text.startswith("uncertain by more than 1 % at a grid step of 0.1 µm: volume_fraction.d")


def test_the_work_of_the_solver_is_no_result():
    transport = {"resistance_ohm_cm2": 53.0, "unknowns": 4711, "method": "bounds", "current_balance": 1e-9}
    report = Report({"title": "t", "warnings": [], "transport": transport, "uncertainty": None})
    assert [row.path for row in report.rows() if row.value is not None] == ["transport.resistance_ohm_cm2"]
    assert json.loads(report.to_json())["transport"] == transport
