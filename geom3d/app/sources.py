"""What a page can begin with, shipped templates, architectures and a user's file; and the designs that it asks for."""

from __future__ import annotations

import json
import tomllib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geom3d import architectures
from geom3d.app.form import Field, form
from geom3d.cell import template
from geom3d.cell.commented import plain
from geom3d.cell.template import Original, read_original
from geom3d.core.errors import InputError, choose_from

#: Forms that are kept.
MOST_FORMS = 8
#: Changes that one design may have, characters of a text among them.
MOST_CHANGES, MOST_CHARACTERS = 200, 2000


@dataclass(frozen=True)
class Sources:
    """Where designs come from. Nothing else is read: a page names sources, never paths.

    Attributes:
        files: the user's own templates, by the name that the page calls them.
    """

    files: Mapping[str, Path]
    _forms: OrderedDict[str, dict[str, Field]] = field(default_factory=OrderedDict)

    def names(self) -> dict[str, dict[str, str]]:
        """The titles of all templates and architectures, by name."""
        mine = {name: f"{name} (your file)" for name in self.files}
        known = {name: (thing.__doc__ or "").strip().splitlines()[0] for name, thing in architectures.DOOR.usable()}
        return {"template": mine | dict(sorted(template.titles().items())), "architecture": dict(sorted(known.items()))}

    def original(self, source: Any) -> Original:
        """The template that a page means: `{"template": NAME}`, or `{"architecture": NAME}` with its defaults.

        Raises:
            InputError: where there is none of that name.
        """
        kind, name = next(iter(source.items())) if isinstance(source, Mapping) and len(source) == 1 else ("", "")
        if kind == "template" and name in self.files:
            return read_original(self.files[name])
        if kind == "template" and name in template.shipped():
            return read_original(name)
        if kind == "architecture" and name in architectures.names():
            return Original(name, name, tomllib.loads(plain(name)))
        if kind in ("template", "architecture"):
            raise InputError(f"{kind}: unknown {str(name)[:80]!r}; {choose_from(str(name)[:80], self.names()[kind])}")
        raise InputError('source: must be {"template": NAME} or {"architecture": NAME}')

    def form(self, original: Original) -> dict[str, Field]:
        """The form of a template, its fields by their path.

        Raises:
            InputError: where its architecture is unknown.
        """
        key = json.dumps([original.name, original.content], sort_keys=True, default=str)
        if key not in self._forms:
            self._forms[key] = {entry.path: entry for entry in form(original)}
            if len(self._forms) > MOST_FORMS:
                self._forms.popitem(last=False)
        return self._forms[key]

    def checked(self, original: Original, changes: Any) -> dict[str, Any]:
        """The changes of a page, if each is one that its form offers.

        Files are not among them: whoever has the page's address must not choose what the server reads.

        Raises:
            InputError: naming the key that is not offered, or whose value is of no kind that a form sends.
        """
        if not isinstance(changes, Mapping) or len(changes) > MOST_CHANGES:
            raise InputError(f"changes: must be a table of at most {MOST_CHANGES} keys")
        _require_offered(self.form(original), changes)
        return dict(changes)


def _require_offered(offered: Mapping[str, Field], changes: Mapping[str, Any]) -> None:
    for path, value in changes.items():
        if path in offered and offered[path].kind == "fixed":
            raise InputError(f"{path}: cannot be changed here, but in a template's file")
        if path not in offered:
            raise InputError(f"{path[:80]}: cannot be changed here; {choose_from(path[:80], offered, limit=12)}")
        _require_value(offered[path], value)


def _require_value(offered: Field, value: Any) -> None:
    if isinstance(value, list):
        right = offered.kind == "cells" and len(value) == 2 and all(isinstance(n, int | float) for n in value)
    elif isinstance(value, str):
        right = len(value) <= MOST_CHARACTERS
    else:
        right = value is None or isinstance(value, bool | int | float)
    if not right:
        raise InputError(
            f"{offered.path}: must be a number, a text of at most {MOST_CHARACTERS} characters, true or false"
        )
    if offered.kind == "material" and value not in [name for _, names in offered.options for name, _ in names]:
        raise InputError(
            f"{offered.path}: must be a material that geom3d knows or the template defines; got {value!r}"[:200]
        )
