"""Shared settings of the tests: marks, what Hypothesis draws, and arrays of cells.

`pytest` runs the fast part; `pytest -m "slow or network"` the rest; `pytest -m ""` all of it. A test over all templates
takes tenths of a second for prisms and seconds for sponges and walls as made, which are sampled on grids: in the fast part it is
run for one template of prisms of each kind, and is slow with the name of any other among its parameters.
"""

from __future__ import annotations

import gc
import os
import signal
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from kinds import QUICK, TEMPLATES

from geom3d.core.heap import keep_memory
from geom3d.core.threads import use_one_thread
from geom3d.scene.stage import NO_OPENGL, has_opengl
from geom3d.solids.prisms.outline import repeated
from geom3d.solids.prisms.prism import Prisms

_CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
#: The same ones each time: what is new is looked for by benchmarks/fuzz.py.
settings.register_profile("ci", max_examples=12, derandomize=True, **_CALM)
#: Of distributions that are tested on the way.
settings.register_profile("few", max_examples=4, derandomize=True, **_CALM)
settings.register_profile("medium", max_examples=200, **_CALM)
#: `HYPOTHESIS_PROFILE=long pytest tests/test_properties.py`: the run whose figures are reported.
settings.register_profile("long", max_examples=500, **_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def _texts(value):
    """The texts in a parameter, in tuples and lists, too."""
    if isinstance(value, str):
        return {value}
    return {text for part in value for text in _texts(part)} if isinstance(value, tuple | list) else set()


def pytest_configure():
    """Before workers start: theirs and what tests start as commands are processes beside others, too."""
    use_one_thread()
    keep_memory()
    # What a shell starts in the background ignores Ctrl-C, and so would the commands that tests interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Thousands of tests are never garbage: the collector need not walk over them again and again.
    gc.set_threshold(50_000, 20, 100)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Marks tests with the name of a template that is not among the quick ones as slow, before marks decide what is run."""
    others = TEMPLATES.keys() - QUICK
    for item in items:
        parameters = getattr(item, "callspec", None)
        if parameters is not None and _texts(list(parameters.params.values())) & others:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """The process that hands out the tests asks for OpenGL once, and tells its workers."""
    node.workerinput["opengl"] = has_opengl()


def pytest_runtest_setup(item):
    """Tests that draw are skipped where nothing can be drawn; without workers, the first of them asks."""
    if item.get_closest_marker("opengl") is not None:
        told = getattr(item.config, "workerinput", {})
        if not (told["opengl"] if "opengl" in told else has_opengl()):
            pytest.skip(NO_OPENGL)


def _array(cell, repeat):
    """A cell of prisms that holds several periods of another: a way of its own to what copies of its walls show."""
    x, y, z = cell.size
    size = (repeat[0] * x, repeat[1] * y)
    shifts = [(i * x, j * y) for i in range(repeat[0]) for j in range(repeat[1])]
    regions = []
    for region in cell.regions:
        prisms = [replace(p, shape=shape) for p in region.solid.prisms for shape in repeated(p.shape, shifts)]
        regions.append(replace(region, solid=Prisms(tuple(prisms), size)))
    return replace(cell, size=(*size, z), regions=tuple(regions))


@pytest.fixture(scope="session")
def array():
    return _array
