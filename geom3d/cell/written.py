"""Templates as TOML text: what a file and some changed keys come to, whole in itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from geom3d.cell.template import Original

#: Keys that TOML takes without quotes.
BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def written(original: Original, overrides: Mapping[str, Any], note: str = "") -> str:
    """The text of a template with some keys changed, ready to be built wherever it is put.

    Materials that are files beside the original are written into it.

    Args:
        original: the template.
        overrides: value by path.
        note: a comment for the first line.

    Raises:
        InputError: where the changed template is not valid.
    """
    content = original.changed(overrides)
    materials = dict(content.get("materials", {}))
    for name, material in original.draft(overrides).template.user_materials.items():
        if not any(isinstance(value, Mapping) and _same(key, name) for key, value in materials.items()):
            materials[name] = material.model_dump(mode="json", exclude_defaults=True, by_alias=True)
    if materials:
        content["materials"] = materials
    return "".join([f"# {note}\n" if note else "", toml_text(content)])


def _same(one: str, other: str) -> bool:
    return one.replace("_", "-").casefold() == other.replace("_", "-").casefold()


def toml_text(content: Mapping[str, Any]) -> str:
    """A mapping as TOML; None is left out, for TOML has no word for it.

    >>> print(toml_text({"title": "posts", "layers": [{"name": "a", "thickness": 0.5}]}), end="")
    title = "posts"
    <BLANKLINE>
    [[layers]]
    name = "a"
    thickness = 0.5
    """
    return "\n".join(_lines(content, "")) + "\n"


def _lines(table: Mapping[str, Any], path: str) -> Iterator[str]:
    inner = {key: value for key, value in table.items() if _is_table(value) or _is_tables(value)}
    for key, value in table.items():
        if key not in inner and value is not None:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        name = f"{path}{_key(key)}"
        for part in [value] if _is_table(value) else value:
            yield ""
            yield f"[{name}]" if _is_table(value) else f"[[{name}]]"
            yield from _lines(part, f"{name}.")


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(part, Mapping) for part in value)


def _key(key: str) -> str:
    return key if BARE.match(key) else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(part) for part in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)  # a date, which TOML writes as it is
