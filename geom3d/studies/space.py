"""Which designs a sweep looks at: a full grid, Latin hypercubes, Sobol points, or a list."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from geom3d.core.arrays import FloatArray
from geom3d.core.errors import Geom3dError, InputError, choose_from
from geom3d.studies.store import key_of
from geom3d.studies.study import MOST, Branch, Study
from geom3d.studies.work import Candidate, Question

#: Methods of a sweep.
METHODS = ("grid", "latin-hypercube", "sobol", "list")


def question(study: Study) -> Question:
    """What is asked of every design of a study."""
    asked = study.plan.constraints
    return Question(study.numbers, asked.check, asked.power)


def candidate(study: Study, branch: Branch, chosen: Mapping[str, Any]) -> Candidate:
    """A design of a study, by what was chosen for its axes."""
    asked = study.plan.constraints
    extra = [asked.check, asked.power]
    try:
        overrides = branch.overrides(chosen)
        content = branch.original.changed(overrides)
    except Geom3dError as error:
        key = key_of({"template": branch.original.content, "chosen": chosen}, study.numbers, extra)
        return Candidate(key, branch.label, chosen, {}, str(error).splitlines()[0])
    return Candidate(key_of(content, study.numbers, extra), branch.label, chosen, overrides)


def designs(study: Study) -> Iterator[Candidate]:
    """All designs of a sweep, in order: template by template, the last key varied the fastest.

    Raises:
        InputError: where the method is none of a sweep, or lacks what it needs.
    """
    for branch in study.branches:
        for chosen in points(study, branch):
            yield candidate(study, branch, chosen)


def points(study: Study, branch: Branch) -> Iterator[dict[str, Any]]:
    """What is chosen for the axes of a template, design by design.

    Raises:
        InputError: as for `designs`.
    """
    sampler, axes = study.plan.sampler, branch.axes
    method = sampler.method or ("list" if sampler.designs else "grid")
    if method not in METHODS:
        raise InputError(f"sampler.method: {method!r} is none of a sweep; {choose_from(method, METHODS)}")
    if method == "list":
        yield from _listed(study, branch)
        return
    if sampler.designs:
        raise InputError(f"sampler.designs: a list is not used by the method {method!r}; leave one of the two out")
    if not axes:
        yield {}
        return
    if method == "grid":
        values = [axis.values for axis in axes]
        count = math.prod(map(len, values))
        if count > MOST:
            raise InputError(
                f"vary: a grid of {count:,} designs is more than {MOST:,}; take fewer steps or another method"
            )
        for row in itertools.product(*values):
            yield dict(zip([axis.path for axis in axes], row, strict=True))
        return
    if sampler.count is None:
        raise InputError(f"sampler.count: is missing; {method} needs the number of designs")
    for shares in _spread(method, len(axes), sampler.count, sampler.seed):
        yield {axis.path: axis.at(float(share)) for axis, share in zip(axes, shares, strict=True)}


def _spread(method: str, dimensions: int, count: int, seed: int) -> FloatArray:
    """(count, dimensions) shares of the way along each axis."""
    from scipy.stats import qmc

    if method == "latin-hypercube":
        return np.asarray(qmc.LatinHypercube(dimensions, rng=seed).random(count))
    # A power of two is what Sobol points are balanced in; of any other number the first are taken.
    return np.asarray(qmc.Sobol(dimensions, rng=seed).random_base2(max(0, math.ceil(math.log2(count)))))[:count]


def _listed(study: Study, branch: Branch) -> Iterator[dict[str, Any]]:
    given = study.plan.sampler.designs
    if not given:
        raise InputError("sampler.designs: is missing; a list needs designs, each a table of values by path")
    labels = [other.label for other in study.branches]
    for design in given:
        label = design.get("template")
        if label is not None and label not in labels:
            raise InputError(f"sampler.designs: no template {label!r} in this study; {choose_from(str(label), labels)}")
        if label in (None, branch.label):
            yield {path: value for path, value in design.items() if path != "template"}
