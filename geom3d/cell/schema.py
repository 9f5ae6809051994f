"""The JSON schema of a template, by which editors complete and check one.

What a table holds is read off its pydantic model, what its keys mean off the words that `geom3d new` writes; parameters come from the
registered architectures, other distributions' included. Each architecture has a condition of its own, so that a wrong key or a value
out of range is shown where it stands. Draft 7, which Taplo and the editors that build on it understand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, JsonSchemaWarningKind, models_json_schema
from pydantic_core import core_schema

from geom3d import architectures
from geom3d._version import __version__
from geom3d.architectures._profile import WallKeys
from geom3d.cell.commented import MEANINGS, parameter_lines
from geom3d.cell.describe import regions
from geom3d.cell.description import Device, Published
from geom3d.cell.film_thickness import THICKEST, ThreeThicknesses
from geom3d.cell.template import Layer, RegionChoice, Template
from geom3d.core.errors import OutputError
from geom3d.core.files import replacing
from geom3d.core.quantities import LONGEST
from geom3d.core.roles import Role
from geom3d.core.validation import fields_of
from geom3d.deposition.keys import StepCoverage
from geom3d.library import materials, processes
from geom3d.library.materials import Material

Schema = dict[str, Any]
#: By this title a schema is known to have been written by geom3d.
TITLE = "geom3d template"
#: Beside a template, where its first line says so.
FILE_NAME = "geom3d.schema.json"
#: The line by which Taplo, and so Even Better TOML, finds it; nothing is looked up elsewhere.
DIRECTIVE = f"#:schema ./{FILE_NAME}"
#: A number and a unit, as `geom3d.core.quantities` reads them.
WITH_UNIT = r"^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*[A-Za-zµμ°Å]+\s*$"
#: Limits of a number, as pydantic keeps those that stand outside of a function.
_LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_REFERENCE = "#/definitions/{model}"


class _OfToml(GenerateJsonSchema):
    """What a user may write: numbers that are converted may be text with a unit, and there is no null."""

    # A default that JSON cannot hold is left out, and no word is lost on it.
    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        inner = super().function_before_schema(schema)
        return _with_unit(inner) if inner.get("type") == "number" else inner

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = super().default_schema(schema)
        return {key: value for key, value in inner.items() if key != "default" or value is not None}

    def handle_invalid_for_json_schema(self, schema: core_schema.CoreSchema, error_info: str) -> JsonSchemaValue:
        return {}  # a type of another distribution's: its architecture checks it


def _with_unit(number: Schema) -> Schema:
    """A number, or text of a number and a unit; limits hold for the number only, the pattern for the text only."""
    return {**number, "type": ["number", "string"], "pattern": WITH_UNIT}


def template_schema() -> Schema:
    """The schema of templates, as a mapping for JSON.

    >>> schema = template_schema()
    >>> sorted(schema["properties"])[:4]
    ['architecture', 'capacity_basis', 'device', 'film_edges']
    """
    usable = architectures.DOOR.usable()
    shared: list[type[BaseModel]] = [Template, Layer, RegionChoice, Material, Device, Published]
    shared += [ThreeThicknesses, WallKeys, StepCoverage]
    models = [*shared, *(architecture.Parameters for _, architecture in usable)]
    found, defined = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(models)],
        ref_template=_REFERENCE,
        schema_generator=_OfToml,
    )
    definitions: Schema = defined["$defs"]

    def place(model: type[BaseModel]) -> str:
        return str(found[model, "validation"]["$ref"]).rpartition("/")[2]

    _complete(definitions, place)
    for _, architecture in usable:
        part = definitions[place(architecture.Parameters)]
        part["properties"] = _explained(part["properties"], dict(parameter_lines(architecture)))
    top = definitions.pop(place(Template))
    keys = {key: top["properties"][key] for key in fields_of(Template)}
    keys["materials"] = {"type": "object"}
    keys["parameters"] = {"type": "object", "properties": _all_parameters()}
    keys["architecture"] = {"type": "string", "enum": _both_ways([name for name, _ in usable])}
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": TITLE,
        "$comment": f"written by geom3d {__version__}",
        "type": "object",
        "additionalProperties": False,
        "required": ["architecture"],
        "properties": _explained(keys, {**MEANINGS[""], **_TABLES}),
        "allOf": [_condition(name, architecture, place) for name, architecture in usable],
        "definitions": definitions,
    }
    plain: Schema = _plain(schema)
    return plain


def schema_text() -> str:
    """The schema as the text of a JSON file."""
    return json.dumps(template_schema(), indent=1, ensure_ascii=False) + "\n"


def write_beside(template: Path) -> Path:
    """Writes the schema into the folder of a template, where its directive leads; one of an earlier version is replaced.

    Raises:
        OutputError: where a file of that name is not a schema of geom3d's, or it cannot be written.
    """
    path = template.parent / FILE_NAME
    try:
        there = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        there = {"title": TITLE}
    except (OSError, ValueError):
        there = None
    if not isinstance(there, dict) or there.get("title") != TITLE:
        raise OutputError(f"{path} is there already and is no schema of geom3d's; move it, for editors look there")
    with replacing(path) as file:
        file.write(schema_text().encode())
    return path


#: What the tables of a template are.
_TABLES = {
    "parameters": "dimensions of the architecture: geom3d describe NAME",
    "materials": "by region of the structure: a material; and materials of one's own, [materials.NAME]",
    "layers": "coats and fills, from the scaffold outward",
    "profile": "of walls as etched",
    "published": "values that geom3d verify compares with",
    "device": "outer size of a device, and figures of its data sheet",
}


def _complete(definitions: Schema, place: Callable[[type[BaseModel]], str]) -> None:
    """Adds to the definitions what their models check in functions, and what their keys mean."""
    layer, choice, own = (definitions[place(model)] for model in (Layer, RegionChoice, Material))
    three = definitions[place(ThreeThicknesses)]
    thick = {"exclusiveMinimum": 0, "maximum": THICKEST}
    for key in three["properties"]:
        three["properties"][key] = _with_unit({"type": "number", "minimum": 0, "maximum": THICKEST})
    pair = [_with_unit({"type": "number", "minimum": 0, "maximum": most}) for most in (LONGEST, THICKEST)]
    pairs = {"type": "array", "minItems": 1, "items": {"type": "array", "items": pair, "minItems": 2, "maxItems": 2}}
    table = {"$ref": _REFERENCE.format(model=place(ThreeThicknesses))}
    shapes: dict[str, Schema] = {"object": table, "array": pairs}
    layer["properties"]["thickness"] = {
        **_with_unit({"type": "number", **thick}),
        "type": ["number", "string", "object", "array"],
        "allOf": [{"if": {"type": kind}, "then": shape} for kind, shape in shapes.items()],
    }
    layer["oneOf"] = [{"required": ["thickness"]}, {"required": ["fill_to"]}]
    known = {"anyOf": [{"enum": materials.names()}, {"type": "string"}]}
    for part in (layer, choice):
        part["properties"]["material"] = known
    # Yes and no are 1 and 0.
    own["properties"]["lithiated"]["type"] = ["number", "boolean"]
    own.pop("required", None)
    tables: dict[str, type[BaseModel]] = {
        "layers": Layer,
        "device": Device,
        "published": Published,
        "profile": WallKeys,
    }
    for name, model in tables.items():
        part = definitions[place(model)]
        part["properties"] = _explained(part["properties"], MEANINGS[name])
    steps = definitions[place(StepCoverage)]
    steps["oneOf"] = [{"required": [key]} for key in steps["properties"]]
    steps["properties"]["process"] = {"anyOf": [{"enum": processes.names()}, {"type": "string", "minLength": 1}]}


def _condition(name: str, architecture: Any, place: Callable[[type[BaseModel]], str]) -> Schema:
    """What holds of a template of one architecture: its parameters, and the regions that can be given a material."""
    model = architecture.Parameters
    own: Schema = {"$ref": _REFERENCE.format(model=place(Material))}
    region: Schema = {
        "type": ["string", "object"],
        "if": {"type": "object"},
        "then": {"$ref": _REFERENCE.format(model=place(RegionChoice))},
        "description": MEANINGS["materials"]["*"].format(),
    }
    named = [words.partition(" (")[0] for words in regions(architecture)]
    # A layout's masks name its regions.
    others = own if not _names_regions(model) else {"if": {"type": "object"}, "then": {"anyOf": [own, region["then"]]}}
    return {
        "if": {"properties": {"architecture": {"enum": _both_ways([name])}}, "required": ["architecture"]},
        "then": {
            "properties": {
                "parameters": {
                    "$ref": _REFERENCE.format(model=place(model)),
                },
                "materials": {"properties": dict.fromkeys(named, region), "additionalProperties": others},
            }
        },
    }


def _names_regions(model: type[BaseModel]) -> bool:
    """Whether the parameters name regions, as the masks of a layout do."""
    inner = model.model_json_schema(schema_generator=_OfToml).get("$defs", {})
    return any("region" in part.get("properties", {}) for part in inner.values())


def _all_parameters() -> Schema:
    """Every parameter with what it means in each architecture: editors complete these, whatever the conditions say."""
    found: dict[str, list[str]] = {}
    for name, architecture in architectures.DOOR.usable():
        for key, words in parameter_lines(architecture):
            found.setdefault(key, []).append(f"{name}: {words.format()}")
    return {key: {"description": "\n".join(lines)} for key, lines in found.items()}


def _explained(properties: Mapping[str, Schema], words: Mapping[str, str]) -> Schema:
    """Properties with what they mean."""
    put = {"architectures": ", ".join(architectures.names()), "roles": " | ".join(role.value for role in Role)}
    return {
        key: {**schema, "description": words[key].format(**put)} if key in words else schema
        for key, schema in properties.items()
    }


def _both_ways(names: list[str]) -> list[str]:
    """Names as they are and with hyphens, which are alike."""
    return list(dict.fromkeys(way for name in names for way in (name, name.replace("_", "-"))))


def _plain(value: Any) -> Any:
    """The same in the words of draft 7: limits and lists by its keys, no title that only repeats a key."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, part in value.items():
        if key == "title" and part != TITLE and isinstance(part, str):
            continue
        name = _LIMITS.get(key, key) if isinstance(part, int | float) else key
        found["items" if key == "prefixItems" else name] = _plain(part)
    return found
