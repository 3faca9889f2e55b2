"""Writes docs/findings.md and the generated parts of README.md; ``--check`` exits 1 where they are out of date."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from migrate.codes import CODES, Code
from migrate.engine import Options, migrate_bytes
from migrate.explain import kind_of
from migrate.mapping import argument, attribute, method
from migrate.report.text import suggested
from migrate.rule import Rule
from migrate.rules import load_rules

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
FINDINGS = ROOT / "docs" / "findings.md"
SHOWN = "samples/mobilenet.py"
PART = re.compile(r"(?P<start><!-- generated: (?P<name>\w+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
LONG = 100
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is out of date")
    check = parser.parse_args().check
    status = 0
    for path, text in ((FINDINGS, findings()), (README, readme(README.read_text("utf-8")))):
        old = path.read_text("utf-8") if path.exists() else ""
        if old != text and check:
            print(f"{path.relative_to(ROOT)} is out of date: run python docs/generate.py", file=sys.stderr)
            status = 1
        elif old != text:
            path.write_text(text, "utf-8")
    return status


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
    rules = load_rules("mindspore.nn").rules
    rule = next(r for r in rules if r.name == "BatchNorm2d")
    others = [r for r in rules if r is not rule]
    parts = {
        "diff": lambda: _diff(SHOWN),
        "arguments": lambda: _arguments(rule, others),
        "attributes": lambda: _attributes(rule, others),
        "methods": lambda: _methods(rule, others),
    }
    return PART.sub(lambda m: m["start"] + parts[m["name"]]() + m["end"], text)


def _diff(sample: str) -> str:
    command = [sys.executable, "-m", "migrate", "--quiet", "--diff", sample]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return f"```diff\n{done.stdout}```\n"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _arguments(rule: Rule, others: list[Rule]) -> str:
    table = _table(("torch argument", "MindSpore", "left for review"), [argument(p) for p in rule.parameters])
    known = {p.name: p for p in rule.parameters}
    for other in others:
        own = [p for p in other.parameters if known.get(p.name) != p]
        for name, becomes, review in map(argument, own):
            table += f"\n{other.name} also has {name}: {becomes}" + (f"; {review}" if review else "") + ".\n"
    return table


def _attributes(rule: Rule, others: list[Rule]) -> str:
    seen = {a for w in rule.write_backs for a in w.attributes}
    rows = [(f"`{name}`", *attribute(t, name in seen)) for name, t in rule.attributes.items()]
    table = _table(("torch attribute", "MindSpore", "left for review"), rows)
    for other in others:
        own = [(n, t) for n, t in other.attributes.items() if t != rule.attributes.get(n)]
        renamed = ", ".join(f"`{name}` → `{t.to}`" for name, t in own if t.to)
        table += f"\n{other.name} differs: {renamed}.\n" if renamed else ""
        if seen and not other.write_backs:
            names = ", ".join(f"`{a}`" for a in rule.attributes if a in seen)
            table += f"\n{other.name}: every assignment to {names} is left.\n"
    return table


def _methods(rule: Rule, others: list[Rule]) -> str:
    rows = [(f"`{name}()`", *method(t)) for name, t in rule.methods.items()]
    table = _table(("torch method", "MindSpore", "left for review"), rows)
    for other in others:
        own = [(n, t) for n, t in other.methods.items() if t != rule.methods.get(n) and t.refuse and not t.statements]
        for name, t in own:
            table += f"\n{other.name}, `{name}()`: {t.refuse.replace('{object}', 'm')}.\n"
    return table


if __name__ == "__main__":
    sys.exit(main())
