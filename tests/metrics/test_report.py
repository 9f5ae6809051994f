"""The report as people see it: in a notebook, words of a template are words."""

from __future__ import annotations

from html.parser import HTMLParser

from geom3d.metrics.report import Report

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
    assert (value, unit, error) == ("1.23457", "µm", "± 0.012")
