"""One file from bytes to result: analysis, edits, checks."""

from __future__ import annotations

import ast
import traceback
from dataclasses import dataclass
from pathlib import Path

from migrate.codes import CODES
from migrate.errors import FileError
from migrate.findings import FileResult, Finding
from migrate.rule import Target
from migrate.rules import RuleSet, load_rules


@dataclass(frozen=True, slots=True)
class Options:
    """What a migration depends on besides the source."""

    target: Target = "mindspore.nn"
    data_format: str = "NCHW"
    rules: tuple[Path, ...] = ()


def migrate_bytes(data: bytes, path: str, options: Options) -> FileResult:
    """The result for one file; errors are part of it and leave the bytes as they are."""
    rules = load_rules(options.target, options.rules)
    if not rules.triggers.search(data):
        return FileResult(path, data, data)
    try:
        return _migrate(data, path, options, rules)
    except FileError as error:
        return FileResult(path, data, data, error=str(error), error_line=error.line)
    except (RecursionError, MemoryError):  # before Exception: both say something about the file
        return FileResult(path, data, data, error="BN904 nested too deep: split the expression")
    except Exception as error:
        # One file must not stop the others, whatever is wrong with this program.
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        message = f"BN905 internal error, please report it: {type(error).__name__}: {error} ({where})"
        return FileResult(path, data, data, error=message)


def _migrate(data: bytes, path: str, options: Options, rules: RuleSet) -> FileResult:
    from migrate.analysis.module import analyse
    from migrate.analysis.source import Source, Span

    source = Source(data, path)
    drafts, spelling = analyse(source, rules, options.data_format)
    edits = [e for d in drafts for e in d.edits]
    text = source.text
    done: dict[Span, str] = {}
    if edits:
        from migrate.rewrite.splice import splice

        wanted = [source.span(d.node) for d in drafts if d.code[2] == "1"]
        text, done = splice(source, edits, wanted, spelling)
        _check(text)
    offers = None
    if any(d.suggestion for d in drafts):
        from migrate.rewrite.offered import Offers

        offers = Offers(source, edits, spelling)
    findings = []
    for draft in drafts:
        span = source.span(draft.node)
        (line, column), (end_line, end_column) = source.position(span.start), source.position(span.end)
        kind = CODES[draft.code].kind
        assert kind is not None
        before = source.text[span.start : span.end]
        after = done.get(span, before) if kind == "rewrite" else before
        position = (line, column, end_line, end_column)
        said = (draft.code, kind, draft.role, draft.symbol)
        suggestion = offers.text(draft) if offers is not None and draft.suggestion else ""
        findings.append(Finding(*said, *position, draft.message, before, after, suggestion))
    return FileResult(path, data, source.encode(text), tuple(findings))


def _check(text: str) -> None:
    """The result parses; anything else is a fault of this program, not of the file."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise FileError("BN905", f"the rewritten text does not parse: {error}; please report it") from None
