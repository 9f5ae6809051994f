"""Comparisons: every form holds the numbers of the reports, as independent readers find them."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pytest
import shapely
from matplotlib.image import imread

import geom3d
from geom3d import metrics, rendering
from geom3d.cli.app import run
from geom3d.comparison import compare, summary, texts
from geom3d.comparison.charts import CHARTS, WIDTHS
from geom3d.comparison.drawing import Canvas
from geom3d.comparison.model import BEYOND, STEPS, VOID, lighter, model_of
from geom3d.comparison.page import page
from geom3d.comparison.sheets import workbook
from geom3d.comparison.summary import Parts, gather, labels
from geom3d.comparison.tables import key_figures, numbers, settings
from geom3d.core.errors import InputError
from geom3d.library.materials import find
from geom3d.metrics.report import Report

NAMES = ("planar-licoo2-lipon-lithium", "pillars-coated", "trenches-notten-2007", "microtubes-eustache-2014")
VOID_ELEMENTS = {"meta", "input", "img", "br", "wbr", "link", "hr", "path", "use"}


@cache
def designs() -> tuple[geom3d.Design, ...]:
    """Prisms, some with conduction, a half cell, and a sponge."""
    plane, *some, half = (
        replace(geom3d.load(name), requests=() if name == "pillars-coated" else ("transport",)) for name in NAMES
    )
    return plane, *some, half, geom3d.load("sponge-gyroid-lto", {"resolution": 0.4})


@cache
def summaries() -> tuple[summary.Summary, ...]:
    return tuple(gather(designs(), Parts(models=True)))


@cache
def html() -> str:
    return page(summaries())


class Reader(HTMLParser):
    """Reads HTML strictly: every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID_ELEMENTS - {"path", "use"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())


@cache
def read() -> Reader:
    reader = Reader()
    reader.feed(html())
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_is_well_formed_and_names_are_its_own():
    names = [attributes["id"] for _, attributes in read().elements if "id" in attributes]
    assert len(names) == len(set(names)) > 100
    targets = {
        v[1:] for _, a in read().elements for k, v in a.items() if k in ("href", "xlink:href") and v.startswith("#")
    }
    assert targets <= set(names)


def test_the_page_loads_nothing():
    """Neither an attribute nor a style leads out of the file; a policy in the page forbids the browser to try."""
    loading = {"src", "href", "xlink:href", "srcset", "poster", "data", "action", "formaction", "background", "ping"}
    for tag, attributes in read().elements:
        for key in loading & set(attributes):
            assert re.match(r"#|data:", attributes[key]), (tag, key, attributes[key][:80])
        assert "@import" not in (attributes.get("style") or "")
    assert not re.search(r"@import|url\(\s*['\"]?(?!#|data:)[a-z/.]", html().split("<script")[0])
    assert "default-src 'none'" in html()


def test_every_number_of_the_reports_stands_in_the_page():
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', html(), flags=re.DOTALL)[1]
    kept = json.loads(data, parse_constant=pytest.fail)
    assert [d["report"] for d in kept["designs"]] == [json.loads(d.measure().to_json()) for d in designs()]
    shown = {
        float(a["data-value"])
        for t, a in read().elements
        if t == "td" and a.get("class") == "number" and "data-value" in a
    }
    for design in designs():
        for row in design.measure().rows():
            if isinstance(row.value, int | float):
                assert float(row.value) in shown, row.path


#: Words that would be a script, an attribute, a bar of Markdown or an instruction of a template if they were not mere words.
HOSTILE = """<b>&"'</script><script>alert(1)</script>` {{ 7 * 6 }} {% raw %} | """


@cache
def hostile() -> summary.Summary:
    """A design whose words are all hostile: those of the template, of its layers and of a material, its label and a warning."""
    known = find("licoo2").model_dump(mode="json", by_alias=True, exclude={"aliases"}, exclude_none=True)
    words = {key: f"{key} {HOSTILE}" for key in ("title", "formula", "source")}
    layers = [{"name": "<i>&'x", "role": "cathode", "material": "own", "thickness": 1}]
    design = geom3d.design(
        {
            "title": f"name {HOSTILE}",
            "source": f"origin {HOSTILE}",
            "note": f"note {HOSTILE}",
            "architecture": "planar",
            "materials": {"own": {**known, **words}},
            "layers": layers,
        }
    )
    (found,) = gather([design], Parts(models=True))
    report = Report({**found.report.data, "warnings": [f"warning {HOSTILE}"]})
    return replace(found, label=f"label {HOSTILE}", report=report)


def test_words_of_a_user_are_no_markup():
    made = page([hostile()], [f"notice {HOSTILE}"])
    assert "<b>&" not in made
    assert "<i>" not in made.replace("<i>Turn in 3D</i>", "")
    assert "alert(1)</script>" not in made
    reader = Reader()
    reader.feed(made)
    assert reader.open == []
    said = " ".join("".join(reader.words).split())
    for word in ("name", "origin", "note", "label", "title", "formula", "source", "warning", "notice"):
        assert f"{word} {' '.join(HOSTILE.split())}" in said, word
    assert "<i>&'x: thickness" in said


def test_words_of_a_user_break_no_table_of_markdown():
    made = texts.markdown([hostile()])
    for line in made.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4), line
    assert not re.search(r"(?<!\\)[<`]", made), "markup of the user's is live"
    assert r"\<b>&\"'\</script>\<script>alert(1)\</script>\` {{ 7 * 6 }} {% raw %} \|".replace(r"\"", '"') in made


def test_csv_agrees_with_the_reports():
    rows = list(csv.reader(texts.comma_separated(summaries()).splitlines()))
    assert rows[0][2:] == [*NAMES, "sponge-gyroid-lto"]
    cells = {row[0]: row[2:] for row in rows[1:]}
    for k, design in enumerate(designs()):
        for row in design.measure().rows():
            if row.value is not None:
                assert cells[row.path][k] == str(row.value)
    assert cells["layers.barrier.thickness"][1] == "0.05"


def test_json_agrees_with_the_reports():
    kept = json.loads(texts.as_json(summaries()), parse_constant=pytest.fail)
    assert [d["report"] for d in kept["designs"]] == [d.measure().data for d in designs()]
    assert {m["path"] for m in kept["metrics"]} == {m.path for m in metrics.catalogue()}


def test_workbook_agrees_with_the_reports():
    data = workbook(summaries())
    assert data == workbook(summaries()), "the same designs, other bytes"
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    titles, keys, units, *rows = book["numbers"].iter_rows(values_only=True)
    known = {column.key: column for column in numbers(summaries()).columns[1:]}
    assert set(keys[1:]) == set(known)
    for title, key, unit in zip(titles[1:], keys[1:], units[1:], strict=True):
        assert (title, unit or "") == (known[key].title, known[key].unit)
    for design, row in zip(designs(), rows, strict=True):
        cells = dict(zip(keys, row, strict=True))
        for entry in design.measure().rows():
            # Excel keeps 15 to 17 digits of a number, and as a number.
            expected = pytest.approx(entry.value, rel=1e-14) if isinstance(entry.value, float) else entry.value
            assert cells.get(entry.path) == expected, entry.path
    names, paths, units, *rows = book["parameters"].iter_rows(values_only=True)
    pitch = paths.index("parameters.pitch")
    assert (names[pitch], units[pitch], rows[1][pitch], rows[0][pitch]) == ("pitch", "µm", 8, None)
    share = sum(row[4] for row in book["distances"].iter_rows(min_row=3, values_only=True))
    assert share == pytest.approx(2 * (len(designs()) - 1))  # all but the half cell have two electrodes
    meanings = {row[0]: row[3] for row in book["definitions"].iter_rows(min_row=2, values_only=True)}
    assert meanings["area_gain.anode"] == metrics.metric_of("area_gain.anode").meaning
    assert "sponge.solid_fraction" in next(book["uncertainty"].iter_rows(min_row=2, max_row=2, values_only=True))


def test_a_metric_of_tomorrow_appears_by_itself(monkeypatch):
    """Neither tables nor files have a list of metrics to keep in step."""
    metric = metrics.Metric("tomorrow.*", "of tomorrow", "Ω·cm²", "a quantity that is not yet known", 46.5)
    extra = SimpleNamespace(METRICS=(metric,), measure=lambda sample: metrics.Measured({"tomorrow": {"a": 1.25}}))
    known = metrics.modules()
    monkeypatch.setattr(metrics, "modules", lambda: (*known, extra))
    metrics.catalogue.cache_clear()
    try:
        shown = gather([geom3d.load(NAMES[0])], Parts())
        assert "tomorrow.a,Ω·cm²,1.25" in texts.comma_separated(shown)
        assert "| of tomorrow: a | 1.25 | Ω·cm² |" in texts.markdown(shown)
        assert json.loads(texts.as_json(shown))["designs"][0]["report"]["tomorrow"] == {"a": 1.25}
        made = page(shown)
        assert 'data-path="tomorrow.a"' in made
        assert "a quantity that is not yet known" in made
        sheet = openpyxl.load_workbook(io.BytesIO(workbook(shown)))["numbers"]
        assert "tomorrow.a" in [cell.value for cell in sheet[2]]
    finally:
        metrics.catalogue.cache_clear()


def test_key_figures_are_those_that_metrics_declare():
    columns = key_figures(numbers(summaries())).columns[1:]
    assert [(column.title, column.key) for column in columns] == [
        ("area gain, anode", "area_gain.anode"),
        ("area gain, cathode", "area_gain.cathode"),
        ("capacity", "capacity_uAh_cm2.cell"),
        ("limited by", "capacity_uAh_cm2.limiting"),
        ("N/P", "capacity_uAh_cm2.n_to_p"),
        ("energy", "energy_mWh_cm2"),
        ("least distance", "inter_electrode_distance_um.anode.min"),
        ("mean distance", "inter_electrode_distance_um.anode.mean"),
        ("ionic resistance", "ionic_resistance_ohm_cm2"),
        ("equivalent aspect ratio", "equivalent_aspect_ratio"),
        ("smallest feature", "smallest_feature_um"),
    ]
    heads = re.search(r'<table id="key".*?</thead>', html(), flags=re.DOTALL)[0]
    found = [head.strip() for head in re.findall(r"<button[^>]*>([^<]*)", heads)]
    assert found[1:] == [column.title for column in columns]


def test_settings_are_those_of_the_templates():
    values = {column.key: [entry.value for entry in entries] for column, entries in settings(summaries()).by_column()}
    for k, shown in enumerate(summaries()):
        for name, value in shown.description.parameters.model_dump(mode="json").items():
            if value is not None:
                assert values[f"parameters.{name}"][k] == value
        for layer in designs()[k].cell().layers:
            assert values[f"layers.{layer.name}.thickness"][k] == layer.thickness
            assert values.get(f"layers.{layer.name}.fill_to", {k: None})[k] == layer.fill_to
    assert all(any(value is not None for value in column) for column in values.values())


def test_designs_of_one_template_have_names_of_their_own():
    wide = geom3d.load("pillars-coated", {"parameters.pitch": 12})
    assert labels([designs()[1], wide, wide, designs()[0]]) == [
        "pillars-coated",
        "pillars-coated (pitch = 12) (1)",
        "pillars-coated (pitch = 12) (2)",
        NAMES[0],
    ]


# Models


def volumes(size, points, triangles, back_region, front_region, count) -> list[float]:
    """Of each region, by the divergence theorem, from what the page is given."""
    corners = (points / STEPS * np.array(size))[triangles]
    parts = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    return [float(parts[back_region == k].sum() - parts[front_region == k].sum()) for k in range(count)]


@pytest.mark.parametrize("k", range(len(NAMES) + 1))
def test_a_model_has_the_volumes_of_the_design(k):
    model, walls = summaries()[k].model, designs()[k].walls()
    count = len(model.regions)
    found = volumes(model.size, model.points, model.triangles, model.back_region, model.front_region, count)
    whole = np.prod(model.size)
    assert found == pytest.approx(walls.volumes[:count].tolist(), abs=2e-3 * whole)
    assert not np.isin([VOID, BEYOND], range(count)).any()


def test_merged_shells_stay_closed_and_films_stay_apart():
    cell, walls = designs()[-1].cell(), designs()[-1].walls()
    everything = np.arange(len(walls.triangles))
    vertices, triangles, kept = lighter(walls, everything, 4000)
    assert 1000 < len(triangles) <= 4000 < len(everything)
    thin = replace(
        walls,
        vertices=vertices,
        triangles=triangles,
        back_region=walls.back_region[kept],
        front_region=walls.front_region[kept],
    )
    for label in range(len(walls.names)):
        faces = thin.shell([label])[0]
        start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
        forth, back = (np.unique(a * len(vertices) + b, return_counts=True) for a, b in ((start, end), (end, start)))
        assert all(np.array_equal(x, y) for x, y in zip(forth, back, strict=True))
    assert thin.volumes == pytest.approx(walls.volumes, abs=0.03 * walls.volumes.sum())
    film = cell.names.index("electrolyte")
    assert thin.volumes[film] == pytest.approx(walls.volumes[film], rel=0.2)
    assert model_of(cell, walls, 4000).to_json()["regions"][film]["colour"] == cell.regions[film].material.colour


# Charts


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
@pytest.mark.parametrize("width", WIDTHS)
def test_charts_are_text_and_lines_of_the_width_asked_for(chart, width):
    svg = chart.svg(summaries(), width)
    if width == WIDTHS[0]:
        assert svg == chart.svg(summaries(), width), "the same designs, other bytes"
    root = ET.fromstring(svg)  # noqa: S314
    assert float(root.attrib["width"].removesuffix("pt")) == pytest.approx(width / 25.4 * 72, abs=0.1)
    words = " ".join("".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text"))
    assert all(shown.label in words for shown in summaries())
    assert re.search(r"µm|cm⁻²|footprint|%", words)
    assert not re.search(r"20\d\d-\d\d-\d\d", svg)
    picture = imread(io.BytesIO(chart.png(summaries(), width)))
    assert picture.shape[1] == pytest.approx(width / 25.4 * 300, abs=1)
    assert (picture[:, :, :3].min(axis=2) < 0.5).mean() > 0.005


def drawn(name: str):
    """The axes of a chart."""
    canvas = Canvas(170)
    assert next(chart for chart in CHARTS if chart.name == name).draw(canvas, summaries()[:3])
    return canvas.figure.axes


def test_bars_are_as_long_as_the_gains():
    (axes,) = drawn("area-gain")
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches if 0 < bar.get_height() < 0.5]
    gains = [d.measure()["area_gain"] for d in designs()[:3]]
    expected = [gain[side] for side in ("anode", "cathode", "side_walls") for gain in gains if gain[side]]
    assert ends == pytest.approx(expected)


def test_dots_stand_at_the_resistances_and_ticks_at_their_estimates():
    (axes,) = drawn("resistance")
    places = {mark: [line.get_xdata()[0] for line in axes.lines if line.get_marker() == mark] for mark in "o|"}
    found = [d.measure()["transport"] for d in designs()[:3] if d.requests]
    assert places["o"] == [entry["resistance_ohm_cm2"] for entry in found]
    assert places["|"] == pytest.approx([e["resistance_ohm_cm2"] / e["to_mean_distance"] for e in found])


def test_the_ring_stands_at_the_capacity_of_the_cell():
    (axes,) = drawn("capacity")
    rings = [line.get_xdata()[0] for line in axes.lines if line.get_markerfacecolor() == "none"]
    assert rings == [d.measure()["capacity_uAh_cm2.cell"] for d in designs()[:3]]


def test_fractions_fill_the_bar():
    (axes,) = drawn("volume-fractions")
    widths = [bar.get_width() for bar in axes.patches if 0.5 < bar.get_height() < 0.9]
    assert sum(widths) == pytest.approx(300)


def test_points_stand_where_the_numbers_are():
    axes = drawn("capacity-distance")[0]
    points = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() in ("o", "s")]
    reports = [d.measure() for d in designs()[:3]]
    assert points == [(r["inter_electrode_distance_um"]["anode"]["mean"], r["capacity_uAh_cm2.cell"]) for r in reports]


def test_designs_without_numbers_make_a_page_all_the_same():
    bare = geom3d.design({"architecture": "planar"})
    text = page(gather([bare], Parts(models=True)))
    assert 'id="chart-distance"' not in text  # a chart of nothing is left out


# The command


@pytest.mark.slow
def test_without_opengl_the_rest_comes_and_one_sentence_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(rendering, "has_opengl", lambda: False)
    monkeypatch.chdir(tmp_path)
    assert run(["compare", NAMES[0], NAMES[2], "-o", "größer als.html", "--charts", "die charts"]) == 0
    out, err = capsys.readouterr()
    assert out == "größer als.html\n"
    assert err.count("\n") == 1
    assert "libegl1 and libgl1-mesa-dri" in err
    text = Path("größer als.html").read_text("utf-8")
    assert err.removeprefix("geom3d: ").strip() in text
    assert text.count('class="turn"') == 2
    assert sorted(p.suffix for p in Path("die charts").iterdir()) == [".png"] * 10 + [".svg"] * 10
    assert sorted(p.name for p in tmp_path.iterdir()) == ["die charts", "größer als.html"]


def test_a_picture_that_fails_takes_no_page_with_it(tmp_path, monkeypatch, capsys):
    def drawn(design, path, **_):
        if design.source == NAMES[0]:
            raise shapely.GEOSException("Unable to find a convex corner")
        path.write_bytes(b"a picture")

    monkeypatch.setattr(rendering, "render", drawn)
    monkeypatch.setattr(rendering, "has_opengl", lambda: True)
    path = tmp_path / "a.html"
    assert run(["compare", NAMES[0], NAMES[2], "-o", str(path)]) == 0
    _, err = capsys.readouterr()
    title = geom3d.load(NAMES[0]).description.title
    assert err == f"geom3d: no picture of {title!r}: it failed with GEOSException: Unable to find a convex corner\n"
    text = path.read_text("utf-8")
    assert "it failed with GEOSException: Unable to find a convex corner" in text
    assert text.count("no picture</p>") == 1
    assert text.count('src="data:image/png') == 1
    assert text.count('class="turn"') == 2


def test_no_pictures_if_none_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(rendering, "has_opengl", lambda: pytest.fail("nobody asked"))
    assert compare([designs()[0]], tmp_path / "a.html", pictures=False) == []
    assert "data:image/png" not in (tmp_path / "a.html").read_text("utf-8")


@pytest.mark.slow
def test_more_processes_give_the_same(monkeypatch):
    monkeypatch.setattr(summary, "FEWEST", {True: 2, False: 2})
    some = designs()[0], designs()[1], designs()[3]
    ones, twos = gather(some, Parts(models=True)), gather(some, Parts(models=True), workers=2)
    assert [one.report for one in ones] == [two.report for two in twos]
    assert [one.model.to_json() for one in ones] == [two.model.to_json() for two in twos]
    broken = geom3d.load("sponge-spinodal-licoo2", {"parameters.solid_fraction": 0.05, "resolution": 0.5})
    with pytest.raises(InputError, match="not connected"):
        gather([broken, designs()[0]], Parts(), workers=2)


@pytest.mark.slow
@pytest.mark.opengl
def test_pictures_stand_in_the_page(tmp_path):
    assert compare([designs()[0]], tmp_path / "a.html") == []
    assert (tmp_path / "a.html").read_text("utf-8").count("data:image/png;base64,iVBOR") == 1
