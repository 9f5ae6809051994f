"""Which shipped templates are exact prisms, walls as made, and sponges: told by their text, for nothing is built."""

from __future__ import annotations

import tomllib
from pathlib import Path

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
