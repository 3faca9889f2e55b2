"""The documentation is in step with the program."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

import migrate
from migrate import UsageError, rule, rules
from migrate.cli import command
from migrate.config import Config
from migrate.findings import Report, Role
from migrate.proofs import Case, Proof, Verification
from migrate.report.document import render
from migrate.targets import TARGETS
from tests.schemas import REPORT, report_mistakes

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text("utf-8")
OPTIONS, RULES, REPORTS, INTERFACE, MAPPING, COMPARISON = (
    (DOCS / f"{name}.md").read_text("utf-8")
    for name in ("options", "rules", "reports", "python", "mapping", "comparison")
)
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", INTERFACE, flags=re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
SHELL = "".join(
    block for page in PAGES for block in re.findall(r"^```sh\n(.*?)^```$", page.read_text("utf-8"), flags=re.M | re.S)
)
COMMANDS = [line for line in SHELL.splitlines() if line.startswith("bn-migrate ") and "samples/" in line]
KEYS = {
    field.name
    for cls in (
        rule.Treatment,
        rule.AttributeTreatment,
        rule.MethodTreatment,
        rule.Initializer,
        rule.WriteBack,
        rule.Related,
        rule.Example,
        rule.Source,
        rule.TargetClass,
        rule.Parameter,
        rule.ProofTable,
    )
    for field in dataclasses.fields(cls)
    if field.name != "treatment"
}


def loaded() -> ModuleType:
    """docs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = loaded()


@pytest.fixture
def generate() -> ModuleType:
    """docs/generate.py."""
    return GENERATE


@pytest.mark.parametrize("page", GENERATE.PAGES, ids=lambda page: page.name)
def test_what_is_generated_is_up_to_date(page: Path) -> None:
    """The README's quick start runs for it, in both frameworks."""
    written = GENERATE.PAGES[page]()
    assert page.read_text("utf-8") == written, "run python docs/generate.py"


def test_the_quick_start_trains_alike_before_and_after() -> None:
    before, after = (block for block in re.findall(r"(?:^epoch .*\n)+^average .*\n", README, flags=re.MULTILINE))
    assert before == after


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) <= 250


def test_every_table_of_the_rules_is_in_the_documentation(generate: ModuleType) -> None:
    for table in generate.tables("mindspore.nn").values():
        assert table in MAPPING


# What a reader is told of a rule: what something becomes, its limits, and the advice where it is left.
KEYS_TOLD = """to call refuse outside none none_test when_true when_false otherwise minimum exclusive_minimum maximum
    absent only never functions methods names advice value name(?=.=."(?:mindspore|torch)[.])"""
TOLD = re.compile(rf"""\b(?P<key>{"|".join(KEYS_TOLD.split())}) = (?P<value>\[?"[^"]*"|[0-9.]+)""")


@pytest.mark.parametrize("file", sorted((ROOT / "rules").glob("*.toml")), ids=lambda file: file.stem)
def test_a_change_of_a_rule_shows_in_the_documentation(generate: ModuleType, file: Path, tmp_path: Path) -> None:
    """Each word of a rule is changed in turn; it has to turn up in a table of docs/mapping.md or of docs/mint.md."""
    text = file.read_text("utf-8")
    before = [generate.tables(target) for target in TARGETS]
    changed = tmp_path / file.name
    unseen = []
    for told in TOLD.finditer(text):
        key, end = told["key"], told.end("value")
        other = text[: end - 1] + "_" + text[end - 1 :] if text[end - 1] == '"' else text[:end] + "5" + text[end:]
        changed.write_text(other, "utf-8")
        try:
            after = [generate.tables(target, (tmp_path,)) for target in TARGETS]
        except UsageError:  # no rule file any more
            continue
        if before == after:
            unseen.append(f"line {text.count(chr(10), 0, told.start()) + 1}: {key}")
    assert unseen == []


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_of_the_documentation_run(line: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "samples", tmp_path / "samples", ignore=shutil.ignore_patterns("__pycache__"))
    shell = line.replace("bn-migrate ", f'"{sys.executable}" -m migrate ', 1)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(shell, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode in (0, 1), run.stderr
    assert "Traceback" not in run.stderr


def test_there_are_commands_to_run() -> None:
    assert len(COMMANDS) > 15


@pytest.mark.parametrize(("script", "said"), PYTHON, ids=range(len(PYTHON)))
def test_the_python_of_the_documentation_says_what_stands_below_it(script: str, said: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "samples", tmp_path / "samples", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "use.py").write_text(script, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BN_MIGRATE_CACHE_DIR": str(tmp_path / "cache")}
    run = subprocess.run([sys.executable, "use.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.rstrip() == said.rstrip()


def test_every_name_of_the_python_interface_is_explained() -> None:
    assert len(PYTHON) == 2
    for name in migrate.__all__:
        assert re.search(rf"`{name}\b", INTERFACE), name
    for cls in (migrate.Result, migrate.Finding):
        row = re.search(rf"^\| `{cls.__name__}` \| (.*)", INTERFACE, flags=re.MULTILINE)
        names = {f.name for f in dataclasses.fields(cls)} - {"held"}
        assert row is not None and names <= set(re.findall(r"`(\w+)`", row[1])), cls.__name__
    for cls in (migrate.Options, migrate.Selection, migrate.Means):
        assert f"`{cls.__name__}({', '.join(f.name for f in dataclasses.fields(cls))})`" in INTERFACE


def test_what_cannot_be_configured_is_said() -> None:
    options = {p.name for p in command.params if p.param_type_name == "option"} | {"help"}
    sentence = re.search(r"takes the options under their own names, except (.*?): only", OPTIONS, flags=re.DOTALL)
    assert sentence is not None
    left_out = {name.replace("-", "_") for name in re.findall(r"`([\w-]+)`", sentence[1])}
    assert left_out == options - {f.name for f in dataclasses.fields(Config)}


def test_the_samples_have_the_findings_that_the_comparison_counts() -> None:
    counted = re.search(r"(\d+) uses rewritten, (\d+) manual fixes left", COMPARISON)
    results = list(migrate.migrate_paths([ROOT / "samples"], means=migrate.Means(cache=False)))
    assert counted is not None
    assert [int(n) for n in counted.groups()] == [sum(r.count(k) for r in results) for k in ("rewrite", "review")]


def test_every_key_of_the_json_report_is_explained() -> None:
    proof = Proof("", "", (), (Case({}),))
    finding = migrate.Finding("BN201", "review", "call", "", 1, 1, 1, 1, "", "", "", cell=1)
    report = Report(results=[migrate.Result("a.ipynb", b"", b"", (finding,))], verification=Verification({}, (proof,)))
    document = json.loads(render(report))
    for table in (
        document,
        document["summary"],
        *document["files"],
        *document["files"][0]["findings"],
        document["verification"],
        *document["verification"]["cases"],
    ):
        for key in table:
            assert f"`{key}`" in REPORTS, key
    assert report_mistakes(document) == []


def test_the_schema_of_the_json_report_sees_mistakes_and_knows_every_role() -> None:
    report = Report(results=[migrate.migrate_source("from torch.nn import BatchNorm2d\n\nBatchNorm2d(3)\n")])
    document = json.loads(render(report, statistics=True))
    assert document["files"] and report_mistakes(document) == []
    for wrong in ({"line": 0}, {"code": "BN999"}, {"role": "?"}, {"new": 1}, {"suggestion": ""}):
        findings = [{**document["files"][0]["findings"][0], **wrong}]
        assert report_mistakes({**document, "files": [{**document["files"][0], "findings": findings}]}), wrong
    schema = json.loads(REPORT.read_text("utf-8"))["$defs"]["finding"]["properties"]
    assert set(schema["role"]["enum"]) == set(get_args(Role)) and set(schema) == {
        f.name for f in dataclasses.fields(migrate.Finding)
    } - {"way"}


@pytest.mark.parametrize("option", sorted({o for p in command.params for o in p.opts if o.startswith("-")}))
def test_every_option_is_mentioned(option: str) -> None:
    assert re.search(rf"`{option}\b", OPTIONS), option


@pytest.mark.parametrize("key", sorted(KEYS | {"schema", "extends", "keyword_only", "after", "distinctive"}))
def test_every_key_of_a_rule_file_is_explained(key: str) -> None:
    assert f"`{key}`" in RULES, key


def test_the_rule_of_the_guide_loads(tmp_path: Path) -> None:
    block = re.search(r"^ *```toml\n(.*?)^ *```$", CONTRIBUTING, flags=re.MULTILINE | re.DOTALL)
    assert block is not None
    (tmp_path / "group_norm.toml").write_text(re.sub(r"^ {3}", "", block.group(1), flags=re.MULTILINE))
    for target in TARGETS:
        assert "torch.nn.GroupNorm" in rules.load_rules(target, (tmp_path,)).by_name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file of the repository, and to a heading or an anchor there."""
    for link, anchor in re.findall(r"\]\((?!https://)([^)#]*)(?:#([^)]+))?\)", page.read_text("utf-8")):
        target = page.parent / link if link else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), f"{link}#{anchor}"


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings of a page, and the anchors that it names itself."""
    text = page.read_text("utf-8")
    headings = [re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in re.findall(r"(?m)^#+ (.*)$", text)]
    return {*headings, *re.findall(r'<a id="([^"]+)">', text)}
