"""How much memory a request may take: what it needs is estimated, and refused where that is too much, before anything is allocated.

What may be used is half of the machine's memory, or of what a container or a limit of the process leaves of it; the setting
`max_memory` of the command line, or the environment variable `GEOM3D_MAX_MEMORY`, says otherwise, in worker processes, too. Estimates are
rounded up from the largest peak that was measured for the kind of work, beside what the program itself takes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from geom3d.core.errors import InputError

#: The environment variable that says how much may be used.
VARIABLE = "GEOM3D_MAX_MEMORY"
#: Share of the machine's memory that is used at most, unless told.
SHARE = 0.5
#: Of a machine that does not tell, bytes.
UNKNOWN = 8 * 10**9
#: What may be set, bytes: less than the program itself takes is a slip of the pen.
LEAST = 10**8
_UNITS = {
    "": 1,
    "b": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?(?:[eE]\d+)?)\s*([kmgt]i?)?b?\s*\Z", re.IGNORECASE)
#: Where Linux tells what a container may use.
_CONTAINERS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def parse_size(text: str) -> int:
    """A number of bytes as people write it.

    >>> parse_size("2 GB"), parse_size("500MiB"), parse_size("1e9")
    (2000000000, 524288000, 1000000000)

    Raises:
        ValueError: with the rule that was broken; callers add the key.
    """
    found = _SIZE.match(text)
    size = float(found[1]) * _UNITS[(found[2] or "").lower()] if found else 0.0
    if not LEAST <= size <= 1e18:
        raise ValueError(f"must be a size of memory such as '4 GB', at least {LEAST / 1e6:g} MB")
    return int(size)


def allowed() -> int:
    """Bytes that a request may take.

    Raises:
        InputError: where the environment variable holds no size.
    """
    told = os.environ.get(VARIABLE)
    if told is None:
        return int(SHARE * _machine())
    try:
        return parse_size(told)
    except ValueError as error:
        raise InputError(f"{VARIABLE}: {error}; got {told!r}") from None


@contextmanager
def limited(size: str | None) -> Iterator[None]:
    """Another size for a while, for worker processes as well; the same if None.

    Raises:
        ValueError: where it is none.
    """
    former = os.environ.get(VARIABLE)
    if size is not None:
        parse_size(size)
        os.environ[VARIABLE] = size
    try:
        yield
    finally:
        if former is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = former


def most(each: float) -> int:
    """How many things fit, of so many bytes each."""
    return int(allowed() / each)


def require(key: str, what: str, count: float, each: float, remedy: str) -> None:
    """Refuses what would not fit.

    Args:
        key: to change.
        what: there would be so many of, in words.
        count: of these.
        each: bytes of one, at its peak.
        remedy: what to do about it.

    Raises:
        InputError: naming the key, the count, the memory and the remedy.
    """
    if count > most(each):
        raise too_much(key, what, count, each, remedy)


def too_much(key: str, what: str, count: float, each: float, remedy: str) -> InputError:
    """The error of `require`."""
    from geom3d.core.files import size_text  # loads numpy, as the command line must not to show its help

    return InputError(
        f"{key}: {count:.3g} {what} would take about {size_text(count * each)} of memory, {size_text(allowed())} may be used "
        f"({most(each):.3g} fit): {remedy}, or allow more (max_memory)"
    )


@cache
def _machine() -> int:
    """Bytes of memory that this process could have."""
    found = [UNKNOWN]
    try:
        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (AttributeError, ValueError, OSError):  # not on this system
        found = [_of_windows() or UNKNOWN]
    for path in _CONTAINERS:
        try:
            found.append(int(path.read_text("ascii")))
        except (OSError, ValueError):  # no container, or one without a limit
            continue
    try:
        import resource
    except ImportError:
        return min(found)
    soft = resource.getrlimit(resource.RLIMIT_AS)[0]
    return min([*found, *([soft] if soft != resource.RLIM_INFINITY else [])])


def _of_windows() -> int | None:
    """Bytes of memory by the call that Windows has for it."""
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [  # as ctypes wants it
            ("length", ctypes.c_ulong), ("load", ctypes.c_ulong), ("total", ctypes.c_ulonglong),
            ("rest", ctypes.c_ulonglong * 6),
        ]  # fmt: skip

    windows = getattr(ctypes, "windll", None)
    status = Status(length=ctypes.sizeof(Status))
    return status.total if windows is not None and windows.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None
