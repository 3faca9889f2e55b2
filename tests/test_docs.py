"""The documentation is in step with the program."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from migrate import UsageError, rule, rules
from migrate.cli import command
from migrate.targets import TARGETS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
RULES = (ROOT / "docs" / "rules.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
SHELL = "".join(re.findall(r"^```sh\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL))
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


def test_generated_parts_are_up_to_date() -> None:
    run = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_table_of_the_rules_is_in_the_readme(generate: ModuleType) -> None:
    for table in generate.tables("mindspore.nn").values():
        assert table in README


# What a reader is told of a rule: what something becomes, its limits, and the advice where it is left.
KEYS_TOLD = """to call refuse outside none none_test when_true when_false otherwise minimum exclusive_minimum maximum
    absent only never functions methods names advice value name(?=.=."(?:mindspore|torch)[.])"""
TOLD = re.compile(rf"""\b(?P<key>{"|".join(KEYS_TOLD.split())}) = (?P<value>\[?"[^"]*"|[0-9.]+)""")


@pytest.mark.parametrize("file", sorted((ROOT / "rules").glob("*.toml")), ids=lambda file: file.stem)
def test_a_change_of_a_rule_shows_in_the_documentation(generate: ModuleType, file: Path, tmp_path: Path) -> None:
    """Each word of a rule is changed in turn; it has to turn up in a table of the README or of docs/mint.md."""
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
def test_commands_of_the_readme_run(line: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "samples", tmp_path / "samples", ignore=shutil.ignore_patterns("__pycache__"))
    shell = line.replace("bn-migrate ", f'"{sys.executable}" -m migrate ', 1)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(shell, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode in (0, 1), run.stderr
    assert "Traceback" not in run.stderr


def test_there_are_commands_to_run() -> None:
    assert len(COMMANDS) > 5


@pytest.mark.parametrize("option", sorted({o for p in command.params for o in p.opts if o.startswith("-")}))
def test_every_option_is_mentioned(option: str) -> None:
    assert re.search(rf"`{option}\b", README), option


@pytest.mark.parametrize("key", sorted(KEYS | {"schema", "extends", "keyword_only", "after", "distinctive"}))
def test_every_key_of_a_rule_file_is_explained(key: str) -> None:
    assert f"`{key}`" in RULES, key


def test_the_rule_of_the_guide_loads(tmp_path: Path) -> None:
    block = re.search(r"^ *```toml\n(.*?)^ *```$", CONTRIBUTING, flags=re.MULTILINE | re.DOTALL)
    assert block is not None
    (tmp_path / "group_norm.toml").write_text(re.sub(r"^ {3}", "", block.group(1), flags=re.MULTILINE))
    for target in TARGETS:
        assert "torch.nn.GroupNorm" in rules.load_rules(target, (tmp_path,)).by_name


def test_links_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "docs/rules.md", "docs/findings.md"):
        file = ROOT / name
        for link in re.findall(r"\]\(([^)#]+)\)", file.read_text("utf-8")):
            assert (file.parent / link).exists(), f"{name}: {link}"
