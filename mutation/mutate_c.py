"""Faults in C, made on its syntax tree (tree-sitter): operators, bounds, constants, dropped terms and statements.

Inline assembly is no C: there numbers are changed and instructions dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import tree_sitter_c
from tree_sitter import Language, Node, Parser

from mutation.mutant import Mutant, Source

# By operator, what it is mistaken for. Of a comparison: its bound moved by one, and its opposite.
BINARY: Mapping[str, tuple[str, ...]] = {
    "+": ("-",),
    "-": ("+",),
    "*": ("+", "/"),
    "/": ("*",),
    "%": ("/",),
    "<<": (">>",),
    ">>": ("<<",),
    "&": ("|",),
    "|": ("&",),
    "^": ("|",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
}
ASSIGNMENT: Mapping[str, tuple[str, ...]] = {
    "+=": ("-=", "="),
    "-=": ("+=", "="),
    "*=": ("+=",),
    "/=": ("*=",),
    "<<=": (">>=",),
    ">>=": ("<<=",),
    "&=": ("|=",),
    "|=": ("&=",),
    "^=": ("|=",),
}
UPDATE = {"++": "--", "--": "++"}
_DROPPABLE = ("+", "-", "<<", ">>", "|", "&", "&&", "||", "*", "%")
_KINDS = {"<": "comparison", ">": "comparison", "=": "comparison", "!": "comparison"}
_ATTRIBUTES = re.compile(rb"\bTS_(?:INLINE|APART|NEST|SELDOM)\b")
_ASM = re.compile(rb"\b__asm__\b[^(]*\(")
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)$")
_ASM_NUMBER = re.compile(rb"(?<=#)-?(?:0x[0-9a-fA-F]+|\d+)|(?<=lsl )\d+|(?<=ror #)\d+")
_ASM_INSTRUCTION = re.compile(rb'(?<=[" t])([a-z]{2,}[a-z0-9.]*\s[^"\\]*?)(?=\\n|")')
_OUTSIDE = ("preproc_if", "preproc_ifdef", "preproc_elif", "preproc_else")
_PARSER = Parser(Language(tree_sitter_c.language()))


def c_mutants(file: str, content: bytes) -> list[Mutant]:
    """All mutants of a C file."""
    source = Source(file, content)
    masked, assembly = _without_assembly(_ATTRIBUTES.sub(lambda match: b" " * len(match[0]), content))
    tree = _PARSER.parse(masked)
    found = list(_outside_functions(source, tree.root_node, layout_macros(content)))
    for start, end in assembly:
        found += _in_assembly(source, start, end)
    return sorted(found, key=lambda mutant: (mutant.start, mutant.end, mutant.instead))


def layout_macros(content: bytes) -> set[str]:
    """Names that a struct's layout depends on: a kernel cannot have another layout than the model that calls it."""
    return {name.decode() for name in re.findall(rb"\w+\[([A-Z][A-Z0-9_]+)\];", content)}


def _without_assembly(content: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """The text with `;` and spaces where assembly is, and the places of that."""
    text, places = bytearray(content), []
    for match in _ASM.finditer(content):
        depth, end, quoted = 1, match.end(), False
        while depth > 0:
            byte = content[end : end + 1]
            quoted ^= byte == b'"'
            depth += 0 if quoted else (byte == b"(") - (byte == b")")
            end += 1
        places.append((match.start(), end))
        text[match.start() : end] = b" " * (end - match.start())
    for start, end in places:
        declared = content[:start].rsplit(b";", 1)[-1].split(b"{")[-1].strip()
        if declared == b"" or content[end : end + 1] != b";":
            continue  # of a register's name nothing is left: `int32_t in0 ;`
    return bytes(text), places


def _in_assembly(source: Source, start: int, end: int) -> Iterator[Mutant]:
    text = source.content[start:end]
    template = text.split(b"\n", 1)[0] if text.count(b":") == 0 else text
    for match in _ASM_NUMBER.finditer(template):
        for changed in (int(match[0], 0) + 1, int(match[0], 0) - 1):
            yield source.mutant("constant in assembly", start + match.start(), start + match.end(), str(changed))
    for match in _ASM_INSTRUCTION.finditer(template):
        yield source.mutant("dropped instruction", start + match.start(1), start + match.end(1), "nop")


def _outside_functions(source: Source, node: Node, layout: set[str]) -> Iterator[Mutant]:
    """Functions, macros' bodies and tables of numbers; not what declares types, nor conditions of the preprocessor."""
    if node.type == "function_definition":
        body = node.child_by_field_name("body")
        if body is not None:
            yield from _in_code(source, body, 0)
    elif node.type in ("preproc_def", "preproc_function_def"):
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if value is not None and name is not None and name.text.decode() not in layout:
            yield from _in_macro(source, value)
    elif node.type == "init_declarator":
        value = node.child_by_field_name("value")
        if value is not None:
            yield from _in_code(source, value, 0)
    elif node.type in ("translation_unit", "declaration", *_OUTSIDE):
        condition = node.child_by_field_name("condition")
        for child in node.children:
            if condition is None or child.start_byte != condition.start_byte:
                yield from _outside_functions(source, child, layout)


def _in_macro(source: Source, value: Node) -> Iterator[Mutant]:
    """The body as a statement of its own; line ends escaped by a backslash are spaces there."""
    head = b"void f(void) {\n"
    body = source.content[value.start_byte : value.end_byte]
    if b'"' in body:
        for match in _ASM_NUMBER.finditer(body):
            for changed in (int(match[0], 0) + 1, int(match[0], 0) - 1):
                start = value.start_byte + match.start()
                yield source.mutant("constant in assembly", start, start + len(match[0]), str(changed))
        for match in _ASM_INSTRUCTION.finditer(body):
            yield source.mutant("dropped instruction", *(value.start_byte + at for at in match.span(1)), "nop")
        return
    tree = _PARSER.parse(head + body.replace(b"\\\n", b"  ") + b"\n;}")
    yield from _in_code(source, tree.root_node, value.start_byte - len(head))


def _in_code(source: Source, node: Node, shift: int) -> Iterator[Mutant]:
    """Mutants of a node and of all below it; `shift` is from the tree's places to the file's."""
    make = _MAKERS.get(node.type)
    if make is not None:
        for operator, (start, end), instead in make(node):
            yield source.mutant(operator, start + shift, end + shift, instead)
    for child in node.children:
        if not _is_layout(child):
            yield from _in_code(source, child, shift)


def _is_layout(node: Node) -> bool:
    """Types, and conditions of the preprocessor."""
    if node.type in ("struct_specifier", "sizeof_expression", "type_descriptor"):
        return True
    parent = node.parent
    if parent is None or parent.type not in ("preproc_if", "preproc_elif"):
        return False
    condition = parent.child_by_field_name("condition")
    return condition is not None and condition.id == node.id


_Change = tuple[str, tuple[int, int], str]


def _span(node: Node) -> tuple[int, int]:
    return node.start_byte, node.end_byte


def _text(node: Node | None) -> str:
    return "" if node is None or node.text is None else node.text.decode()


def _binary(node: Node) -> Iterator[_Change]:
    operator, left, right = (node.child_by_field_name(name) for name in ("operator", "left", "right"))
    assert operator is not None and left is not None and right is not None
    sign = _text(operator)
    kind = "comparison" if sign[0] in "<>=!" and sign not in ("<<", ">>") else "logic" if sign in ("&&", "||") else ""
    for instead in BINARY.get(sign, ()):
        yield kind or "arithmetic", _span(operator), instead
    if sign in _DROPPABLE:
        yield "dropped term", _span(node), _text(left)
        if sign in ("+", "*", "&&", "||", "-"):
            yield "dropped term", _span(node), ("-(" + _text(right) + ")") if sign == "-" else _text(right)


def _assignment(node: Node) -> Iterator[_Change]:
    operator = node.child_by_field_name("operator")
    assert operator is not None
    for instead in ASSIGNMENT.get(_text(operator), ()):
        yield "assignment", _span(operator), instead


def _update(node: Node) -> Iterator[_Change]:
    operator = node.child_by_field_name("operator")
    assert operator is not None
    yield "arithmetic", _span(operator), UPDATE[_text(operator)]


def _unary(node: Node) -> Iterator[_Change]:
    argument = node.child_by_field_name("argument")
    assert argument is not None
    yield "dropped sign or negation", _span(node), _text(argument)


def _number(node: Node) -> Iterator[_Change]:
    match = _NUMBER.match(_text(node))
    if match:
        value = int(match[1], 0)
        yield "constant", _span(node), f"{value + 1}{match[2]}"
        yield "constant", _span(node), f"{value - 1}{match[2]}" if value > 0 else "-1"


def _subscript(node: Node) -> Iterator[_Change]:
    index = node.child_by_field_name("index")
    if index is not None and index.type != "number_literal":
        for by in ("+ 1", "- 1"):
            yield "index", _span(index), f"{_text(index)} {by}"


def _condition(node: Node) -> Iterator[_Change]:
    condition = node.child_by_field_name("condition")
    if condition is not None and node.type != "for_statement":
        yield "negated condition", _span(condition), f"(!{_parenthesized(condition)})"


def _parenthesized(node: Node) -> str:
    text = _text(node)
    return text if node.type == "parenthesized_expression" else f"({text})"


def _conditional(node: Node) -> Iterator[_Change]:
    yield from _condition(node)
    for name in ("consequence", "alternative"):
        yield "dropped clamp or choice", _span(node), _text(node.child_by_field_name(name))


def _call(node: Node) -> Iterator[_Change]:
    arguments = node.child_by_field_name("arguments")
    used = node.parent is not None and node.parent.type != "expression_statement"
    if used and arguments is not None and arguments.named_child_count > 0:
        yield "dropped call", _span(node), f"({_text(arguments.named_children[0])})"


def _statement(node: Node) -> Iterator[_Change]:
    parent = node.parent
    if node.named_child_count or node.type != "expression_statement":
        if parent is not None and parent.type == "for_statement":
            return
        yield "dropped statement", _span(node), ";"


_MAKERS = {
    "binary_expression": _binary,
    "assignment_expression": _assignment,
    "update_expression": _update,
    "unary_expression": _unary,
    "number_literal": _number,
    "subscript_expression": _subscript,
    "if_statement": _condition,
    "while_statement": _condition,
    "do_statement": _condition,
    "conditional_expression": _conditional,
    "call_expression": _call,
    "expression_statement": _statement,
    "break_statement": _statement,
    "continue_statement": _statement,
}
