"""Words of strangers: what is refused, and what is escaped where it is written."""

from __future__ import annotations

import csv
import io
import sys
import unicodedata

import pytest

from geom3d.core.drawn import drawing
from geom3d.core.tables import Column, Table, comma_separated
from geom3d.core.texts import in_csv, in_markdown, on_screen, words


def test_every_character_is_refused_or_can_be_printed():
    """Python's own notion of what can be printed, but for letters that this Python does not know yet, private ones, spaces and joiners."""
    taken = {"Zs", "Co", "Cn", "Cf"}
    for code in (*range(0x10000), *range(0x10000, sys.maxunicode, 97), 0x1FFFE, sys.maxunicode):
        character = chr(code)
        try:
            kept = words(f"a{character}b")
        except ValueError:
            assert not character.isprintable(), hex(code)
            assert on_screen(character) != character or character in "\n\t"
            continue
        assert kept == f"a{character}b" or character in "\r\n\t"
        assert character.isprintable() or unicodedata.category(character) in taken or character in "\r\n\t", hex(code)
        kept.encode("utf-8")


@pytest.mark.parametrize("said", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "-", "-2.5 µm", "+cmd|' /C calc'!A0"])
def test_words_that_begin_like_a_formula_are_words_of_a_sheet(said):
    table = Table.of([Column("=title"), Column("number")], [[said, -1.5e-3], ["LiCoO2", float("-inf")]])
    (title, _), (first, number), (second, least) = csv.reader(io.StringIO(comma_separated(table)))
    assert (title, first, second) == ("'=title", f"'{said}", "LiCoO2")
    assert (float(number), float(least)) == (-1.5e-3, float("-inf"))
    assert in_csv(first) == first


def test_markdown_shows_words_as_they_are():
    markdown = pytest.importorskip("markdown_it", reason="comes with rich")
    for said in ("<b>a</b>", "a|b", "`x`", "[a](javascript:b)", "![a](http://b)", "&lt;", "AT&T", "a [1] b", "\\<i>"):
        made = markdown.MarkdownIt().render(f"- {in_markdown(said)}")
        shown = made.removeprefix("<ul>\n<li>").removesuffix("</li>\n</ul>\n")
        assert "<" not in shown, said
        assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&quot;", '"') == said


def test_a_drawing_takes_any_words():
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure()
        figure.text(0, 0, "$\\frac{$ 電池")
        FigureCanvasAgg(figure).draw()
