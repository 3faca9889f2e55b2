"""What a proof executes: values from the source where it tells them, samples where it does not, and no code of it."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest

from migrate.engine import Options, migrate_bytes
from migrate.rules import load_rules
from migrate.verify.plan import Claim, plan
from tests.proving import Pair, result, rewritten

RULES = load_rules("mindspore.nn")


def claims(text: str, path: str = "a.py") -> list[Claim]:
    """The claims about a module of the user's, migrated by the program."""
    return plan([migrate_bytes(text.encode(), path, Options())], RULES)


def only(text: str) -> Claim:
    (claim,) = claims("import torch\nimport torch.nn as nn\nfrom functools import partial\n" + text)
    assert claim.problem is None, claim.problem
    return claim


def values(claim: Claim, name: str) -> list[object]:
    """The values of one free name over the trials."""
    return [dict(t.bindings)[name] for t in claim.trials]


def settings(claim: Claim) -> list[tuple[object, ...]]:
    """What the original is made with: channels, eps, momentum, affine, track."""
    found = [(t.layer.channels, t.layer.eps, t.layer.momentum, t.layer.affine, t.layer.track) for t in claim.trials]
    return list(dict.fromkeys(found))


# Source text, and the layers that are tried: channels, eps, momentum, affine, track_running_stats.
RESOLVED = {
    "literals": ("nn.BatchNorm2d(4, 1e-3, momentum=0.2)", (4, 1e-3, 0.2, True, True)),
    "a constant": ("MOM = 0.03\nnn.BatchNorm2d(4, momentum=MOM)", (4, 1e-5, 0.03, True, True)),
    "a computed constant": ("MOM = 1 - 0.9997\nnn.BatchNorm2d(4, momentum=MOM)", (4, 1e-5, 1 - 0.9997, True, True)),
    "constants of constants": ("A = 4\nB = A * 2\nC = B // 3\nnn.BatchNorm2d(C)", (2, 1e-5, 0.1, True, True)),
    "a constant of another class": ("class C:\n    N = 6\nnn.BatchNorm2d(C.N)", (6, 1e-5, 0.1, True, True)),
    "a choice": ("BIG = True\nnn.BatchNorm2d(8 if BIG else 4)", (8, 1e-5, 0.1, True, True)),
    "a comparison": ("N = 8\nnn.BatchNorm2d(N, affine=N > 8)", (8, 1e-5, 0.1, False, True)),
    "casts": ("nn.BatchNorm2d(int(8 / 2), eps=float('1e-4'))", (4, 1e-4, 0.1, True, True)),
    "a dict behind stars": (
        "def f():\n    kw = dict(eps=1e-4, momentum=0.3)\n    return nn.BatchNorm2d(4, **kw)",
        (4, 1e-4, 0.3, True, True),
    ),
    "a tuple behind a star": (
        "def f():\n    args = (4, 1e-4)\n    return nn.BatchNorm2d(*args)",
        (4, 1e-4, 0.1, True, True),
    ),
    "an alias of the class": ("BN = nn.BatchNorm2d\nBN(4, momentum=0.3)", (4, 1e-5, 0.3, True, True)),
    "a device": ("nn.BatchNorm2d(4, device='cuda:0', dtype=torch.float32)", (4, 1e-5, 0.1, True, True)),
    "five positions": ("nn.BatchNorm2d(4, 1e-5, 0.1, True, False)", (4, 1e-5, 0.1, True, False)),
}


@pytest.mark.parametrize("text", RESOLVED)
def test_what_the_file_tells_is_not_sampled(text: str) -> None:
    source, wanted = RESOLVED[text]
    claim = claims("import torch\nimport torch.nn as nn\n" + source)[-1]
    assert claim.problem is None and settings(claim) == [wanted]
    assert len(claim.trials) == 1 and not claim.trials[0].bindings


def test_channels_are_sampled_over_their_domain() -> None:
    assert values(only("def f(c):\n    return nn.BatchNorm2d(c)"), "c") == [1, 3, 8]


def test_momentum_is_sampled_over_its_domain() -> None:
    claim = only("def f(m):\n    return nn.BatchNorm2d(4, momentum=m)")
    assert sorted(values(claim, "m")) == [0, 0.01, 0.1, 0.3, 1]  # type: ignore[type-var]


def test_flags_are_sampled_both_ways() -> None:
    claim = only("def f(a, t):\n    return nn.BatchNorm2d(4, affine=a, track_running_stats=t)")
    assert set(values(claim, "a")) == set(values(claim, "t")) == {True, False}


def test_a_class_constant_comes_first_since_a_subclass_may_have_another() -> None:
    text = "class N(nn.Module):\n    M = 0.5\n    def f(self):\n        return nn.BatchNorm2d(5, momentum=self.M)"
    assert values(only(text), "self.M") == [0.5, 0.3, 0.01, 0.1, 0, 1]


@pytest.mark.parametrize(
    "argument",
    [
        "eps=e if e is not None else 1e-5",
        "momentum=0.1 if mode == 'train' else 0.2",
        "momentum=0.1 if a and b else 0.2",
        "momentum=0.1 if a else 0.2 if b else 0.3",
        "momentum=m or 0.1",
        "affine=a and b and c",
        "momentum=0.1 if torch.backends.cudnn.enabled else 0.2",
        "eps=1e-5 if c > 64 else 1e-3",
        "momentum=0.1 if norm is nn.BatchNorm2d else 0.2",
    ],
)
def test_every_branch_is_tried(argument: str) -> None:
    """A part of a choice that the migration got wrong must not hide behind a test that never comes out that way."""
    name, _, text = argument.partition("=")
    claim = only(f"def f(e, mode, a, b, c, m, norm):\n    return nn.BatchNorm2d(4, {name}={text})")
    tried = {getattr(t.layer, name) for t in claim.trials}
    constants = {
        n.value for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant) and isinstance(n.value, float)
    }
    assert constants <= tried and len(tried) > 1


def test_flags_are_combined() -> None:
    claim = only("def f(c, a, t):\n    return nn.BatchNorm2d(c // 16, affine=a, track_running_stats=t)")
    assert len({(t.layer.affine, t.layer.track) for t in claim.trials}) == 4


@pytest.mark.parametrize("argument", ["momentum=0.1 if t else 0.2", "momentum=0.2 if not t else 0.3"])
def test_a_name_of_which_only_the_truth_counts_is_a_flag(argument: str) -> None:
    claim = only(f"def f(t):\n    return nn.BatchNorm2d(4, {argument})")
    assert sorted(values(claim, "t")) == [False, True]  # type: ignore[type-var]


def test_the_default_of_a_parameter_comes_first() -> None:
    claim = only("def f(m=0.05):\n    return nn.BatchNorm2d(4, momentum=m)")
    assert values(claim, "m")[0] == 0.05 and len(claim.trials) == 6


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("momentum=1 - m", "m"),
        ("momentum=cfg.bn.momentum", "cfg.bn.momentum"),
        ("momentum=cfg['momentum'] / 2", "cfg['momentum']"),
        ("momentum=0.1 if flag else m", "m"),
        ("momentum=get()", "get()"),
        ("eps=10 ** -k", "k"),
        ("eps=1 / scale", "scale"),
    ],
)
def test_a_name_inside_an_expression_gets_values_that_fit(argument: str, name: str) -> None:
    claim = only(f"def f(m, cfg, flag, get, k, scale):\n    return nn.BatchNorm2d(4, {argument})")
    assert all(
        0 <= t.layer.momentum <= 1 and 0 < t.layer.eps <= 1 for t in claim.trials if t.layer.momentum is not None
    )
    assert len(set(values(claim, name))) > 1


def test_a_name_that_is_bound_twice_is_sampled() -> None:
    claim = only("MOM = 0.5\nif torch:\n    MOM = 0.1\nnn.BatchNorm2d(4, momentum=MOM)")
    assert len(values(claim, "MOM")) == 5


def test_a_shadowed_builtin_is_not_computed() -> None:
    claim = only("def f(float):\n    return nn.BatchNorm2d(4, momentum=float('0.1'))")
    assert "float('0.1')" in dict(claim.trials[0].bindings)


def test_the_channels_of_a_partial_are_sampled() -> None:
    assert values(only("f = partial(nn.BatchNorm2d, momentum=0.03)"), "num_features") == [1, 3, 8]


def test_a_very_wide_layer_is_tried_narrow() -> None:
    assert values(only("nn.BatchNorm2d(1000000000)"), "1000000000") == [1, 3, 8]


def test_equal_calls_are_one_claim_with_all_its_sites() -> None:
    text = "import torch.nn as nn\ndef f(c):\n    return nn.BatchNorm2d(c), nn.BatchNorm2d(c)\n"
    migrated = [migrate_bytes(text.encode(), name, Options()) for name in ("a.py", "b.py")]
    (claim,) = plan(migrated, RULES)
    assert [str(s) for s in claim.sites] == ["a.py:3", "a.py:3", "b.py:3", "b.py:3"]


def test_equal_calls_with_other_constants_are_two_claims() -> None:
    text = "import torch.nn as nn\nM = {}\nx = nn.BatchNorm2d(4, momentum=M)\n"
    migrated = [migrate_bytes(text.format(m).encode(), f"{m}.py", Options()) for m in (0.1, 0.2)]
    assert [c.trials[0].layer.momentum for c in plan(migrated, RULES)] == [0.1, 0.2]


def test_a_renamed_attribute_is_the_same_free_name() -> None:
    claim = only(
        "class N(nn.Module):\n    def __init__(self, c):\n        self.a = nn.BatchNorm2d(c)\n"
        "        self.b = self.a.weight\n"
    )
    assert claim.after.startswith("ms.nn")
    (pair,) = plan(
        [result(Pair("nn.BatchNorm2d(o.weight.shape[0])", "ms.nn.BatchNorm2d(o.gamma.shape[0])"), "x")], RULES
    )
    assert pair.problem is None and len(pair.trials) == 3


def test_a_call_where_the_layer_is_made_has_to_start_in_training_mode() -> None:
    assert [t.first_call for t in only("m = nn.BatchNorm2d(4)\nm(x)").trials] == [True]
    assert [t.first_call for t in only("m = nn.BatchNorm2d(4)").trials] == [False]


# What a rewritten text may not do, and a part of what is said.
WRONG = {
    "a name of its own": (Pair("nn.BatchNorm2d(c)", "ms.nn.BatchNorm2d(d)"), "reads d"),
    "a framework that is not imported": (Pair("nn.BatchNorm2d(4)", "mindspore.nn.BatchNorm2d(4)"), "binds mindspore"),
    "no call": (Pair("nn.BatchNorm2d(4)", "ms.nn.BatchNorm2d"), "not a call"),
    "stars that cannot be read": (Pair("nn.BatchNorm2d(4)", "ms.nn.BatchNorm2d(4, **kw)"), "**kw"),
    "another class": (Pair("nn.BatchNorm2d(4)", "ms.nn.SyncBatchNorm(4)"), "calls mindspore.nn.SyncBatchNorm"),
    "a function": (Pair("nn.BatchNorm2d(4)", "make(4)", setup="def make(n): ..."), "calls make"),
    "an element": (Pair("nn.BatchNorm2d(4)", "LAYERS['gn'](4)", setup="LAYERS = {}"), "calls LAYERS['gn']"),
    "another class of torch": (Pair("nn.GroupNorm(4)", "ms.nn.BatchNorm2d(4)"), "calls torch.nn.GroupNorm"),
    "another mode": (
        Pair("nn.BatchNorm2d(4)", "ms.nn.BatchNorm2d(4).set_train(mode=False)"),
        "set_train, not mindspore",
    ),
    "a keyword twice": (Pair("nn.BatchNorm2d(4)", "ms.nn.BatchNorm2d(4, eps=0.1, **{'eps': 0.1})"), "passed twice"),
    "a variable of another scope": (
        Pair("nn.BatchNorm2d(4, eps=[e for e in l][0])", "ms.nn.BatchNorm2d(4, eps=[l for e in e][0])"),
        "reads",
    ),
    "a division by zero": (Pair("nn.BatchNorm2d(4, eps=e)", "ms.nn.BatchNorm2d(4, eps=e / (e - e))"), "ZeroDivision"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_executed_is_a_failure(what: str) -> None:
    pair, said = WRONG[what]
    (claim,) = plan([result(pair, "a.py")], RULES)
    assert claim.problem is not None and said in claim.problem and not claim.trials


MODULE = "import torch.nn as nn\nimport mindspore as ms\n"
CHANGED = {
    "a default": (
        "def f(m=0.1):\n    return {}\n",
        "def f(m=0.9):\n    return {}\n",
        "momentum=1 - m",
        "another default",
    ),
    "a variable of another scope": (
        "def get(): ...\nm = get()\nk = 1 - m\ndef f(m):\n    return {}\n",
        "def get(): ...\nm = get()\nk = 1 - m\ndef f(m):\n    return {}\n",
        "momentum=m",
        "reads m",
    ),
    "a file without the call": ("x = {}\n", "", "momentum=1 - m", "not a call of the file"),
    "a file with other functions": ("x = {}\n", "def f(): ...\nx = {}\n", "momentum=1 - m", "other functions"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_the_files_around_a_call_have_to_agree(what: str) -> None:
    before, after, argument, said = CHANGED[what]
    old = "nn.BatchNorm2d(4, momentum=k)" if "k = " in before else "nn.BatchNorm2d(4, momentum=m)"
    pair = Pair(old, f"ms.nn.BatchNorm2d(4, {argument})")
    texts = (MODULE + before.format(pair.before), MODULE + after.format(pair.after))
    (claim,) = plan([rewritten(*texts, pair, "a.py")], RULES)
    assert claim.problem is not None and said in claim.problem


def test_a_constant_that_the_migration_changed_is_read_on_both_sides() -> None:
    pair = Pair(
        "nn.BatchNorm2d(4, momentum=M)", "ms.nn.BatchNorm2d(4, momentum=M)", setup="M = 0.1", new_setup="M = 0.9"
    )
    (claim,) = plan([result(pair, "a.py")], RULES)
    assert dict(claim.trials[0].rewritten.arguments.named)["momentum"] == 0.9


CLASS = "class Norm({}):\n    def __init__(self, c, momentum=0.1):\n        {}\n"
CALL = Pair("super().__init__(c, momentum=momentum)", "super().__init__(c, momentum=1 - momentum)")
NAMED = Pair(
    "nn.BatchNorm2d.__init__(self, c, momentum=momentum)", "ms.nn.BatchNorm2d.__init__(self, c, momentum=1 - momentum)"
)


def inherited(
    pair: Pair, base: str = "nn.BatchNorm2d", new_base: str = "ms.nn.BatchNorm2d", between: str = ""
) -> Claim:
    """The claim about a call of the base's constructor; ``between`` stands before both classes."""
    before, after = (
        b + CLASS.format(*c) for b, c in ((between, (base, pair.before)), (between, (new_base, pair.after)))
    )
    (claim,) = plan([rewritten(MODULE + before, MODULE + after, pair, "a.py")], RULES)
    return claim


@pytest.mark.parametrize("pair", [CALL, NAMED], ids=["super", "by name"])
def test_a_call_of_the_constructor_of_the_base_is_tried(pair: Pair) -> None:
    claim = inherited(pair)
    assert claim.problem is None and 0.1 in values(claim, "momentum")
    for trial in claim.trials:
        assert (trial.original.callee, trial.rewritten.callee) == ("torch.nn.BatchNorm2d", "mindspore.nn.BatchNorm2d")
        assert len(trial.original.arguments.positional) == len(trial.rewritten.arguments.positional) == 1


def test_the_base_is_found_through_classes_of_the_file() -> None:
    claim = only(
        "class A(nn.BatchNorm2d):\n    pass\nclass B(A):\n    def __init__(self):\n"
        "        super(B, self).__init__(4, momentum=0.3)\n"
    )
    assert settings(claim) == [(4, 1e-5, 0.3, True, True)]
    assert {t.rewritten.callee for t in claim.trials} == {"mindspore.nn.BatchNorm2d"}


@pytest.mark.parametrize(
    ("pair", "bases", "said"),
    [
        (CALL, ("nn.BatchNorm2d", "nn.BatchNorm2d"), "calls torch.nn.BatchNorm2d, not mindspore.nn.BatchNorm2d"),
        (CALL, ("nn.GroupNorm", "ms.nn.BatchNorm2d"), "calls torch.nn.GroupNorm"),
        (CALL, ("nn.BatchNorm2d", "object"), "calls super().__init__"),
        (NAMED, ("nn.BatchNorm2d", "ms.nn.BatchNorm2d"), ""),
        (Pair(NAMED.before, NAMED.before), ("nn.BatchNorm2d", "ms.nn.BatchNorm2d"), "calls torch.nn.BatchNorm2d"),
    ],
)
def test_the_base_has_to_be_migrated_with_the_call(pair: Pair, bases: tuple[str, str], said: str) -> None:
    claim = inherited(pair, *bases)
    assert (claim.problem or "") == "" if not said else said in (claim.problem or "")


def test_bases_in_circles_end() -> None:
    between = "class A(Norm):\n    pass\n"
    assert inherited(CALL, "A", "A", between).trials


HOSTILE = [
    "__import__('os').system('touch {marker}')",
    "open('{marker}', 'w').write('x') or 4",
    "exec(\"open('{marker}', 'w')\")",
    "[open('{marker}', 'w') for _ in (1,)]",
    "(lambda: open('{marker}', 'w'))()",
    "f\"{{open('{marker}', 'w')}}\"",
    "(y := open('{marker}', 'w'))",
    "Trap().channels",
    "10 ** 10 ** 10",
    "2 ** 9999999999",
    "1 << 9999999999",
    "'x' * 9999999999",
    "'%9999999999d' % 1",
    "round(5, -9999999999)",
    "9 ** 9 ** 9 % 7",
    "(1,) * 9999999999",
    "int('9' * 99999999)",
]


@pytest.mark.parametrize("argument", HOSTILE)
def test_nothing_of_the_users_is_run(tmp_path: Path, argument: str) -> None:
    """Text that would write a file, or fill the memory, is sampled."""
    marker = tmp_path / "executed"
    trap = f"class Trap:\n    @property\n    def channels(self):\n        open({str(marker)!r}, 'w')\n"
    text = f"import torch.nn as nn\n{trap}x = nn.BatchNorm2d({argument.format(marker=marker)})\n"
    start = time.monotonic()
    (claim,) = claims(text)
    assert claim.problem is None and all(t.bindings for t in claim.trials)
    assert len({t.layer.channels for t in claim.trials}) > 1
    assert not marker.exists() and time.monotonic() - start < 30


GROWING = {
    "numbers": "a0 = 1\n" + "".join(f"a{i} = a{i - 1} + a{i - 1}\n" for i in range(1, 40)),
    "names": "a0 = x()\n" + "".join(f"a{i} = a{i - 1} + a{i - 1}\n" for i in range(1, 40)),
    "tuples": "a0 = 1\n" + "".join(f"a{i} = (a{i - 1}, a{i - 1})\n" for i in range(1, 40)),
    "powers": "def x(): ...\na39 = x() ** x() ** x()\n",
}


@pytest.mark.parametrize("what", GROWING)
def test_definitions_that_grow_at_every_step_end(what: str) -> None:
    start = time.monotonic()
    (claim,) = claims(f"import torch.nn as nn\n{GROWING[what]}x = nn.BatchNorm2d(4, eps=1 / a39)\n")
    assert (claim.trials or what == "tuples") and time.monotonic() - start < 30


def test_computed_channels_stay_small() -> None:
    claim = only("def f(c):\n    return nn.BatchNorm2d(c * 1000)")
    assert {t.layer.channels for t in claim.trials} <= {1000, 2000, 3000}


def test_definitions_in_circles_end() -> None:
    (claim,) = claims("import torch.nn as nn\na = b\nb = a\nx = nn.BatchNorm2d(a + b)\n")
    assert claim.problem is None
