"""What stands under the cursor: the mapping of an argument, attribute or method, and what it rests on."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from lsprotocol import types

from migrate.errors import FileError
from migrate.explain import explain
from migrate.findings import Finding, Result
from migrate.lsp.asked import Told
from migrate.lsp.text import Text
from migrate.mapping import argument, attribute, method
from migrate.rule import Example, Parameter, Rule
from migrate.rules import RuleSet
from migrate.syntax.source import Source, Span
from migrate.targets import Target


def findings_at(result: Result, text: Text, position: types.Position) -> list[Finding]:
    """The findings at ``position``, the shortest first."""
    offset = text.offset(position)
    here = [f for f in result.findings if text.span(f)[0] <= offset <= text.span(f)[1]]
    return sorted(here, key=lambda f: text.span(f)[1] - text.span(f)[0])


def hover(
    here: list[Finding], text: Text, position: types.Position, rules: RuleSet, target: Target, ways: Told | None
) -> types.Hover | None:
    """The mapping of what is at ``position``, and the findings there: how what they speak about came, and why they are.

    ``ways`` is None while it is not known how.
    """
    if not here:
        return None
    offset = text.offset(position)
    facts = next((found for f in here if (found := _facts(f, offset - text.span(f)[0], rules, target))), [])
    codes = dict.fromkeys(f.code for f in here)
    said = [f"**{f.code}** {f.message}" for f in here]
    parts = [*facts, *said, *_came(here, ways), *(_explained(code) for code in codes)]
    content = types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(parts))
    return types.Hover(content, text.range(*text.span(here[0])))


def _came(here: list[Finding], ways: Told | None) -> list[str]:
    """How what the shortest of the findings speaks about came there, of those that came from elsewhere."""
    if ways is None:
        return ["How it came here is being found out: hover again in a moment."]
    way = next((lines for f in here if (lines := ways.get(f))), ())
    return ["How it came here:\n" + "\n".join(["```text", *way, "```"])] if way else []


def _facts(finding: Finding, offset: int, rules: RuleSet, target: Target) -> list[str]:
    """What the rule says about the part of a finding that ``offset`` characters into it are on."""
    rule = rules.by_name.get(finding.symbol)
    if rule is not None:
        parameter = _parameter_at(finding, offset, rule)
        return _argument(rule, parameter, target) if parameter is not None else _class(rule)
    owner, _, name = finding.symbol.rpartition(".")
    rule = rules.by_name.get(owner) or next((r for r in rules.rules if not owner and name in r.distinctive), None)
    if rule is not None and name in rule.attributes:
        written_back = any(name in w.attributes for w in rule.write_backs)
        return _mapping(rule, f"`{name}`", *attribute(rule.attributes[name], written_back), rule.attributes[name].read)
    if rule is not None and name in rule.methods:
        return _mapping(rule, f"`{name}()`", *method(rule.methods[name]))
    related = rules.related.get(finding.symbol)
    return [] if related is None else [f"`{finding.symbol}`: {related.advice}"]


def _mapping(rule: Rule, name: str, becomes: str, review: str, said: str = "") -> list[str]:
    lines = [f"{name} of `{rule.source.name}`", f"In `{rule.target.name}`: {becomes}"]
    lines += [said[:1].upper() + said[1:]] if said else []
    return [*lines, f"Left for review: {review}"] if review else lines


def _argument(rule: Rule, parameter: Parameter, target: Target) -> list[str]:
    """An argument's mapping with its default, and the calls of the rule that were executed in both frameworks."""
    name, becomes, review = argument(parameter)
    lines = _mapping(rule, name, becomes, review, parameter.treatment.note)
    if parameter.default is not None:
        lines.append(f"Default: `{parameter.default!r}`; left out, it stays left out")
    if parameter.samples and rule.proof is not None:
        lines.append(f"A proof tries {', '.join(f'`{s!r}`' for s in parameter.samples)} where the file tells no value")
    shown = [e for e in rule.examples if e.target == target and parameter.name in _arguments(e, rule)]
    if shown:
        pairs = [line for e in shown for line in (e.before, e.after, "")]
        lines.append("Executed in both frameworks, with equal results:\n" + _block(pairs[:-1]))
    return lines


def _class(rule: Rule) -> list[str]:
    """A table of all arguments."""
    rows = [f"| {name} | {becomes} |" for name, becomes, _ in map(argument, rule.parameters)]
    head = [f"| `{rule.source.name}` | `{rule.target.name}` |", "|---|---|"]
    return ["\n".join([*head, *rows])]


def _parameter_at(finding: Finding, offset: int, rule: Rule) -> Parameter | None:
    """The parameter to which the argument belongs that stands ``offset`` characters into a call."""
    # In brackets, since a call may span lines with any indentation.
    call, source = _call(f"({finding.before}\n)")
    if call is None or source is None:
        return None
    for name, node in _named(call, rule, 1 if finding.role == "partial" else 0):
        place = source.span(node)
        if Span(place.start, place.end + 1).holds(Span(offset + 1, offset + 1)):
            return rule.parameter(name)
    return None


def _call(text: str) -> tuple[ast.Call | None, Source | None]:
    try:
        source = Source(text.encode("utf-8", "surrogatepass"), "")
        statement = source.tree.body[0]
    except FileError:
        return None, None
    value = statement.value if isinstance(statement, ast.Expr) else None
    return (value, source) if isinstance(value, ast.Call) else (None, None)


def _named(call: ast.Call, rule: Rule, first: int) -> Iterator[tuple[str, ast.expr | ast.keyword]]:
    """The arguments of a call with the parameters that they are for; those behind a star are for none."""
    for name, node in zip(rule.positional, call.args[first:], strict=False):
        if isinstance(node, ast.Starred):
            break
        yield name, node
    yield from ((k.arg, k) for k in call.keywords if k.arg is not None)


def _arguments(example: Example, rule: Rule) -> set[str]:
    """The parameters that an example passes."""
    call, _ = _call(example.before)
    return set() if call is None else {name for name, _ in _named(call, rule, 0)}


def _block(lines: Iterable[str]) -> str:
    return "\n".join(["```python", *lines, "```"])


def _explained(code: str) -> str:
    """The text of ``--explain``, as it is."""
    return "\n".join(["```text", explain(code).rstrip(), "```"])
