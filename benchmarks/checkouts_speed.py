"""Two checkouts of geom3d side by side: how long each takes for the same jobs, in turns, in one run.

Usage: python benchmarks/checkouts_speed.py OLD NEW [--python-old P --python-new P] [--jobs …] [--pairs 5]

Each checkout runs in a process of its own that stays, so that imports and compilation are paid once; commands start a new one every time.
Old and new take turns, so that both see the same machine, and what is told of a job is the median over the pairs of new / old, for
the time on the clock and for that of the processor, of which other work on the machine takes less. A job whose processor's time grows by
more than `--limit` (5 %) is marked, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from _checkouts import Checkout, checkout, require_known
from rich.console import Console
from rich.progress import track
from rich.table import Table

#: Commands, timed from start to end of the process.
COMMANDS = {
    "import": ("-c", "import geom3d"),
    "import and load": ("-c", "import geom3d; geom3d.load"),
    "geom3d --help": ("-m", "geom3d", "--help"),
    "geom3d list": ("-m", "geom3d", "list"),
    "geom3d describe": ("-m", "geom3d", "describe", "trenches"),
}


def load(name: str, **overrides: Any) -> Any:
    """A design of the checkout in whose process this runs."""
    import geom3d

    return geom3d.load(name, overrides)


def measured(name: str, repeat: int = 1) -> Any:
    """A design whose numbers are known."""
    design = load(name, repeat=[repeat, repeat])
    design.measure()
    return design


def building(form: str) -> Callable[[Path], Callable[[], object]]:
    """A job that writes an array of pillars."""

    def prepare(folder: Path) -> Callable[[], object]:
        design = measured("pillars-coated", 40)
        return lambda: design.build(folder, formats=(form,))

    return prepare


def drawing(_: Path) -> Callable[[], object]:
    """A job that draws a section."""
    import _checkout_outputs

    design, draw = measured("trenches-notten-2007"), _checkout_outputs.function("section")
    return lambda: draw(design)


def conducting(_: Path) -> Callable[[], object]:
    """A job that solves ionic conduction."""
    design = measured("trenches-notten-2007")
    return lambda: design.measure(transport=True)


#: Jobs of the process that stays: each prepares what it needs in a folder, and returns what is timed.
WORK: dict[str, Callable[[Path], Callable[[], object]]] = {
    "measure pillars": lambda _: lambda: load("pillars-coated").measure(),
    "measure trenches": lambda _: lambda: load("trenches-notten-2007").measure(),
    "measure comb": lambda _: lambda: load("comb-sun-2013").measure(),
    "walls of a sponge": lambda _: lambda: load("sponge-gyroid-lto", resolution=0.2).walls(),
    "measure a sponge": lambda _: lambda: load("sponge-gyroid-lto", resolution=0.2).measure(),
    "check pillars": lambda _: lambda: load("pillars-coated").check_all(50),
    "build stl": building("stl"),
    "build 3mf": building("3mf"),
    "build masks": building("gds"),
    "section": drawing,
    "conduction": conducting,
}
JOBS = (*COMMANDS, *WORK)


def child() -> None:
    """Does the jobs whose names come in, one a line, and answers with seconds on the clock and of the processor."""
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            timed = WORK[line.strip()](Path(folder))
            clock, processor = time.perf_counter(), time.process_time()
            timed()
            print(json.dumps([time.perf_counter() - clock, time.process_time() - processor]), flush=True)


@contextmanager
def helper(side: Checkout) -> Iterator[Callable[[str], tuple[float, float]]]:
    """A process of a checkout that does jobs: by name, seconds on the clock and of the processor."""
    script = str(Path(__file__).resolve())
    with side.start(script, "--child", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:

        def do(job: str) -> tuple[float, float]:
            process.stdin.write(f"{job}\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer:
                sys.exit(f"{side.folder}: {job}: failed (see above)")
            clock, processor = json.loads(answer)
            return clock, processor

        yield do
        process.stdin.close()


def command(side: Checkout, job: str) -> tuple[float, float]:
    """Seconds on the clock and of the processor that a command takes."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    side.run(*COMMANDS[job])
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    if "--child" in sys.argv:
        child()
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", metavar="OLD", help="folder of the old checkout")
    parser.add_argument("new", metavar="NEW", help="folder of the new checkout")
    parser.add_argument("--python-old", help="Python of the old checkout; this one if left out")
    parser.add_argument("--python-new", help="Python of the new checkout; this one if left out")
    parser.add_argument("--jobs", nargs="+", default=[], metavar="NAME", help="all if left out")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each job in each checkout")
    parser.add_argument("--limit", type=float, default=0.05, help="largest growth that is not marked")
    given = parser.parse_args()
    jobs = require_known(given.jobs, JOBS, "jobs")
    sides = checkout(given.old, given.python_old), checkout(given.new, given.python_new)
    table = Table("job", "old / s", "new / s", "new / old, clock", "new / old, processor", "least to largest")
    slower = []
    with ExitStack() as stack:
        helpers = [stack.enter_context(helper(side)) for side in sides]
        for job in track(jobs, "timing", console=Console(stderr=True)):
            pairs = []
            for turn in range(given.pairs + 1):  # the first fills caches, and is not counted
                pair = [
                    command(side, job) if job in COMMANDS else do(job) for side, do in zip(sides, helpers, strict=True)
                ]
                pairs += [pair] if turn else []
            clock, processor = ([new[k] / max(old[k], 1e-9) for old, new in pairs] for k in (0, 1))
            middle = statistics.median(processor)
            slower += [job] if middle > 1 + given.limit else []
            seconds = [f"{statistics.median(pair[k][0] for pair in pairs):.3f}" for k in (0, 1)]
            spread = f"{min(processor):.2f} to {max(processor):.2f}"
            style = "red" if job in slower else None
            table.add_row(job, *seconds, f"{statistics.median(clock):.3f}", f"{middle:.3f}", spread, style=style)
    (Console() if sys.stdout.isatty() else Console(width=140)).print(table)
    if slower:
        print(f"slower by more than {100 * given.limit:g} %: {', '.join(slower)}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
