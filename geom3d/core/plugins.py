"""The one door for what can be added: modules of a shipped folder, and what other distributions register by entry points.

A distribution registers in its `pyproject.toml`, where the name on the left is the one that users write:

    [project.entry-points."geom3d.architectures"]
    rods = "battery_plugin.rods"

    [project.entry-points."geom3d.materials"]
    battery_plugin = "battery_plugin.materials"

The groups are `geom3d.architectures`, `geom3d.metrics`, `geom3d.exporters`, whose entry points lead to a module or an object
of its form, and `geom3d.materials`, `geom3d.processes`, whose entry points lead to TOML files. Entry points are read when
something is first looked up, and loaded when it is first used. What cannot be loaded, has a wrong form or fails at work is
an error that names its distribution; everything else goes on.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Collection, Mapping
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar, cast

from geom3d.core.errors import Geom3dError, InputError, PluginError, choose_from

T = TypeVar("T")
#: Says what is wrong with a thing, or with what one of its functions has returned; None where it is right.
Fault = Callable[[Any], str | None]
ResultFault = Callable[[Any, Any], str | None]


@cache
def registered(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group, by name and distribution."""
    return tuple(sorted(entry_points(group=group), key=lambda point: (point.name, origin_of(point))))


def origin_of(point: EntryPoint) -> str:
    """The distribution that an entry point belongs to, for people."""
    return "an unknown distribution" if point.dist is None else f"distribution {point.dist.name} {point.dist.version}"


def load(point: EntryPoint, label: str) -> Any:
    """What an entry point leads to.

    Args:
        point: the entry point.
        label: what messages call it.

    Raises:
        PluginError: where it cannot be imported, for whatever reason.
    """
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # anything may go wrong in the code of others
        raise PluginError(f"{label}: {point.value} cannot be imported: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """An error of someone else's code in one line."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def spelled(name: str, names: Collection[str]) -> str:
    """The one of some names that is meant: hyphen and underscore are alike; the name itself where none is.

    >>> spelled("interdigitated-pillars", ["pillars", "interdigitated_pillars"])
    'interdigitated_pillars'
    """
    if name in names:
        return name
    return next((known for known in names if known.replace("_", "-") == name.replace("_", "-")), name)


class Door(Generic[T]):
    """Modules of one kind, by name: those of a shipped folder, and those that other distributions register.

    A shipped name cannot be taken, and a name that two distributions register belongs to neither.
    """

    def __init__(
        self,
        kind: str,
        package: str,
        group: str,
        fault: Fault,
        results: Mapping[str, ResultFault],
        hidden: Collection[str] = (),
    ) -> None:
        """A door.

        Args:
            kind: what messages call such a thing.
            package: dotted name of the shipped folder; modules whose name begins with `_` are not of the kind.
            group: of entry points.
            fault: says what is wrong with the form of a registered thing.
            results: the functions of such a thing; each says what is wrong with a result, given the thing and the result.
            hidden: further modules of the folder that are not of the kind.
        """
        self.kind, self.package, self.group = kind, package, group
        self._fault, self._results, self._hidden = fault, results, hidden
        self._loaded: dict[str, T | PluginError] = {}

    @cached_property
    def shipped(self) -> tuple[str, ...]:
        """Names of those that come with geom3d, sorted."""
        folder = importlib.import_module(self.package).__path__
        found = (module.name for module in pkgutil.iter_modules(folder))
        return tuple(sorted(name for name in found if not name.startswith("_") and name not in self._hidden))

    @cached_property
    def _registered(self) -> dict[str, list[EntryPoint]]:
        found: dict[str, list[EntryPoint]] = {}
        for point in registered(self.group):
            found.setdefault(point.name, []).append(point)
        return found

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all, sorted; nothing is imported for them."""
        single = [name for name, points in self._registered.items() if len(points) == 1]
        return tuple(sorted({*self.shipped, *single}))

    def knows(self, name: str) -> bool:
        """Whether anything has that name, be it usable or not."""
        return self.spelled(name) in {*self.shipped, *self._registered}

    def spelled(self, name: str) -> str:
        """The name that is meant: hyphen and underscore are alike."""
        return spelled(name, (*self.shipped, *self._registered))

    def origin(self, name: str) -> str:
        """The distribution that registers a name; empty for those that come with geom3d."""
        name = self.spelled(name)
        return "" if name in self.shipped else origin_of(self._registered[name][0])

    def get(self, name: str) -> T:
        """The one of that name.

        Raises:
            InputError: for an unknown name, with the valid ones.
            PluginError: where a distribution registers it, but it cannot be used.
        """
        name = self.spelled(name)
        if name in self.shipped:
            return cast("T", importlib.import_module(f"{self.package}.{name}"))
        if name not in self._registered:
            raise InputError(f"{self.kind}: unknown {name!r}; {choose_from(name, self.names)}")
        if name not in self._loaded:
            try:
                self._loaded[name] = self._load(name)
            except PluginError as error:
                self._loaded[name] = error
        found = self._loaded[name]
        if isinstance(found, PluginError):
            raise found
        return found

    def usable(self) -> list[tuple[str, T]]:
        """Name and thing of all that can be used, those that come with geom3d first."""
        found = [(name, self.get(name)) for name in self.shipped]
        for name in self._registered:
            if name not in self.shipped:
                try:
                    found.append((name, self.get(name)))
                except PluginError:
                    continue  # `problems` tells
        return found

    def problems(self) -> list[str]:
        """A sentence on everything registered that cannot be used."""
        found = []
        for name, points in self._registered.items():
            if name in self.shipped:
                found += [f"{self._label(name, point)}: the name is taken by geom3d's own" for point in points]
                continue
            try:
                self.get(name)
            except PluginError as error:
                found.append(str(error))
        return found

    def _label(self, name: str, point: EntryPoint) -> str:
        return f"{self.kind} {name!r} of {origin_of(point)}"

    def _load(self, name: str) -> T:
        points = self._registered[name]
        if len(points) > 1:
            raise PluginError(clash(self.kind, name, [origin_of(point) for point in points]))
        label = self._label(name, points[0])
        thing = load(points[0], label)
        fault = self._fault(thing)
        if fault is not None:
            raise PluginError(f"{label}: {points[0].value} {fault}")
        return cast("T", Guarded(thing, label, self._results))


def clash(kind: str, name: str, origins: Collection[str]) -> str:
    """The sentence on a name that several distributions register."""
    return f"{kind} {name!r}: registered by {' and by '.join(sorted(origins))}; uninstall all but one"


class Guarded:
    """What a distribution has registered; where one of its functions fails, the error names the distribution.

    Errors that geom3d raises on purpose pass: a design may be wrong for a registered architecture, too.
    """

    def __init__(self, thing: Any, label: str, results: Mapping[str, ResultFault]) -> None:
        self._thing, self._label, self._results = thing, label, results
        self.__doc__ = thing.__doc__

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._thing, name)
        return functools.partial(self._call, name, value) if name in self._results else value

    def _call(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            result = function(*arguments)
        except Geom3dError:
            raise
        except Exception as error:  # anything may go wrong in the code of others
            raise PluginError(f"{self._label}: {name} failed: {_reason(error)}") from error
        fault = self._results[name](self._thing, result)
        if fault is not None:
            raise PluginError(f"{self._label}: {name} {fault}")
        return result


def lacking(thing: Any, *functions: str) -> str | None:
    """What a thing lacks that is to have these functions, and a docstring that says what it is."""
    missing = [name for name in functions if not callable(getattr(thing, name, None))]
    if missing:
        return f"must have a function {missing[0]}"
    return None if (thing.__doc__ or "").strip() else "must say in the first line of its docstring what it is"


def toml_files(folder: Traversable) -> dict[str, Traversable]:
    """The TOML files of a folder, by name without the ending, sorted."""
    found = {entry.name.removesuffix(".toml"): entry for entry in folder.iterdir() if entry.name.endswith(".toml")}
    return dict(sorted(found.items()))


def registered_files(point: EntryPoint, label: str) -> dict[str, Traversable]:
    """The TOML files that an entry point leads to, by name without the ending.

    Args:
        point: leads to a package, all of whose TOML files are meant, or to an object that is the path of a folder of
            such files or of a single one: a `pathlib.Path`, a text, or what `importlib.resources.files` gives.
        label: what messages call it.

    Raises:
        PluginError: where there are none.
    """
    thing = load(point, label)
    if isinstance(thing, ModuleType) and hasattr(thing, "__path__"):
        place: Traversable = files(thing)
    elif isinstance(thing, str):
        place = Path(thing)
    elif isinstance(thing, Traversable):
        place = thing
    else:
        raise PluginError(f"{label}: {point.value} must be a package or the path of TOML files")
    found = toml_files(place) if place.is_dir() else {}
    if place.is_file() and place.name.endswith(".toml"):
        found = {place.name.removesuffix(".toml"): place}
    if not found:
        raise PluginError(f"{label}: {point.value} holds no TOML file")
    return found
