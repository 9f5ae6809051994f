"""The studies that come with geom3d."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from geom3d.core.plugins import spelled, toml_files


@cache
def _files() -> dict[str, Traversable]:
    return toml_files(files("geom3d.studies") / "library")


def shipped() -> list[str]:
    """Names of the studies that come with geom3d."""
    return list(_files())


def text_of(name: str) -> str | None:
    """The text of the shipped study of that name, hyphen and underscore alike; None where there is none."""
    file = _files().get(spelled(name, _files()))
    return None if file is None else file.read_text("utf-8")


def titles() -> dict[str, str]:
    """What the shipped studies are called, by name."""
    return {name: str(tomllib.loads(file.read_text("utf-8"))["title"]) for name, file in _files().items()}
