"""Which shipped templates are exact prisms, walls as made, and sponges: told by their text, for nothing is built.

And how each is loaded where a test reads every triangle of it by a library that takes its time.
"""

from __future__ import annotations

import tomllib
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Literal, get_origin

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


#: One each of those that are sampled: walls as made, and a web. Beyond the mesh they are handled like their kind.
SAMPLED = ("trenches-as-etched", "sponge-gyroid-lto")
#: What every template has, or what differs between any two.
_COMMON = {"title", "source", "note", "architecture", "parameters", "layers", "materials", "published"}
_OF_LAYERS = {"name", "role", "material", "thickness"}


def features(name):
    """What of a template is handled in a way of its own: structure, choices among its parameters, walls and films as made, which films there are."""
    template = TEMPLATES[name]
    architecture, layers = template["architecture"], template.get("layers", [])
    fields, given = architectures.get(architecture).Parameters.model_fields, template.get("parameters", {})
    found = {architecture, *(template.keys() - _COMMON)}
    found |= {
        f"{architecture} {key} {given[key]}"
        for key in given.keys() & fields.keys()
        if _is_choice(fields[key].annotation)
    }
    found |= {f"layer {key}" for layer in layers for key in layer.keys() - _OF_LAYERS}
    found |= {
        f"thickness {type(layer['thickness']).__name__}"
        for layer in layers
        if isinstance(layer.get("thickness"), dict | list)
    }
    return found | {
        "films " + " ".join(sorted({layer["role"] for layer in layers} & {"anode", "electrolyte", "cathode"}))
    }


def _is_choice(kind):
    return get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum | bool))


def one_of_each(names):
    """The quick ones among some templates, and as few more as have all the features that any of them has; of equals no sponge, which takes its time."""
    chosen = sorted(QUICK.intersection(names))
    left = set().union(*(features(name) for name in names)).difference(*map(features, chosen))
    order = sorted(names, key=lambda name: (name not in PRISMATIC, name not in UPRIGHT))
    while left:
        chosen.append(max(order, key=lambda name: len(features(name) & left)))
        left -= features(chosen[-1])
    return sorted(chosen)


#: What leaves less of a template whose walls are many for its kind, and changes nothing else of that kind.
_LESS = {
    "pillars-put-2019": {"parameters.height": 15},
    "pores-sputtered": {"parameters.lattice": "square", "parameters.depth": 10},
}


@cache
def coarse(name):
    """A template; where it is sampled, on the coarsest grid that may be asked for. The same for all tests of a process."""
    cell = geom3d.load(name).cell()
    if cell.step is None:
        return geom3d.load(name)
    web = cell.facts.web
    step = 2 * cell.step if web is None else 0.999 * min(web.radius, min(web.size) / 8)
    return geom3d.load(name, {"resolution": step, **_LESS.get(name, {})})
