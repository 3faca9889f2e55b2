"""Whole networks, run before and after their migration: right ones pass, wrong ones fail where they are wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from migrate.proofs import NETWORK_MEASURES
from migrate.verify.settings import Settings
from tests.networks import migrated, proofs, spoiled

pytest.importorskip("torch")
pytest.importorskip("mindspore")

SAMPLES = Path(__file__).parent.parent / "samples"
NETWORKS = {
    "resnet:ResNet(Bottleneck, [2, 2])": "2,3,32,32",
    "mobilenet:MobileNet": "2,3,32,32",
    "unet:UNet(width=8)": "2,3,32,32",
    "init_loop:build": "2,3,16,16",
    "frozen_batch_norm:FineTuned": "2,4,8,8",
    "momentum_schedule:train": "2,3,16,4",
}
LAYERS = {"unet:UNet(width=8)": 12, "frozen_batch_norm:FineTuned": 2}
# A schedule that the migration leaves for review, and what the review says to write.
LEFT, WRITTEN = (
    "m.momentum = momentum",
    (
        "m.momentum = momentum\n            m.bn_train = ms.ops.BatchNorm(is_training=True, epsilon=m.eps, "
        "momentum=m.momentum, data_format=m.format)"
    ),
)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "samples", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "names"), [("pynative", NETWORKS), ("graph", LAYERS)], ids=["pynative", "graph"])
def test_the_networks_of_the_samples_pass(samples: Path, mode: str, names: dict[str, object]) -> None:
    found = proofs(migrated(samples), {n: NETWORKS[n] for n in names}, settings=Settings(mode=mode))
    for name, proof in found.items():
        assert proof.passed and proof.first is None, (name, proof.first, proof.error)
        assert set(proof.measures) == set(NETWORK_MEASURES), name
        assert proof.layers == proof.migrated == LAYERS.get(name, proof.layers) > 0
        assert proof.worst is not None and 0 < proof.worst.ratio < 0.8, name
        assert {Path(p).stem for p in proof.paths} == {name.partition(":")[0]}
        assert len(proof.depth) >= proof.layers and proof.steps == 3 and proof.blur < 0.01
        assert proof.idle == ()


MUTANTS = {
    "one layer of many with an uncomplemented momentum": (
        "tower.py",
        "ms.nn.BatchNorm2d(8, momentum=0.7)",
        "ms.nn.BatchNorm2d(8, momentum=0.3)",
        {"tower:Tower": "2,3,16,16"},
        "statistics of norm3.running_mean, step 1",
    ),
    "a momentum in a partial that was not complemented": (
        "mobilenet.py",
        "momentum=1 - BN_MOMENTUM",
        "momentum=BN_MOMENTUM",
        {"mobilenet:MobileNet": "2,3,32,32"},
        "statistics of stem.1.running_mean, step 1",
    ),
    "an init line lost": (
        "init_loop.py",
        "self.last_norm.gamma.set_data(initializer(0.5, self.last_norm.gamma.shape, self.last_norm.gamma.dtype))",
        "pass",
        {"init_loop:Classifier": "2,3,16,16"},
        "initial of last_norm.weight",
    ),
    "a random init line lost": (
        "random_start.py",
        "m.gamma.set_data(initializer(Normal(0.02, 1.0), m.gamma.shape, m.gamma.dtype))",
        "pass",
        {"random_start:build": "2,3,16,16"},
        "initial of 1.weight",
    ),
    "a wrong mode": (
        "frozen_batch_norm.py",
        "                module.set_train(False)",
        "                module.set_train(True)",
        {"frozen_batch_norm:FineTuned": "2,4,8,8"},
        "layer of blocks.0.bn, step 1",
    ),
    "a layer that is not frozen": (
        "freeze.py",
        "p.requires_grad = False",
        "pass",
        {"freeze:build": "2,3,16,16"},
        "trainable of 1.bias",
    ),
    "another eps": (
        "resnet_eps.py",
        "eps=0.1",
        "eps=0.11",
        {"resnet_eps:Net": "2,3,16,16"},
        "layer of norm, step 1",
    ),
    "a schedule that was left for review": (
        "momentum_schedule.py",
        LEFT,
        LEFT,
        {"momentum_schedule:train(25)": "2,3,16,4"},
        "initial of norm.running_mean",
    ),
    "a forward pass that calls the layers in another order": (
        "order.py",
        "self.norm.set_train(False)",
        "self.relu(x)",
        {"order:Net": "2,3,16,16"},
        "step 1: call 1 of a layer is norm in torch and relu after the migration",
    ),
}
TREE = {
    "tower.py": """from torch import nn

class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, momentum=0.2)
        self.conv2, self.norm2 = nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8)
        self.conv3, self.norm3 = nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8, momentum=0.3)
        self.conv4, self.norm4 = nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8, momentum=0.05)

    def forward(self, x):
        for i in range(1, 5):
            x = getattr(self, f"norm{i}")(getattr(self, f"conv{i}")(x)).relu()
        return x
""",
    "random_start.py": """from torch import nn

def build():
    net = nn.Sequential(nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.Dropout(0.3))
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            nn.init.normal_(m.weight, 1.0, 0.02)
    return net
""",
    "freeze.py": """from torch import nn

def build():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.requires_grad_(False)
    return net
""",
    "resnet_eps.py": """from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4, eps=0.1)

    def forward(self, x):
        return {"features": [self.norm(self.conv(x))]}
""",
    "order.py": """from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.relu = nn.BatchNorm2d(3), nn.ReLU()

    def forward(self, x):
        self.norm.eval()
        return self.relu(self.norm(x))
""",
}


@pytest.fixture
def tree(samples: Path) -> Path:
    for name, text in TREE.items():
        (samples / name).write_text(text)
    return samples


@pytest.mark.slow
def test_mutants_fail_and_the_layer_is_named(tree: Path) -> None:
    """Each is in a file of its own, so that one run has them all."""
    results, networks = migrated(tree), {}
    for file, old, new, network, _ in MUTANTS.values():
        results = spoiled(results, file, old, new)
        networks |= network
    found = proofs(results, networks)
    said = {title: found[name].first or found[name].error for title, (_, _, _, (name,), _) in MUTANTS.items()}
    assert said == {title: wanted for title, (_, _, _, _, wanted) in MUTANTS.items()}
    assert not any(proof.passed for proof in found.values())


@pytest.mark.slow
def test_unspoiled_they_pass(tree: Path) -> None:
    """What makes the mutants fail is their mistake; the schedule passes with what its review says to write."""
    results = spoiled(migrated(tree), "momentum_schedule.py", LEFT, WRITTEN)
    for name, proof in proofs(results, {k: v for m in MUTANTS.values() for k, v in m[3].items()}).items():
        assert proof.passed, (name, proof.first, proof.error)
