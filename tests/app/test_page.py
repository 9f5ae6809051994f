"""The live page in a real browser: it follows the hand, shows what `measure` gives, and asks nobody but its own server."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import zipfile
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from chromium import IN_A_BROWSER, ON_A_SCREEN, SIZES, Browser
from matplotlib.image import imread

import geom3d

sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120
from serving import Served

pytestmark = IN_A_BROWSER
#: Light models: without a graphics card a browser draws round posts for seconds.
TRENCHES, PLANAR = "trenches-notten-2007", "planar-licoo2-lipon-lithium"
DONE = "document.querySelector('#status')?.dataset.done === {}"


@pytest.fixture(scope="module")
def served():
    with Served() as found:
        yield found


@pytest.fixture(scope="module", params=SIZES)
def started(request):
    with Browser(*SIZES[request.param]) as browser:
        yield browser


@pytest.fixture
def browser(started, served):
    """The page, freshly opened."""
    started.errors.clear()
    started.requests.clear()
    started.go(served.address, done())
    yield started
    assert started.errors == []
    asked = {urlsplit(url).netloc for url in started.requests if not url.startswith(("data:", "blob:", "about:"))}
    assert asked == {f"127.0.0.1:{served.port}"}


def done(changes=None, template=TRENCHES):
    """Whether the numbers of a design are there."""
    key = json.dumps([{"template": template}, sorted(map(list, (changes or {}).items()))], separators=(",", ":"))
    return DONE.format(json.dumps(key))


def field(path):
    return f"document.getElementById('f-{path}')"


def typed(browser, path, text):
    """Types into a field as a hand does, and leaves it by Enter."""
    browser.run(f"{field(path)}.focus(), {field(path)}.select()")
    browser.call("Input.insertText", text=text)
    browser.press("Enter", 13)


def numbers(browser):
    """What stands under the key numbers."""
    script = "[...document.querySelectorAll('#key tbody tr')].map(r => [r.dataset.path, r.dataset.value ?? r.querySelector('b').textContent])"
    return dict(json.loads(browser.run(f"JSON.stringify({script})")))


def look(browser, selector="#now canvas"):
    """(h, w, 3) what is seen of an element."""
    browser.run(f"document.querySelector('{selector}').scrollIntoView({{block: 'center'}})")
    browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    script = f"(b => JSON.stringify({{x: b.x + scrollX, y: b.y + scrollY, width: b.width, height: b.height}}))(document.querySelector('{selector}').getBoundingClientRect())"
    return imread(io.BytesIO(browser.picture(json.loads(browser.run(script)))))[:, :, :3]


def test_pitch_changes_numbers_model_and_address(browser, served):
    before, seen = numbers(browser), look(browser)
    assert 0.05 < (seen.min(axis=2) < 0.9).mean() < 0.95, "blank"
    browser.run("""window.linked = 0; {
        const kind = WebGL2RenderingContext.prototype, link = kind.linkProgram;
        kind.linkProgram = function (...given) { window.linked += 1; return link.apply(this, given); };
    }""")
    assert browser.run("document.documentElement.scrollWidth") <= browser.run("innerWidth")
    typed(browser, "parameters.pitch", "12")
    changes = {"parameters.pitch": 12}
    browser.wait(done(changes))
    report = geom3d.load(TRENCHES, changes).measure()
    after = numbers(browser)
    assert before.keys() == after.keys()
    for path, text in after.items():
        value = report[path]
        assert text == value if isinstance(value, str) else float(text) == value
    gain = "document.querySelector('[data-path=\"area_gain.scaffold\"] .change').textContent"
    less = 100 * (1 - float(after["area_gain.scaffold"]) / float(before["area_gain.scaffold"]))
    assert browser.run(gain) == f"▼ −{less:.0f} %"
    assert (np.abs(look(browser) - seen).max(axis=2) > 0.1).mean() > 0.02
    assert browser.run("window.linked") == 0, "what draws the model was compiled anew"
    assert browser.run("location.hash") == "#template=trenches-notten-2007&parameters.pitch=12"
    assert served.token not in browser.run("location.href")
    # The address is the design: another visit shows it, and the browser's way back the one before.
    browser.run("history.back()")
    browser.wait(done())
    assert numbers(browser) == before


def test_a_wrong_value_shows_its_message_at_its_field(browser):
    typed(browser, "parameters.pitch", "2")
    browser.wait("document.querySelector('.field.wrong')")
    said = "[...document.querySelectorAll('.field.wrong')].map(f => f.dataset.path + ': ' + f.querySelector('.error').textContent)"
    assert browser.run(said) == ["parameters.width: must be smaller than pitch = 2 µm; got 5"]
    assert browser.run(f"{field('parameters.width')}.getAttribute('aria-invalid')") == "true"
    typed(browser, "parameters.pitch", "3 bananas")
    browser.wait("document.querySelector('.field.wrong')?.dataset.path === 'parameters.pitch'")
    assert "unknown unit bananas" in browser.run(said)[0]
    typed(browser, "parameters.pitch", "9000 nm")
    browser.wait(done({"parameters.pitch": "9000 nm"}))
    assert browser.run("document.querySelectorAll('.wrong, [aria-invalid]').length") == 0


@ON_A_SCREEN
def test_a_slider_by_the_keyboard(browser):
    browser.run("document.querySelector('[data-path=\"parameters.depth\"] input[type=range]').focus()")
    for _ in range(5):
        browser.press("ArrowRight", 39)
    moved = float(browser.run(f"{field('parameters.depth')}.value"))
    assert 50 < moved < 55
    browser.wait(done({"parameters.depth": moved}))
    assert float(numbers(browser)["area_gain.scaffold"]) == geom3d.load(TRENCHES, {"parameters.depth": moved}).measure()["area_gain.scaffold"]  # fmt: skip
    browser.run("document.querySelector('[data-path=\"parameters.depth\"] .back').click()")
    browser.wait(done())
    assert browser.run(f"{field('parameters.depth')}.value") == "50"


@ON_A_SCREEN
def test_two_hundred_moves_of_sliders_in_a_row(browser):
    """Faster than any hand: what is shown in the end is the last design that can be built, and nothing has gone wrong."""
    moves = """(async () => {
        let state = 7;
        const chance = () => (state = (16807 * state) % 2147483647) / 2147483647;
        const sliders = [...document.querySelectorAll('.structure > .field input[type=range], .films input[type=range]:not(.off)')];
        for (let k = 0; k < 200; k += 1) {
            const slider = sliders[Math.floor(chance() * sliders.length)];
            slider.value = 300 + Math.floor(400 * chance());
            slider.dispatchEvent(new Event('input'));
            if (k % 10 === 9) slider.dispatchEvent(new Event('change'));
            await new Promise(done => setTimeout(done, 5));
        }
        return sliders.length;
    })()"""
    assert browser.run(moves) >= 6
    browser.wait("!document.body.matches('.busy')")
    asked = parse_qsl(browser.run("location.hash").removeprefix("#"))
    changes = {key: json.loads(value) for key, value in asked if key != "template"}
    assert len(changes) >= 6
    try:
        report = geom3d.load(TRENCHES, changes).measure()
    except geom3d.InputError:
        browser.wait("document.querySelector('.field.wrong')")
    else:
        browser.wait(done(changes))
        assert float(numbers(browser)["capacity_uAh_cm2.cell"]) == report["capacity_uAh_cm2.cell"]


@ON_A_SCREEN
def test_the_ionic_resistance_and_a_key_that_is_none(browser, served):
    browser.go(
        f"http://127.0.0.1:{served.port}/#template={PLANAR}&layers.electrolyte.thickness=2&foo=1",
        done({"layers.electrolyte.thickness": 2}, PLANAR),
    )
    assert browser.run("document.querySelector('#note').textContent") == "Not known here and left out: foo"
    browser.run("document.querySelector('#transport').click()")
    browser.wait("document.querySelector('[data-path=ionic_resistance_ohm_cm2] .change')?.textContent === '▲ +100 %'")
    report = geom3d.load(PLANAR, {"layers.electrolyte.thickness": 2}).measure(transport=True)
    assert float(numbers(browser)["ionic_resistance_ohm_cm2"]) == report["ionic_resistance_ohm_cm2"]


@ON_A_SCREEN
def test_every_control_has_a_name_and_can_be_reached(browser):
    unnamed = """[...document.querySelectorAll('input:not([type=hidden]), select, button, summary, canvas')].filter(e =>
        !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim())).map(e => e.outerHTML)"""
    assert browser.run(unnamed) == []
    assert browser.run('document.querySelectorAll(\'[tabindex]:not([tabindex="0"]):not([tabindex="-1"])\').length') == 0


def test_the_section_and_the_reference_beside(browser):
    typed(browser, "parameters.pitch", "12")
    browser.wait(done({"parameters.pitch": 12}))
    browser.run("document.querySelector('#beside').click()")
    browser.wait("document.querySelector('#reference canvas')?.dataset.bar")
    assert 0.02 < (look(browser, "#reference canvas").min(axis=2) < 0.9).mean() < 0.95, "blank"
    # Both are in one scale.
    bars = (
        "[...document.querySelectorAll('.card canvas')].map(c => [c.dataset.bar, Math.round(c.dataset.pixels)].join())"
    )
    assert len(set(browser.run(bars))) == 1
    # So is a pinned design, by the address, too.
    browser.run("document.querySelector('#pin').click()")
    typed(browser, "parameters.pitch", "10")
    browser.wait(done({"parameters.pitch": 10}))
    browser.wait("document.querySelector('#strip').textContent.includes('▲')")
    here = browser.run("location.href")
    assert here.endswith("&against.template=trenches-notten-2007&against.parameters.pitch=12")
    browser.go(here, done({"parameters.pitch": 10}))
    browser.run("document.querySelector('#beside').click()")
    gain = geom3d.load(TRENCHES, {"parameters.pitch": 12}).measure()["area_gain.scaffold"]
    browser.wait(f"document.querySelector('[data-path=\"area_gain.scaffold\"] .was').textContent === '{gain:.4g}'")
    pinned = browser.run("document.querySelector('#against').selectedOptions[0].textContent")
    assert pinned == f"pinned: {TRENCHES} with 1 change"
    browser.run("document.querySelector('[data-tab=section]').click()")
    browser.wait("document.querySelectorAll('.drawing:not(.stale) svg').length === 2")
    shown = "[...document.querySelectorAll('.drawing svg')].map(s => /pitch (\\d+)/.exec(s.textContent)[1])"
    assert browser.run(shown) == ["10", "12"]
    fills = "[...new Set([...document.querySelectorAll('#now .drawing [data-region=electrolyte]')].map(e => e.getAttribute('fill')))]"
    assert browser.run(fills) == ["#f0e442"]
    assert browser.run("document.documentElement.scrollWidth") <= browser.run("innerWidth")


@ON_A_SCREEN
def test_a_saved_file_is_that_of_build(browser, tmp_path):
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path / "saved"))
    browser.run("document.querySelector('[data-file=stl]').click()")
    file, until = tmp_path / "saved" / "trenches-notten-2007-stl.zip", time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < until, "nothing is saved"
        time.sleep(0.05)
    built = geom3d.load(TRENCHES).build(tmp_path / "built")
    with zipfile.ZipFile(file) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in built
        }


@ON_A_SCREEN
def test_two_tabs_go_their_own_ways(browser, served):
    address = f"http://127.0.0.1:{served.port}/"  # the cookie opens it
    first = browser.new_tab()
    browser.go(f"{address}#template={PLANAR}", done(template=PLANAR))
    there = numbers(browser)
    second = browser.turn_to(first)
    typed(browser, "parameters.pitch", "10")
    browser.wait(done({"parameters.pitch": 10}))
    here = numbers(browser)
    browser.turn_to(second)
    assert numbers(browser) == there != here
    browser.call("Page.close")
    browser.turn_to(first)


def test_a_server_that_is_started_anew():
    with Browser(*SIZES["screen"]) as browser:
        with Served() as before:
            browser.go(
                f"{before.address}#template=trenches-notten-2007&parameters.pitch=12", done({"parameters.pitch": 12})
            )
            kept = browser.run("location.hash")
            before.end()
        typed(browser, "parameters.pitch", "11")
        browser.wait("!document.querySelector('#banner').hidden")
        with Served(port=before.port) as after:
            browser.wait("/started anew/.test(document.querySelector('#banner').textContent)")
            first = browser.new_tab()
            browser.go(f"{after.address}{kept}", done({"parameters.pitch": 12}))
            browser.turn_to(first)
            browser.wait(done({"parameters.pitch": 11}))
            assert browser.run("document.querySelector('#banner').hidden")
