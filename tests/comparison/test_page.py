"""The page of a comparison in a real browser: it loads nothing, complains of nothing, sorts, draws and fits its screen."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from chromium import IN_A_BROWSER, ON_A_SCREEN, SIZES, Browser
from matplotlib.image import imread
from PIL import Image

import geom3d
from geom3d import rendering
from geom3d.comparison import compare

pytestmark = IN_A_BROWSER
NAMES = ("planar-licoo2-lipon-lithium", "pillars-coated", "trenches-notten-2007", "microtubes-eustache-2014")
#: A name as long as a name may be, and longer than any column is wide.
LONG = "a-battery-with-a-very-long-name-that-nobody-would-like-to-read-twice"


def drawn(design, path, *, size, **_):
    """A sheet of one colour instead of a picture, which takes its time: what pictures show is seen in tests/rendering."""
    Image.new("RGB", size, "silver").save(path)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("größer als")
    long = folder / f"{LONG}.toml"
    long.write_text(f'title = "{LONG.replace("-", " ")} {LONG * 2}"\narchitecture = "planar"\n', "utf-8")
    sponge = geom3d.load("sponge-gyroid-lto", {"resolution": 0.4})
    path = folder / "bericht über alle.html"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(rendering, "render", drawn)
        monkeypatch.setattr(rendering, "has_opengl", lambda: True)
        compare([*map(geom3d.load, NAMES), sponge, geom3d.load(long)], path)
    return path


@pytest.fixture(scope="module", params=SIZES)
def started(request):
    with Browser(*SIZES[request.param]) as browser:
        yield browser


@pytest.fixture
def browser(started, page):
    """The page, freshly opened."""
    started.errors.clear()
    started.requests.clear()
    started.open(page)
    yield started
    assert started.errors == []
    assert [url for url in started.requests if not url.startswith("data:")] == [page.resolve().as_uri()]


def values(browser, script: str) -> list[float | None]:
    """What cells hold, in the order in which they are seen."""
    return [None if text is None else float(text) for text in json.loads(browser.run(f"JSON.stringify({script})"))]


def in_order(found: list[float | None], *, down: bool) -> bool:
    """Whether numbers are sorted, and what has none comes last."""
    some = [value for value in found if value is not None]
    return some == sorted(some, reverse=down) and None not in found[: len(some)]


def box(browser, selector: str) -> dict[str, float]:
    """Where an element is in the page."""
    script = f"""(() => {{ const e = document.querySelector({json.dumps(selector)}).getBoundingClientRect();
        return JSON.stringify({{x: e.x + scrollX, y: e.y + scrollY, width: e.width, height: e.height}}) }})()"""
    return json.loads(browser.run(script))


def test_nothing_is_wider_than_the_screen(browser):
    width = browser.run("innerWidth")
    assert browser.run("document.documentElement.scrollWidth") <= width
    # Wide tables scroll in a box of their own.
    assert browser.run(
        "[...document.querySelectorAll('.box')].every(b => b.getBoundingClientRect().right <= innerWidth)"
    )
    wide = "[...document.querySelectorAll('main *')].filter(e => !e.closest('.box, nav, svg') && "
    assert (
        browser.run(f"{wide} e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 80))")
        == []
    )


def test_pictures_and_charts_are_seen(browser):
    pictures = browser.run("[...document.querySelectorAll('.view img')].map(i => i.complete && i.naturalWidth)")
    assert pictures == [1200] * 6
    seen = browser.run(
        "[...document.querySelectorAll('svg.chart')].filter(s => s.getBoundingClientRect().width > 200).length"
    )
    assert seen == 5  # of each chart, the one that suits the screen
    chart = imread(io.BytesIO(browser.picture(box(browser, "#chart-area-gain"))))
    assert len(np.unique(chart[:, :, :3].reshape(-1, 3), axis=0)) > 50


@ON_A_SCREEN
def test_a_click_sorts_the_designs(browser):
    """The table of key figures by rows, that of all numbers by columns; a second click turns the order round."""
    column = "[...document.querySelectorAll('#key tbody tr')].map(r => r.children[3].dataset.value ?? null)"
    row = """[...document.querySelector('#all th[data-path="capacity_uAh_cm2.cell"]').parentElement.children].slice(2)
        .map(c => c.dataset.value ?? null)"""
    heads = {
        column: "document.querySelectorAll('#key thead th')[3]",
        row: """document.querySelector('#all th[data-path="capacity_uAh_cm2.cell"]')""",
    }
    assert browser.run(f"{heads[column]}.dataset.path") == "capacity_uAh_cm2.cell"
    for script, head in heads.items():
        before = values(browser, script)
        assert not in_order(before, down=True)
        assert browser.run(f"{head}.getAttribute('aria-sort')") == "none"
        for down in (True, False):
            browser.run(f"{head}.querySelector('button').click()")
            after = values(browser, script)
            assert in_order(after, down=down)
            assert sorted(map(str, after)) == sorted(map(str, before))
            assert browser.run(f"{head}.getAttribute('aria-sort')") == ("descending" if down else "ascending")
    # The columns went with their headings, in all rows.
    titles = {geom3d.load(name).cell().description.title: name for name in NAMES}
    shown = browser.run("[...document.querySelectorAll('#all thead .label')].map(e => e.textContent)")
    gains = values(browser, row.replace("capacity_uAh_cm2.cell", "area_gain.scaffold"))
    assert set(titles) < set(shown)
    for title, gain in zip(shown, gains, strict=True):
        if title in titles:
            assert gain == geom3d.load(titles[title]).measure()["area_gain.scaffold"]
    browser.run("document.querySelector('#original').click()")
    shown = browser.run("[...document.querySelectorAll('#all thead .label')].map(e => e.textContent)")
    assert shown[: len(NAMES)] == [*titles]


@ON_A_SCREEN
def test_the_keyboard_sorts_as_well(browser):
    head = "document.querySelectorAll('#key thead th')[1]"
    browser.run(f"{head}.querySelector('button').focus()")
    browser.press("Enter", 13)
    assert browser.run(f"{head}.getAttribute('aria-sort')") == "descending"
    assert in_order(values(browser, "[...document.querySelectorAll('#key tbody tr')].map(r => r.children[1].dataset.value ?? null)"), down=True)  # fmt: skip


@ON_A_SCREEN
def test_quantities_are_found_and_differences_marked(browser):
    browser.run(
        "(f => { f.value = 'mean ANODE'; f.dispatchEvent(new Event('input')) })(document.querySelector('#find'))"
    )
    shown = browser.run(
        "[...document.querySelectorAll('#all tbody tr')].filter(r => !r.hidden).map(r => r.children[0].dataset.path)"
    )
    assert "inter_electrode_distance_um.anode.mean" in shown
    assert "area_gain.anode" not in shown
    marked = '[...document.querySelectorAll(\'#settings tr[data-path="capacity_basis"] .changed, #settings tr[data-path="architecture"] .changed\')].map(c => c.textContent)'
    assert browser.run(marked) == ["pillars", "trenches", "tubes", "tpms"]
    browser.run(
        "(s => { s.selectedIndex = 2; s.dispatchEvent(new Event('change')) })(document.querySelector('#reference'))"
    )
    assert browser.run(marked) == ["planar", "pillars", "tubes", "tpms", "planar"]
    browser.run("document.querySelector('#only').click()")
    assert browser.run("getComputedStyle(document.querySelector('#settings tr.same')).display") == "none"


def test_a_model_is_drawn_cut_turned_and_taken_apart(browser):
    """That of the sponge: of many triangles, and with a cut through its web."""
    k = 4
    browser.run(f"document.querySelectorAll('button.turn')[{k}].click()")
    here = f"#design-{k + 1} canvas"
    clip = box(browser, here)
    assert clip["width"] > 250

    def look() -> np.ndarray:
        browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return imread(io.BytesIO(browser.picture(clip)))[:, :, :3]

    first = look()
    assert 0.05 < (first.min(axis=2) < 0.9).mean() < 0.9, "blank"
    browser.run(f"document.querySelector('{here}').focus()")
    browser.press("ArrowLeft", 37)
    turned = look()
    assert (np.abs(turned - first).max(axis=2) > 0.1).mean() > 0.01
    panel = f"document.querySelector('#design-{k + 1} .panel')"
    browser.run(
        f"(r => {{ r.value = 80; r.dispatchEvent(new Event('input')) }})({panel}.querySelector('input[type=range]'))"
    )
    cut = look()
    assert (np.abs(cut - turned).max(axis=2) > 0.1).mean() > 0.01
    browser.run(f"{panel}.querySelectorAll('input[type=checkbox]').forEach(box => box.click())")
    empty = look().min(axis=2) < 0.99
    assert not empty[: int(0.8 * len(empty))].any(), "all regions are hidden"
    assert empty.any(), "the scale bar stays"
    browser.run(f"document.querySelectorAll('button.turn')[{k}].click()")
    assert browser.run(f"document.querySelector('{here}') === null")


@ON_A_SCREEN
def test_more_models_than_a_browser_has_contexts(browser):
    """Each time one is opened it is drawn into a canvas of its own by one and the same context."""
    contexts = """(() => { const get = HTMLCanvasElement.prototype.getContext; window.kinds = [];
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { kinds.push(kind); return get.call(this, kind, ...rest) } })()"""
    browser.run(contexts)
    browser.run("document.querySelectorAll('button.turn').forEach(button => button.click())")
    for _ in range(2 * 12):
        browser.run("document.querySelectorAll('button.turn')[0].click()")
    assert browser.run("kinds.filter(kind => kind.startsWith('webgl')).length") == 1
    assert browser.run("kinds.filter(kind => kind === '2d').length") >= 18


def test_it_prints(browser):
    paper = browser.paper()
    assert paper.startswith(b"%PDF")
    assert len(paper) > 20_000
