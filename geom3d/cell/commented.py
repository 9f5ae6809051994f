"""Templates to begin with: every key with its unit, its range and its meaning."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from geom3d import architectures
from geom3d.architectures import Architecture, Structure
from geom3d.cell.describe import rows
from geom3d.cell.template import shipped, text_of
from geom3d.core.errors import InputError, choose_from
from geom3d.core.roles import Role

#: What the keys of a template mean, by the table that they stand in; parameters explain themselves.
MEANINGS = {
    "": {
        "title": "what tables and pictures call it",
        "source": "where the dimensions come from",
        "note": "what else a reader should know",
        "architecture": "the structure: {architectures}",
        "repeat": "unit cells in x and y in the files; no number per footprint depends on it",
        "tolerance": "µm, > 0: largest distance between a chord and its arc; 0.1 % of each radius where left out",
        "resolution": "µm, > 0: step of the grid of a sponge or of walls with a profile; one that suits them where left out",
        "film_edges": "square | round: of the films' outer rims; round takes longer and is the usual one of a sponge and of walls "
        "with a profile",
        "capacity_basis": "practical | theoretical: which charge per mass counts",
    },
    "materials": {"*": "material of a region of the structure itself, or {{ material = ..., role = ... }}"},
    "layers": {
        "name": "text, unique: of the region in files and tables",
        "role": "{roles}",
        "material": "a name (geom3d list materials), one of your own in [materials.NAME], or the path of a TOML file",
        "utilisation": "> 0 … 1: of an electrode, share of the theoretical charge that counts; the material's where left out",
        "thickness": 'µm, > 0 … 10000: of a coat, or text with a unit such as "50 nm"; {{ top, middle, bottom }} or '
        "[[depth, thickness], …] where it varies with depth",
        "step_coverage": '{{ sticking = 0.01 }} or {{ process = "sputter" }}: the thickness above is that on open flat surface, and what '
        "lies deeper follows from the process",
        "fill_to": "µm, -100000 … 100000 above the structure's top: up to which a fill takes what is left",
    },
    "profile": {
        "sidewall_angle": "°, 45 … 135: between wall and wafer; below 90 holes narrow downwards and posts widen",
        "bottom_width": "µm, > 0: instead, at the foot: of holes and trenches the opening, else the width of post, wall or finger",
        "bow": "µm: largest recess of the wall, amid the depth",
        "scallop": "{{ pitch, depth }}, µm: circular arcs that cyclic etching leaves; depth at most half of pitch",
        "foot_radius": "µm, ≥ 0: of a round foot",
        "rim_radius": "µm, ≥ 0: of a round rim",
        "notch": "{{ height, depth }}, µm: a wedge cut out at the foot",
        "table": "[[depth, offset], …], µm: by how much the wall stands further out than at its top, linear between",
    },
    "device": {
        "width": "µm or text with a unit, > 0: outer size in x",
        "length": "µm or text with a unit, > 0: outer size in y",
        "thickness": "µm or text with a unit, > 0: outer size in z; may be left out",
        "margin": "µm or text with a unit, ≥ 0: along all edges, where there is no battery; 0 where left out",
        "capacity": "mAh, > 0: of the data sheet; may be left out",
        "voltage": "V, > 0 … 10: of the data sheet; may be left out",
    },
    "published": {
        "metric": "path of a number in the report, such as area_gain.scaffold",
        "value": "the published value, in the metric's unit",
        "note": "where it stands",
        "reason": "why this design is far from it; may be left out",
        "chosen": "the dimension that was chosen to give this value, if one was: the comparison is circular then",
    },
}
#: A header of a table, and a key with its value.
HEAD, KEY = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]+"), re.compile(r"([A-Za-z_][\w-]*)\s*=\s*")
#: Films as shares of the room that they have; so much lithium takes what the cathode gives, and some more.
FILMS = (
    ("cathode collector", Role.CATHODE_COLLECTOR, "platinum", 0.02),
    ("cathode", Role.CATHODE, "licoo2", 0.05),
    ("electrolyte", Role.ELECTROLYTE, "lipon", 0.1),
    ("anode", Role.ANODE, "lithium", 0.03),
)
#: Room for films where the structure leaves it open, µm; on a web, whose grid must hold them, in radii of curvature.
ROOM, RADII = 2.0, 4.0


def commented(name: str) -> str:
    """The text of a template that a user can begin with.

    Args:
        name: of an architecture, which gets its default parameters and a battery that fits them, or of a shipped template.

    Raises:
        InputError: for an unknown name, with the valid ones.
    """
    text = text_of(name)
    if text is None:
        if not architectures.DOOR.knows(name):
            raise InputError(f"name: unknown {name!r}; {choose_from(name, [*shipped(), *architectures.names()])}")
        text = plain(architectures.DOOR.spelled(name))
    return "\n".join(_with_comments(text)) + "\n"


def plain(name: str) -> str:
    """A template of an architecture with default parameters and a whole battery, without comments."""
    architecture = architectures.get(name)
    structure = architecture.build(architecture.Parameters())
    own = {role for _, role, _ in structure.regions}
    lines = [
        f'title = "My {name.replace("_", " ")}"',
        'source = "my own"',
        f'architecture = "{name}"',
        "repeat = [3, 3]",
    ]
    lines += ["", "[parameters]"]
    for key, value in architecture.Parameters().model_dump(mode="json").items():
        if isinstance(value, str | int | float):
            lines.append(f"{key} = {_toml(value)}")
    lines += ["", "[materials]"]
    lines += [f'{region} = "{_material(role)}"' for region, role, _ in structure.regions]
    if not {Role.ANODE, Role.CATHODE} <= own:
        lines += _stack(structure)
    return "\n".join(lines)


def _stack(structure: Structure) -> Iterator[str]:
    """Films of a whole battery that the structure has room for, the electrodes in balance."""
    web = structure.facts.web
    room = min(ROOM if web is None else RADII * web.radius, structure.facts.film_gap)
    for name, role, material, share in FILMS:
        yield from ("", "[[layers]]", f'name = "{name}"', f'role = "{role.value}"', f'material = "{material}"')
        yield f"thickness = {room * share:.2g}"


def _material(role: Role) -> str:
    # Posts and plates that fill the cell have no room to grow: the pair changes its volume least and is in balance.
    usual = {Role.ANODE: "lto", Role.CATHODE: "limn2o4", Role.ELECTROLYTE: "lipon"}
    return usual.get(role, "silicon-substrate")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value!r}"


def _with_comments(text: str) -> Iterator[str]:
    """The lines of a template, each key explained above its first place, and the parameters that it leaves at their default."""
    content = tomllib.loads(text)
    architecture = architectures.get(content["architecture"])
    given = content.get("parameters", {})
    meanings = {**MEANINGS, "parameters": dict(parameter_lines(architecture))}
    explained: set[tuple[str, str]] = set()
    table = ""
    lines = text.strip().splitlines()
    if "parameters" not in content:
        lines += ["", "[parameters]"]
    for line in lines:
        head, key = HEAD.match(line), KEY.match(line)
        if head:
            table = head[1].split(".")[0]
            yield line
            if table == "parameters":
                yield from _left_out(architecture, set(given))
            continue
        if key and (table, key[1]) not in explained:
            words = meanings.get(table, {}).get(key[1]) or (
                "" if "." in table else meanings.get(table, {}).get("*", "")
            )
            explained |= {(table, key[1])} | ({(table, each) for each in given} if table == "materials" else set())
            if words:
                roles = " | ".join(role.value for role in Role)
                yield "# " + words.format(architectures=", ".join(architectures.names()), roles=roles)
        yield line


def parameter_lines(architecture: Architecture) -> Iterator[tuple[str, str]]:
    """Unit, range and meaning of every parameter, in a line."""
    for name, unit, span, _, meaning in rows(architecture):
        words = f"{unit}, {span}: {meaning}" if unit else f"{span}: {meaning}"
        yield name, words.replace("{", "{{").replace("}", "}}")


def _left_out(architecture: Architecture, given: set[str]) -> Iterator[str]:
    """Parameters that a template leaves at their default, as comments."""
    defaults = architecture.Parameters().model_dump(mode="json")
    for name, words in parameter_lines(architecture):
        value = defaults[name]
        if name not in given:
            yield "# " + words.format()
            plain = isinstance(value, str | int | float)
            yield f"# {name} = {_toml(value)}" if plain else f"# {name} = ...  (left out by default)"
