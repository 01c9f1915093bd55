"""The same kinds of faults in Python, made on its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mutation.mutant import Mutant, Source

_ARITHMETIC: Mapping[type[ast.operator], tuple[str, tuple[str, ...]]] = {
    ast.Add: ("+", ("-",)),
    ast.Sub: ("-", ("+",)),
    ast.Mult: ("*", ("+", "//")),
    ast.FloorDiv: ("//", ("*",)),
    ast.Div: ("/", ("*",)),
    ast.Mod: ("%", ("//",)),
    ast.Pow: ("**", ("*",)),
    ast.BitOr: ("|", ("&",)),
    ast.BitAnd: ("&", ("|",)),
    ast.LShift: ("<<", (">>",)),
    ast.RShift: (">>", ("<<",)),
}
_COMPARISON: Mapping[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
}
_OPPOSITE = {"max": "min", "min": "max", "any": "all", "all": "any"}
_TRANSPARENT = ("sorted", "reversed", "max", "min", "abs", "int", "list", "tuple", "set", "frozenset")


def python_mutants(file: str, content: bytes) -> list[Mutant]:
    """All mutants of a module: of functions and of constants, not of annotations, docstrings and messages."""
    maker = _Maker(file, content)
    return sorted(maker.mutants(), key=lambda mutant: (mutant.start, mutant.end, mutant.instead))


class _Maker:
    """Places in the tree are lines and columns in bytes; those in the file are bytes."""

    def __init__(self, file: str, content: bytes) -> None:
        self._source = Source(file, content)
        self._lines = [0]
        for line in content.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._tree = ast.parse(content)

    def mutants(self) -> Iterator[Mutant]:
        yield from self._walk(self._tree)

    def _walk(self, node: ast.AST) -> Iterator[Mutant]:
        if isinstance(node, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom | ast.JoinedStr):
            return
        make = _MAKERS.get(type(node))
        if make is not None:
            yield from make(self, node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self._walk(child)

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self._lines[node.lineno - 1] + node.col_offset, self._lines[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self._source.content[start:end].decode()

    def _whole(self, operator: str, node: ast.expr | ast.stmt, instead: str) -> Mutant:
        return self._source.mutant(operator, *self._span(node), instead)

    def _sign(self, operator: str, left: ast.expr, right: ast.expr, sign: str, instead: str) -> Iterator[Mutant]:
        """The operator between two operands."""
        start, end = self._span(left)[1], self._span(right)[0]
        at = self._source.content[start:end].find(sign.encode())
        if at >= 0:
            yield self._source.mutant(operator, start + at, start + at + len(sign), instead)

    def _binary(self, node: ast.BinOp) -> Iterator[Mutant]:
        sign, others = _ARITHMETIC.get(type(node.op), ("", ()))
        for instead in others:
            yield from self._sign("arithmetic", node.left, node.right, sign, instead)
        yield self._whole("dropped term", node, f"({self._text(node.left)})")
        if isinstance(node.op, ast.Add | ast.Mult):
            yield self._whole("dropped term", node, f"({self._text(node.right)})")

    def _comparison(self, node: ast.Compare) -> Iterator[Mutant]:
        operands = [node.left, *node.comparators]
        for left, right, kind in zip(operands, operands[1:], node.ops, strict=False):
            sign, others = _COMPARISON[type(kind)]
            for instead in others:
                yield from self._sign("comparison", left, right, sign, instead)

    def _logic(self, node: ast.BoolOp) -> Iterator[Mutant]:
        sign, instead = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from self._sign("logic", left, right, sign, instead)
        for left_out in node.values:
            rest = f" {sign} ".join(f"({self._text(value)})" for value in node.values if value is not left_out)
            yield self._whole("dropped term", node, f"({rest})")

    def _unary(self, node: ast.UnaryOp) -> Iterator[Mutant]:
        yield self._whole("dropped sign or negation", node, f"({self._text(node.operand)})")

    def _constant(self, node: ast.Constant) -> Iterator[Mutant]:
        if isinstance(node.value, bool):
            yield self._whole("constant", node, str(not node.value))
        elif isinstance(node.value, int | float):
            for changed in (node.value + 1, node.value - 1):
                yield self._whole("constant", node, f"({changed})" if changed < 0 else str(changed))

    def _subscript(self, node: ast.Subscript) -> Iterator[Mutant]:
        if isinstance(node.slice, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            for by in ("+ 1", "- 1"):
                yield self._whole("index", node.slice, f"{self._text(node.slice)} {by}")

    def _condition(self, node: ast.If | ast.While | ast.IfExp) -> Iterator[Mutant]:
        yield self._whole("negated condition", node.test, f"(not ({self._text(node.test)}))")

    def _choice(self, node: ast.IfExp) -> Iterator[Mutant]:
        yield from self._condition(node)
        for choice in (node.body, node.orelse):
            yield self._whole("dropped clamp or choice", node, f"({self._text(choice)})")

    def _filter(self, node: ast.comprehension) -> Iterator[Mutant]:
        for condition in node.ifs:
            yield self._whole("negated condition", condition, f"(not ({self._text(condition)}))")
            yield self._whole("dropped condition", condition, "True")

    def _call(self, node: ast.Call) -> Iterator[Mutant]:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _OPPOSITE:
            yield self._whole("opposite", node.func, _OPPOSITE[name])
        if name in _TRANSPARENT and node.args and not isinstance(node.args[0], ast.Starred | ast.GeneratorExp):
            for argument in node.args if name in ("max", "min") else node.args[:1]:
                yield self._whole("dropped call", node, f"({self._text(argument)})")

    def _statement(self, node: ast.Expr) -> Iterator[Mutant]:
        if not isinstance(node.value, ast.Constant | ast.Yield | ast.YieldFrom):
            yield self._whole("dropped statement", node, "pass")

    def _assignment(self, node: ast.AugAssign) -> Iterator[Mutant]:
        yield self._whole("dropped statement", node, "pass")
        sign, others = _ARITHMETIC.get(type(node.op), ("", ()))
        for instead in others:
            yield from self._sign("assignment", node.target, node.value, f"{sign}=", f"{instead}=")
        yield from self._sign("assignment", node.target, node.value, f"{sign}=", "=")

    def _jump(self, node: ast.Break | ast.Continue) -> Iterator[Mutant]:
        yield self._whole("dropped statement", node, "pass")


_MAKERS: Mapping[type[ast.AST], Callable[[_Maker, Any], Iterator[Mutant]]] = {
    ast.AugAssign: _Maker._assignment,
    ast.BinOp: _Maker._binary,
    ast.BoolOp: _Maker._logic,
    ast.Break: _Maker._jump,
    ast.Call: _Maker._call,
    ast.Compare: _Maker._comparison,
    ast.Constant: _Maker._constant,
    ast.Continue: _Maker._jump,
    ast.Expr: _Maker._statement,
    ast.If: _Maker._condition,
    ast.IfExp: _Maker._choice,
    ast.Subscript: _Maker._subscript,
    ast.UnaryOp: _Maker._unary,
    ast.While: _Maker._condition,
    ast.comprehension: _Maker._filter,
}
