"""Random designs through every command, format and metric that is found: each comes to a checked result or to one clear refusal.

    python benchmarks/fuzz.py --minutes 30 [--webs 0.2] [--seed 1] [-o found]

Architectures, commands, formats, processes and metrics on request are those that are registered: what is added is in it, and a command
with an option that nothing here fills in stops the run at once. Every design is measured, and goes through some more commands.
Outcomes are counted by command: `done`, `refused` (one or two lines, exit code 1), `no` (a check that says so), and what must not be:
`traceback`, `hang`, `killed` (the process ended), `failed check`, `unclear` (a refusal that is not one or two lines, or files left unfinished).
Of each of these the smallest template that Hypothesis finds is kept in the folder, with the command and what was said. A worker does
the work, so that nothing that it does ends the run; the exit code is 1 where anything was found.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import json
import math
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from drawn_designs import ANYWHERE, FAR, NEAR, designs, parameters, sponges, within

from geom3d import architectures, exports, metrics
from geom3d.architectures._sponge import SpongeParameters, WebParameters
from geom3d.core.errors import GeometryError, InputError
from geom3d.library import processes

#: Seconds of the processor's time that one design of prisms, and one that is sampled, may take in all its commands.
LIMITS = {False: 40.0, True: 240.0}
GOOD = ("done", "refused", "no")
#: Commands that tell of what is there, and take no design; and `app`, which serves a page until it is ended.
TELLING = ("app", "list", "describe", "show", "new", "--help", "-h", "--version", "--install-completion")
#: Options that are left alone: they hand the work to other machines or processes, or only leave something out.
LEFT = {"scheduler", "jobs", "shard", "full", "set_", "labels", "between", "max_memory", "host", "port", "no_browser"}
#: A length as a share of the cell's longest side, in a command's words; the worker knows the cell.
SHARE = "share:"


# What is drawn: a design, and commands with their options.


def sampled(name: str) -> bool:
    """Whether an architecture is sampled on a grid, and takes seconds."""
    return issubclass(architectures.get(name).Parameters, WebParameters)


@st.composite
def descriptions(draw: st.DrawFn, webs: float) -> dict[str, Any]:
    """A template of any architecture."""
    is_web = draw(st.floats(0, 1)) < webs
    name = draw(st.sampled_from([n for n in architectures.names() if sampled(n) == is_web]))
    model = architectures.get(name).Parameters
    if is_web and issubclass(model, SpongeParameters):
        found = draw(sponges(name))
    elif is_web or "file" in model.model_fields:
        found = {"architecture": name, "parameters": draw(parameters(model, NEAR))}
    else:
        found = draw(designs(name, (NEAR, NEAR, FAR, ANYWHERE), tolerances=True, most=6))
    if draw(st.booleans()):
        found["repeat"] = [draw(st.integers(1, 3)), draw(st.integers(1, 3))]
    if draw(st.integers(0, 9)) == 0:
        found["device"] = {"width": draw(within(10, 1e4)), "length": draw(within(10, 1e4))}
    return found


def one_of(names: Any) -> st.SearchStrategy[list[str]]:
    return st.sampled_from([[str(name)] for name in names])


def share(low: float, high: float) -> st.SearchStrategy[list[str]]:
    return within(low, high).map(lambda part: [f"{SHARE}{part:g}"])


@cache
def views() -> list[str]:
    from geom3d.rendering.views import VIEWS

    return [*VIEWS, "section"]


#: What fills in an argument or an option of that name, whichever command has it. `output` goes by its help.
FILL: dict[str, Callable[[], st.SearchStrategy[list[str]]]] = {
    "template": lambda: st.just(["t.toml"]),
    "templates": lambda: st.just(["t.toml"]),
    "study": lambda: st.just(["study.toml"]),
    "format": lambda: st.lists(st.sampled_from(exports.formats()), min_size=1, max_size=3, unique=True),
    "request": lambda: one_of(metrics.requests()),
    "process": lambda: one_of([*processes.names(), "all"]),
    "view": lambda: one_of(views()),
    "vary": lambda: one_of(["parameters.height", "parameters.depth", "parameters.pitch", "layers.layer 0.thickness"]),
    "for_": lambda: one_of(["area_gain.scaffold=3", "capacity_uAh_cm2.cell=50"]),
    "transport": lambda: st.just([""]),
    "json": lambda: st.just([""]),
    "all_": lambda: st.just([""]),
    "drop_islands": lambda: st.just([""]),
    "dry_run": lambda: st.just([""]),
    "no_pictures": lambda: st.just([""]),
    "no_report": lambda: st.just([""]),
    "products": lambda: st.just([""]),
    "as_made": lambda: st.just([""]),
    "transparent": lambda: st.just([""]),
    "turntable": lambda: st.just([""]),
    "no_title": lambda: st.just([""]),
    "no_legend": lambda: st.just([""]),
    "charts": lambda: st.just(["charts"]),
    "rows": lambda: one_of(["area_gain", "capacity_uAh_cm2.cell,area_gain"]),
    "temperature": lambda: one_of([-40, 25, 60, 1e6]),
    "bending": lambda: one_of(["5mm", "1um"]),
    "device": lambda: one_of(["2 mm x 2 mm", "10 x 10", "1 mm x 2 mm x 50 um"]),
    "scale": lambda: within(1e-6, 1e9).map(lambda scale: [f"{scale:g}"]),
    "material": lambda: one_of(["licoo2", "lipon", "nothing"]),
    "sticking": lambda: within(1e-4, 1).map(lambda s: [f"{s:g}"]),
    "film": lambda: one_of(["layer 0", "coat 0"]),
    "seed": lambda: one_of([0, 1]),
    "trials": lambda: st.just(["2"]),
    "repeat": lambda: st.tuples(st.integers(1, 3), st.integers(1, 3)).map(lambda pair: [str(n) for n in pair]),
    "unit": lambda: one_of(exports.UNITS),
    "max_edge": lambda: share(0.1, 10),
    "voxel": lambda: share(0.02, 1),
    "pixel": lambda: share(0.01, 1),
    "layer_height": lambda: share(0.02, 1),
    "size": lambda: st.just(["200", "150"]),
    "width": lambda: one_of(["85mm", "10"]),
    "dpi": lambda: st.just(["72"]),
    "camera": lambda: st.just(["30", "20"]),
}
#: Options that are given more often than not, for speed.
USUAL = {"trials", "size", "dpi"}


@dataclass(frozen=True)
class Option:
    """An argument or an option of a command."""

    name: str
    words: tuple[str, ...]
    required: bool
    help: str


@cache
def commands() -> dict[str, tuple[Option, ...]]:
    """Every command that takes a design, with its options, as the command line itself knows them."""
    from geom3d.cli.app import app

    found = {}
    for name in app:
        if name not in TELLING:
            options = []
            collection = app[name].assemble_argument_collection()
            for argument in collection:
                key = argument.field_info.name
                words = tuple(word for word in argument.names if word.startswith("--"))
                by_position = argument.field_info.kind in (
                    inspect.Parameter.POSITIONAL_ONLY,
                    inspect.Parameter.POSITIONAL_OR_KEYWORD,
                    inspect.Parameter.VAR_POSITIONAL,
                )
                options.append(
                    Option(key, () if by_position else words, argument.required, str(argument.parameter.help or ""))
                )
            found[name] = tuple(options)
    return found


def unfilled() -> list[str]:
    """Options of commands that nothing here fills in, and that are not left alone on purpose."""
    return sorted(
        f"{name} {option.name}"
        for name, options in commands().items()
        for option in options
        if option.name not in FILL and option.name not in LEFT and option.name != "output"
    )


@st.composite
def calls(draw: st.DrawFn, names: tuple[str, ...]) -> list[str]:
    """A command with some of its options, in words."""
    name = draw(st.sampled_from(names))
    words, heeded = [name], set(exports.SETTINGS)
    for option in commands()[name]:
        if option.name == "output":
            endings = [] if option.help.startswith("Folder") else re.findall(r"(?<!\w)\.([a-z0-9]{2,5})\b", option.help)
            if option.required or draw(st.booleans()):
                words += [option.words[0], f"out.{draw(st.sampled_from(endings))}" if endings else "out"]
        elif option.name == "format":
            chosen = draw(FILL["format"]())
            words += [word for one in chosen for word in (option.words[0], one)]
            heeded = {key for one in chosen for key in getattr(exports.DOOR.get(one), "USES", exports.SETTINGS)}
        elif option.name == "templates" and name == "compare":
            words += draw(st.sampled_from([[], ["planar-licoo2-lipon-lithium"]]))
        elif option.name not in LEFT and _is_given(draw, name, option, heeded):
            words += [*option.words[:1], *(word for word in draw(FILL[option.name]()) if word)]
    pictures = name == "compare" and "out.html" in words and "--no-pictures" not in words and draw(st.integers(0, 9))
    return [
        *words,
        *(["--no-pictures"] if pictures else []),
        *(["--jobs", "1"] if name in ("sweep", "optimize") else []),
    ]


def _is_given(draw: st.DrawFn, command: str, option: Option, heeded: set[str]) -> bool:
    """Whether an option is among the words; those of formats that heed none of them would be refused."""
    if option.required or not option.words or option.name in USUAL:
        return True
    if command == "build" and option.name in exports.SETTINGS:
        return option.name in heeded and (
            option.name in ("voxel", "pixel", "layer_height") or draw(st.integers(0, 3)) == 0
        )
    return draw(st.integers(0, 5)) == 0


# What is done with it, in a worker of its own.


def study_of(description: dict[str, Any]) -> dict[str, Any]:
    """Two designs around a template."""
    given = description.get("parameters", {})
    key = next((k for k, v in given.items() if isinstance(v, float) and v), None)
    vary = (
        {f"parameters.{key}": {"from": given[key], "to": 1.01 * given[key], "steps": 2}}
        if key
        else {"tolerance": [0.1]}
    )
    objectives = {"area_gain.scaffold": "maximise"}
    return {"title": "fuzz", "template": "t.toml", "vary": vary, "objectives": objectives, "sampler": {"count": 2}}


def outcome(words: list[str]) -> tuple[str, str]:
    """How a command ends, in this process: the outcome, and what was said."""

    found, said = _ended(words)
    left = list(Path().rglob(".*.part*"))
    return ("unclear", f"left unfinished: {left}") if left and found in GOOD else (found, said)


def _ended(words: list[str]) -> tuple[str, str]:
    from geom3d.cli import app as cli
    from geom3d.cli import making
    from geom3d.cli.measuring import CANNOT_BE_MADE

    out, err = io.StringIO(), io.StringIO()
    failed: list[GeometryError] = []
    kept = making._keep  # noqa: SLF001

    def keep(error: GeometryError, folder: Path) -> None:
        failed.append(error)
        kept(error, folder)

    making._keep = keep  # noqa: SLF001
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
            warnings.simplefilter("error")
            code = cli.app(words, exit_on_error=False, print_error=False, result_action="return_value")
            if words[0] == "measure" and "--json" in words:
                json.loads(out.getvalue(), parse_constant=_no_number)
    except GeometryError as error:
        return "failed check", str(error)
    except cli.Geom3dError as error:
        text = str(error)
        return ("refused", text) if 1 <= len(text.splitlines()) <= 2 and len(text) < 2000 else ("unclear", text)
    except cli.CycloptsError as error:
        return "unclear", f"usage: {error}"
    except (Exception, SystemExit) as error:  # noqa: BLE001  # all else is what is looked for
        own = [f for f in traceback.extract_tb(error.__traceback__) if f"{os.sep}geom3d{os.sep}" in f.filename]
        place = f"{Path(own[-1].filename).name} {own[-1].name}" if own else "?"
        return "traceback", f"{type(error).__name__} in {place}: {error}\n{traceback.format_exc()[-3000:]}"
    finally:
        making._keep = kept  # noqa: SLF001
    if failed:
        return "failed check", str(failed[0])
    return "no" if code == CANNOT_BE_MADE else "done", err.getvalue()[:300]


def _no_number(name: str) -> float:
    raise ValueError(f"the report holds {name}")


def with_lengths(words: list[str], description: dict[str, Any]) -> list[str]:
    """Words of a command with lengths in place of shares."""
    import geom3d

    try:
        longest = max(geom3d.design(description).cell().size)
    except InputError:
        longest = 1.0
    return [f"{max(float(w.removeprefix(SHARE)) * longest, 1e-4):.4g}" if w.startswith(SHARE) else w for w in words]


def work(pipe: Connection, folder: str) -> None:
    """Runs what comes through the pipe, each design in an empty folder; tells the outcome of each command."""
    from geom3d.cell.written import toml_text

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # VTK writes of its own
    while True:
        description, asked = pipe.recv()
        place = Path(tempfile.mkdtemp(dir=folder))
        os.chdir(place)
        Path("t.toml").write_text(toml_text(description), "utf-8")
        Path("study.toml").write_text(toml_text(study_of(description)), "utf-8")
        refused = False
        for words in asked:
            pipe.send(("begins", words, ""))
            plain = with_lengths(words, description)
            found, said = outcome(plain)
            pipe.send((found, plain, said))
            refused = refused or (words[0] == "measure" and found == "refused")
            if refused:
                break  # the design itself is refused
        pipe.send(("ends", [], ""))
        os.chdir(folder)
        shutil.rmtree(place, ignore_errors=True)


@dataclass
class Worker:
    """A process that does the work, and is replaced where it hangs or ends."""

    folder: str
    process: Any = None
    pipe: Any = None

    def run(
        self, description: dict[str, Any], asked: list[list[str]], limit: float
    ) -> list[tuple[str, list[str], str]]:
        """The outcome of each command: (outcome, words, what was said)."""
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(target=work, args=(theirs, self.folder), daemon=True)
            self.process.start()
            theirs.close()
            limit += 60  # imports and kernels
        self.pipe.send((description, asked))
        found: list[tuple[str, list[str], str]] = []
        current: list[str] = []
        begun, used = time.monotonic(), self._used()
        while True:
            try:
                if not self.pipe.poll(1.0):
                    passed = time.monotonic() - begun
                    if self._used() - used < limit and passed < (20 * limit if used >= 0 else limit):
                        continue
                    self.stop()
                    return [*found, ("hang", current, f"longer than {limit:g} s")]
                kind, words, said = self.pipe.recv()
            except (EOFError, OSError):
                code = self.process.exitcode
                self.stop()
                return [*found, ("killed", current, f"the process ended: {code}")]
            if kind == "ends":
                return found
            if kind == "begins":
                current = words
            else:
                found.append((kind, words, said))

    def _used(self) -> float:
        """Seconds of the processor's time that the worker has taken; minus infinity where that is not told."""
        try:
            times = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()[11:13]
        except OSError:
            return -math.inf
        return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Ends the process."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


class FoundError(Exception):
    """What must not be; Hypothesis looks for the smallest design that has it."""


@dataclass
class Run:
    """Counts, and the smallest template of each failure.

    Attributes:
        designs: how many were drawn, by whether they are sampled and refused.
        counts: outcomes by command.
        failures: by signature the smallest description so far, the words and what was said.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    designs: Counter[tuple[bool, str]] = field(default_factory=Counter)
    failures: dict[str, tuple[dict[str, Any], list[str], str]] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many designs there were."""
        return sum(self.designs.values())

    def lines(self) -> list[str]:
        """The counts for people."""
        kinds = {True: "sampled", False: "prisms"}
        lines = [f"{kinds[web]}: {count} designs {what}" for (web, what), count in sorted(self.designs.items())]
        for name in sorted({command for command, _ in self.counts}):
            parts = [f"{count} {what}" for (command, what), count in sorted(self.counts.items()) if command == name]
            lines.append(f"  {name}: {', '.join(parts)}")
        return [*lines, *(f"  FOUND {signature}" for signature in self.failures)]


def signature(kind: str, words: list[str], said: str) -> str:
    """What tells one failure from another."""
    first = re.sub(r"[-+]?\d[\d.e+-]*", "#", (said.splitlines() or [""])[0])[:100]
    return f"{kind} of {words[0] if words else '?'}: {first}" if kind != "traceback" else f"{kind}: {first}"


def fuzz(
    seconds: float,
    *,
    webs: float = 0.2,
    first: int = 0,
    folder: Path | None = None,
    names: tuple[str, ...] | None = None,
    more: int = 2,
    most: int | None = None,
    tell: Callable[[str], None] = print,
) -> Run:
    """Draws designs for some time.

    Args:
        seconds: for which new designs are drawn.
        webs: share of those that are sampled.
        first: seed of the first round.
        folder: where templates that fail are kept; nowhere if None.
        names: of the commands; all if None.
        more: commands for each design beside `measure`, at most.
        most: designs, at most.
        tell: prints a line now and then.
    """
    missing = unfilled()
    if missing:
        raise SystemExit(f"nothing fills in: {', '.join(missing)}")
    chosen = names or tuple(commands())
    run, end, round_ = Run(), time.monotonic() + seconds, first
    with tempfile.TemporaryDirectory(prefix="geom3d-fuzz-") as place:
        worker = Worker(place)
        try:
            while time.monotonic() < end and (most is None or run.total < most):
                _round(run, worker, end, round_, webs, chosen, more, most)
                round_ += 1
                if folder is not None:
                    _keep(run, folder)
                if round_ % 10 == 0:
                    tell(f"{run.total} designs, round {round_}: " + "; ".join(run.failures) or "nothing")
        finally:
            worker.stop()
    return run


def _round(
    run: Run, worker: Worker, end: float, number: int, webs: float, chosen: tuple[str, ...], more: int, most: int | None
) -> None:
    """Draws some designs; ends with the first failure that is new, made as small as it gets."""
    target: list[str] = []

    @seed(number)
    @settings(
        max_examples=20,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(descriptions(webs), st.lists(calls(chosen), max_size=more))
    def one(description: dict[str, Any], asked: list[list[str]]) -> None:
        if not target and (time.monotonic() > end or (most is not None and run.total >= most)):
            return
        if target and time.monotonic() > end + 120:
            return
        web = sampled(description["architecture"])
        begun = time.monotonic()
        found = worker.run(description, [["measure", "t.toml", "--json"], *asked], LIMITS[web])
        if not target:
            run.times[description["architecture"]] += time.monotonic() - begun
            run.counts.update((words[0] if words else "?", kind) for kind, words, _ in found)
            run.designs[web, "refused" if found and found[0][0] == "refused" else "measured"] += 1
        for kind, words, said in found:
            if kind in GOOD:
                continue
            mark = signature(kind, words, said)
            if not target and mark not in run.failures:
                run.failures[mark] = (description, words, said)
                if kind not in ("hang", "killed"):
                    target.append(mark)
            if mark in target:
                run.failures[mark] = (description, words, said)
                raise FoundError(mark)

    with contextlib.suppress(FoundError), contextlib.redirect_stdout(io.StringIO()):
        one()


def _keep(run: Run, folder: Path) -> None:
    """Writes the templates that fail, each with what was asked of it and what was said."""
    from geom3d.cell.written import toml_text

    folder.mkdir(parents=True, exist_ok=True)
    for mark, (description, words, said) in run.failures.items():
        name = re.sub(r"\W+", "-", mark)[:100].strip("-").lower()
        head = "".join(f"# {line}\n" for line in [mark, "geom3d " + " ".join(words), *said.splitlines()])
        (folder / f"{name}.toml").write_text(head + toml_text(description), "utf-8")


def main() -> int:
    """Runs for some time; the exit code is 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--webs", type=float, default=0.2, help="share of designs that are sampled on a grid")
    parser.add_argument("--seed", type=int, default=0, help="of the first round; each next one counts on")
    parser.add_argument("--only", action="append", help="commands; all that are found if left out")
    parser.add_argument("--more", type=int, default=2, help="commands for each design beside measure, at most")
    parser.add_argument("-o", "--output", type=Path, default=Path("fuzz-found"), help="folder for templates that fail")
    options = parser.parse_args()
    only = None if options.only is None else tuple(options.only)
    tell = lambda line: print(line, flush=True)  # noqa: E731
    run = fuzz(
        60 * options.minutes,
        webs=options.webs,
        first=options.seed,
        folder=options.output,
        names=only,
        more=options.more,
        tell=tell,
    )
    print("\n".join(run.lines()))
    slow = ", ".join(f"{name} {t:.0f} s" for name, t in run.times.most_common(8))
    print(f"{run.total} designs; most time: {slow}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
