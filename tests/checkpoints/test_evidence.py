"""What decides a name: the sources in all ways to write them, the file, and what decides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from migrate.errors import UsageError
from tests.checkpoints.made import State, convert, state, targets

NORM = {"weight": [4], "bias": [4], "running_mean": [4], "running_var": [4], "num_batches_tracked": []}
TWO = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
THREE = {name: f"bn2d.{target}" for name, target in TWO.items()}
SAME = {name: name for name in TWO}


def converted(folder: Path, held: State, source: str = "", **more: Any) -> dict[str, Any]:
    """The report of a conversion of some tensors, by a source in torch."""
    torch.save(held, folder / "in.pth")
    given: list[str | Path] = []
    if source:
        (folder / "net.py").write_text(
            "import torch\nfrom torch import nn\nfrom collections import OrderedDict\n" + source
        )
        given = ["--source", folder / "net.py"]
    return convert(folder / "in.pth", folder / "out.safetensors", *given, **more)


def norm(path: str, counter: bool = True, names: dict[str, list[int]] = NORM) -> State:
    """The tensors of a batch norm at a path."""
    return state({f"{path}.{n}": s for n, s in names.items() if counter or n != "num_batches_tracked"})


def renamed(path: str, names: dict[str, str], counter: bool = True) -> dict[str, str | None]:
    dropped: dict[str, str | None] = {f"{path}.num_batches_tracked": None} if counter else {}
    return {f"{path}.{name}": f"{path}.{target}" for name, target in names.items()} | dropped


NET = "class Net(nn.Module):\n    def __init__(self, n=3, norm=nn.BatchNorm3d):\n        super().__init__()\n"
WRITTEN = {
    "an attribute": ("self.x = nn.BatchNorm3d(4)", "x"),
    "an attribute of a class that is passed": ("self.x = norm(4)", "x"),
    "a partial": ("import functools\n        self.x = functools.partial(nn.BatchNorm3d, eps=1e-3)(4)", "x"),
    "an element of Sequential": ("self.x = nn.Sequential(nn.ReLU(), nn.BatchNorm3d(4))", "x.1"),
    "an element of a list in Sequential": ("self.x = nn.Sequential(*[nn.BatchNorm3d(4) for _ in range(n)])", "x.2"),
    "a list that is repeated": (
        "self.x = nn.Sequential(*([norm] * 2)[0](4),)"
        if False
        else "l = [nn.BatchNorm3d] * 3\n        self.x = l[1](4)",
        "x",
    ),
    "a list that a loop fills": (
        "l = []\n        for _ in range(n): l.append(nn.BatchNorm3d(4))\n        self.x = nn.ModuleList(l)",
        "x.1",
    ),
    "ModuleList.append": ("self.x = nn.ModuleList()\n        self.x.append(nn.BatchNorm3d(4))", "x.0"),
    "ModuleDict": ("self.x = nn.ModuleDict({'a': nn.ReLU(), 'b': nn.BatchNorm3d(4)})", "x.b"),
    "ModuleDict, by a key": ("self.x = nn.ModuleDict()\n        self.x['k'] = nn.BatchNorm3d(4)", "x.k"),
    "OrderedDict of pairs": (
        "self.x = nn.Sequential(OrderedDict([('c', nn.ReLU()), ('n', nn.BatchNorm3d(4))]))",
        "x.n",
    ),
    "OrderedDict that is filled": (
        "d = OrderedDict()\n        d['n'] = nn.BatchNorm3d(4)\n        self.x = nn.Sequential(d)",
        "x.n",
    ),
    "OrderedDict of keywords": ("self.x = nn.Sequential(OrderedDict(n=nn.BatchNorm3d(4)))", "x.n"),
    "add_module": ("self.add_module('x', nn.BatchNorm3d(4))", "x"),
    "add_module of a container": ("self.x = nn.Sequential()\n        self.x.add_module('n', nn.BatchNorm3d(4))", "x.n"),
    "add_module in a loop": ("for i in range(3): self.add_module(f'x{i}', nn.BatchNorm3d(4))", "x1"),
    "setattr with a name of a loop": ("for k in ('x', 'y'): setattr(self, k, nn.BatchNorm3d(4))", "y"),
    "setattr with a name that is computed": ("for i in range(n): setattr(self, 'x%d' % i, nn.BatchNorm3d(4))", "x2"),
    "a condition": ("self.x = nn.BatchNorm3d(4) if n else None", "x"),
    "a walrus": ("(layer := nn.BatchNorm3d(4))\n        self.x = layer", "x"),
    "a tuple": ("self.x, self.y = nn.ReLU(), nn.BatchNorm3d(4)", "y"),
    "nested containers": ("self.x = nn.Sequential(nn.Sequential(nn.ReLU(), nn.BatchNorm3d(4)), nn.ReLU())", "x.0.1"),
    "torch.nn.modules": ("self.x = torch.nn.modules.batchnorm.BatchNorm3d(4)", "x"),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_the_sources_tell_the_class_however_it_is_written(written: str, tmp_path: Path) -> None:
    """A class with names of its own tells whether it was found: the file alone would say another one."""
    line, path = WRITTEN[written]
    report = converted(tmp_path, norm(path), f"{NET}        {line}\n")
    assert targets(report) == renamed(path, THREE)
    assert {e["evidence"] for e in report["entries"]} == {"source"}


CLASSES = {
    "a subclass of the layer": ("class B(nn.BatchNorm3d):\n    pass\n" + NET + "        self.x = B(4)\n", "x"),
    "a subclass of Sequential": (
        "class S(nn.Sequential):\n    def __init__(self):\n        super().__init__(nn.ReLU(), nn.BatchNorm3d(4))\n"
        + NET
        + "        self.x = S()\n",
        "x.1",
    ),
    "a base class": (NET + "        self.x = nn.BatchNorm3d(4)\nclass Net2(Net):\n    pass\n", "x"),
    "a class in a function": (
        "def make(norm):\n    class S(nn.Module):\n        def __init__(self):\n            super().__init__()\n"
        "            self.n = norm(4)\n    return S()\n" + NET + "        self.x = make(nn.BatchNorm3d)\n",
        "x.n",
    ),
    "a function": (
        "def make(*layers):\n    return nn.Sequential(*layers)\n" + NET + "        self.x = make(nn.BatchNorm3d(4))\n",
        "x.0",
    ),
    "a registry": ("NORMS = {'a': nn.ReLU, 'b': nn.BatchNorm3d}\n" + NET + "        self.x = NORMS['b'](4)\n", "x"),
    "a container without a class": ("x = nn.Sequential(nn.Sequential(nn.ReLU(), nn.BatchNorm3d(4)))\n", "0.1"),
}


@pytest.mark.parametrize("written", CLASSES)
def test_the_sources_tell_the_class_through_classes_and_functions(written: str, tmp_path: Path) -> None:
    source, path = CLASSES[written]
    report = converted(tmp_path, norm(path), source)
    assert targets(report) == renamed(path, THREE)
    assert {e["evidence"] for e in report["entries"]} == {"source"}


FROZEN = """
class Frozen(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.register_buffer("weight", torch.ones(n))
        self.register_buffer("bias", torch.zeros(n))
        self.register_buffer("running_mean", torch.zeros(n))
        self.register_buffer("running_var", torch.ones(n))
"""


def test_a_class_of_the_program_keeps_the_names_of_its_tensors(tmp_path: Path) -> None:
    source = FROZEN + NET + "        self.x = Frozen(4)\n"
    assert targets(converted(tmp_path, norm("x", counter=False), source)) == renamed("x", SAME, counter=False)


def test_what_the_file_holds_decides_between_classes(tmp_path: Path) -> None:
    """A network may be built with either class; the counter is a tensor that the frozen one does not have."""
    source = FROZEN + NET + "        self.x = (nn.BatchNorm2d if n else Frozen)(4)\n"
    assert targets(converted(tmp_path, norm("x"), source)) == renamed("x", TWO)


def test_what_may_be_of_two_classes_is_undecided(tmp_path: Path) -> None:
    source = FROZEN + NET + "        self.x = (nn.BatchNorm2d if n else Frozen)(4)\n"
    report = converted(tmp_path, state({"x.weight": [4, 4]}), source)
    assert report["undecided"] == ["x.weight"]


OWN = """
class Own(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
        self.scale = nn.Parameter(torch.ones(n))

class Alone(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
"""
EITHER: dict[str, tuple[str, dict[str, list[int]], dict[str, str] | None]] = {
    "what the layer always has": ("nn.GroupNorm(1, 4) if n else nn.PReLU(4)", {"weight": [4]}, {"weight": "w"}),
    "what only a class of the program has": (
        "nn.PReLU(4) if n else Own(4)",
        {"weight": [4], "scale": [4]},
        {"weight": "weight", "scale": "scale"},
    ),
    "tensors of one shape": (
        "nn.LayerNorm(4) if n else nn.Linear(3, 4)",
        {"weight": [4, 3], "bias": [4]},
        {"weight": "weight", "bias": "bias"},
    ),
    "the number of axes": ("nn.Linear(3, 4) if n else nn.PReLU(4)", {"weight": [4]}, {"weight": "w"}),
    "tensors that a class of the program has not": ("Alone(4) if n else nn.BatchNorm2d(4)", NORM, TWO),
    "nothing, beside a class that is not known": (
        "nn.GroupNorm(1, 4) if n else some.Norm(4)",
        {"weight": [4], "bias": [4]},
        None,
    ),
    "nothing, of two classes": ("nn.BatchNorm2d(4) if n else nn.BatchNorm3d(4)", NORM, None),
}


@pytest.mark.parametrize("by", EITHER)
def test_what_decides_between_two_classes(by: str, tmp_path: Path) -> None:
    made, shapes, names = EITHER[by]
    held = state({f"x.{name}": shape for name, shape in shapes.items()})
    report = converted(tmp_path, held, f"import some\n{OWN}{NET}        self.x = {made}\n")
    if names is None:
        assert report["undecided"] == [name for name in held if not name.endswith("tracked")]
    else:
        assert targets(report) == renamed("x", names, counter="num_batches_tracked" in shapes)
        assert report["undecided"] == []


def test_a_class_that_lacks_a_name_explains_none(tmp_path: Path) -> None:
    source = (
        "class Block(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 4, 1)\n"
        f"{NET}        self.x = Block()\n        self.bn = nn.BatchNorm3d(4)\n"
    )
    held = norm("bn") | norm("x.norm") | state({"x.conv.weight": [4, 3, 1, 1]})
    found = targets(converted(tmp_path, held, source))
    assert found.items() >= renamed("bn", TWO).items()


def test_a_class_that_spells_the_names_counts_more_than_one_that_computes_them(tmp_path: Path) -> None:
    source = (
        "class Loose(nn.Module):\n    def __init__(self, names):\n        super().__init__()\n"
        "        for name in names:\n            self.add_module(name, nn.BatchNorm3d(4))\n"
        f"{NET}        self.bn = nn.BatchNorm2d(4)\n"
    )
    assert targets(converted(tmp_path, norm("bn"), source)) == renamed("bn", TWO)
    assert targets(converted(tmp_path, norm("other"), source)) == renamed("other", THREE)


TRAPS = {
    "subnet.weight": [4, 3, 1, 1],
    "bn.conv.weight": [4, 3, 1, 1],
    "schema.bn.weight": [4],
    "gamma_1": [4],
    "running_mean_net.weight": [4],
    "a.running_mean": [4],
    "downsample.bn.bias": [4],
}


def test_no_part_of_a_name_decides(tmp_path: Path) -> None:
    report = converted(tmp_path, state(TRAPS))
    assert targets(report) == {name: name for name in TRAPS}
    assert report["undecided"] == list(TRAPS)


def test_sources_of_another_network_decide_nothing(tmp_path: Path) -> None:
    source = NET + "        self.bn = nn.BatchNorm3d(4)\n"
    report = converted(tmp_path, norm("bn") | norm("other"), source)
    assert targets(report) == renamed("bn", TWO) | renamed("other", TWO)
    assert {e["evidence"] for e in report["entries"]} == {"siblings"}


@pytest.mark.parametrize(("axes", "names"), [(5, THREE), (4, TWO)])
def test_the_convolutions_of_the_file_tell_the_number_of_axes(axes: int, names: dict[str, str], tmp_path: Path) -> None:
    report = converted(tmp_path, norm("bn") | state({"conv.weight": [4, 3, *[1] * (axes - 2)]}))
    assert targets(report) == renamed("bn", names) | {"conv.weight": "conv.weight"}


def test_convolutions_of_two_kinds_beside_a_layer_decide_nothing(tmp_path: Path) -> None:
    held = norm("bn") | state({"a.weight": [4, 3, 1, 1], "b.weight": [4, 3, 1, 1, 1]})
    report = converted(tmp_path, held)
    assert set(targets(report)) - {"bn.num_batches_tracked"} == set(report["undecided"])


def test_the_nearest_convolutions_count(tmp_path: Path) -> None:
    held = norm("a.bn") | norm("b.bn") | state({"a.conv.weight": [4, 3, 1, 1], "b.conv.weight": [4, 3, 1, 1, 1]})
    found = targets(converted(tmp_path, held))
    assert found.items() >= (renamed("a.bn", TWO) | renamed("b.bn", THREE)).items()


def test_a_wrapper_is_left_out_where_every_name_has_it(tmp_path: Path) -> None:
    held = {f"module.{name}": value for name, value in norm("bn").items()}
    report = converted(tmp_path, held)
    assert {t for t in targets(report).values() if t} == {f"bn.{target}" for target in TWO.values()}
    report = converted(tmp_path, held | state({"fc.weight": [2, 4]}))
    assert targets(report)["module.bn.weight"] == "module.bn.gamma"
    assert any("module." in remark for remark in report["remarks"])


def test_what_wraps_the_network_in_the_sources_is_left_out(tmp_path: Path) -> None:
    source = NET + "        self.bn = nn.BatchNorm3d(4)\nnet = nn.DataParallel(Net())\n"
    held = {f"module.{name}": value for name, value in norm("bn").items()}
    report = converted(tmp_path, held, source)
    assert {t for t in targets(report).values() if t} == {f"bn.{target}" for target in THREE.values()}


def test_what_averages_a_network_is_left_out(tmp_path: Path) -> None:
    """The names are those of torch.optim.swa_utils.AveragedModel."""
    network = torch.optim.swa_utils.AveragedModel(torch.nn.Sequential(torch.nn.BatchNorm2d(4)))
    report = converted(tmp_path, network.state_dict())
    assert targets(report) == {"n_averaged": None} | {
        name.replace("0.", "module.0."): target for name, target in renamed("0", TWO).items()
    }


def test_what_the_file_alone_does_not_tell_is_said(tmp_path: Path) -> None:
    notes = [entry["note"] for entry in converted(tmp_path, norm("bn", counter=False))["entries"]]
    assert all("counter" in note and "how many axes" in note for note in notes)
    held = norm("bn") | state({"conv.weight": [4, 3, 1, 1]})
    notes = [entry["note"] for entry in converted(tmp_path, held)["entries"]]
    assert not any("counter of" in note or "how many axes" in note for note in notes)


def test_a_network_may_have_an_attribute_of_that_name(tmp_path: Path) -> None:
    source = NET + "        self.module = nn.Sequential(nn.BatchNorm2d(4))\n"
    assert targets(converted(tmp_path, norm("module.0"), source)) == renamed("module.0", TWO)


def test_statistics_are_float32_whatever_the_file_holds(tmp_path: Path) -> None:
    held = {n: t.double() if "running" in n else t.half() if t.dim() else t for n, t in norm("bn").items()}
    report = converted(tmp_path, held)
    from safetensors.torch import load_file

    back = load_file(tmp_path / "out.safetensors")
    assert back["bn.moving_mean"].dtype is torch.float32
    assert torch.equal(back["bn.moving_mean"], held["bn.running_mean"].float())
    assert back["bn.gamma"].dtype is torch.float16
    notes = {e["source"]: e["note"] for e in report["entries"]}
    assert "cast from float64 to float32" in notes["bn.running_mean"]
    assert "float16" in notes["bn.weight"]
    assert report["summary"]["cast"] == 2


ODD = """
class Odd(nn.BatchNorm2d):
    def __init__(self, n):
        super().__init__(n)
        self.gamma = nn.Parameter(torch.ones(n))
        self.factor = nn.Parameter(torch.ones(n))
"""


def test_a_subclass_of_a_layer_may_have_tensors_of_its_own(tmp_path: Path) -> None:
    held = norm("bn") | state({"bn.factor": [4]})
    report = converted(tmp_path, held, f"{ODD}{NET}        self.bn = Odd(4)\n")
    assert targets(report) == renamed("bn", TWO) | {"bn.factor": "bn.factor"}
    assert report["undecided"] == []


def test_two_tensors_of_one_name_are_an_error(tmp_path: Path) -> None:
    held = norm("bn") | state({"bn.factor": [4], "bn.gamma": [4]})
    with pytest.raises(UsageError, match=r"bn\.weight and bn\.gamma would both be bn\.gamma"):
        converted(tmp_path, held, f"{ODD}{NET}        self.bn = Odd(4)\n")
    assert not (tmp_path / "out.safetensors").exists()


def test_tensors_with_the_same_memory_are_said(tmp_path: Path) -> None:
    shared = torch.ones(4, 3)
    report = converted(tmp_path, {"a.weight": shared, "b.weight": shared})
    assert "shares its memory with a.weight" in report["entries"][1]["note"]


NEIGHBOURS = {
    "GroupNorm": ("nn.GroupNorm(2, 4)", {"weight": [4], "bias": [4]}, {"weight": "gamma", "bias": "beta"}),
    "LayerNorm": ("nn.LayerNorm((2, 4))", {"weight": [2, 4], "bias": [2, 4]}, {"weight": "gamma", "bias": "beta"}),
    "Embedding": ("nn.Embedding(5, 3)", {"weight": [5, 3]}, {"weight": "embedding_table"}),
    "PReLU": ("nn.PReLU()", {"weight": [1]}, {"weight": "w"}),
    "Conv1d": ("nn.Conv1d(3, 4, 5)", {"weight": [4, 3, 5], "bias": [4]}, {"weight": "weight", "bias": "bias"}),
    "InstanceNorm2d": (
        "nn.InstanceNorm2d(4, affine=True)",
        {"weight": [4], "bias": [4]},
        {"weight": "gamma", "bias": "beta"},
    ),
    "MultiheadAttention": (
        "nn.MultiheadAttention(8, 2)",
        {"in_proj_weight": [24, 8], "out_proj.weight": [8, 8]},
        {"in_proj_weight": "in_proj_weight", "out_proj.weight": "out_proj.weight"},
    ),
}


@pytest.mark.parametrize("layer", NEIGHBOURS)
def test_neighbours_of_batch_norm_have_their_names(layer: str, tmp_path: Path) -> None:
    made, shapes, names = NEIGHBOURS[layer]
    held = state({f"x.{name}": shape for name, shape in shapes.items()})
    report = converted(tmp_path, held, f"{NET}        self.x = {made}\n")
    assert targets(report) == {f"x.{name}": f"x.{target}" for name, target in names.items()}
    assert report["undecided"] == []


def test_a_convolution_of_one_axis_gets_another(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    held = state({"x.weight": [4, 3, 5], "x.bias": [4]})
    converted(tmp_path, held, f"{NET}        self.x = nn.Conv1d(3, 4, 5)\n")
    assert torch.equal(load_file(tmp_path / "out.safetensors")["x.weight"], held["x.weight"].unsqueeze(2))


def test_what_no_rule_knows_keeps_its_name_and_is_listed(tmp_path: Path) -> None:
    report = converted(
        tmp_path, state({"x.weight": [4], "x.w_r": [4]}), f"{NET}        self.x = some.Layer(4)\nimport some\n"
    )
    assert targets(report) == {"x.weight": "x.weight", "x.w_r": "x.w_r"}
    assert report["undecided"] == ["x.weight", "x.w_r"]
    assert "some.Layer" in report["entries"][0]["note"]


def test_check_tells_of_undecided_names_and_writes_nothing(tmp_path: Path) -> None:
    torch.save(state({"x.weight": [4]}), tmp_path / "in.pth")
    convert(tmp_path / "in.pth", tmp_path / "out.ckpt", "--check", fails=1)
    torch.save(norm("bn"), tmp_path / "in.pth")
    convert(tmp_path / "in.pth", "--check")
    assert [path.name for path in tmp_path.iterdir()] == ["in.pth"]
