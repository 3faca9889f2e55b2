"""Writes the generated pages of docs/, the picture of the README, and the generated parts of it and of mapping.md.

``--check`` writes nothing, and exits 1 where one of them is out of date.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Callable
from pathlib import Path

from migrate.code import Code
from migrate.codes import CODES
from migrate.engine import Options, migrate_bytes
from migrate.explain import kind_of
from migrate.mapping import argument, attribute, method
from migrate.report.text import suggested
from migrate.rule import Parameter, Rule
from migrate.rules import RuleSet, load_rules
from migrate.targets import Target

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
from session import picture, replayed  # noqa: E402

from tests.constructs.table import page as constructs  # noqa: E402
from tests.contexts.page import page as contexts  # noqa: E402

README = ROOT / "README.md"
FINDINGS = ROOT / "docs" / "findings.md"
MINT = ROOT / "docs" / "mint.md"
CONTEXTS = ROOT / "docs" / "contexts.md"
CONSTRUCTS = ROOT / "docs" / "constructs.md"
MAPPING = ROOT / "docs" / "mapping.md"
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "terminal.svg"
SHOWN = """\
norm = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.03)
self.bn1 = nn.BatchNorm2d(64, 1e-5, rate, track_running_stats=False)
if isinstance(layer, nn.BatchNorm2d):
    nn.init.zeros_(layer.weight)
"""
IMPORTS = "from functools import partial\nfrom torch import nn\nimport mindspore as ms\n"
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

Every use of batch norm has one finding. `bn-migrate --explain CODE` prints its reason and example.

- **rewrite**: the use was changed.
- **review**: the use was left as it is and needs a [manual fix](manual-fixes.md). The message says why, and the report
  has the text to write, where one is sure to be right.
- **note**: something to know; nothing to do.
- **error**: the file could not be processed and stays as it is.

The examples are real: the code, what bn-migrate makes of it, and what it says.

This page is written by `python docs/generate.py`.

<!-- fmt: off -->
"""
MINT_HEAD = """\
# The target mindspore.mint.nn

What becomes of batch norm with `--target mindspore.mint.nn`. Its classes keep torch's arguments, attributes and
momentum; their methods are those of a MindSpore cell. MindSpore has no kernels for them on a CPU: they run, and can
be proved, [on a device only](#what-the-tests-show). [What is rewritten](mapping.md) has the tables for the default
target, `mindspore.nn`.

This page is written from [`rules/`](../rules) by `python docs/generate.py`.

## What the tests show

On every machine (`tests/test_mint_executed.py`):

- the parameters of the constructors, in order, and their defaults; the aliases of the classes
- the names, values and trainability of all tensors, for every combination of flags, and where torch has None
- the numbers and flags that instances keep, also `momentum=None`
- the methods that the rules rename to, those that they say are missing, and the modes of a cell
- that a call fails for want of a kernel: once it does not, a test fails, and the rest can be shown

Where the kernels are, and nowhere else:

- outputs in training and evaluation, gradients, and the running statistics after a step: that `momentum` has torch's
  meaning there follows from MindSpore's documentation and source
- the cumulative average of `momentum=None`, and what an assignment to `momentum` or `eps` does
- types other than float32, graph mode, and `SyncBatchNorm` among several processes

On a device, `--verify --target mindspore.mint.nn --device-target Ascend` shows it for your own code.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is out of date")
    check = parser.parse_args().check
    status = 0
    for path, written in PAGES.items():
        text, old = written(), path.read_text("utf-8") if path.exists() else ""
        if old != text and check:
            print(f"{path.relative_to(ROOT)} is out of date: run python docs/generate.py", file=sys.stderr)
            status = 1
        elif old != text:
            path.write_text(text, "utf-8")
    return status


def readme() -> str:
    """README.md with its generated parts and the outputs of its commands written anew."""
    return replayed(_filled(README))


def mapping() -> str:
    """docs/mapping.md with its generated parts written anew."""
    return _filled(MAPPING)


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


def _filled(page: Path) -> str:
    parts = {"change": _change(), "results": _results(), **tables("mindspore.nn")}
    return PART.sub(lambda m: m["start"] + parts[m["name"]] + m["end"], page.read_text("utf-8"))


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


def _change() -> str:
    """What becomes of ``SHOWN``, as a diff of these lines alone."""
    after = migrate_bytes((IMPORTS + SHOWN).encode(), "shown.py", Options()).after.decode()
    new = [line for line in after.splitlines() if "import" not in line]
    lines = [line for line in difflib.ndiff(SHOWN.splitlines(), new) if line[0] in "+- "]
    return "".join(["```diff\n", *(f"{line[0]}{line[2:]}\n" for line in lines), "```\n"])


def _results() -> str:
    """The table of released packages, as the page of benchmarks has it."""
    return BENCHMARKS.read_text("utf-8").partition("<!-- measured: real code -->\n")[2].partition("<!-- end -->")[0]


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


PAGES: dict[Path, Callable[[], str]] = {
    FINDINGS: findings,
    MINT: mint,
    CONTEXTS: contexts,
    CONSTRUCTS: constructs,
    MAPPING: mapping,
    README: readme,
    PICTURE: picture,
}
"""What each page that is written here should hold."""


if __name__ == "__main__":
    sys.exit(main())
