"""Formulas in x, y and z as users write them: read by Python's own parser, never run by it.

Only what is listed here is understood. A formula becomes a tree of numpy functions; numbers are floats from the start, so that
no power of whole numbers can take all memory.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.errors import InputError, choose_from

#: Characters and parts that a formula may have, and kinks: each is a bit of a number.
MOST_CHARACTERS, MOST_PARTS, MOST_KINKS = 2000, 400, 30
#: Halvings by which a kink is found between two points.
HALVINGS = 50

Function = Callable[[Sequence[FloatArray]], FloatArray]

VARIABLES = ("x", "y", "z")
CONSTANTS = {"pi": math.pi, "e": math.e}
SMOOTH: dict[str, tuple[int, Callable[..., FloatArray]]] = {
    "sin": (1, np.sin),
    "cos": (1, np.cos),
    "tan": (1, np.tan),
    "exp": (1, np.exp),
    "log": (1, np.log),
    "sqrt": (1, np.sqrt),
    "sinh": (1, np.sinh),
    "cosh": (1, np.cosh),
    "tanh": (1, np.tanh),
    "atan": (1, np.arctan),
    "atan2": (2, np.arctan2),
    "hypot": (2, np.hypot),
}
#: Functions with kinks.
KINKED = ("abs", "min", "max")
OPERATORS: dict[type[ast.operator], Callable[[FloatArray, FloatArray], FloatArray]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}


@dataclass(frozen=True)
class Formula:
    """A formula that has been read.

    Attributes:
        text: as written.
        function: gives its values for x, y and z, which numpy broadcasts.
        switches: functions that change their sign where it has a kink.
    """

    text: str
    function: Function
    switches: tuple[Function, ...]

    def __call__(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            return np.asarray(self.function((x, y, z)), dtype=float)

    def branches(self, points: FloatArray) -> IntArray:
        """(n,) number of the smooth branch of each of (n, 3) points: a bit for each kink."""
        found = np.zeros(len(points), dtype=np.int64)
        with np.errstate(all="ignore"):
            for bit, switch in enumerate(self.switches):
                found |= np.broadcast_to(switch(tuple(points.T)) > 0, len(points)).astype(np.int64) << bit
        return found

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        """(n,) share of the way between pairs of (n, 3) points at which the first one's branch ends."""
        branch = self.branches(one)
        low, high = np.zeros(len(one)), np.ones(len(one))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            same = self.branches(one + middle[:, None] * (other - one)) == branch
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return np.asarray((low + high) / 2)


def read(text: str, key: str) -> Formula:
    """A formula from its text.

    Args:
        text: an expression in x, y and z of numbers, + - * / **, parentheses, pi, e and the functions of this file.
        key: what messages call it.

    Raises:
        InputError: where it is no such expression, with the place.

    >>> read("max(abs(x) - 1, 2 * y)", "expression")(np.array([3.0]), np.array([0.5]), np.array([0.0])).tolist()
    [2.0]
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"{key}: must have at most {MOST_CHARACTERS:,} characters; got {len(text):,}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise InputError(f"{key}: no formula: {error.msg}, at character {error.offset or 1} of {text!r}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"{key}: no formula: {error or 'it is nested too deep'}") from None
    parts = sum(1 for _ in ast.walk(tree))
    if parts > MOST_PARTS:
        raise InputError(f"{key}: must have at most {MOST_PARTS} parts; got {parts}")
    reader = _Reader(key, text.strip())
    function = reader.read(tree.body)
    if len(reader.switches) > MOST_KINKS:
        raise InputError(f"{key}: must have at most {MOST_KINKS} of abs, min and max; got {len(reader.switches)}")
    return Formula(text, function, tuple(reader.switches))


class _Reader:
    """Turns the tree of a formula into functions, and keeps those that tell kinks."""

    def __init__(self, key: str, text: str) -> None:
        self.key, self.text = key, text
        self.switches: list[Function] = []

    def read(self, node: ast.expr) -> Function:
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
            inner = self.read(node.operand)
            return (lambda at: -inner(at)) if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            left, right, operator = self.read(node.left), self.read(node.right), OPERATORS[type(node.op)]
            return lambda at: operator(left(at), right(at))
        if isinstance(node, ast.Call):
            return self._call(node)
        raise self.error(node, "only numbers, x, y, z, + - * / ** and functions are understood")

    def error(self, node: ast.expr, rule: str) -> InputError:
        column = len(self.text.encode()[: node.col_offset].decode(errors="ignore")) + 1
        piece = (ast.get_source_segment(self.text, node) or "")[:40]
        return InputError(f"{self.key}: character {column}: {rule}; got {piece!r}")

    def _number(self, node: ast.Constant) -> Function:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self.error(node, "must be a number")
        try:
            value = np.float64(node.value)
        except OverflowError:
            raise self.error(node, "is too large") from None
        return lambda at: value  # type: ignore[return-value]

    def _name(self, node: ast.Name) -> Function:
        if node.id in VARIABLES:
            place = VARIABLES.index(node.id)
            return lambda at: at[place]
        if node.id in CONSTANTS:
            value = np.float64(CONSTANTS[node.id])
            return lambda at: value  # type: ignore[return-value]
        known = [*VARIABLES, *CONSTANTS, *SMOOTH, *KINKED]
        raise self.error(node, f"unknown name; {choose_from(node.id, known)}")

    def _call(self, node: ast.Call) -> Function:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in SMOOTH and name not in KINKED:
            raise self.error(node, f"unknown function; {choose_from(name, [*SMOOTH, *KINKED])}")
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise self.error(node, f"{name} takes plain arguments")
        given = [self.read(argument) for argument in node.args]
        number = SMOOTH[name][0] if name in SMOOTH else 1 if name == "abs" else None
        if len(given) != number and (number is not None or len(given) < 2):
            raise self.error(node, f"{name} takes {number or 'two or more'} arguments, not {len(given)}")
        if name in SMOOTH:
            function = SMOOTH[name][1]
            return lambda at: function(*(argument(at) for argument in given))
        if name == "abs":
            self.switches.append(given[0])
            return lambda at: np.abs(given[0](at))
        self.switches += list(_differences(given))
        choose = np.minimum if name == "min" else np.maximum

        def chosen(at: Sequence[FloatArray]) -> FloatArray:
            found = given[0](at)
            for argument in given[1:]:
                found = choose(found, argument(at))
            return found

        return chosen


def _differences(given: Sequence[Function]) -> Iterator[Function]:
    """What changes its sign where another of several functions becomes the least or largest."""
    for k, one in enumerate(given):
        for other in given[k + 1 :]:
            yield lambda at, one=one, other=other: one(at) - other(at)  # type: ignore[misc]
