"""Random calls: what MindSpore receives equals what the rule computes from what torch would receive."""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.engine import Options, migrate_bytes

POSITIONS = ("num_features", "eps", "momentum", "affine", "track_running_stats", "device", "dtype")
TARGET_POSITIONS = ("num_features", "eps", "momentum", "affine", "gamma_init", "beta_init")
# Free names of the generated expressions, with their values.
NAMES = {"c": 8, "m": 0.25, "flag": True, "off": False, "dev": "cpu"}
IMPORTS = {
    "nn.BatchNorm2d": "import torch.nn as nn",
    "torch.nn.BatchNorm2d": "import torch",
    "tnn.BatchNorm2d": "from torch import nn as tnn",
    "BatchNorm2d": "from torch.nn import BatchNorm2d",
    "BN": "from torch.nn import BatchNorm2d as BN",
    "torch.nn.modules.batchnorm.BatchNorm2d": "import torch",
}


@dataclass(frozen=True)
class Drawn:
    """An argument text, with whether MindSpore can express it."""

    text: str
    fits: bool = True


def texts(*values: str, fits: bool = True) -> st.SearchStrategy[Drawn]:
    return st.sampled_from([Drawn(v, fits) for v in values])


VALUES: dict[str, st.SearchStrategy[Drawn]] = {
    "num_features": texts("8", "c", "c * 2", "(c)", "int(c)") | texts("0", fits=False),
    "eps": texts("1e-5", "1", "True", "0.5", "1e-3 if flag else 1e-5") | texts("0", "2.0", "-1e-5", "None", fits=False),
    "momentum": (
        st.floats(0, 1).map(lambda x: Drawn(repr(x)))
        | texts("0", "1", "m", "1 - m", "1.0 - m", "(1 - m)", "1 - 0.9997", "m if flag else 0.5", "m * 0.5", "m + 0.1")
        | texts("m or 0.1", "not flag", "max(m, 0.1)", "-m + 1", "m ** 2", "1 - (m + 0.2)", "(lambda: m)()")
        | texts("None", "1.5", "-0.1", "float('nan')", "2 * 0.6", fits=False)
    ),
    "affine": texts("True", "False", "1", "0", "None", "flag", "not flag"),
    "track_running_stats": texts(
        "True", "False", "1", "0", "None", "flag", "off", "not flag", "flag and off", "flag if off else off"
    ),
    "device": texts("None", "'cpu'", "dev") | texts("'meta'", fits=False),
    "dtype": texts("None", "torch.float32") | texts("torch.float16", "torch.bfloat16", fits=False),
    "bias": texts("True") | texts("False", "flag", fits=False),
}
SPACES = st.sampled_from(["", " ", "\n        ", "  # why\n        ", "\n\n    "])


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Drawn], str]:
    """A module with one call, the arguments by parameter, and the spelling of the class."""
    spelling = draw(st.sampled_from(sorted(IMPORTS)))
    count = draw(st.integers(0, len(POSITIONS)))
    positional = POSITIONS[:count]
    rest = [p for p in (*POSITIONS, "bias") if p not in positional]
    named = draw(st.permutations(rest))[: draw(st.integers(0, len(rest)))]
    if "num_features" not in (*positional, *named):
        named = ["num_features", *named]
    arguments = {p: draw(VALUES[p]) for p in (*positional, *named)}
    pieces = [arguments[p].text for p in positional] + [
        f"{p}{draw(st.sampled_from(['=', ' = ']))}{arguments[p].text}" for p in named
    ]
    inside = ",".join(f"{draw(SPACES)}{piece}{draw(SPACES)}" for piece in pieces)
    trailing = draw(st.sampled_from(["", ",", ", ", ",\n    "]))
    module = f"{IMPORTS[spelling]}\nimport torch\n\nlayer = {spelling}({inside}{trailing})\ntorch.zeros\n"
    return module, arguments, spelling


def received(call: ast.Call, positions: tuple[str, ...]) -> dict[str, Any]:
    """The arguments of a call by name, evaluated; torch's dtypes stay texts."""
    texts = dict(zip(positions, call.args, strict=False)) | {k.arg or "": k.value for k in call.keywords}
    scope = {**NAMES, "torch": type("torch", (), {d: d for d in ("float32", "float16", "bfloat16")})}
    return {name: eval(ast.unparse(value), dict(scope)) for name, value in texts.items()}


def expected(torch_values: dict[str, Any]) -> dict[str, Any]:
    """What MindSpore has to receive, by the table of the constructor."""
    values = {k: v for k, v in torch_values.items() if k in ("num_features", "eps", "affine")}
    if "eps" in values:
        values["eps"] = float(values["eps"])
    if "affine" in values:
        values["affine"] = bool(values["affine"])
    if "momentum" in torch_values:
        values["momentum"] = 1 - torch_values["momentum"]
    if "track_running_stats" in torch_values:
        values["use_batch_statistics"] = None if torch_values["track_running_stats"] else True
    return values


@settings(max_examples=400, deadline=None)
@given(calls())
def test_the_target_receives_what_the_rule_computes(drawn: tuple[str, dict[str, Drawn], str]) -> None:
    module, arguments, _ = drawn
    result = migrate_bytes(module.encode(), "x.py", Options())
    assert result.error is None
    after = result.after.decode()
    call = assigned_call(module)
    findings = [f for f in result.findings if f.role == "call" and f.kind != "note"]
    assert len(findings) == 1
    if not all(a.fits for a in arguments.values()):
        assert findings[0].kind == "review" and after == module
        return
    assert findings[0].kind == "rewrite", findings[0].message
    target = assigned_call(after)
    got = received(target, TARGET_POSITIONS)
    want = expected(received(call, POSITIONS))
    assert_equal_but_for_noise(got, want)
    assert all(type(got[k]) is t for k, t in (("eps", float), ("affine", bool)) if k in got)
    assert after.count("# why") == module.count("# why")
    assert migrate_bytes(after.encode(), "x.py", Options()).after.decode() == after


def assigned_call(module: str) -> ast.Call:
    value = next(s for s in ast.parse(module).body if isinstance(s, ast.Assign)).value
    assert isinstance(value, ast.Call)
    return value


def assert_equal_but_for_noise(got: dict[str, Any], want: dict[str, Any]) -> None:
    """Equal, where None is as good as left out, and but for the float noise of 1 - momentum (never a float32 ulp)."""
    left, right = ({k: v for k, v in values.items() if v is not None} for values in (got, want))
    assert abs(left.pop("momentum", 0.9) - right.pop("momentum", 0.9)) < 1e-15
    assert left == right


SITES = [
    "layer = {}",
    "class Net:\n    def __init__(self):\n        self.bn = {}",
    "def make():\n    return {}",
    "layers = [{}, {}]",
    "if True:\n    x = 1; layer = {}; y = 2",
    "layer = (lambda: {})()",
]


@settings(max_examples=150, deadline=None)
@given(calls(), st.sampled_from(SITES), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "é = 'ü'  # ñ\n"]))
def test_everything_outside_the_call_stays(
    drawn: tuple[str, dict[str, Drawn], str], site: str, newline: str, head: str
) -> None:
    module, _, spelling = drawn
    call = module.partition("layer = ")[2].removesuffix("\ntorch.zeros\n")
    imports = f"{IMPORTS[spelling]}\nimport torch\n"
    body = site.format(*itertools.repeat(call, site.count("{}")))
    text = f"{head}{imports}start()\n{body}\nend()\ntorch.zeros\n".replace("\n", newline)
    result = migrate_bytes(text.encode(), "x.py", Options())
    assert result.error is None
    after = result.after.decode()
    ast.parse(after)
    assert after.startswith(head.replace("\n", newline))
    assert after[after.index("end()") :] == text[text.index("end()") :]
    assert after.count("\n") == after.count(newline)
