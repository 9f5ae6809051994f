"""What a worker does: build designs, measure what is asked of each, and say why one cannot be built."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from geom3d.cell.assembly import assemble
from geom3d.cell.template import Original
from geom3d.core.errors import Geom3dError, InputError
from geom3d.core.heap import keep_memory
from geom3d.core.threads import use_one_thread
from geom3d.evaluation import Evaluation
from geom3d.library import processes
from geom3d.manufacturability.measures import measures
from geom3d.manufacturability.report import check
from geom3d.mesh.bvh import SINGLE
from geom3d.metrics.report import Report
from geom3d.studies.store import Row


@dataclass(frozen=True)
class Question:
    """What is asked of every design.

    Attributes:
        numbers: paths, of the report or a study's own.
        process: that a design is checked against, if any.
        power: mean power of the device, mW, if any.
    """

    numbers: tuple[str, ...]
    process: str | None = None
    power: float | None = None


@dataclass(frozen=True)
class Candidate:
    """A design to measure.

    Attributes:
        key: of its row.
        label: of its template.
        chosen: what was varied, by path.
        overrides: all that is changed, by path.
        problem: why it cannot even be described; empty where it can.
    """

    key: str
    label: str
    chosen: Mapping[str, Any]
    overrides: Mapping[str, Any]
    problem: str = ""


def measured(original: Original, question: Question, candidate: Candidate) -> Row:
    """The row of a design."""
    start = time.perf_counter()
    numbers: dict[str, float | str | None] = {}
    message = candidate.problem
    if not message:
        try:
            numbers = answers(original, question, candidate.overrides)
        except Geom3dError as error:
            message = str(error).splitlines()[0].removeprefix(f"{original.source}: ")
    took = time.perf_counter() - start
    return Row(candidate.key, candidate.label, candidate.chosen, candidate.overrides, numbers, message, took)


def answers(original: Original, question: Question, overrides: Mapping[str, Any]) -> dict[str, float | str | None]:
    """The numbers of a design, by path.

    Raises:
        InputError: where it cannot be built.
        GeometryError: where its mesh fails a check.
    """
    evaluation = Evaluation(assemble(original.draft(overrides)), original.source, dict(overrides))
    numbers: dict[str, float | str | None] = {}
    own = {"check.violations", "fits.thickness_um", "runtime_h"}
    paths = [path for path in question.numbers if path not in own]
    needed = [*paths, *(["device.energy_mWh"] if question.power is not None else [])]
    if needed:
        report = evaluation.measure_only(needed)
    else:  # even then a design must be one that can be built
        evaluation.walls()
        report = Report({})
    for path in paths:
        numbers[path] = _value(report, path)
    if question.process is not None:
        name, limits = processes.load_process(question.process)
        found = check(evaluation.unit_cell, measures(evaluation.sample), name, limits, 1.0, None)
        numbers["check.violations"] = float(len(found.violations))
    if "fits.thickness_um" in question.numbers:
        numbers["fits.thickness_um"] = evaluation.unit_cell.height
    if question.power is not None:
        energy = _value(report, "device.energy_mWh")
        numbers["runtime_h"] = None if not isinstance(energy, float) else energy / question.power
    return {path: numbers[path] for path in question.numbers}


def _value(report: Report, path: str) -> float | str | None:
    """A number or a word of a report; None where it has nothing at that path."""
    here: Any = report.data
    for part in path.split("."):
        if not isinstance(here, Mapping):
            return None
        here = here.get(part)
    if isinstance(here, Mapping | list):
        raise InputError(f"{path}: is a table; name one number below it")
    return here if here is None or isinstance(here, str) else float(here)


def batch(originals: Mapping[str, Original], question: Question, candidates: Sequence[Candidate]) -> list[Row]:
    """The rows of several designs: one task of a worker."""
    return [measured(originals[candidate.label], question, candidate) for candidate in candidates]


def batch_elsewhere(
    originals: Mapping[str, Original], question: Question, candidates: Sequence[Candidate]
) -> list[Row]:
    """The same in a process of a cluster, which prepares itself before its first task."""
    _prepare()
    return batch(originals, question, candidates)


def warm(original: Original | None = None) -> None:
    """Prepares a process that shares the machine with others.

    It starts no threads of its own, has loaded all that is compiled, keeps the memory of its arrays, leaves Ctrl-C to the process that hands
    out the work, and ends when that one does, even by SIGKILL.
    """
    os.environ[SINGLE] = "1"
    use_one_thread()
    keep_memory()
    with suppress(ValueError):  # of a thread, as in a Dask worker
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if original is not None:
        with suppress(Geom3dError):
            Evaluation(assemble(original.draft()), original.source).walls()


#: The same once in a process, however often it is called.
_prepare = cache(warm)


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
