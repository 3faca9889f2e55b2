"""``[tool.bn-migrate]`` of pyproject.toml: every key, every mistake, and who wins."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from migrate.config import Config, load_config
from migrate.errors import UsageError
from tests.command import AFTER, BEFORE, REVIEW, bn_migrate, harvest, on_terminal, plant

MINT = b"import mindspore as ms\n\nlayer = ms.mint.nn.BatchNorm2d(3, momentum=0.2)\n"
NHWC = b"import mindspore as ms\n\nlayer = ms.nn.BatchNorm2d(3, momentum=0.8, data_format='NHWC')\n"
KEYS = [f.name.replace("_", "-") for f in fields(Config)]
GROUP_NORM = b"""schema = 1
name = "GroupNorm"
[source]
name = "torch.nn.GroupNorm"
[target."mindspore.nn"]
name = "mindspore.nn.GroupNorm"
positional = ["num_groups", "num_channels"]
[[parameter]]
name = "num_groups"
[[parameter]]
name = "num_channels"
"""
GROUPS = b"import torch.nn as nn\n\nlayer = nn.GroupNorm(2, 4)\n"


def configured(folder: Path, *lines: str, **files: bytes) -> Path:
    """``folder`` with the configuration, ``a.py`` to migrate, and files whose names end in ``_py``."""
    table = "\n".join(["[tool.bn-migrate]", *lines, ""]).encode()
    named = {name.replace("_py", ".py"): data for name, data in files.items()}
    return plant(folder, {"pyproject.toml": table, "a.py": BEFORE, **named})


def run(folder: Path, *arguments: str) -> CompletedProcess[bytes]:
    return bn_migrate(*arguments, "a.py", cwd=folder)


@pytest.mark.parametrize("text", [b'[project]\nname = "x"\n', b"tool = 1\n"])
def test_without_a_table_nothing_is_configured(tmp_path: Path, text: bytes) -> None:
    assert load_config((str(plant(tmp_path, {"pyproject.toml": text})),))[0] == {}


MISSPELLED = [
    "tool.bn_migrate",
    "bn-migrate",
    "tool.bnmigrate",
    'tool."BN Migrate"',
    "tool.bn-migrat",
    "tool.bn-mirgate",
]
OTHERS = ["tool.db-migrate", "tool.bn", "tool.bnd.migrate", "tool.black", "tool.bn-migrate.x"]


@pytest.mark.parametrize("header", MISSPELLED)
def test_a_table_that_is_misspelled_is_an_error(tmp_path: Path, header: str) -> None:
    plant(tmp_path, {"pyproject.toml": f"[{header}]\nstrict = true\n".encode(), "a.py": BEFORE, "b.py": b"x = 1\n"})
    for name in ("a.py", "b.py"):
        done = bn_migrate("--check", name, cwd=tmp_path)
        assert done.returncode == 2 and b"is not read: the table is called [tool.bn-migrate]" in done.stderr
        assert header.replace('"', "").encode() in done.stderr


@pytest.mark.parametrize("header", OTHERS)
def test_a_table_of_another_tool_is_none_of_ours(tmp_path: Path, header: str) -> None:
    plant(tmp_path, {"pyproject.toml": f"[{header}]\n".encode(), "a.py": BEFORE})
    assert b"is not read" not in bn_migrate("--check", "a.py", cwd=tmp_path).stderr


# Key and value, the migrated a.py.
CODE = [('target = "mindspore.mint.nn"', MINT), ('data-format = "NHWC"', NHWC), ("jobs = 2", AFTER)]


@pytest.mark.parametrize(("line", "after"), CODE)
def test_key_that_changes_the_code(tmp_path: Path, line: str, after: bytes) -> None:
    assert run(configured(tmp_path, line)).returncode == 0
    assert harvest(tmp_path)["a.py"] == after


def test_diff(tmp_path: Path) -> None:
    done = run(configured(tmp_path, "diff = true"))
    assert done.stdout.startswith(b"--- a/a.py") and harvest(tmp_path)["a.py"] == BEFORE


def test_check(tmp_path: Path) -> None:
    assert run(configured(tmp_path, "check = true")).returncode == 1
    assert harvest(tmp_path)["a.py"] == BEFORE


def test_strict(tmp_path: Path) -> None:
    assert run(configured(tmp_path, "strict = true", a_py=REVIEW)).returncode == 1


def test_which_findings_are_reported(tmp_path: Path) -> None:
    configured(tmp_path, 'select = ["BN2", "BN1"]', 'ignore = ["BN301", "BN201"]', b_py=REVIEW)
    assert bn_migrate("--check", "--strict", "b.py", cwd=tmp_path).returncode == 0
    given = bn_migrate("--check", "--strict", "--ignore", "BN1", "b.py", cwd=tmp_path)
    assert given.returncode == 1 and b"BN201" in given.stdout


def test_todo(tmp_path: Path) -> None:
    configured(tmp_path, "todo = true", a_py=REVIEW)
    assert run(tmp_path).returncode == 0 and b"# TODO(bn-migrate): BN201 " in harvest(tmp_path)["a.py"]


def test_statistics(tmp_path: Path) -> None:
    configured(tmp_path, "statistics = true")
    assert run(tmp_path, "--check").stdout.startswith(b"1  BN101")
    assert run(tmp_path, "--check", "--format", "github").stdout.startswith(b"::"), "the command line wins"


def test_format(tmp_path: Path) -> None:
    assert json.loads(run(configured(tmp_path, 'format = "json"')).stdout)["schema"] == 1


def test_quiet(tmp_path: Path) -> None:
    done = run(configured(tmp_path, "quiet = true"))
    assert done.stdout + done.stderr == b"" and harvest(tmp_path)["a.py"] == AFTER


def test_verbose(tmp_path: Path) -> None:
    assert b"BN101" in run(configured(tmp_path, "verbose = true")).stdout


def test_no_color(tmp_path: Path) -> None:
    configured(tmp_path, "no-color = true")
    assert "\x1b[3" not in on_terminal("--diff", "a.py", cwd=tmp_path), "test_streams shows that it would be there"


def test_no_gitignore(tmp_path: Path) -> None:
    plant(configured(tmp_path, "no-gitignore = true", b_py=BEFORE), {".gitignore": b"b.py\n"})
    assert bn_migrate(".", cwd=tmp_path).returncode == 0
    assert harvest(tmp_path)["b.py"] == AFTER


def test_force_exclude(tmp_path: Path) -> None:
    run(configured(tmp_path, "force-exclude = true", 'exclude = ["a.py"]'))
    assert harvest(tmp_path)["a.py"] == BEFORE


def test_exclude_is_relative_to_its_file(tmp_path: Path) -> None:
    configured(tmp_path, 'exclude = ["/sub/a.py", "vendor/"]')
    plant(tmp_path, {"sub/a.py": BEFORE, "sub/sub/a.py": BEFORE, "sub/vendor/v.py": BEFORE})
    assert bn_migrate(".", cwd=tmp_path / "sub").returncode == 0
    after = harvest(tmp_path / "sub")
    assert after == {"a.py": BEFORE, "sub/a.py": AFTER, "vendor/v.py": BEFORE}


def test_rules_are_relative_to_their_file(tmp_path: Path) -> None:
    configured(tmp_path, 'rules = ["more"]')
    plant(tmp_path, {"more/group_norm.toml": GROUP_NORM, "sub/a.py": GROUPS})
    assert bn_migrate("a.py", cwd=tmp_path / "sub").returncode == 0
    assert b"ms.nn.GroupNorm(2, 4)" in harvest(tmp_path)["sub/a.py"]


def test_output_is_relative_to_its_file(tmp_path: Path) -> None:
    plant(configured(tmp_path, 'output = "out"'), {"sub/a.py": BEFORE})
    assert bn_migrate("a.py", cwd=tmp_path / "sub").returncode == 0
    after = harvest(tmp_path)
    assert after["out/a.py"] == AFTER and after["sub/a.py"] == BEFORE


def test_verify(tmp_path: Path) -> None:
    assert b"1 of 1 distinct call proved" in run(configured(tmp_path, "verify = true")).stdout


def test_how_to_verify(tmp_path: Path) -> None:
    configured(tmp_path, "verify = true", 'mode = "graph"', 'device-target = "CPU"', 'format = "json"')
    environment = json.loads(run(tmp_path).stdout)["verification"]["environment"]
    assert (environment["mode"], environment["device"]) == ("graph", "CPU")


def test_how_to_verify_says_nothing_without_verify(tmp_path: Path) -> None:
    assert run(configured(tmp_path, 'mode = "graph"', 'torch-python = "no/such"')).returncode == 0


@pytest.mark.parametrize("line", ['torch-python = "env/python"', 'mindspore-python = "env/python"'])
def test_interpreters_are_relative_to_their_file(tmp_path: Path, line: str) -> None:
    plant(configured(tmp_path, "verify = true", line), {"sub/a.py": BEFORE})
    done = bn_migrate("a.py", cwd=tmp_path / "sub")
    assert done.returncode == 2 and f"{tmp_path}/env/python" in done.stderr.decode()


def test_an_interpreter_without_a_folder_is_searched_for(tmp_path: Path) -> None:
    done = run(configured(tmp_path, "verify = true", 'torch-python = "sh"'))
    assert done.returncode == 2 and b"/bin/sh" in done.stderr


def test_records_and_reports_are_relative_to_their_file(tmp_path: Path) -> None:
    lines = ('record = "kept.npz"', 'report = "page.html"')
    plant(configured(tmp_path, *lines), {"sub/a.py": BEFORE})
    assert bn_migrate("a.py", cwd=tmp_path / "sub").returncode == 0
    assert (tmp_path / "kept.npz").exists() and (tmp_path / "page.html").exists()
    configured(tmp_path, 'against = "kept.npz"')
    assert b"1 of 1 distinct call proved" in bn_migrate("a.py", cwd=tmp_path / "sub").stdout
    configured(tmp_path, 'trace = "kept.json"')
    assert f"{tmp_path}/kept.json: No such file" in bn_migrate("a.py", cwd=tmp_path / "sub").stderr.decode()


def test_every_key_is_an_option_and_tested_here() -> None:
    here = Path(__file__).read_text("utf-8")
    options = bn_migrate("--help").stdout.decode()
    for key in KEYS:
        assert f"--{key}" in options
        assert f"{key} = " in here, key


# The line, and the words that the message has to hold beside the file's name.
MISTAKES = [
    ("targets = 1", ["targets", *KEYS]),
    ("no_color = true", ["no_color", "no-color"]),
    ("verified = true", ["verified", "strict"]),
    ("verify = 1", ["verify", "true or false"]),
    ('mode = "jit"', ["mode", "pynative", "graph"]),
    ("mindspore-version = 2.12", ["mindspore-version", "string"]),
    ('device-target = "TPU"', ["device-target", "Ascend"]),
    ('record = ""', ["record", "name"]),
    ('target = "mindspore"', ["target", "mindspore.nn", "mindspore.mint.nn"]),
    ("target = 1", ["target", "mindspore.nn"]),
    ('data-format = "nhwc"', ["data-format", "NCHW", "NHWC"]),
    ('format = "xml"', ["format", "sarif", "github"]),
    ('exclude = "vendor"', ["exclude", "list", "'vendor'"]),
    ("exclude = [1]", ["exclude[0]", "string"]),
    ('exclude = ["a.py", "["]', ["exclude", "'['", "matches nothing"]),
    ('rules = "more"', ["rules", "list"]),
    ("output = true", ["output", "string"]),
    ('jobs = "2"', ["jobs", "integer"]),
    ("jobs = true", ["jobs", "integer"]),
    ("jobs = 0", ["jobs", "0"]),
    ("jobs = -1", ["jobs", "-1"]),
    ("diff = 1", ["diff", "true or false"]),
    ('check = "yes"', ["check", "true or false"]),
    ("strict = 0", ["strict", "true or false"]),
    ("quiet = []", ["quiet", "true or false"]),
    ("verbose = 2", ["verbose", "true or false"]),
    ('force-exclude = "no"', ["force-exclude", "true or false"]),
    ("no-gitignore = 1", ["no-gitignore", "true or false"]),
    ("quiet = ", ["line 2"]),
]


@pytest.mark.parametrize(("line", "words"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_mistake(tmp_path: Path, line: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as raised:
        load_config((str(configured(tmp_path, line)),))
    message = str(raised.value)
    assert [word for word in [str(tmp_path / "pyproject.toml"), *words] if word not in message] == [], message
    assert len(message.splitlines()) == 1 and message.count(f"{words[0]}: ") <= 1


@pytest.mark.parametrize("text", [b"[tool]\nbn-migrate = 1\n", b"\xff\n", b"[tool\n"])
def test_file_that_is_no_configuration(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(UsageError, match=r"pyproject\.toml"):
        load_config((str(plant(tmp_path, {"pyproject.toml": text})),))


BOTH = 'target = "mindspore.mint.nn"\ndata-format = "NHWC"'


@pytest.mark.parametrize("line", ["targets = 1", "jobs = -1", BOTH])
def test_a_mistake_ends_the_program_before_anything_is_written(tmp_path: Path, line: str) -> None:
    done = run(configured(tmp_path, line))
    assert done.returncode == 2 and not done.stdout and harvest(tmp_path)["a.py"] == BEFORE
    assert line.split()[0] in done.stderr.decode() and done.stderr.count(b"\n") <= 2


# Configured line, arguments, the migrated a.py.
WINS = [
    ('target = "mindspore.mint.nn"', ["--target", "mindspore.nn"], AFTER),
    ('data-format = "NHWC"', ["--data-format", "NCHW"], AFTER),
    ('exclude = ["a.py"]\nforce-exclude = true', ["--exclude", "b.py"], AFTER),
    ('output = "elsewhere"', ["--output", "out"], BEFORE),
    ('against = "elsewhere"', ["--record", "kept.npz"], BEFORE),
]


@pytest.mark.parametrize(("line", "arguments", "after"), WINS, ids=[line for line, _, _ in WINS])
def test_the_command_line_wins(tmp_path: Path, line: str, arguments: list[str], after: bytes) -> None:
    run(configured(tmp_path, line), *arguments)
    assert harvest(tmp_path)["a.py"] == after and not (tmp_path / "elsewhere").exists()


def test_the_command_line_wins_over_a_format(tmp_path: Path) -> None:
    assert b"1 rewrite" in run(configured(tmp_path, 'format = "json"'), "--format", "text").stdout


def test_the_nearest_file_counts_alone(tmp_path: Path) -> None:
    configured(tmp_path, 'target = "mindspore.mint.nn"', "check = true")
    configured(tmp_path / "inner", 'target = "mindspore.nn"')
    plant(tmp_path / "bare", {"pyproject.toml": b"[project]\n", "a.py": BEFORE})
    assert bn_migrate("inner", cwd=tmp_path).returncode == 0
    assert bn_migrate("bare/a.py", cwd=tmp_path).returncode == 0
    after = harvest(tmp_path)
    assert after["inner/a.py"] == after["bare/a.py"] == AFTER


def test_several_paths_share_the_file_above_them_all(tmp_path: Path) -> None:
    configured(tmp_path, 'target = "mindspore.mint.nn"')
    configured(tmp_path / "one", 'target = "mindspore.nn"')
    plant(tmp_path, {"two/a.py": BEFORE})
    assert bn_migrate("one", "two", cwd=tmp_path).returncode == 0
    after = harvest(tmp_path)
    assert after["one/a.py"] == after["two/a.py"] == MINT


def test_the_file_of_the_path_counts_not_that_of_the_working_directory(tmp_path: Path) -> None:
    configured(tmp_path / "here", "check = true")
    plant(tmp_path, {"there/a.py": BEFORE})
    assert bn_migrate("../there/a.py", cwd=tmp_path / "here").returncode == 0
    assert harvest(tmp_path)["there/a.py"] == AFTER


def test_standard_input_is_configured_by_its_name(tmp_path: Path) -> None:
    configured(tmp_path / "inner", 'target = "mindspore.mint.nn"')
    done = bn_migrate("-", "--stdin-filename", "inner/new.py", cwd=tmp_path, stdin=BEFORE)
    assert done.stdout == MINT
    assert bn_migrate("-", cwd=tmp_path / "inner", stdin=BEFORE).stdout == MINT
    assert bn_migrate("-", cwd=tmp_path, stdin=BEFORE).stdout == AFTER
