"""Swaps and removes names in import statements, keeping the rest of the statement as it is."""

from __future__ import annotations

import libcst as cst

from migrate.edits import RemoveImport, SwapImport
from migrate.rewrite.fragments import NO_SPACE, Space, code, comments_in, gathered, newline_of, without_comments

Import = cst.Import | cst.ImportFrom


def change_import(text: str, edits: list[SwapImport | RemoveImport], indent: str, newline: str, shared: bool) -> str:
    """The statement after ``edits``, and the new imports behind it; empty where nothing is left.

    ``shared`` says that other statements stand on the line, so new ones join it with a semicolon and bring no comment.
    """
    names = edits[0].statement.names
    statement = _parse(text)
    gone = {names.index(e.alias) for e in edits}
    swaps = {names.index(e.alias): e for e in edits if isinstance(e, SwapImport)}
    if len(swaps) == len(names) and _stays_one(statement, list(swaps.values())):
        return code(_elsewhere(statement, swaps), newline_of(text, "\n"))
    comments: dict[int, str] = {}
    for i in swaps if not shared else ():
        statement, comments[i] = _own_comment(statement, i)
    lines = [code(_without(statement, gone), newline_of(text, "\n"))] if len(gone) < len(names) else []
    lines += [f"from {s.module} import {s.name}{_as_name(s)}{comments.get(i, '')}" for i, s in swaps.items()]
    return ("; " if shared else f"{newline}{indent}").join(lines)


def _stays_one(statement: Import, swaps: list[SwapImport]) -> bool:
    """Whether a statement whose names are all swapped need not be taken apart: for one name, or for its comments."""
    return len(swaps) == 1 or (bool(comments_in(statement)) and len({s.module for s in swaps}) == 1)


def _own_comment(statement: Import, place: int) -> tuple[Import, str]:
    """The statement without the comment on the line of the name at ``place``, and that comment, to go with the name."""
    names = _names(statement)
    comma = names[place].comma
    if isinstance(comma, cst.Comma):
        space, comment = _cut(comma.whitespace_after)
        alias = names[place].with_changes(comma=comma.with_changes(whitespace_after=space))
        return statement.with_changes(names=[*names[:place], alias, *names[place + 1 :]]), comment
    if isinstance(statement, cst.ImportFrom) and statement.rpar is not None:
        space, comment = _cut(statement.rpar.whitespace_before)
        return statement.with_changes(rpar=statement.rpar.with_changes(whitespace_before=space)), comment
    return statement, ""


def _cut(space: Space) -> tuple[Space, str]:
    """The space without the comment on its first line, and that comment."""
    if not isinstance(space, cst.ParenthesizedWhitespace) or space.first_line.comment is None:
        return space, ""
    first = space.first_line.with_changes(whitespace=NO_SPACE, comment=None)
    return space.with_changes(first_line=first), f"  {space.first_line.comment.value}"


def _as_name(swap: SwapImport) -> str:
    local = swap.alias.asname or swap.alias.name
    return f" as {local}" if local != swap.name else ""


def _parse(text: str) -> Import:
    line = cst.parse_statement(text)
    assert isinstance(line, cst.SimpleStatementLine)
    statement = line.body[0]
    assert isinstance(statement, (cst.Import, cst.ImportFrom))
    return statement


def _names(statement: Import) -> list[cst.ImportAlias]:
    assert not isinstance(statement.names, cst.ImportStar)
    return list(statement.names)


def _elsewhere(statement: Import, swaps: dict[int, SwapImport]) -> Import:
    """The statement with another module: names, spacing, brackets and comments stay."""
    names = [_swapped(alias, swaps[i]) for i, alias in enumerate(_names(statement))]
    return statement.with_changes(module=cst.parse_expression(swaps[0].module), relative=[], names=names)


def _swapped(alias: cst.ImportAlias, swap: SwapImport) -> cst.ImportAlias:
    if swap.name == swap.alias.name:
        return alias
    local = cst.AsName(cst.Name(swap.alias.asname or swap.alias.name))
    return alias.with_changes(name=cst.Name(swap.name), asname=alias.asname or local)


def _without(statement: Import, gone: set[int]) -> Import:
    """The statement without some of its names; their comments move to the name before, or behind the bracket."""
    names = _names(statement)
    kept: list[cst.ImportAlias] = []
    for i, alias in enumerate(names):
        if i not in gone:
            kept.append(alias)
        elif kept:
            comma = cst.ensure_type(kept[-1].comma, cst.Comma)
            space = gathered([comma.whitespace_after, alias], comma.whitespace_after)
            kept[-1] = kept[-1].with_changes(comma=comma.with_changes(whitespace_after=space))
        elif isinstance(statement, cst.ImportFrom) and statement.lpar is not None:
            space = gathered([statement.lpar.whitespace_after, alias], statement.lpar.whitespace_after)
            statement = statement.with_changes(lpar=statement.lpar.with_changes(whitespace_after=space))
    if len(names) - 1 in gone:
        return _closed(statement, kept, names[-1].comma)
    return statement.with_changes(names=kept)


def _closed(statement: Import, kept: list[cst.ImportAlias], comma: cst.Comma | cst.MaybeSentinel) -> Import:
    """The statement with the names ``kept`` and, behind the last of them, ``comma`` and the comments there now."""
    *names, last = kept
    own = cst.ensure_type(last.comma, cst.Comma)
    if not comments_in(own) or not isinstance(statement, cst.ImportFrom) or statement.rpar is None:
        comma = without_comments(comma) if isinstance(comma, cst.Comma) else comma
        return statement.with_changes(names=[*names, last.with_changes(comma=comma)])
    space = gathered([own, statement.rpar.whitespace_before], NO_SPACE)
    end = comma.whitespace_after if isinstance(comma, cst.Comma) else statement.rpar.whitespace_before
    if isinstance(end, cst.ParenthesizedWhitespace):
        space = space.with_changes(last_line=end.last_line)
    if isinstance(comma, cst.Comma):
        comma, space = cst.Comma(whitespace_after=space), NO_SPACE
    rpar = statement.rpar.with_changes(whitespace_before=space)
    return statement.with_changes(names=[*names, last.with_changes(comma=comma)], rpar=rpar)
