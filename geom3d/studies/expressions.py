"""Keys that follow from others: arithmetic with the keys of a template by their paths, and nothing else."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from geom3d.core.errors import InputError, choose_from

OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
FUNCTIONS: dict[str, Callable[..., float]] = {
    "abs": abs,
    "ceil": math.ceil,
    "exp": math.exp,
    "floor": math.floor,
    "log": math.log,
    "max": max,
    "min": min,
    "round": round,
    "sqrt": math.sqrt,
}


class Expression:
    """A formula such as `parameters.pitch - 2 * layers["solid electrolyte"].thickness`.

    >>> Expression("max(parameters.pitch / 2, 3)").value({"parameters.pitch": 10.0}.__getitem__)
    5.0

    Attributes:
        text: of the formula.
        paths: of the keys that it reads.
    """

    def __init__(self, text: str, where: str = "derive") -> None:
        """Reads a formula.

        Raises:
            InputError: where it is none.
        """
        self.text, self._where = text, where
        try:
            self._tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise InputError(f"{where}: must be a formula such as 'parameters.pitch / 2'; got {text!r}") from None
        self.paths: list[str] = []
        self._check(self._tree)

    def value(self, at: Callable[[str], Any]) -> float:
        """The number that it comes to.

        Args:
            at: the number of a key by its path.

        Raises:
            InputError: where it comes to none.
        """
        try:
            found = float(self._value(self._tree, at))
        except (ArithmeticError, ValueError) as error:
            raise InputError(f"{self._where}: {self.text!r} has no value here: {error}") from None
        if not math.isfinite(found):
            raise InputError(f"{self._where}: {self.text!r} has no finite value here")
        return found

    def _check(self, node: ast.AST) -> None:
        path = _path(node)
        if path is not None:
            self.paths.append(path)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
        ):
            return
        elif isinstance(node, ast.BinOp | ast.UnaryOp) and type(node.op) in OPERATORS:
            for part in [node.left, node.right] if isinstance(node, ast.BinOp) else [node.operand]:
                self._check(part)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords and node.args:
            if node.func.id not in FUNCTIONS:
                raise InputError(
                    f"{self._where}: unknown function {node.func.id!r}; {choose_from(node.func.id, FUNCTIONS)}"
                )
            for part in node.args:
                self._check(part)
        else:
            raise InputError(
                f"{self._where}: may hold keys, numbers, + - * / ** and functions alone; got {self.text!r}"
            )

    def _value(self, node: ast.AST, at: Callable[[str], Any]) -> Any:
        path = _path(node)
        if path is not None:
            return at(path)
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](self._value(node.left, at), self._value(node.right, at))
        if isinstance(node, ast.UnaryOp):
            return OPERATORS[type(node.op)](self._value(node.operand, at))
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)  # _check saw to that
            return FUNCTIONS[node.func.id](*(self._value(part, at) for part in node.args))
        assert isinstance(node, ast.Constant)
        return node.value


def _path(node: ast.AST) -> str | None:
    """The path that a chain of names and of texts in brackets stands for; None for all else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _path(node.value)
        return None if inner is None else f"{inner}.{node.attr}"
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        inner = _path(node.value)
        return None if inner is None else f"{inner}.{node.slice.value}"
    return None


def in_order(formulas: Mapping[str, Expression]) -> list[str]:
    """Paths of derived keys so that each follows those that it reads.

    Raises:
        InputError: where they read each other in a circle.
    """
    done: list[str] = []
    left = dict(formulas)
    while left:
        ready = [path for path, formula in left.items() if not set(formula.paths) & set(left)]
        if not ready:
            raise InputError(f"derive: {', '.join(left)} follow from each other in a circle")
        done += ready
        for path in ready:
            del left[path]
    return done
