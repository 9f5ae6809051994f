"""Templates of strangers, by kind: what they say stays words, what they name stays where it is, and nothing waits or grows without end.

What is wrong is refused with one message that a terminal can show; what is odd but right goes through every format, and comes out as it went in.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import sys
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import openpyxl
import pytest
from pydantic import BaseModel
from shell import command

import geom3d
from geom3d import exports
from geom3d.cell.template import Template
from geom3d.core.errors import InputError
from geom3d.core.texts import LONGEST, words
from geom3d.library.catalogue import LARGEST
from geom3d.library.materials import Material
from geom3d.library.processes import Process
from geom3d.studies.study import Plan

posix = pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")

#: One of each kind, none of which may reach a screen or a file.
CONTROLS = {
    "NUL": "a\0b", "escape": "\x1b[31mred\x1b[0m", "title of the window": "\x1b]0;mine\x07", "backspace": "good\b\b\b\bevil",
    "C1": "\x9b31m", "delete": "a\x7f", "direction": "gpj\u202eexe", "isolate": "\u2066a\u2069", "line": "a\u2028b", "none": "a\uffff",
    "half": "\ud800",
}  # fmt: skip
#: Joined lines apart, these are right.
MARKUP = (
    "</title></script><script>alert(1)</script><img src=x onerror=alert(2)>\"' &amp; ]]> --> {{ 7*7 }} {% raw %} ${x}"
)
ORDERS = "%s %n {0} {} $(touch pwned) `touch pwned` \\input{/etc/passwd} $\\frac{$ #1 ~ ^ | ![x](http://x/y.png)"
RIGHT = {"markup": MARKUP, "orders": ORDERS, "formula": "=1+1", "long": "w" * LONGEST, "scripts": "電池 😀 بطارية ñ"}
#: A template with words of a stranger everywhere.
TEMPLATE = """
title = {words}
source = {words}
note = {words}
architecture = "pillars"
parameters = {{pitch = 10, diameter = 5, height = 10}}
repeat = [2, 1]
[materials.scaffold]
material = "mine"
[materials.mine]
title = {words}
formula = {words}
class = {words}
source = {words}
note = {words}
lithium_per_formula = {words}
cautions = {{anode = {words}}}
sources = {{density_g_cm3 = {words}}}
roles = ["substrate", "anode"]
density_g_cm3 = 2
capacity_theoretical_mAh_g = 300
capacity_practical_mAh_g = 200
potential_V = 0.1
[[layers]]
name = {name}
role = "anode"
material = "mine"
thickness = 0.5
[[layers]]
name = "electrolyte"
role = "electrolyte"
material = "lipon"
thickness = 0.5
[[layers]]
name = "cathode"
role = "cathode"
material = "licoo2"
fill_to = 1
[[published]]
metric = "area_gain.scaffold"
value = 3
note = {words}
chosen = {words}
reason = {words}
"""


def text_of(said: str, name: str = "film") -> str:
    """The template as TOML."""
    quoted = [json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f") for text in (said, name)]
    return TEMPLATE.format(words=quoted[0], name=quoted[1])


@contextmanager
def within(seconds: float):
    """Ends what hangs."""

    def late(*_: object) -> None:
        raise TimeoutError

    former = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def refused(*arguments: object) -> str:
    """The message: at most two lines that a terminal shows and does not obey."""
    ended = command(*arguments)
    assert (ended.code, ended.out) == (1, ""), ended.err
    assert 1 <= len(ended.err.splitlines()) <= 2
    assert all(character.isprintable() or character == "\n" for character in ended.err), ended.err
    return ended.err


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# Texts.


def places(value: Any, kind: Any = str, path: tuple[Any, ...] = ()):
    """Path and value of everything of a kind in a description."""
    if isinstance(value, kind):
        yield path, value
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, kind, (*path, key))


GIVEN = tomllib.loads(text_of("words"))
SAID = [*(path for path, value in places(GIVEN) if value == "words"), ("layers", 0, "name")]


@pytest.mark.parametrize("kind", CONTROLS)
def test_what_no_medium_takes_is_refused_in_every_text(kind):
    for path in SAID:
        description = tomllib.loads(text_of("words"))
        *way, last = path
        target = description
        for key in way:
            target = target[key]
        target[last] = f"good {CONTROLS[kind]}"
        with pytest.raises(InputError, match=r"must be (plain text|text that UTF-8|a name without)") as caught:
            geom3d.design(description)
        assert str(last) in str(caught.value)
        assert str(caught.value).isprintable()
    for name in (CONTROLS[kind], "../x", "a/b", "a\\b", "x" * 201):
        with pytest.raises(InputError, match="name: must be a plain name for files"):
            geom3d.design({"architecture": "planar"}, name)
    with pytest.raises(InputError, match=r"materials\..*must be"):
        geom3d.design({"architecture": "planar", "materials": {CONTROLS[kind]: {"roles": ["anode"]}}})


def test_lines_are_joined_and_endless_words_refused():
    design = geom3d.design({"architecture": "planar", "title": " two\r\n\tlines\n", "note": "one\n\ntwo"})
    assert (design.template.title, design.template.note) == (" two lines ", "one two")
    with pytest.raises(
        InputError, match=f"title: must have at most {LONGEST:,} characters; it has {LONGEST + 1:,}"
    ) as caught:
        geom3d.design({"architecture": "planar", "title": "w" * (LONGEST + 1)})
    assert len(str(caught.value)) < 250


#: Texts that choose something, and are looked up: a name that none has is refused.
CHOSEN = {
    "name",
    "architecture",
    "material",
    "template",
    "process",
    "check",
    "record",
    "start",
    "end",
    "derive",
    "colour",
}


def unguarded(model: type[BaseModel], seen: set[type]) -> list[str]:
    """Fields of a model and of those in it that take any text."""
    if model in seen:
        return []
    seen.add(model)
    found = []
    for key, info in model.model_fields.items():
        queue: list[tuple[Any, tuple[Any, ...]]] = [(info.annotation, tuple(info.metadata))]
        while queue:
            annotation, checks = queue.pop()
            own = (*checks, *getattr(annotation, "__metadata__", ()))
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                found += unguarded(annotation, seen)
            elif annotation is str and key not in CHOSEN and not any(getattr(c, "func", None) is words for c in own):
                found.append(f"{model.__name__}.{key}")
            elif hasattr(annotation, "__metadata__"):
                queue.append((annotation.__origin__, own))
            else:
                arguments = get_args(annotation)
                if annotation is not None and getattr(annotation, "__origin__", None) is dict:
                    arguments = arguments[1:]  # keys are names of something known, and refused otherwise
                queue += [(part, ()) for part in arguments if not isinstance(part, str)]
    return found


@pytest.mark.parametrize("model", [Template, Material, Process, Plan])
def test_every_text_of_a_model_is_checked(model):
    assert unguarded(model, set()) == []


class Page(HTMLParser):
    """Elements and attributes that do something."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.alive += [name for name, _ in attrs if name.startswith("on")] + [tag] * (tag in ("script", "img"))


def alive(text: str) -> list[str]:
    page = Page()
    page.feed(text)
    return page.alive


@pytest.mark.slow
@pytest.mark.parametrize("kind", RIGHT)
def test_odd_words_come_out_of_every_format_as_they_went_in(kind):
    said = RIGHT[kind]
    Path("t.toml").write_text(text_of(said, "@SUM(1)'<b>"), "utf-8")
    Path("plain.toml").write_text(text_of("words"), "utf-8")
    formats = [word for name in exports.formats() for word in ("--format", name)]
    sizes = ["--voxel", "2", "--pixel", "2", "--layer-height", "8"]
    other = "planar-licoo2-lipon-lithium"
    for arguments in (
        ["build", "t.toml", "-o", "b", "--set", "tolerance=0.1", *formats, *sizes],
        *(["compare", "t.toml", other, "-o", f"c.{end}"] for end in ("md", "csv", "xlsx", "tex", "json")),
        *(["render", "t.toml", "-o", f"r.{end}"] for end in ("svg", "pdf")),
        ["solve", "t.toml", "--vary", "parameters.height", "--for", "area_gain.scaffold=3", "-o", "s.toml"],
        ["measure", "t.toml", "--all"],
        ["check", "t.toml", "--process", "drie"],
    ):
        ended = command(*arguments)
        assert ended.code in (0, 3), ended.err
        assert all(c.isprintable() or c == "\n" for c in ended.out + ended.err)
    assert not list(Path().rglob("pwned"))
    read = 0
    for path in [*Path("b").rglob("*"), Path("r.svg")]:
        if path.suffix in (".svg", ".lyp", ".vtu", ".vtp"):
            data = path.read_bytes()
            head, raw, _ = data.partition(b'<AppendedData encoding="raw">')
            root = ET.fromstring(head + (b"</VTKFile>" if raw else b""))  # noqa: S314
            assert not [e for e in root.iter() if e.tag.endswith("script")]
            read += 1
    assert read >= 5
    for path in Path("b").glob("*.3mf"):
        with zipfile.ZipFile(path) as archive:
            root = ET.fromstring(archive.read("3D/3dmodel.model"))  # noqa: S314
            assert any(said == (e.text or "") or said in e.attrib.values() for e in root.iter())
    book = openpyxl.load_workbook("c.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert said in {cell.value for cell in cells}
    for path in [*Path("b").glob("*.csv"), Path("c.csv")]:
        written = {cell for row in csv.reader(io.StringIO(path.read_text("utf-8"))) for cell in row}
        assert not [cell for cell in written if re.match(r"[=@]|[+-](?!\d|\.|inf)", cell)], path
        assert said in written or f"'{said}" in written
    assert json.loads(Path("c.json").read_text("utf-8"))["designs"][0]["template"]["title"] == said
    assert not re.search(r"(?<!\\)[<`]", Path("c.md").read_text("utf-8"))
    assert "](http" not in Path("c.md").read_text("utf-8")
    assert not re.search(r"\\input|(?<!\\)\$\(", Path("c.tex").read_text("utf-8"))
    assert tomllib.loads(Path("s.toml").read_text("utf-8"))["title"] == said


@pytest.mark.slow
def test_markup_of_a_stranger_is_dead_in_pages():
    """The same elements as with plain words, no more."""
    pages = []
    for said in ("words", MARKUP):
        Path("t.toml").write_text(text_of(said, "film"), "utf-8")
        ended = command("compare", "t.toml", "t.toml", "--no-pictures", "-o", "c.html")
        assert ended.code == 0, ended.err
        pages.append(alive(Path("c.html").read_text("utf-8")))
    assert pages[0] == pages[1]


# Screens.


def test_a_screen_obeys_no_name_and_no_key():
    odd = "\x1b[31mred\x07\u202e"
    Path("t.toml").write_text(f'architecture = "planar"\n{json.dumps(odd)} = 1\n', "utf-8")
    assert "\\x1b[31mred\\x07\\u202e: unknown key" in refused("measure", "t.toml")
    for arguments in (
        ["measure", f"{odd}.toml"],
        ["measure", "planar-licoo2-lipon-lithium", "--set", f"{odd}=1"],
        ["describe", odd],
        ["list", odd],
        ["check", "planar-licoo2-lipon-lithium", "--process", odd],
        ["build", "planar-licoo2-lipon-lithium", "-o", "b", "--format", odd],
        ["sweep", f"{odd}.toml", "-o", "s"],
    ):
        refused(*arguments)
    Path(f"{odd}.toml").write_text('architecture = "planar"\n', "utf-8")
    assert "must be a plain name for files" in refused("measure", f"{odd}.toml")


# Numbers.

NUMBERS = [
    "1e308",
    "-1e308",
    "1e-308",
    "5e-324",
    "-0.0",
    "0",
    "1" + "0" * 400,
    "9223372036854775808",
    "-1",
    "1e5",
    "1e-4",
]


def numeric(model: type[BaseModel]) -> list[str]:
    """Keys that take a number."""

    def takes(annotation: Any) -> bool:
        return annotation in (int, float) or any(takes(part) for part in get_args(annotation))

    return [info.alias or key for key, info in model.model_fields.items() if takes(info.annotation)]


def outcome(description: dict[str, Any], key: str) -> str:
    """Whether a design is refused with a message that names the key, or measured with finite numbers."""
    try:
        report = geom3d.design(description).measure()
    except InputError as error:
        return "" if key in str(error) and len(str(error)) < 400 else str(error)
    json.loads(report.to_json(), parse_constant=pytest.fail)
    return "measured"


@pytest.mark.parametrize("key", numeric(Material))
def test_any_number_of_a_material_is_refused_or_gives_finite_numbers(key):
    description = tomllib.loads(text_of("words"))
    mine = description["materials"]["mine"]
    if key == "utilisation":
        del mine["capacity_practical_mAh_g"]
    found = []
    for number in NUMBERS:
        mine[key] = json.loads(number)
        found.append(outcome(description, "materials.mine"))
    assert set(found) <= {"", "measured"}
    assert "" in found


#: A whole description of each kind, with all numbers that it may have.
WHOLE = """
architecture = "pillars"
repeat = [2, 3]
tolerance = 0.05
parameters = {pitch = 10.0, diameter = 5.0, height = 10.0, backing = 0.0, base = 1.0}
device = {width = 1000.0, length = 2000.0, thickness = 100.0, margin = 10.0, capacity = 0.1, voltage = 3.0}
published = [{metric = "area_gain.scaffold", value = 3.0}]
layers = [
    {name = "anode", role = "anode", material = "lto", thickness = 0.5, utilisation = 0.5},
    {name = "electrolyte", role = "electrolyte", material = "lipon", thickness = 0.5},
    {name = "cathode", role = "cathode", material = "licoo2", fill_to = 1.0},
]
"""
NUMERIC = [path for path, value in places(tomllib.loads(WHOLE), int | float)]


@pytest.mark.parametrize("path", NUMERIC, ids=lambda path: ".".join(map(str, path)))
def test_any_number_of_a_template_is_refused_or_gives_finite_numbers(path):
    *way, last = path
    key = path[0] if path[0] == "device" else next(str(part) for part in reversed(path) if isinstance(part, str))
    for number in NUMBERS:
        description = tomllib.loads(WHOLE)
        target: Any = description
        for part in way:
            target = target[part]
        target[last] = json.loads(number)
        assert outcome(description, key) in ("", "measured"), number


# Files.


def sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


@posix
@pytest.mark.parametrize("kind", ["pipe", "loop", "nowhere", "folder", "gigabyte", "device", "endless", "binary"])
def test_a_file_that_is_none_is_refused_at_once(kind):
    odd = Path("odd.toml")
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "folder":
        odd.mkdir()
    elif kind == "gigabyte":
        sparse(odd, 10**9)
    elif kind == "binary":
        odd.write_bytes(b"\xff\xfe\x00")
    else:
        odd.symlink_to({"loop": "odd.toml", "nowhere": "gone.toml", "device": "/dev/tty", "endless": "/dev/zero"}[kind])
    for name in ("odd.toml", "odd"):
        Path("t.toml").write_text(
            f'architecture = "planar"\n[[layers]]\nname = "film"\nrole = "anode"\nmaterial = "{name}"\nthickness = 1\n',
            "utf-8",
        )
        with within(10):
            assert "odd" in refused("measure", "t.toml")
    theirs = [["check", "planar-licoo2-lipon-lithium", "--process", odd]]
    if kind not in ("pipe", "device"):  # of what the user names, a pipe may be meant
        theirs += [["measure", odd], ["sweep", odd, "-o", "s"]]
    for arguments in theirs:
        with within(10):
            assert "odd.toml" in refused(*arguments)


@posix
def test_a_template_may_come_through_a_pipe():
    os.mkfifo("pipe.toml")
    if os.fork() == 0:
        Path("pipe.toml").write_text('architecture = "planar"\n', "utf-8")
        os._exit(0)
    with within(10):
        assert command("measure", "pipe.toml").code == 0
    os.wait()


def test_a_large_but_sensible_description_is_read():
    Path("t.toml").write_text('architecture = "planar"\n' + "# filler\n" * 100_000, "utf-8")
    assert command("measure", "t.toml").code == 0
    assert LARGEST > 9 * 100_000


def test_what_is_opened_lies_where_template_or_user_said():
    """A stranger's template reads nothing of the machine but what it names beside itself."""
    folder, other = Path("theirs"), Path("other")
    for place in (folder, other):
        place.mkdir()
    (other / "secret.toml").write_text('title = "x"\nroles = ["anode"]\n', "utf-8")
    (folder / "beside.toml").write_text(
        'title = "x"\nroles = ["anode"]\ndensity_g_cm3 = 1\ncapacity_practical_mAh_g = 1\ncapacity_theoretical_mAh_g = 1\n',
        "utf-8",
    )
    layer = '[[layers]]\nname = "film {k}"\nrole = "anode"\nmaterial = "{name}"\nthickness = 1\n'
    opened: list[str] = []
    listening = True

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if listening and event == "open" and isinstance(arguments[0], str):
            opened.append(os.path.realpath(arguments[0]))

    sys.addaudithook(hear)
    try:
        for name in (
            "beside",
            "../other/secret",
            "~/secret",
            "$HOME/secret",
            "/etc/passwd",
            "file:///etc/passwd",
            "secret",
            "lto",
        ):
            (folder / "t.toml").write_text('architecture = "planar"\n' + layer.format(k=0, name=name), "utf-8")
            ended = command("measure", folder / "t.toml")
            assert ended.code == (0 if name in ("beside", "lto") else 1), name
    finally:
        listening = False
    theirs = [path for path in opened if path.endswith((".toml", "passwd"))]
    assert theirs
    own = (str(folder.resolve()), str(Path(geom3d.__file__).resolve().parent.parent))
    assert not [path for path in theirs if not path.startswith(own) and "site-packages" not in path]


# Depth.


def test_what_is_nested_too_deep_is_refused():
    for text in (
        "a = " + "[" * 20_000,
        "a = " + "{a=" * 5000,
        "[" + ".".join("a" * 20_000) + "]",
        "a = " + "[" * 21 + "]" * 21,
    ):
        Path("t.toml").write_text(text, "utf-8")
        assert re.search("not valid TOML|nested at most 20 deep", refused("measure", "t.toml"))
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    around: dict[str, Any] = {"architecture": "planar"}
    around["materials"] = around
    for description in ({"architecture": "planar", "materials": deep}, around):
        with pytest.raises(InputError, match="nested at most 20 deep"):
            geom3d.design(description)
