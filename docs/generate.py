"""Writes docs/findings.md, docs/mint.md, docs/contexts.md, docs/constructs.md and the generated parts of README.md.

``--check`` writes nothing, and exits 1 where one of them is out of date.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from migrate.code import DOCUMENTATION, Code
from migrate.codes import CODES
from migrate.engine import Options, migrate_bytes
from migrate.explain import kind_of
from migrate.mapping import argument, attribute, method
from migrate.report.text import suggested
from migrate.rule import Parameter, Rule
from migrate.rules import RuleSet, load_rules
from migrate.targets import Target

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from tests.constructs.table import page as constructs  # noqa: E402
from tests.contexts.page import page as contexts  # noqa: E402

README = ROOT / "README.md"
FINDINGS = ROOT / "docs" / "findings.md"
MINT = ROOT / "docs" / "mint.md"
CONTEXTS = ROOT / "docs" / "contexts.md"
CONSTRUCTS = ROOT / "docs" / "constructs.md"
SHOWN = "samples/mobilenet.py"
PART = re.compile(r"(?P<start><!-- generated: (?P<name>\w+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
TITLES = {
    "classes": "Classes",
    "arguments": "Constructor arguments",
    "attributes": "Attributes of instances",
    "methods": "Methods of instances",
    "initialisation": "Initialisation",
    "related": "Beside the classes",
}
LONG = 100
Rows = dict[str, tuple[str, str]]
"""What becomes of each name, and what of it is left for review."""
HEAD = """\
# Findings

Every place that concerns batch norm gets one finding. `bn-migrate --explain CODE` prints its reason and example.
A **rewrite** was changed. A **review** was left as it was, because a person must decide; its message says why, and
where a text is sure to be right, the report brings it along. A **note** asks for nothing. BN9xx names a file that could
not be processed and stays as it is.
The examples are real: the code, what bn-migrate makes of it, and what it says.

This page is written by `python docs/generate.py`.

<!-- fmt: off -->
"""
MINT_HEAD = """\
# The target mindspore.mint.nn

What becomes of batch norm with `--target mindspore.mint.nn`. Its classes keep torch's arguments, attributes and
momentum; their methods are those of a MindSpore cell. MindSpore has no kernels for them on the CPU: they run, and can
be proved, on a device only.

This page is written from [`rules/`](../rules) by `python docs/generate.py`.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is out of date")
    check = parser.parse_args().check
    status = 0
    for path, text in pages().items():
        old = path.read_text("utf-8") if path.exists() else ""
        if old != text and check:
            print(f"{path.relative_to(ROOT)} is out of date: run python docs/generate.py", file=sys.stderr)
            status = 1
        elif old != text:
            path.write_text(text, "utf-8")
    return status


def pages() -> dict[Path, str]:
    """What every page that is written here should hold."""
    return {
        FINDINGS: findings(),
        MINT: mint(),
        CONTEXTS: contexts(),
        CONSTRUCTS: constructs(),
        README: readme(README.read_text("utf-8")),
    }


def findings() -> str:
    """The whole of docs/findings.md."""
    index = ["| code | kind | about |", "|---|---|---|"]
    index += [f"| [{c.code}](#{c.code.lower()}) | {c.kind or 'error'} | {c.title} |" for c in CODES.values()]
    return "\n".join([HEAD, *index, "", *(_section(code) for code in CODES.values())])


def _section(code: Code) -> str:
    lines = [f'<a id="{code.code.lower()}"></a>', f"## {code.code}: {code.title}", ""]
    lines += [f"*{kind_of(code).capitalize()}.* {code.reason}", ""]
    if not code.before:
        return "\n".join(lines)
    options = "--data-format NHWC" if code.code == "BN216" else ""
    lines += [f"Before{f' (with `{options}`)' if options else ''}:", *_block(code.before), ""]
    if code.kind is None:
        return "\n".join([*lines, "The file stays as it is.", ""])
    result = migrate_bytes(code.before.encode(), "example.py", Options(data_format="NHWC" if options else "NCHW"))
    lines += ["After:", *_block(result.after.decode()), ""] if result.changed else ["After: unchanged.", ""]
    finding = next(f for f in result.findings if f.code == code.code)
    lines += [f"> line {finding.line}: {finding.message}", ""]
    offered = suggested(finding, code.before.splitlines()[finding.line - 1])
    lines += ["To write there:", "```python", *offered, "```", ""] if offered else []
    return "\n".join(lines)


def _block(text: str) -> list[str]:
    return ["```python", *(_shortened(line) for line in text.splitlines()), "```"]


def _shortened(line: str) -> str:
    return line if len(line) <= LONG else f"{line[:40]} … {line[-40:]}"


def readme(text: str) -> str:
    """README.md with every generated part written anew."""
    parts = {"diff": _diff(SHOWN), "reviews": _reviews(), **tables("mindspore.nn")}
    return PART.sub(lambda m: m["start"] + parts[m["name"]] + m["end"], text)


def mint() -> str:
    """The whole of docs/mint.md."""
    parts = tables("mindspore.mint.nn")
    return MINT_HEAD + "".join(f"\n## {title}\n\n{parts[name]}" for name, title in TITLES.items())


def tables(target: Target, extra: tuple[Path, ...] = ()) -> dict[str, str]:
    """What the rules say about ``target``, as Markdown, by the names of the parts; ``extra``: more rule folders."""
    rules = load_rules(target, extra)
    rule = next(r for r in rules.rules if r.name == "BatchNorm2d")
    others = [r for r in rules.rules if r is not rule]
    return {
        "classes": _classes(extra),
        "arguments": _arguments(rule, others),
        "attributes": _attributes(rule, others),
        "methods": _methods(rule, others),
        "initialisation": _initialisation(rule),
        "related": _related(rules),
    }


def _diff(sample: str) -> str:
    command = [sys.executable, "-m", "migrate", "--quiet", "--diff", sample]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return f"```diff\n{done.stdout}```\n"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _classes(extra: tuple[Path, ...]) -> str:
    targets: tuple[Target, ...] = ("mindspore.nn", "mindspore.mint.nn")
    of_target = [load_rules(target, extra).rules for target in targets]
    rows = [
        (f"`{rules[0].source.name}`", *(f"`{r.target.name}`" for r in rules)) for rules in zip(*of_target, strict=True)
    ]
    return _table(("torch", *(f"`--target {target}`" for target in targets)), rows)


def _arguments(rule: Rule, others: list[Rule]) -> str:
    table = _table(("torch argument", "MindSpore", "left for review"), [argument(p) for p in rule.parameters])
    placed = ", ".join(f"`{name}`" for name in rule.target.positional)
    table += f"\n{placed} may stay positional; those behind them become keywords.\n"
    known = {p.name: p for p in rule.parameters}
    for other in others:
        own = [p for p in other.parameters if known.get(p.name) != p]
        table += "".join(f"\n{_also(other, p, p.name in known)}\n" for p in own)
        if other.target.positional != rule.target.positional:
            placed = ", ".join(f"`{name}`" for name in other.target.positional)
            table += f"\n{other.name}: {placed} may stay positional.\n"
    return table


def _also(other: Rule, parameter: Parameter, differs: bool) -> str:
    name, becomes, review = argument(parameter)
    return f"{other.name}{': ' if differs else ' also has '}{name}: {becomes}" + (f"; {review}" if review else "") + "."


def _attributes(rule: Rule, others: list[Rule]) -> str:
    rows = _attribute_rows(rule)
    table = _table(("torch attribute", "MindSpore", "left for review"), _code_rows(rows, "`{}`"))
    return table + _differing(rows, [(other.name, _attribute_rows(other)) for other in others], "`{}`")


def _attribute_rows(rule: Rule) -> Rows:
    seen = {a for w in rule.write_backs for a in w.attributes}
    return {name: attribute(t, name in seen) for name, t in rule.attributes.items()}


def _methods(rule: Rule, others: list[Rule]) -> str:
    rows = _method_rows(rule)
    table = _table(("torch method", "MindSpore", "left for review"), _code_rows(rows, "`{}()`"))
    return table + _differing(rows, [(other.name, _method_rows(other)) for other in others], "`{}()`")


def _method_rows(rule: Rule) -> Rows:
    return {name: method(t) for name, t in rule.methods.items()}


def _code_rows(rows: Rows, form: str) -> list[tuple[str, ...]]:
    return [(form.format(name), *row) for name, row in rows.items()]


def _differing(rows: Rows, others: list[tuple[str, Rows]], form: str) -> str:
    """A table of what other classes do in another way; empty where none does."""
    own = [(f"{o}, {form.format(n)}", *row) for o, theirs in others for n, row in theirs.items() if row != rows.get(n)]
    return "\n" + _table(("where a class differs", "MindSpore", "left for review"), own) if own else ""


def _initialisation(rule: Rule) -> str:
    rows = []
    for i in rule.initializers:
        arguments = ", ".join(i.arguments)
        calls = [f"`{name.removeprefix('torch.')}({', '.join(('t', *i.arguments))})`" for name in i.functions]
        calls += [f"`t.{name}({arguments})`" for name in i.methods]
        limit = f" where `{i.tensor}` is MindSpore's, otherwise left for review" if i.tensor else ""
        rows.append((", ".join(calls), f"`t.set_data({_in_place(i.value, i.arguments)})`{limit}"))
    for change in rule.in_place:
        calls = [f"`t.{name}({', '.join(change.arguments)})`" for name in change.methods]
        rows.append(
            (", ".join(calls), f"left for review, which offers `{_in_place(change.suggest, change.arguments)}`")
        )
    return _table(("torch", "MindSpore"), rows)


def _in_place(template: str, arguments: tuple[str, ...]) -> str:
    """A template with a tensor ``t``, and its arguments under their names."""
    return template.format(tensor="t", **{name: name for name in arguments})


def _related(rules: RuleSet) -> str:
    merged: dict[str, list[str]] = {}
    for name, related in rules.related.items():
        merged.setdefault(related.advice, []).append(f"`{name}`")
    return _table(("torch", "left for review"), [(", ".join(names), advice) for advice, names in merged.items()])


def _reviews() -> str:
    rows = [
        (f"[{c.code}]({DOCUMENTATION}#{c.code.lower()})", c.title, c.reason)
        for c in CODES.values()
        if c.kind == "review"
    ]
    return _table(("code", "what", "why it is left"), rows)


if __name__ == "__main__":
    sys.exit(main())
