"""Designs drawn at random by Hypothesis: of the property tests, and of the fuzzer in benchmarks/fuzz.py."""

from __future__ import annotations

import math
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin

from hypothesis import settings
from hypothesis import strategies as st

from geom3d import architectures
from geom3d.architectures import ParametersBase
from geom3d.cell.describe import is_length, limits
from geom3d.core.errors import InputError
from geom3d.core.quantities import LONGEST, SHORTEST
from geom3d.core.roles import Role
from geom3d.library import materials

Description = dict[str, Any]
#: How far a drawn length may lie from its default: near it most of the time, so that most designs are valid.
NEAR, FAR, ANYWHERE = 1.6, 30.0, math.inf


#: Examples up to which a profile is that of a run which is to be short.
SHORT = 20


def fewer(divisor: int) -> settings:
    """A part of the examples of a short run, of tests whose examples take tenths of a second each; all of those of a long one."""
    count = settings.default.max_examples
    return settings(max_examples=max(1, count // divisor) if count <= SHORT else count)


def within(low, high, value=None):
    """Logarithmically uniform, to six digits."""
    span = st.floats(math.log10(low), math.log10(high)) if value is None else st.just(math.log10(value))
    return span.map(lambda exponent: min(max(float(f"{10**exponent:.6g}"), low), high))


@cache
def fitting(role: Role) -> list[str]:
    """Shipped materials that can take a role."""
    if role not in (Role.ANODE, Role.CATHODE, Role.ELECTROLYTE):
        return ["titanium-nitride", "copper", "silicon-dioxide"]
    found = [name for name in materials.shipped() if role.value in materials.find(name).roles]
    both = ("capacity_practical_mAh_g", "capacity_theoretical_mAh_g", "density_g_cm3")
    return [n for n in found if role is Role.ELECTROLYTE or all(getattr(materials.find(n), key) for key in both)]


@st.composite
def parameters(draw, model: type[ParametersBase], spread: float, most: int = 6) -> dict[str, Any]:
    """Lengths that suit each other or not, any choice, and counts up to `most`."""
    scale = draw(within(1e-2, 1e2))
    drawn: dict[str, Any] = {}
    for key, info in model.model_fields.items():
        if get_origin(info.annotation) is Literal:
            drawn[key] = draw(st.sampled_from(get_args(info.annotation)))
            continue
        if isinstance(info.annotation, type) and issubclass(info.annotation, Enum | bool):
            choices = [True, False] if info.annotation is bool else [member.value for member in info.annotation]
            drawn[key] = draw(st.sampled_from(choices))
            continue
        if info.annotation not in (int, float):
            continue  # whatever else there may be keeps its default
        low, high = limits(info)
        if info.annotation is int:
            drawn[key] = draw(st.integers(int(low), min(int(high), most)))
        elif not is_length(info):
            drawn[key] = draw(st.floats(low, high))
        elif low == 0 and draw(st.booleans()):
            drawn[key] = 0.0
        else:
            low, middle = max(low, SHORTEST), (info.default or 1.0) * scale
            drawn[key] = draw(within(min(max(low, middle / spread), high), max(min(high, middle * spread), low)))
    return drawn


@st.composite
def coat(draw, room: float) -> dict[str, Any]:
    shortest, longest = (max(SHORTEST, 1e-3 * room), max(SHORTEST, min(1e4, 0.2 * room)))
    return {"thickness": draw(within(min(shortest, longest), longest) if room else within(SHORTEST, 1e4))}


@st.composite
def fill(draw, depth: float) -> dict[str, Any]:
    share = draw(st.sampled_from([0.0, -0.5, 0.1]) | st.floats(-1.1, 0.5))
    level = share * (depth or 1.0) if math.isfinite(depth) else draw(st.floats(-LONGEST, LONGEST))
    return {"fill_to": round(min(max(level, -LONGEST), LONGEST), 4)}


@st.composite
def designs(
    draw,
    name: str,
    spreads=(NEAR,),
    *,
    fills: int = 2,
    most_layers: int = 4,
    tolerances: bool = False,
    roles: bool = True,
    most: int = 3,
) -> Description:
    """A description whose materials fit; its lengths may or may not go together.

    An array of `most` × `most` periods has posts that are off their place, missing, and beside each other through the seam, as a larger one does.
    """
    architecture, spread = architectures.get(name), draw(st.sampled_from(spreads))
    drawn = draw(parameters(architecture.Parameters, spread, most))
    description: Description = {"architecture": name, "parameters": drawn}
    room, depth, own = 0.0, math.inf, ["scaffold"]
    try:
        structure = architecture.build(architecture.Parameters(**drawn))
    except InputError:
        pass
    else:
        if structure.ceiling is not None and spread == NEAR:
            most_layers = 0
        own = [region for region, _, _ in structure.regions]
        if spread != ANYWHERE:
            room, depth = (
                min(structure.facts.film_gap, structure.facts.device_gap, max(structure.size)),
                structure.facts.top - structure.facts.base_z,
            )
    kinds = draw(st.lists(st.sampled_from(["coat", "coat", "fill"]), max_size=most_layers))
    layers = []
    for number, kind in enumerate(kinds):
        is_fill = kind == "fill" and kinds[:number].count("fill") < fills
        role = draw(st.sampled_from(list(Role)))
        layer = {"name": f"layer {number}", "role": role.value, "material": draw(st.sampled_from(fitting(role)))}
        layers.append(layer | draw(fill(depth) if is_fill else coat(room)))
    description["layers"] = layers
    if roles and (name_of_own := draw(st.none() | st.sampled_from(own))):
        role = draw(st.sampled_from(list(Role)))
        chosen = {"role": role.value, "material": draw(st.sampled_from(fitting(role)))}
        description["materials"] = {name_of_own: chosen}
    description["capacity_basis"] = draw(st.sampled_from(["practical", "theoretical"]))
    if tolerances and draw(st.booleans()):
        lengths = [
            drawn[k] for k, info in architecture.Parameters.model_fields.items() if k in drawn and is_length(info)
        ]
        least = min(length for length in lengths if length)
        near = within(max(SHORTEST, 1e-3 * least), max(SHORTEST, min(1e3, least)))
        description["tolerance"] = draw(within(SHORTEST, 1e3) if spread == ANYWHERE else near)
    return description


#: Parameters of small cells: lengths in µm that suit each other.
SMALL = {
    "spinodal": {"wavelength": 3.0, "periods": 2, "height": 3.0},
    "tpms": {"period": 4.0, "height": 4.0},
    "spheres": {"radius": 1.0, "periods": 2, "height": 3.0},
    "inverse_opal": {"diameter": 1.0, "height": 1.2},
    "struts": {"lattice": "octet", "period": 4.0, "height": 2.5},
    "fibres": {"diameter": 1.0, "length": 5.0, "periods": 4, "height": 2.0},
    "formula": {"height": 4.0},
}


def small(name: str) -> dict[str, float]:
    """Parameters of a small cell; of a sponge of another distribution its own lengths, which are to be small."""
    model = architectures.get(name).Parameters
    own = {k: info.default for k, info in model.model_fields.items() if k in model.__annotations__ and is_length(info)}
    return SMALL.get(name, own)


def stack(*thicknesses: float, fill: float | None = 1.0) -> list[dict[str, Any]]:
    """Coats, electrolyte first, and a fill with a collector on it."""
    kinds = [("electrolyte", "lipon"), ("cathode", "licoo2"), ("barrier", "titanium-nitride")]
    coats = [
        {"name": f"coat {k}", "role": role, "material": material, "thickness": t}
        for k, (t, (role, material)) in enumerate(zip(thicknesses, kinds, strict=False))
    ]
    if fill is None:
        return coats
    return [
        *coats,
        {"name": "fill", "role": "anode", "material": "lithium", "fill_to": fill},
        {"name": "top", "role": "anode_collector", "material": "copper", "thickness": 0.3},
    ]


@st.composite
def sponges(draw, name: str) -> dict[str, Any]:
    """A sponge of any seed, share and kind, with coats of any thickness, on the coarsest grid that may be asked for."""
    model = architectures.get(name).Parameters
    parameters = dict(small(name))
    for key, info in model.model_fields.items():
        if get_origin(info.annotation) is Literal:
            parameters[key] = draw(st.sampled_from(get_args(info.annotation)))
    if "seed" in model.model_fields:
        parameters["seed"] = draw(st.integers(0, 2**32 - 1))
    # A box nearly full of fibres holds hundreds of them, which takes its time.
    least = 0.4 if name == "fibres" else 0.02
    for key, low, high in (("solid_fraction", 0.02, 0.98), ("void_fraction", least, 0.98), ("overlap", 0.005, 0.2)):
        if key in model.model_fields:
            parameters[key] = draw(st.floats(low, high))
    if name == "tpms" and draw(st.booleans()):
        del parameters["solid_fraction"]
        parameters["level"] = draw(st.floats(-1.6, 1.6))
    coats = draw(st.lists(st.floats(-2.5, 0).map(lambda exponent: 10**exponent), max_size=3))
    fill = draw(st.none() | st.floats(-1.0, 1.5).map(lambda level: round(level, 3)))
    description = {"architecture": name, "parameters": parameters, "layers": stack(*coats, fill=fill)}
    web = architectures.get(name).build(model(**small(name))).facts.web
    return description | {"resolution": 0.999 * min(web.radius, min(web.size) / 8)}
