"""Sweeps: all designs of a study, each measured once, in any number of runs."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from geom3d.cell.template import Original
from geom3d.core.errors import InputError
from geom3d.core.files import make_folder
from geom3d.studies import space
from geom3d.studies.engine import Engine, engine
from geom3d.studies.meter import Seen, meter
from geom3d.studies.results import Results
from geom3d.studies.store import FILE, Row, Store
from geom3d.studies.study import Branch, Study
from geom3d.studies.work import Candidate, answers

#: Designs that follow each other in a run, so that those with one floor plan meet in one process.
TOGETHER = 16
#: Seconds between two writes; between two looks at what other runs have done.
WRITE, LOOK = 0.5, 2.0


def signature(study: Study) -> str:
    """What tells a study from another: its templates, what is fixed and derived, and what is asked; not what is varied."""
    plan = study.plan
    asked = plan.model_dump(mode="json", exclude={"title", "vary", "sampler", "templates", "objectives"})
    templates = [
        [branch.label, branch.original.content, {path: formula.text for path, formula in branch.derived.items()}]
        for branch in study.branches
    ]
    text = json.dumps([asked, templates, sorted(study.numbers)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def sweep(
    study: Study,
    folder: Path,
    *,
    jobs: int | None = None,
    shard: tuple[int, int] = (1, 1),
    scheduler: str | None = None,
) -> Results:
    """Measures all designs of a study that its store does not hold yet.

    Args:
        study: what to do.
        folder: of the store and the results; made if it is missing.
        jobs: processes on this machine; as many as it has cores if None. Scripts that ask for several need a `__main__` guard.
        shard: (i, n): the i-th of n parts, counted from 1, for arrays of jobs.
        scheduler: address of a Dask scheduler that hands out the work instead.

    Returns:
        all designs of the study that are known, in the study's order.

    Raises:
        InputError: where the study or an option is wrong, or the folder holds another study.
        OutputError: where the store cannot be written, or the scheduler does not answer.
    """
    part, parts = shard
    if not 1 <= part <= parts:
        raise InputError(f"shard: must be i/n with 1 ≤ i ≤ n; got {part}/{parts}")
    every = list({candidate.key: candidate for candidate in space.designs(study)}.values())
    keys = [candidate.key for candidate in every]
    make_folder(folder)
    store = Store(folder / FILE, signature(study), study.title)
    try:
        mine = [candidate for k, candidate in enumerate(every) if k // TOGETHER % parts == part - 1]
        known = store.known(candidate.key for candidate in mine)
        left = [candidate for candidate in mine if candidate.key not in known]
        if left:
            require_objectives(study)
            workers = engine(originals(study), space.question(study), jobs_for(jobs, len(left)), scheduler)
            with meter(study, len(mine), len(known)) as seen:
                try:
                    _measure(store, workers, left, seen)
                finally:
                    workers.close()
        rows = store.rows(keys)
        return Results.of(study, [rows[key] for key in keys if key in rows])
    finally:
        store.close()


def jobs_for(jobs: int | None, left: int) -> int | None:
    """A pool is not worth its start for a handful of designs."""
    return 1 if jobs is None and left <= 4 else jobs


def originals(study: Study) -> dict[str, Original]:
    """The templates of a study by label."""
    return {branch.label: branch.original for branch in study.branches}


def _measure(store: Store, workers: Engine, left: Sequence[Candidate], seen: Seen) -> None:
    """Measures designs and writes their rows as they come in."""
    waiting: list[Row] = []
    written = time.monotonic()
    try:
        for rows in workers.run(_unknown(store, left)):
            waiting += rows
            seen(rows)
            if time.monotonic() - written > WRITE:
                store.add(waiting)
                waiting, written = [], time.monotonic()
    finally:  # an interrupt keeps what is done
        store.add(waiting)


def _unknown(store: Store, left: Sequence[Candidate]) -> Iterator[Candidate]:
    """The designs that no run has measured in the meantime, in an order in which no two runs are likely to meet."""
    groups = [left[start : start + TOGETHER] for start in range(0, len(left), TOGETHER)]
    random.shuffle(groups)
    looked, done = time.monotonic(), set[str]()
    for group in groups:
        if time.monotonic() - looked > LOOK:
            looked, done = time.monotonic(), store.known(candidate.key for candidate in left)
        yield from (candidate for candidate in group if candidate.key not in done)


def require_objectives(study: Study) -> None:
    """Looks at each template as it stands, if it can be built: an objective that it has no number for is an error.

    Raises:
        InputError: naming the objective and the template.
    """
    for branch in study.branches:
        numbers = own_numbers(study, branch)
        for path in study.plan.objectives if numbers is not None else ():
            value = numbers.get(path) if numbers else None
            if isinstance(value, str):
                raise InputError(f"objectives.{path}: is a word ({value!r}), no number")
            if value is None:
                raise InputError(f"objectives.{path}: has no value for {branch.label}; it cannot be an objective there")


def own_numbers(study: Study, branch: Branch) -> dict[str, float | str | None] | None:
    """The numbers of a template as it stands, with what is fixed and derived; None where it cannot be built."""
    try:
        return answers(branch.original, space.question(study), branch.overrides({}))
    except InputError:
        return None
