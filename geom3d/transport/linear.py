"""The linear systems: directly where they are small, else by conjugate gradients with algebraic multigrid."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import scipy

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.errors import GeometryError

#: Unknowns up to which a system is solved directly; and up to which it is where iterations do not settle.
DIRECT, STUBBORN = 20_000, 250_000
#: Relative residual at which iterations end; currents at both electrodes are then equal to far more than 1e-8. And the
#: residual that will do where flat elements let it fall slowly.
RESIDUAL, ACCEPTED = 1e-10, 1e-9
#: Most iterations; the first of these, and the relative residual that they must leave where a direct solution is at hand.
MOST, FIRST, HOPE = 400, 60, 1e-3


@dataclass(frozen=True)
class System:
    """Potential 0 at some unknowns, 1 at others, and a given current, or none, into the rest.

    Attributes:
        matrix: (d, d) currents from potentials, symmetric, positive semidefinite.
        low, high: numbers of the unknowns at 0 and at 1.
        load: (d,) current that flows into each from outside; None for none.
    """

    matrix: scipy.sparse.csr_array
    low: IntArray
    high: IntArray
    load: FloatArray | None = None

    @cached_property
    def free(self) -> IntArray:
        """Numbers of the unknowns that are not given."""
        free = np.ones(self.matrix.shape[0], dtype=bool)
        free[self.low] = free[self.high] = False
        return np.flatnonzero(free)

    @cached_property
    def _scaled(self) -> tuple[scipy.sparse.csr_array, FloatArray, FloatArray]:
        """Matrix and load of the free unknowns, scaled to a diagonal of 1, and the scale.

        Flat elements have entries far larger than their neighbours.
        """
        given = np.zeros(self.matrix.shape[0])
        given[self.high] = 1.0
        rows = self.matrix[self.free]
        inner = rows[:, self.free]
        root = 1 / np.sqrt(inner.diagonal())
        scale = scipy.sparse.diags_array(root)
        into = -(rows @ given) if self.load is None else self.load[self.free] - rows @ given
        return (scale @ inner @ scale).tocsr(), into * root, root

    @cached_property
    def _multigrid(self) -> Any:
        """Ever coarser systems by smoothed aggregation; what they make small is the constant potential."""
        import pyamg
        from scipy.sparse import csr_matrix

        scaled, _, root = self._scaled
        # SciPy may keep longer numbers than it takes.
        small = [part.astype(np.int32) for part in (scaled.indices, scaled.indptr)]
        matrix = csr_matrix((scaled.data, *small), shape=scaled.shape)
        # It draws from NumPy's common generator, which is lent to it in the same state every time: files come out alike.
        state = np.random.get_state()  # noqa: NPY002
        np.random.seed(0)  # noqa: NPY002
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                levels = cast("Any", pyamg).smoothed_aggregation_solver(
                    matrix, B=(1 / root)[:, None], symmetry="symmetric", max_coarse=500
                )
        finally:
            np.random.set_state(state)  # noqa: NPY002
        return levels.aspreconditioner()

    def solve(self, residual: float = RESIDUAL, guess: FloatArray | None = None) -> FloatArray:
        """(d,) the potential.

        Args:
            residual: relative, at which iterations end.
            guess: (d,) from which they start.

        Raises:
            GeometryError: where they do not end.
        """
        found = np.zeros(self.matrix.shape[0])
        found[self.high] = 1.0
        if not len(self.free):
            return found
        matrix, load, root = self._scaled
        if len(load) <= DIRECT:
            found[self.free] = root * _direct(matrix, load)
            return found
        start = None if guess is None else guess[self.free] / root
        # Where flat elements make it hopeless a few iterations tell.
        inner, state = scipy.sparse.linalg.cg(matrix, load, x0=start, rtol=residual, maxiter=FIRST, M=self._multigrid)
        if state and (len(load) > STUBBORN or np.linalg.norm(load - matrix @ inner) < HOPE * np.linalg.norm(load)):
            more = MOST - FIRST
            inner, state = scipy.sparse.linalg.cg(
                matrix, load, x0=inner, rtol=residual, maxiter=more, M=self._multigrid
            )
        if state and len(load) <= STUBBORN:
            inner = _direct(matrix, load)
        left = float(np.linalg.norm(load - matrix @ inner) / np.linalg.norm(load))
        if state and left > max(residual, ACCEPTED):
            raise GeometryError(f"transport: the potential at {len(load)} places does not settle, {left:.2g} is left")
        found[self.free] = root * inner
        return found


def assembled(parts: FloatArray, numbers: IntArray, count: int) -> scipy.sparse.csr_array:
    """The matrix of all elements together.

    Args:
        parts: (n, k, k) of each element.
        numbers: (n, k) its unknowns, 0 to count - 1.
        count: how many there are.
    """
    width = numbers.shape[1]
    # Half of the memory, and of the time to sort them.
    numbers = numbers.astype(np.int32 if count < 2**31 else np.int64)
    rows, columns = np.repeat(numbers, width, axis=1).ravel(), np.tile(numbers, width).ravel()
    return scipy.sparse.coo_array((parts.ravel(), (rows, columns)), shape=(count, count)).tocsr()


def _direct(matrix: scipy.sparse.csr_array, load: FloatArray) -> FloatArray:
    # Minimum degree leaves less to fill, but may look for it without end in a large matrix of flat elements that hardly conduct.
    order = "MMD_AT_PLUS_A" if len(load) <= DIRECT else "COLAMD"
    factors = scipy.sparse.linalg.splu(matrix.tocsc(), permc_spec=order, options={"SymmetricMode": True})
    return np.asarray(factors.solve(load))
