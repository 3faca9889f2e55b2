"""The analysis of one file, from its text to findings with edits."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

from migrate.analysis.constructions import decide_constructions, decide_unresolved, find_constructions
from migrate.analysis.drafts import Draft, Module
from migrate.analysis.evaluator import Evaluator
from migrate.analysis.imports import plan_imports
from migrate.analysis.instances import decide_instances
from migrate.analysis.references import decide_reference, decide_subclasses, find_references
from migrate.analysis.scopes import Index
from migrate.analysis.source import Source
from migrate.analysis.strings import decide_strings
from migrate.analysis.suggestions import spell_suggestions
from migrate.edits import CallMethod, Spelling
from migrate.rules import RuleSet

SKIP_FILE = re.compile(r"#\s*bn-migrate:\s*skip-file\b")
SKIP_LINE = re.compile(r"#\s*bn-migrate:\s*skip\b(?!-)")
NEEDS_MODE = ("call", "partial", "default", "reference", "base")


def analyse(source: Source, rules: RuleSet, data_format: str) -> tuple[list[Draft], Spelling]:
    """The findings of a file in the order of the text, and how the rewritten file spells what they need."""
    skipped = frozenset(_skipped_lines(source))
    if 0 in skipped:
        return [], Spelling({}, {})
    index = Index(source)
    module = Module(source, index, Evaluator(index, rules), rules, data_format, skipped)
    references = find_references(module)
    made = find_constructions(module, references)
    spelled = {m.spelled for m in made}
    for reference in references.values():
        if reference.node not in spelled:
            decide_reference(module, reference)
    decide_constructions(module, made)
    decide_unresolved(module)
    decide_subclasses(module)
    decide_instances(module)
    decide_strings(module)
    spelling = plan_imports(module)
    spell_suggestions(module, spelling)
    _mode_note(module)
    order = sorted(module.drafts, key=lambda d: (source.span(d.node), d.code))
    return order, spelling


def _mode_note(module: Module) -> None:
    """One note a file where an instance's mode belongs to a network around it."""
    for draft in sorted(module.drafts, key=lambda d: module.source.span(d.node)):
        makes = draft.code in ("BN101", "BN102", "BN103") and draft.role in NEEDS_MODE
        if makes and not any(isinstance(e, CallMethod) for e in draft.edits):
            message = (
                "a MindSpore cell starts in inference mode, a torch module in training mode: "
                "call set_train() on the network before training and set_train(False) before evaluation"
            )
            module.add(Draft("BN301", "other", draft.symbol, draft.node, message))
            return


def _skipped_lines(source: Source) -> Iterator[int]:
    """The lines with a skip comment; 0 where the whole file is skipped."""
    if "bn-migrate:" not in source.text:
        return
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            if SKIP_FILE.search(token.string) and not source.line_text(token.start[0])[:1].isspace():
                yield 0
            elif SKIP_LINE.search(token.string):
                yield token.start[0]
