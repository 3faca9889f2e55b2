"""The rule files: mistakes in them are explained, and a new class needs no code."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import pytest

import migrate
from migrate.engine import Options, migrate_bytes
from migrate.errors import UsageError
from migrate.rules import load_rules, shipped_rules
from tests.command import bn_migrate, harvest, plant, report

GROUP_NORM = """schema = 1
name = "GroupNorm"

[source]
name = "torch.nn.GroupNorm"
aliases = ["torch.nn.modules.GroupNorm", "torch.nn.modules.normalization.GroupNorm"]

[target."mindspore.nn"]
name = "mindspore.nn.GroupNorm"
positional = ["num_groups", "num_channels", "eps", "affine"]
training_mode = "set_train()"

[[parameter]]
name = "num_groups"
[[parameter]]
name = "num_channels"
[[parameter]]
name = "eps"
[parameter."mindspore.nn"]
action = "keep"
cast = "float"
exclusive_minimum = 0
outside = "choose a positive eps"
[[parameter]]
name = "affine"
[parameter."mindspore.nn"]
cast = "bool"
[[parameter]]
name = "device"
[parameter."mindspore.nn"]
action = "drop"
note = "device was dropped"

[attribute.weight]
"mindspore.nn" = { to = "gamma", tensor = true }
[attribute.bias]
"mindspore.nn" = { to = "beta", tensor = true }

[[example]]
before = "nn.GroupNorm(2, 4)"
after = "ms.nn.GroupNorm(2, 4)"
"""

# Text of a good rule file, what stands there instead, the words that the message has to hold.
MISTAKES = [
    ("schema = 1\n", "", ["'schema'", "missing"]),
    ("tensor = true }", 'present = "{objekt}.x" }', ["attribute weight", "present", "'objekt'", "object"]),
    ("tensor = true }", 'assign = "{value} :=" }', ["attribute weight", "assign", "not Python"]),
    ("[[example]]", '[method.a]\n"mindspore.nn" = { suggest = "{x}" }\n[[example]]', ["method a", "suggest", "'x'"]),
    ("[[example]]", '[[in_place]]\nmethods = ["a_"]\nsuggest = "{b}"\n[[example]]', ["in_place", "'b'", "tensor"]),
    ("[[example]]", '[[related]]\nnames = []\nrole = "call"\nadvice = ""\nsuggest = "{b}"\n[[example]]', ["'b'"]),
    ("schema = 1", "schema = 2", ["schema", "2", "1"]),
    ('name = "GroupNorm"\n', "", ["'name'", "missing"]),
    ('name = "GroupNorm"', "name = 1", ["name", "string", "1"]),
    ("schema = 1", "schema = 1\ncolour = 1", ["'colour'", "allowed", "extends", "parameter"]),
    ("[source]\n", "[sauce]\n", ["'sauce'", "allowed", "source"]),
    ("aliases = [", "alias = [", ["source", "'alias'", "allowed", "aliases"]),
    ('aliases = ["torch.nn.modules.GroupNorm", ', "aliases = [1, ", ["source", "aliases[0]", "string"]),
    ('[source]\nname = "torch.nn.GroupNorm"', "[source]", ["source", "'name'", "missing"]),
    ('[target."mindspore.nn"]', '[target."mindspore"]', ["target", "'mindspore'", "mindspore.nn", "mindspore.mint.nn"]),
    ('[target."mindspore.nn"]', "[target.mindspore.nn]", ["target", "mindspore"]),
    ("positional = [", "positions = [", ["target", "mindspore.nn", "'positions'", "allowed", "positional"]),
    ('training_mode = "set_train()"', "training_mode = true", ["training_mode", "string"]),
    ('[[parameter]]\nname = "num_groups"', "[[parameter]]", ["parameter[0]", "'name'", "missing"]),
    ('name = "num_groups"', 'name = "num_groups"\nkeyword_only = 1', ["parameter[0]", "keyword_only", "true or false"]),
    ('name = "num_groups"', 'name = "num_groups"\nposition = 1', ["parameter[0]", "'position'", "keyword_only"]),
    ('name = "num_channels"', 'name = "num_groups"', ["parameter", "num_groups"]),
    ('action = "keep"', 'action = "kept"', ["parameter[2]", "action", "'kept'", "'complement'", "'refuse'"]),
    ('cast = "float"', 'cast = "complex"', ["cast", "'complex'", "'float'"]),
    ("exclusive_minimum = 0", 'exclusive_minimum = "0"', ["exclusive_minimum", "number"]),
    ("exclusive_minimum = 0", "minimun = 0", ["'minimun'", "minimum"]),
    ('action = "drop"', 'action = "map"', ["device", "otherwise", "{value}"]),
    ('[parameter."mindspore.nn"]\naction = "drop"', '[parameter."mindspor.nn"]\naction = "drop"', ["'mindspor.nn'"]),
    ('{ to = "gamma", tensor = true }', '{ to = "gamma", tensor = 1 }', ["attribute", "weight", "tensor"]),
    ('{ to = "gamma", tensor = true }', '{ too = "gamma" }', ["attribute", "weight", "'too'", "none_test"]),
    ('{ to = "gamma", tensor = true }', '"gamma"', ["attribute", "weight", "table", "'gamma'"]),
    ("[[example]]\n", "[example]\n", ["example", "list"]),
    ('after = "ms.nn.GroupNorm(2, 4)"', "", ["example[0]", "'after'", "missing"]),
    ("[[example]]", '[[related]]\nnames = []\nrole = "cal"\nadvice = ""\n[[example]]', ["role", "'cal'", "'call'"]),
    ("schema = 1", 'schema = 1\nextends = "local_norm"', ["extends", "'local_norm'", "batch_norm_2d"]),
    ("schema = 1", 'schema = 1\nextends = "group_norm"', ["extends", "group_norm -> group_norm", "circle"]),
    ("schema = 1", "schema = 1\nextends = 1", ["extends", "1"]),
    ("schema = 1", "schema = ", ["line 1"]),
    ("schema = 1", "schema = 1\nschema = 1", ["line 2"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "words"), MISTAKES, ids=[new.strip() or f"no {old}" for old, new, _ in MISTAKES]
)
def test_mistake(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    assert GROUP_NORM.count(old) >= 1
    plant(tmp_path, {"group_norm.toml": GROUP_NORM.replace(old, new, 1).encode()})
    with pytest.raises(UsageError) as raised:
        load_rules("mindspore.nn", (tmp_path,))
    message = str(raised.value)
    assert [word for word in [str(tmp_path / "group_norm.toml"), *words] if word not in message] == [], message


@pytest.mark.parametrize("text", [b"\xff", b"", b"name = 'x'\x00"], ids=["not text", "empty", "null byte"])
def test_file_that_is_no_rule_file(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(UsageError, match=r"group_norm\.toml"):
        load_rules("mindspore.nn", (plant(tmp_path, {"group_norm.toml": text}),))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("check", "method forward: override: a check needs parameters"),
        ("text", "method forward: override: a text needs a new name"),
        ("other", "'other' is not one of"),
    ],
)
def test_an_override_says_what_it_becomes(tmp_path: Path, override: str, said: str) -> None:
    table = f'\n[method.forward]\n"mindspore.nn" = {{ override = "{override}" }}\n'
    plant(tmp_path, {"group_norm.toml": (GROUP_NORM + table).encode()})
    with pytest.raises(UsageError, match=said):
        load_rules("mindspore.nn", (tmp_path,))


def test_a_circle_of_files_is_shown(tmp_path: Path) -> None:
    names = ("a", "b", "c")
    for name, base in itertools.pairwise([*names, "a"]):
        plant(tmp_path, {f"{name}.toml": f'extends = "{base}"\n{GROUP_NORM}'.encode()})
    with pytest.raises(UsageError, match="a -> b -> c -> a goes in a circle"):
        load_rules("mindspore.nn", (tmp_path,))


def test_a_mistake_ends_the_program_in_one_line_before_anything_is_written(tmp_path: Path) -> None:
    before = plant(
        tmp_path, {"more/group_norm.toml": b"colour = 1\n", "a.py": b"import torch.nn as nn\nnn.BatchNorm2d(3)\n"}
    )
    tree = harvest(before)
    done = bn_migrate("--rules", "more", "a.py", cwd=tmp_path)
    assert done.returncode == 2 and not done.stdout and harvest(tmp_path) == tree
    assert done.stderr.decode().strip().count("\n") == 0 and b"more/group_norm.toml" in done.stderr


BEFORE = b"""import torch.nn as nn
from torch.nn import GroupNorm


class Net(nn.Module):
    def __init__(self, c, norm=nn.GroupNorm):
        super().__init__()
        self.a = nn.GroupNorm(2, c, 1, device='cpu')  # one
        self.b = GroupNorm(num_groups=2, num_channels=c, affine=0)
        self.c = nn.BatchNorm2d(c, momentum=0.2)
        self.d = nn.GroupNorm(2, c, eps=0)

    def scale(self):
        return self.a.weight, self.b.bias, self.c.weight
"""
AFTER = b"""import torch.nn as nn
from mindspore.nn import GroupNorm
import mindspore as ms


class Net(nn.Module):
    def __init__(self, c, norm=ms.nn.GroupNorm):
        super().__init__()
        self.a = ms.nn.GroupNorm(2, c, 1.0)  # one
        self.b = GroupNorm(num_groups=2, num_channels=c, affine=False)
        self.c = ms.nn.BatchNorm2d(c, momentum=0.8)
        self.d = nn.GroupNorm(2, c, eps=0)

    def scale(self):
        return self.a.gamma, self.b.beta, self.c.gamma
"""


def test_a_new_class_needs_a_rule_file_alone(tmp_path: Path) -> None:
    plant(tmp_path, {"more/group_norm.toml": GROUP_NORM.encode(), "a.py": BEFORE})
    found = report("--check", "--rules", "more", "a.py", cwd=tmp_path)["files"][0]["findings"]
    assert [(f["line"], f["code"]) for f in found if f["kind"] == "review"] == [(11, "BN201")]
    assert {f["symbol"] for f in found if f["role"] == "call"} == {"torch.nn.GroupNorm", "torch.nn.BatchNorm2d"}
    assert any("device was dropped" in f["message"] for f in found)
    assert bn_migrate("--rules", "more", "a.py", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.py").read_text() == AFTER.decode()
    assert bn_migrate("--check", "--rules", "more", "a.py", cwd=tmp_path).returncode == 0


def test_without_its_rule_file_the_class_is_left(tmp_path: Path) -> None:
    alone = b"import torch.nn as nn\n\nlayer = nn.GroupNorm(2, 4)\n"
    assert bn_migrate("-", stdin=alone).stdout == alone
    plant(tmp_path, {"group_norm.toml": GROUP_NORM.encode()})
    assert b"ms.nn.GroupNorm(2, 4)" in bn_migrate("-", "--rules", tmp_path, stdin=alone).stdout


def test_advice_names_what_the_rule_complements(tmp_path: Path) -> None:
    affine = 'name = "affine"\n[parameter."mindspore.nn"]\ncast = "bool"\n'
    decay = 'name = "decay"\n[parameter."mindspore.nn"]\naction = "complement"\nto = "keep"\n'
    assert affine in GROUP_NORM
    options = Options(rules=(plant(tmp_path, {"group_norm.toml": GROUP_NORM.replace(affine, decay).encode()}),))
    code = b"from torch import nn\nregister(nn.GroupNorm)\n\ndef make(c, norm):\n    return norm(2, c, decay=0.1)\n"
    review = next(f for f in migrate_bytes(code, "a.py", options).findings if f.code == "BN204")
    assert review.message.endswith("decay here follows the constructor's rule (decay=d becomes keep=1 - d)")


def test_a_rule_file_of_the_same_name_replaces_a_shipped_one(tmp_path: Path) -> None:
    shipped = (shipped_rules() / "batch_norm_2d.toml").read_text("utf-8")
    own = shipped.replace('name = "mindspore.nn.BatchNorm2d"', 'name = "mindspore.nn.SyncBatchNorm"', 1)
    plant(tmp_path, {"batch_norm_2d.toml": own.encode()})
    code = b"import torch.nn as nn\n\nlayer = nn.BatchNorm2d(3)\n"
    assert b"ms.nn.SyncBatchNorm(3)" in bn_migrate("-", "--rules", tmp_path, stdin=code).stdout


def test_a_rule_file_without_the_target_says_so(tmp_path: Path) -> None:
    plant(tmp_path, {"group_norm.toml": GROUP_NORM.encode()})
    with pytest.raises(UsageError, match=r"group_norm\.toml: target: .*mindspore\.mint\.nn"):
        load_rules("mindspore.mint.nn", (tmp_path,))


# Names that belong into rule files; other ones, such as "weight", are words of many things.
WORDS = ("BatchNorm", "batch_norm", "running_mean", "moving_", "track_running", "use_batch_stat", "num_features")
# Measures that a report calls so, whatever a rule calls the tensors.
MEASURED = ("moving_mean", "moving_variance")
PACKAGE = Path(migrate.__file__).parent
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.name not in ("codes.py", "codes_on_target.py"))


def words_of_code(path: Path) -> list[str]:
    """Names and strings of a module, without docstrings and comments."""
    tree = ast.parse(path.read_text("utf-8"))
    described = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    statements = [s for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list) for s in node.body]
    bare = {id(s.value) for s in statements if isinstance(s, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        if id(node) not in bare and isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        named = [getattr(node, field, None) for field in ("id", "attr", "arg", "asname")]
        found += [name for name in named if isinstance(name, str)]
        found += [node.name] if isinstance(node, (*described[1:], ast.alias)) else []
    return found


def api_words(path: Path) -> list[str]:
    """What code says of the class; the help of the program and of the codemod may name it."""
    said = [t for t in words_of_code(path) if t not in MEASURED and not t.startswith("Migrate ")]
    return [t for t in said if any(word in t for word in WORDS)]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_code_knows_the_class(path: Path) -> None:
    assert api_words(path) == []


def test_the_examples_of_the_codes_do() -> None:
    assert len(api_words(PACKAGE / "codes.py")) > 10, "the search finds what it looks for"
