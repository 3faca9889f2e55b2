"""Proves the networks of the samples and of torchvision as a whole; prints the tables of docs/networks.md.

``python benchmarks/networks.py [--wheels DIR] [--only WORD]``; exit status 1 where a network fails that is not listed
in `EXPECTED`. The sources of torchvision are those of its wheel. Its compiled operators do not load beside a CPU build
of torch, so that their names are defined before it is imported; networks that call one do not run, migrated or not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from real_code import PACKAGES, download, unpack

SAMPLES = Path(__file__).parent.parent / "samples"
SAMPLE_NETWORKS = {
    "resnet:ResNet(BasicBlock, [1, 1])": "2,3,32,32",
    "resnet:ResNet(Bottleneck, [2, 2])": "2,3,32,32",
    "mobilenet:MobileNet": "2,3,32,32",
    "mobilenet:mobilenet_tiny": "2,3,32,32",
    "unet:UNet": "2,3,32,32",
    "init_loop:build": "2,3,16,16",
    "frozen_batch_norm:FineTuned": "2,4,8,8",
    "momentum_schedule:train(25)": "2,3,16,4",
}
IMAGE = "4,3,128,128"
VIDEO = "2,3,8,56,56"
MODELS = {
    "vgg11_bn": IMAGE,
    "resnet18": IMAGE,
    "resnet50": IMAGE,
    "resnext50_32x4d": IMAGE,
    "wide_resnet50_2": IMAGE,
    "densenet121": IMAGE,
    "googlenet": IMAGE,
    "inception_v3": "2,3,299,299",
    "mnasnet1_0": IMAGE,
    "mobilenet_v2": IMAGE,
    "mobilenet_v3_small": IMAGE,
    "mobilenet_v3_large": IMAGE,
    "shufflenet_v2_x1_0": IMAGE,
    "efficientnet_b0": IMAGE,
    "efficientnet_v2_s": IMAGE,
    "regnet_x_400mf": IMAGE,
    "regnet_y_400mf": IMAGE,
    "maxvit_t": "2,3,224,224",
    "fcn_resnet50": IMAGE,
    "deeplabv3_resnet50": IMAGE,
    "deeplabv3_mobilenet_v3_large": IMAGE,
    "lraspp_mobilenet_v3_large": IMAGE,
    "quantized_resnet18": IMAGE,
    "quantized_mobilenet_v2": IMAGE,
    "raft_large": "1,3,128,128;1,3,128,128",
    "r3d_18": VIDEO,
    "mc3_18": VIDEO,
    "r2plus1d_18": VIDEO,
    "s3d": "1,3,16,224,224",
    "fasterrcnn_resnet50_fpn": "2,3,128,128",
    "retinanet_resnet50_fpn": "2,3,128,128",
}
"""One network or more of every family of torchvision that has a batch norm, and its input."""
EXPECTED = {
    "momentum_schedule:train(25)": "the schedule assigns what the file does not tell, which is left for review",
    "raft_large": "with random batch norm tensors the flow that it iterates overflows, in torch",
    "fasterrcnn_resnet50_fpn": "needs targets and compiled operators, in torch, too",
    "retinanet_resnet50_fpn": "needs targets and compiled operators, in torch, too",
}
ZOO = '''
import pathlib, re, warnings
import torch

warnings.simplefilter("ignore")
folder = pathlib.Path(__file__).parent / "torchvision"
source = (folder / "_meta_registrations.py").read_text()
names = re.findall(r'register_(?:fake|meta)\\("(?:torchvision::)?(\\w+)"', source)
library = torch.library.Library("torchvision", "DEF")
for name in sorted(set(names)):
    library.define(name + "(Tensor input) -> Tensor")

import torchvision.models

def get(name):
    """The network without weights, as its own builder makes it."""
    builder = torchvision.models.get_model_builder(name)
    given = {"weights": None}
    if "segmentation" in builder.__module__ or "detection" in builder.__module__:
        given["weights_backbone"] = None
    return builder(**given)
'''


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="take the wheels from here instead of downloading")
    parser.add_argument("--only", default="", metavar="WORD", help="only networks with this in their name")
    given = parser.parse_args()
    failed = show(prove(SAMPLES, {n: i for n, i in SAMPLE_NETWORKS.items() if given.only in n}))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        sources = unpack("torchvision", given.wheels or download(work / "wheels"), work / "torchvision")
        (sources / "zoo.py").write_text(ZOO)
        models = {f"zoo:get({n!r})": i for n, i in MODELS.items() if given.only in n}
        print(f"torchvision {PACKAGES['torchvision']}")
        failed += show(prove(sources, models))
    return int(failed > 0)


def prove(folder: Path, networks: dict[str, str]) -> list[dict]:
    """The networks of the JSON report of one run over ``folder``."""
    if not networks:
        return []
    options = [word for n, i in networks.items() for word in ("--network", n, "--input", i)]
    command = [sys.executable, "-m", "migrate", "--verify", "--check", "--format", "json", *options, str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)["verification"]["networks"]


def show(networks: list[dict]) -> int:
    """Print a row for each network; returns how many failed that were not expected to."""
    failed = 0
    print("| network | input | layers | worst error | bound | where | verdict | seconds |")
    print("|---|---|--:|--:|--:|---|---|--:|")
    for n in networks:
        name = n["network"].removeprefix("zoo:get('").removesuffix("')")
        print(f"| `{name}` | {n['inputs']} | {_measured(n)} | {_verdict(name, n)} | {n['seconds']:.0f} |")
        failed += n["passed"] == (name in EXPECTED)
    return failed


def _measured(network: dict) -> str:
    """The layers, and the measure that comes closest to its bound, or exceeds it most."""
    layers = f"{network['migrated']} of {network['layers']}"
    measures = {k: m for k, m in network["measures"].items() if m["bound"] > 0}
    if not measures:
        return f"{layers if network['ran'] else ''} | | | "
    name, worst = max(measures.items(), key=lambda item: item[1]["max_abs"] / item[1]["bound"])
    return f"{layers} | {worst['max_abs']:.1e} | {worst['bound']:.1e} | {name}: {worst['where']}"


def _verdict(name: str, network: dict) -> str:
    if network["passed"]:
        return "proved"
    said = network["error"] or f"differs first in the {network['first']}"
    return f"{'failed' if network['ran'] else 'not compared'}: {EXPECTED.get(name, said)}"


if __name__ == "__main__":
    sys.exit(main())
