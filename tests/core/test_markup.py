"""HTML from templates: words stay words, and a template gets what it asks for or says so."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from markupsafe import Markup

import geom3d
from geom3d.core.markup import render

PACKAGE = Path(geom3d.__file__).parent
TEMPLATES = sorted(PACKAGE.rglob("assets/*.html"))
HOSTILE = "<b a='1' b=\"2\">&amp; {{ 7 * 6 }}"


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A package with templates of its own, which is found once."""
    place = tmp_path_factory.mktemp("place")
    folder = place / "room_with_templates"
    (folder / "assets").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    text = '{% if word %}\n<p title="{{ word }}">{{ word }}</p>\n{% endif %}\n{{ ours }}'
    (folder / "assets" / "a.html").write_text(text, "utf-8")
    (folder / "assets" / "b.html").write_text("{% for x in missing %}{% endfor %}", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(place)
        yield folder.name


def test_words_are_escaped_in_text_and_in_attributes_but_markup_is_not(room):
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, attrs))

        def handle_data(self, data):
            found.append(data)

    reader = Reader()
    made = render(room, "a.html", word=HOSTILE, ours=Markup("<hr>"))
    reader.feed(made)
    assert found == [("p", [("title", HOSTILE)]), HOSTILE, "\n", ("hr", [])]
    assert made.startswith("<p"), "lines with instructions leave nothing behind"


def test_a_template_that_lacks_something_says_so(room):
    with pytest.raises(jinja2.UndefinedError, match="missing"):
        render(room, "b.html")
    with pytest.raises(jinja2.TemplateNotFound, match=r"c\.html"):
        render(room, "c.html")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_template_switches_escaping_off(path):
    """What is markup is decided in Python, in sight of where it comes from."""
    assert not re.search(r"\|\s*safe\b|autoescape", path.read_text("utf-8"))
