"""Where new import lines go, which is where a tool that sorts imports would look for them."""

from __future__ import annotations

import ast
import re
import sys

from migrate.syntax.source import Source

Import = ast.Import | ast.ImportFrom


def insertion(source: Source, first: int, lines: list[str], own: frozenset[int]) -> tuple[int, str]:
    """Where new import ``lines`` go, and their text: behind the last top-level import above line ``first`` that is none
    of the project's ``own``, else before these; without any, behind the docstring, the header comment, or at the first
    line of code."""
    newline = source.newline
    block = "".join(line + newline for line in lines)
    imports = _last_imports(source, first)
    others = [s for s in imports if source.span(s).start not in own]
    if imports and not others and (at := _start(source, imports[0])) is not None:
        return at, block + newline
    if imports:
        last = (others or imports)[-1]
        # Between the groups of Python's modules and the project's own, where the file has such groups.
        apart = 0 < len(others) < len(imports) and _is_of_python(last) and not _next_line(source, last)
        return _behind(source, last, lines, newline * apart + block)
    docstring = source.tree.body[0] if ast.get_docstring(source.tree, clean=False) is not None else None
    if docstring is not None and docstring.lineno < first:
        return _behind(source, docstring, lines, newline + block + newline * bool(_next_line(source, docstring)))
    header = re.match(r"(?:#[^\r\n]*(?:\r\n|\r|\n))+(?=[ \t]*(?:\r\n|\r|\n))", source.text)
    if header:
        return header.end(), newline + block
    code = re.match(r"(?:#[^\r\n]*(?:\r\n|\r|\n)|[ \t\f]*(?:\r\n|\r|\n))*", source.text)
    return (code.end() if code else 0), block + newline


def _last_imports(source: Source, first: int) -> list[Import]:
    """The last top-level imports above line ``first`` with no other statement between them."""
    body = source.tree.body
    end = max((i for i, s in enumerate(body, start=1) if isinstance(s, Import) and s.lineno < first), default=0)
    found: list[Import] = []
    for statement in reversed(body[:end]):
        if not isinstance(statement, Import):
            break
        found.insert(0, statement)
    return found


def _next_line(source: Source, statement: ast.stmt) -> str:
    """The text on the line below a statement."""
    return source.line_text(source.position(source.line_end(source.span(statement).end))[0]).strip()


def _is_of_python(statement: Import) -> bool:
    name = statement.module if isinstance(statement, ast.ImportFrom) else statement.names[0].name
    return (name or "").partition(".")[0] in sys.stdlib_module_names


def _start(source: Source, statement: Import) -> int | None:
    """Where the line of a statement starts; None where something stands before it, or a comment above."""
    start = source.span(statement).start
    at = source.line_start(start)
    above = source.text[:at].splitlines()[-1:]
    return at if at == start and not (above and above[0].lstrip().startswith("#")) else None


def _behind(source: Source, statement: ast.stmt, lines: list[str], block: str) -> tuple[int, str]:
    """Behind a statement: on lines of their own, or on its line where others follow there."""
    end = source.span(statement).end
    line_end = source.line_end(end)
    rest = source.text[end:line_end].strip()
    if rest and not rest.startswith("#"):
        return end, "".join(f"; {line}" for line in lines)
    if not source.text[:line_end].endswith(("\n", "\r")):
        return line_end, source.newline + block.removesuffix(source.newline)
    return line_end, block
