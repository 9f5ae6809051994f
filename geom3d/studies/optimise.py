"""Optimisation: a sampler proposes designs, a few at a time, learns from their numbers, and proposes better ones.

Optuna's samplers do the proposing (TPE, or NSGA-II for thousands of designs of several objectives, both with
constraints). How many designs are proposed before the next lesson does not depend on the machine, so the same seed gives
the same designs everywhere. A run that was ended proposes the same again, finds them in the store, and goes on where it was.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geom3d.core.errors import InputError, choose_from
from geom3d.core.files import make_folder
from geom3d.studies import space
from geom3d.studies.engine import Engine, engine
from geom3d.studies.meter import Seen, meter, numeric
from geom3d.studies.results import Results
from geom3d.studies.store import FILE, Row, Store
from geom3d.studies.study import Axis, Branch, Study
from geom3d.studies.sweep import originals, require_objectives, signature
from geom3d.studies.work import Candidate

#: Designs that are proposed at a time, and trials where nothing else is said.
BATCH, TRIALS = 8, 200
#: Name of the choice among templates.
TEMPLATE = "template"
#: Where a trial keeps by how much it misses each bound.
MISSES = "misses"
METHODS = ("tpe", "nsga2")


def optimise(
    study: Study,
    folder: Path,
    *,
    trials: int | None = None,
    seed: int | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
) -> Results:
    """Looks for the best designs of a study.

    Args:
        study: with one objective or several.
        folder: of the store and the results; made if it is missing.
        trials: designs to propose; the study's own count, or `TRIALS`, if None.
        seed: of the sampler; the study's own if None.
        jobs: processes on this machine; as many as it has cores if None. Scripts that ask for several need a `__main__` guard.
        scheduler: address of a Dask scheduler that hands out the work instead.

    Returns:
        all designs that were proposed, in the order of the trials, each once.

    Raises:
        InputError: where the study or an option is wrong, or the folder holds another study.
        OutputError: where the store cannot be written, or the scheduler does not answer.
    """
    sampler = study.plan.sampler
    trials = trials if trials is not None else sampler.count or TRIALS
    seed = sampler.seed if seed is None else seed
    if trials < 1:
        raise InputError(f"trials: must be at least 1; got {trials}")
    if not study.plan.objectives:
        raise InputError("objectives: are missing; give at least one number to maximise or minimise")
    if not any(branch.axes for branch in study.branches):
        raise InputError("vary: is missing; give at least one key to vary")
    proposals = _study_of(study, seed)
    make_folder(folder)
    store = Store(folder / FILE, signature(study), study.title)
    rows: dict[str, Row] = {}
    order: list[str] = []
    workers: Engine | None = None
    try:
        require_objectives(study)
        with meter(study, trials, 0) as seen:
            for start in range(0, trials, BATCH):
                asked = [_proposed(study, proposals) for _ in range(min(BATCH, trials - start))]
                wanted = {candidate.key: candidate for _, candidate in asked}
                known = store.rows(key for key in wanted if key not in rows)
                left = [candidate for key, candidate in wanted.items() if key not in rows and key not in known]
                if left and workers is None:
                    workers = engine(originals(study), space.question(study), jobs, scheduler)
                rows |= known
                if workers is not None:
                    rows |= _measured(store, workers, left, seen)
                seen(list(known.values()))
                for trial, candidate in asked:
                    order.append(candidate.key)
                    _tell(study, proposals, trial, rows[candidate.key])
        return Results.of(study, [rows[key] for key in dict.fromkeys(order)])
    finally:
        if workers is not None:
            workers.close()
        store.close()


def _study_of(study: Study, seed: int) -> Any:
    """Optuna's study, kept in memory: the store holds all that must last."""
    try:
        import optuna
    except ImportError:
        raise InputError("optimize: needs Optuna: pip install 'geom3d[optimize]'") from None
    method = study.plan.sampler.method or "tpe"
    if method not in METHODS:
        raise InputError(f"sampler.method: {method!r} is none of an optimisation; {choose_from(method, METHODS)}")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def misses(trial: Any) -> list[float]:
        return list(trial.user_attrs[MISSES])

    limits: dict[str, Any] = {"constraints_func": misses} if study.limits else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that constraints are an experimental feature
        if method == "nsga2":
            sampler: Any = optuna.samplers.NSGAIISampler(population_size=24, seed=seed, **limits)
        else:
            several_templates = len(study.branches) > 1
            sampler = optuna.samplers.TPESampler(multivariate=True, group=several_templates, seed=seed, **limits)
    directions = ["maximize" if more else "minimize" for more in study.maximised.values()]
    return optuna.create_study(directions=directions, sampler=sampler)


def _proposed(study: Study, proposals: Any) -> tuple[Any, Candidate]:
    """A trial and its design."""
    trial = proposals.ask()
    labels = [branch.label for branch in study.branches]
    label = labels[0] if len(labels) == 1 else trial.suggest_categorical(TEMPLATE, labels)
    branch = study.branches[labels.index(label)]
    chosen = {axis.path: _suggested(trial, branch, axis) for axis in branch.axes}
    return trial, space.candidate(study, branch, chosen)


def _suggested(trial: Any, branch: Branch, axis: Axis) -> Any:
    name = f"{branch.label}: {axis.path}"
    if axis.choices:
        return axis.choices[trial.suggest_categorical(name, list(range(len(axis.choices))))]
    if axis.whole:
        return trial.suggest_int(name, int(axis.low), int(axis.high), log=axis.log)
    return trial.suggest_float(name, axis.low, axis.high, log=axis.log)


def _measured(store: Store, workers: Engine, left: list[Candidate], seen: Seen) -> Mapping[str, Row]:
    """The rows of designs that nobody knows yet, each written as it comes in."""
    found: dict[str, Row] = {}
    for rows in workers.run(iter(left)):
        store.add(rows)
        seen(rows)
        found |= {row.key: row for row in rows}
    return {candidate.key: found[candidate.key] for candidate in left}


def _tell(study: Study, proposals: Any, trial: Any, row: Row) -> None:
    """Lets the sampler learn; a design that cannot be built, or lacks an objective, teaches that much."""
    import optuna

    numbers = numeric(row)
    values = [numbers.get(path) for path in study.plan.objectives]
    misses = study.violations(numbers)
    if not row.ok or any(value is None or not math.isfinite(value) for value in values):
        trial.set_user_attr(MISSES, [1.0 for _ in misses])
        proposals.tell(trial, state=optuna.trial.TrialState.FAIL)
        return
    trial.set_user_attr(MISSES, [min(miss, 1e9) for miss in misses])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        proposals.tell(trial, values)
