"""Which shipped templates are exact prisms, walls as made, and sponges: told by their text, for nothing is built.

And how each is loaded where a test reads every triangle of it by a library that takes its time.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import geom3d
from geom3d import architectures
from geom3d.architectures._sponge import WebParameters

TEMPLATES = {
    path.stem: tomllib.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).resolve().parent.parent / "templates").glob("*.toml"))
}


def _is_web(template):
    return issubclass(architectures.get(template["architecture"]).Parameters, WebParameters)


def _is_made(template):
    """Whether it has walls of a profile, or films that are uneven or as their process makes them."""
    layers = template.get("layers", [])
    uneven = any("step_coverage" in layer or isinstance(layer.get("thickness"), dict | list) for layer in layers)
    return "profile" in template or "film_edges" in template or uneven


#: Those without a web: of upright walls, that is.
UPRIGHT = [name for name, template in TEMPLATES.items() if not _is_web(template)]
#: Those of vertical walls and even films.
PRISMATIC = [name for name in UPRIGHT if not _is_made(TEMPLATES[name])]
#: The templates that stand for all in the fast part.
QUICK = {
    "comb-sun-2013",
    "grid-oukassi-2019",
    "honeycomb-lei-2020",
    "interdigitated-pillars-opposed",
    "microtubes-eustache-2014",
    "pillars-coated",
    "planar-licoo2-lipon-lithium",
    "trenches-notten-2007",
}
#: What leaves less of a template whose walls are many for its kind, and changes nothing else of that kind.
_LESS = {"pores-sputtered": {"parameters.lattice": "square"}}


def coarse(name):
    """A template; where it is sampled, on the coarsest grid that may be asked for."""
    cell = geom3d.load(name).cell()
    if cell.step is None:
        return geom3d.load(name)
    web = cell.facts.web
    step = 2 * cell.step if web is None else 0.999 * min(web.radius, min(web.size) / 8)
    return geom3d.load(name, {"resolution": step, **_LESS.get(name, {})})
