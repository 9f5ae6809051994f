"""Two checkouts of geom3d side by side: does every number and every file of every shipped template come out the same?

Usage: python benchmarks/compare_checkouts.py OLD NEW [--python-old P] [--python-new P] [--templates …] [--formats …] [--sections]

Each checkout runs in a process of its own, with a Python that has its dependencies. Reports (measure, with ionic conduction, check, verify)
are compared value by value: whole numbers and words must be equal, other numbers to a relative 1e-12. Files of every format are compared
byte by byte, those inside a 3MF archive one by one, JSON files as reports. Apart from that differ only what `RENAMED` and `ADDED` say, and
the version, which both write as 0. Sponges stand on the coarsest grid that holds them, arrays have 2 × 2 cells, and voxels, slices and
meshes suit the cell, so that all of it takes minutes.

Results are kept by the content of a checkout, so an old one runs once. Exit code 0: no difference; 1: differences, which are
listed; 2: wrong usage.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from _checkouts import Checkout, checkout, require_known
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

#: Keys of reports and words of warnings, old to new.
RENAMED = {"surface_per_volume_um": "surface_per_volume_per_um"}
#: Paths of values that the new checkout may have beyond the old one's; `*` stands for any key.
ADDED: tuple[str, ...] = ()
#: Keys of JSON files that are not compared. Older checkouts did not tell in `report.json` what `build --transport` had solved; the
#: numbers themselves are compared as values.
LEFT_OUT = {"currents/vtp/report.json": ("report",)}
#: Largest relative difference of numbers that are not whole.
RELATIVE = 1e-12
FORMATS = ("3mf", "glb", "gds", "msh", "nrrd", "oas", "obj", "ply", "png", "stl", "svg", "tiff", "vtp", "vtu")
#: Most differences of one template that are listed.
LISTED = 8
OUTPUTS = Path(__file__).resolve().with_name("_checkout_outputs.py")


@dataclass
class Findings:
    """What the comparison of one template found.

    Attributes:
        numbers, files: how many were compared.
        different: a sentence for each difference.
        refused: parts that both refuse with a clear error, such as masks of a sponge.
    """

    numbers: int = 0
    files: int = 0
    different: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def main() -> int:
    given = _arguments()
    old, new = checkout(given.old, given.python_old), checkout(given.new, given.python_new)
    shipped = sorted({*old.templates(), *new.templates()})
    templates = require_known(given.templates, shipped, "templates")
    formats = require_known(given.formats, FORMATS, "formats")
    asked = {"formats": formats, "sections": given.sections, "transport": not given.no_transport}
    console = Console(stderr=True)
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bars, console=console) as progress:
        folders = [
            outputs(side, [name for name in templates if name in side.templates()], asked, given.cache, progress)
            for side in (old, new)
        ]
    found = {name: compared(*(folder / name for folder in folders)) for name in templates}
    _print(found, folders, (old, new))
    return 1 if any(findings.different for findings in found.values()) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", metavar="OLD", help="folder of the old checkout")
    parser.add_argument("new", metavar="NEW", help="folder of the new checkout")
    parser.add_argument("--python-old", help="Python of the old checkout; this one if left out")
    parser.add_argument("--python-new", help="Python of the new checkout; this one if left out")
    parser.add_argument("--templates", nargs="+", default=[], metavar="NAME", help="all if left out")
    parser.add_argument("--formats", nargs="+", default=[], metavar="NAME", help="all if left out")
    parser.add_argument("--sections", action="store_true", help="also SVG sections and the JSON of comparisons")
    parser.add_argument("--no-transport", action="store_true", help="without ionic conduction")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir(), "geom3d-checkouts"))
    return parser.parse_args()


def outputs(side: Checkout, templates: list[str], asked: dict[str, Any], cache: Path, progress: Progress) -> Path:
    """The folder with a checkout's results, made as far as they are missing; a template that ends Python has none."""
    settings = json.dumps(asked, sort_keys=True)
    folder = cache.resolve() / _hash(side.key(), settings, OUTPUTS.read_text("utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in templates if not (folder / name).is_dir()]
    title = f"{side.folder.name} {side.commit()}"
    task = progress.add_task(title, total=len(templates), completed=len(templates) - len(missing))
    while missing:
        words = {"checkout": str(side.folder), "output": str(folder), "templates": missing, **asked}
        begun = ""
        with side.start(str(OUTPUTS), json.dumps(words), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for line in process.stdout:
                event = json.loads(line)
                if "begun" in event:
                    begun = event["begun"]
                    progress.update(task, description=f"{title}: {begun}")
                else:
                    progress.advance(task)
        if process.returncode == 0:
            break
        if not begun:
            sys.exit(f"{side.folder}: cannot run (see above)")
        progress.console.print(f"{title}: {begun} ended the process with code {process.returncode}", style="red")
        missing = missing[missing.index(begun) + 1 :]
        progress.advance(task)
    progress.update(task, description=title)
    return folder


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def compared(old: Path, new: Path) -> Findings:
    """Compares the results of a template in two folders."""
    found = Findings()
    for folder in (old, new):
        if not (folder / "values.json").is_file():
            found.different.append(f"no results of the {'old' if folder is old else 'new'} checkout")
    if found.different:
        return found
    before, after = (json.loads((folder / "values.json").read_text("utf-8")) for folder in (old, new))
    found.numbers = _count(before["values"])
    found.different += differences(before["values"], after["values"])
    for part in sorted({*before["errors"], *after["errors"]}):
        errors = [side["errors"].get(part) for side in (before, after)]
        shown = [error and f"{error['kind']}: {error['text']}" for error in errors]
        if all(error and error["own"] for error in errors) and errors[0]["kind"] == errors[1]["kind"]:
            found.refused.append(part)
        elif all(errors):
            found.different.append(f"{part}: both fail: {shown[0]} | {shown[1]}")
        else:
            found.different.append(
                f"{part}: only the {'old' if errors[0] else 'new'} one fails: {shown[0] or shown[1]}"
            )
    there = [{p.relative_to(f).as_posix() for p in f.rglob("*") if p.is_file()} - {"values.json"} for f in (old, new)]
    found.different += [f"{name}: not written by the new checkout" for name in sorted(there[0] - there[1])]
    found.different += [f"{name}: not written by the old checkout" for name in sorted(there[1] - there[0])]
    for name in sorted(there[0] & there[1]):
        found.files += 1
        omitted = LEFT_OUT.get(name, ())
        found.different += [f"{name}: {text}" for text in file_differences(old / name, new / name, omitted)]
    return found


def file_differences(old: Path, new: Path, omitted: Sequence[str] = ()) -> Iterator[str]:
    """A sentence for each difference between two files; first keys of a JSON file can be omitted."""
    before, after = old.read_bytes(), new.read_bytes()
    if before == after:
        return
    if old.suffix == ".json":
        values = (json.loads(data) for data in (before, after))
        yield from differences(*({k: v for k, v in value.items() if k not in omitted} for value in values))
    elif old.suffix == ".3mf":
        with ZipFile(old) as first, ZipFile(new) as second:
            names = [sorted(archive.namelist()) for archive in (first, second)]
            if names[0] != names[1]:
                yield f"holds {', '.join(names[1])}; was {', '.join(names[0])}"
            for name in sorted({*names[0]} & {*names[1]}):
                yield from (f"{name}: {text}" for text in _bytes(first.read(name), second.read(name)))
    else:
        yield from _bytes(before, after)


def _bytes(before: bytes, after: bytes) -> Iterator[str]:
    if before != after:
        pairs = zip(before, after, strict=False)
        place = next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(before), len(after)))
        start = max(0, place - 10)
        yield (
            f"differs from byte {place} on, {len(before)} to {len(after)} bytes: "
            f"{before[start : place + 30]!r} to {after[start : place + 30]!r}"
        )


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """A sentence for each difference between two JSON values, after what is renamed."""
    if isinstance(old, dict) and isinstance(new, dict):
        before = {renamed(key): value for key, value in old.items()}
        for key in [*before, *(key for key in new if key not in before)]:
            place = f"{path}.{key}" if path else key
            if key not in new:
                yield f"{place}: missing; was {_short(before[key])}"
            elif key in before:
                yield from differences(before[key], new[key], place)
            elif not _is_added(place):
                yield f"{place}: new: {_short(new[key])}"
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{path}: {len(new)} entries; were {len(old)}: {_short(new)}; was {_short(old)}"
        else:
            for k, (a, b) in enumerate(zip(old, new, strict=True)):
                yield from differences(a, b, f"{path}[{k}]")
    elif not same(old, new):
        yield f"{path}: {_short(new)}; was {_short(old)}"


def same(old: Any, new: Any) -> bool:
    """Whether two single values agree."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (old, new))
    if numbers and (isinstance(old, float) or isinstance(new, float)):
        return math.isclose(old, new, rel_tol=RELATIVE, abs_tol=0.0)
    if isinstance(old, str) and isinstance(new, str):
        return renamed(old) == new
    return type(old) is type(new) and bool(old == new)


def renamed(text: str) -> str:
    """A key or a sentence of the old checkout in the new one's words."""
    for before, after in RENAMED.items():
        text = re.sub(rf"(?<!\w){re.escape(before)}(?!\w)", after, text)
    return text


def _is_added(path: str) -> bool:
    return any(re.fullmatch(re.escape(added).replace(r"\*", r"[^.]+"), path) for added in ADDED)


def _count(value: Any) -> int:
    """How many single values there are."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 if inner is None else sum(_count(part) for part in inner)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else text[:99] + "…"


def _print(found: dict[str, Findings], folders: list[Path], sides: tuple[Checkout, Checkout]) -> None:
    table = Table("template", "values", "files", "refused by both", "different", "old / s", "new / s")
    for name, findings in found.items():
        spent = [_seconds(folder / name) for folder in folders]
        different = str(len(findings.different)) if findings.different else "–"
        row = (name, str(findings.numbers), str(findings.files), ", ".join(findings.refused), different)
        table.add_row(*row, *spent, style="red" if findings.different else None)
    console = Console() if sys.stdout.isatty() else Console(width=140)
    console.print(table)
    for name, findings in found.items():
        for text in findings.different[:LISTED]:
            console.print(f"{name}: {text}", markup=False, highlight=False, soft_wrap=True)
        more = len(findings.different) - LISTED
        if more > 0:
            console.print(f"{name}: and {more} more", markup=False, highlight=False)
    different = sum(len(findings.different) for findings in found.values())
    old, new = (f"{side.folder.name} {side.commit()}".strip() for side in sides)
    console.print(
        f"{old} and {new}: {len(found)} templates, {sum(f.numbers for f in found.values())} values, "
        f"{sum(f.files for f in found.values())} files, {different} differences",
        markup=False,
        highlight=False,
    )
    for label, folder in zip(("old", "new"), folders, strict=True):
        print(f"{label} results: {folder}", file=sys.stderr)


def _seconds(folder: Path) -> str:
    """Time that a template took when its results were made."""
    path = folder / "values.json"
    return f"{sum(json.loads(path.read_text('utf-8'))['seconds'].values()):.1f}" if path.is_file() else "–"


if __name__ == "__main__":
    sys.exit(main())
