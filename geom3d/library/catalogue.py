"""Descriptions as TOML files, one each: those of a shipped folder, those that other distributions register, those of users."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from geom3d.core.errors import InputError, PluginError
from geom3d.core.plugins import clash, origin_of, registered, registered_files, spelled, toml_files
from geom3d.core.validation import explain

#: Bytes of a description, at most: a study may list a hundred thousand designs.
LARGEST = 2**24
M = TypeVar("M", bound=BaseModel)


def read_text(path: Path, where: str, missing: Callable[[], str], *, regular: bool = False) -> str:
    """The text of a user's file.

    Args:
        path: of the file.
        where: what messages begin with.
        missing: gives the message where there is no such file.
        regular: whether it must be a plain file, as one must that a template names: a pipe would be waited for.

    Raises:
        InputError: where it is not there, cannot be read, or has more than `LARGEST` bytes.
    """
    try:
        if regular and not path.is_dir() and path.exists() and not path.is_file():
            raise InputError(f"{where}: must be a file; it is a pipe, a socket or a device")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)  # a device may have no end
        if len(content) > LARGEST:
            raise InputError(f"{where}: has more than {LARGEST:,} bytes, which is no description of anything")
        return (
            content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        )  # editors on Windows put a mark in front
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(missing()) from None
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not a UTF-8 text file (byte {error.start})") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{where}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def read_toml(text: str, where: str) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        InputError: where it is not valid TOML.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of 5000 digits and brackets nested as deep, too
        raise InputError(f"{where}: not valid TOML: {error}") from None


def validated(model: type[M], data: Mapping[str, Any], where: str) -> M:
    """A description of that form.

    Raises:
        InputError: one line that names the key, the rule, the value and the valid options.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{where}: {explain(error, model, data, '')}") from None


@dataclass(frozen=True)
class Entry:
    """A file of the catalogue.

    Attributes:
        name: by which it is found.
        file: the file.
        origin: the distribution that it comes with; empty for geom3d itself.
    """

    name: str
    file: Traversable
    origin: str = ""


class Catalogue(Generic[M]):
    """Descriptions of one kind, by name.

    A shipped name cannot be taken, and a name that two distributions register belongs to neither. Those of other
    distributions are read only where no shipped one is meant.
    """

    def __init__(self, kind: str, model: type[M], folder: Callable[[], Traversable], group: str) -> None:
        """A catalogue.

        Args:
            kind: what messages call such a thing.
            model: of a file's content; one with a field `aliases` has entries found by other names, too.
            folder: gives the shipped files.
            group: of the entry points by which distributions register theirs.
        """
        self.kind, self.model, self.group = kind, model, group
        self._folder = folder
        self._found: dict[str, M | None] = {}
        self._shipped_found: dict[str, M] = {}

    @cached_property
    def shipped(self) -> dict[str, Entry]:
        """The files that come with geom3d, by name."""
        return {name: Entry(name, file) for name, file in toml_files(self._folder()).items()}

    @cached_property
    def _registered(self) -> tuple[dict[str, Entry], dict[str, str], list[str]]:
        """The files of other distributions by name; what is wrong, by name; what is wrong with none in particular."""
        found: dict[str, list[Entry]] = {}
        problems: list[str] = []
        for point in registered(self.group):
            try:
                files = registered_files(point, self._label(point))
            except PluginError as error:
                problems.append(str(error))
                continue
            for name, file in files.items():
                if name in self.shipped or _called(name, self.shipped):
                    problems.append(f"{self.kind} {name!r} of {origin_of(point)}: the name is taken by geom3d's own")
                else:
                    found.setdefault(name, []).append(Entry(name, file, origin_of(point)))
        single = {name: entries[0] for name, entries in found.items() if len(entries) == 1}
        clashes = {
            name: clash(self.kind, name, [entry.origin for entry in entries])
            for name, entries in found.items()
            if len(entries) > 1
        }
        return single, clashes, problems

    def _label(self, point: EntryPoint) -> str:
        return f"{self.group} {point.name!r} of {origin_of(point)}"

    @property
    def names(self) -> list[str]:
        """Names of all, sorted."""
        return sorted({*self.shipped, *self._registered[0]})

    def origin(self, name: str) -> str:
        """The distribution that a name comes with; empty for geom3d itself."""
        return "" if name in self.shipped else self._registered[0][name].origin

    def find(self, name: str) -> M | None:
        """The one of that name or alias, or None; shipped ones come first.

        Case is overlooked where nothing is written so and that leaves one.

        Raises:
            InputError: where a shipped file has a wrong form.
            PluginError: where the file of another distribution has one, or two distributions register the name.
        """
        if name not in self._found:
            self._found[name] = self.find_shipped(name) or self._find_registered(name) or self._find_folded(name)
        return self._found[name]

    def find_shipped(self, name: str) -> M | None:
        """The one of that name or alias that comes with geom3d, or None."""
        entry = self._shipped_entry(name)
        if entry is None:
            return None
        if entry.name not in self._shipped_found:
            self._shipped_found[entry.name] = self._read(entry)
        return self._shipped_found[entry.name]

    def _shipped_entry(self, name: str) -> Entry | None:
        return self.shipped.get(spelled(name, self.shipped)) or _called(name, self.shipped)

    def entry(self, name: str) -> Entry | None:
        """The file of that name or alias, or None; hyphen and underscore are alike."""
        others = self._registered[0]
        return self._shipped_entry(name) or others.get(spelled(name, others)) or _called(name, others)

    def _find_registered(self, name: str) -> M | None:
        entries, clashes, _ = self._registered
        if name in clashes:
            raise PluginError(clashes[name])
        entry = entries.get(spelled(name, entries)) or _called(name, entries)
        return None if entry is None else self._read(entry)

    def meant_by(self, name: str) -> list[str]:
        """Names of those that a name or alias may mean where case is overlooked."""
        folded, entries = name.casefold(), {**self._registered[0], **self.shipped}
        return sorted(
            entry.name
            for entry in entries.values()
            if folded in {word.casefold() for word in (entry.name, *_aliases(entry))}
        )

    def _find_folded(self, name: str) -> M | None:
        meant = self.meant_by(name)
        return self.find(meant[0]) if len(meant) == 1 and meant[0] != name else None

    def usable(self) -> list[tuple[str, M]]:
        """Name and description of all that can be used, by name."""
        found = []
        for name in self.names:
            try:
                description = self.find(name)
            except (InputError, PluginError):
                continue  # `problems` tells
            assert description is not None  # it is one of the names
            found.append((name, description))
        return found

    def problems(self) -> list[str]:
        """A sentence on everything that cannot be used."""
        entries, clashes, problems = self._registered
        found = [*problems, *clashes.values()]
        for name in self.names:
            try:
                self.find(name)
            except (InputError, PluginError) as error:
                found.append(str(error))
        for entry in entries.values():
            taken = [alias for alias in _aliases(entry) if alias in self.shipped or _called(alias, self.shipped)]
            found += [f"{self.kind} {entry.name!r} of {entry.origin}: geom3d's own is called {a!r}" for a in taken]
        return found

    def _read(self, entry: Entry) -> M:
        where = f"{self.kind} {entry.name!r}" + (f" of {entry.origin}" if entry.origin else "")
        try:
            return validated(self.model, read_toml(entry.file.read_text("utf-8"), where), where)
        except InputError as error:
            raise (PluginError(str(error)) if entry.origin else error) from None
        except (OSError, ValueError) as error:
            kind = PluginError if entry.origin else InputError
            raise kind(f"{where}: cannot be read: {error}") from None


def _called(name: str, entries: Mapping[str, Entry]) -> Entry | None:
    """The first entry that has this alias."""
    return next((entry for entry in entries.values() if name in _aliases(entry)), None)


def _aliases(entry: Entry) -> tuple[str, ...]:
    """Other names of an entry; none of a file that cannot be read, which an error tells where it is used."""
    try:
        aliases = tomllib.loads(entry.file.read_text("utf-8")).get("aliases", ())
    except (OSError, ValueError, RecursionError):
        return ()
    return tuple(alias for alias in aliases if isinstance(alias, str)) if isinstance(aliases, list | tuple) else ()
