"""Converts checkpoints: one larger than the memory it may take, against plain loading and saving, and of real networks.

``python benchmarks/checkpoints.py [--wheels DIR] [--only WORD] [--part memory|speed|networks]``; exit status 1 where a
limit is not kept or a network differs. Networks are those of torchvision that have a batch norm, or one that is frozen:
random tensors are converted by the sources alone, compared bit by bit, loaded into MindSpore's cells inside of the
network, and the outputs of an evaluation compared, of detectors those of the backbone.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from measuring import Contender, measure
from real_code import download, unpack

from migrate.checkpoint.files import safetensors_file
from migrate.checkpoint.tensor import Tensor

GIGABYTES = 4
CONSTANT = 150
"""MiB that a conversion may take besides the largest tensor."""
LEAST = 0.7
"""The part of the throughput of plain loading and saving that a conversion has to reach."""
PROGRAM = """
from migrate.checkpoint.command import main

main()
"""
PLAIN = {
    "safetensors": """
import sys, torch
from safetensors.torch import save_file

save_file(torch.load(sys.argv[1]), sys.argv[2])
""",
    "ckpt": """
import sys, torch, mindspore as ms

held = torch.load(sys.argv[1]).items()
ms.save_checkpoint([{"name": name, "data": ms.Tensor(t.numpy())} for name, t in held], sys.argv[2])
""",
}
CLOSE = 1e-4
"""How far outputs may be apart, as a part of the largest: float32 through a hundred layers."""
SHAPES = {"images": (1, 3, 224, 224), "videos": (1, 3, 16, 224, 224), "flow": (1, 3, 128, 128)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="take the wheels from here instead of downloading")
    parser.add_argument("--unpacked", type=Path, metavar="DIR", help="take the files of torchvision from here")
    parser.add_argument("--only", default="", metavar="WORD", help="only networks with this in their name")
    parser.add_argument("--part", choices=["memory", "speed", "networks"], help="only this part")
    given = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.part in (None, "memory"):
            failed += memory(folder)
        if given.part in (None, "speed"):
            failed += speed(folder)
        if given.part in (None, "networks"):
            sources = given.unpacked
            if sources is None:
                sources = unpack("torchvision", given.wheels or download(folder / "wheels"), folder / "torchvision")
            failed += networks(sources, given.only, folder)
    return int(failed > 0)


def made(gigabytes: float) -> Iterator[Tensor]:
    """Convolutions of 64 MiB with their batch norms, as much as asked for."""
    block = np.random.default_rng(0).bytes(1 << 20)
    for i in range(int(gigabytes * 16)):
        yield Tensor(f"l{i}.conv.weight", "float32", (4096, 256, 4, 4), lambda: iter([block] * 64))
        for name in ("weight", "bias", "running_mean", "running_var"):
            yield Tensor(f"l{i}.bn.{name}", "float32", (4096,), lambda: iter([block[: 4 * 4096]]))


def memory(folder: Path) -> int:
    """Whether a large file is converted in little memory."""
    big, out = folder / "big.safetensors", folder / "out.safetensors"
    for _ in safetensors_file.write(str(big), made(GIGABYTES), {}):
        pass
    command = [sys.executable, "-c", PROGRAM, big, out]
    figures = measure(Contender("conversion", command, "renamed"), 600, folder)
    size = big.stat().st_size / 2**30
    big.unlink()
    out.unlink(missing_ok=True)
    if isinstance(figures, str):
        print(f"memory: {figures}")
        return 1
    print(f"memory: {size:.1f} GiB, largest tensor 64 MiB: {figures.mebibytes:.0f} MiB in {figures.seconds:.1f} s")
    return int(figures.mebibytes > 64 + CONSTANT)


def speed(folder: Path) -> int:
    """Whether a conversion is about as fast as loading and saving without one."""
    import torch

    source = folder / "in.pth"
    torch.save(
        {t.name: torch.frombuffer(bytearray(t.data()), dtype=torch.float32).reshape(t.shape) for t in made(1)}, source
    )
    slow = 0
    for ending, plain in PLAIN.items():
        best = {}
        for _ in range(3):
            for name, code in (("plain", plain), ("conversion", PROGRAM)):
                out = folder / f"{name}.{ending}"
                out.unlink(missing_ok=True)
                figures = measure(Contender(name, [sys.executable, "-c", code, source, out]), 600, folder)
                out.unlink(missing_ok=True)
                seconds = np.inf if isinstance(figures, str) else figures.seconds
                best[name] = min(best.get(name, np.inf), seconds)
        ratio = best["plain"] / best["conversion"]
        print(f"speed: .pth to .{ending}: {best['conversion']:.1f} s, plain {best['plain']:.1f} s, ratio {ratio:.2f}")
        slow += ratio < LEAST
    source.unlink()
    return slow


def networks(sources: Path, only: str, folder: Path) -> int:
    """How many networks differ after their weights were converted by the sources."""
    import torch

    library = torch.library.Library("torchvision", "DEF")
    text = (sources / "torchvision" / "_meta_registrations.py").read_text()
    for name in sorted(set(re.findall(r'register_(?:fake|meta)\("(?:torchvision::)?(\w+)"', text))):
        library.define(f"{name}(Tensor input) -> Tensor")
    sys.path.insert(0, str(sources))

    from migrate.checkpoint.layers import load_layers
    from migrate.checkpoint.sources import SourceTree, read_sources

    layers = load_layers()
    tree = SourceTree(read_sources((str(sources / "torchvision"),), print), layers, "mindspore")
    print(next(sources.glob("torchvision-*.dist-info")).stem)
    failed, kinds = 0, Counter[str]()
    for kind, name, build in _torchvision():
        network = build().eval() if only in name else None
        if network is None or not (_norms(network) or "frozen" in name):
            continue
        said = _compared(network, tree, layers, folder, kind)
        print(f"{kind}: {name}: {said}", flush=True)
        failed += "equal" not in said
        kinds[kind] += "equal" in said
    print(f"equal: {', '.join(f'{count} of {kind}' for kind, count in kinds.items())}")
    return failed


def _torchvision() -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """The networks of torchvision: their kinds, their names, and what builds them."""
    import torchvision.models as models
    from torchvision.models.detection import FasterRCNN, backbone_utils

    kinds = {"images": models, "videos": models.video, "flow": models.optical_flow}
    for kind, module in kinds.items():
        for name in models.list_models(module=module):
            yield kind, name, partial(models.get_model, name, weights=None)
    for kind, module in {"detection": models.detection, "segmentation": models.segmentation}.items():
        for name in models.list_models(module=module):
            yield kind, name, partial(models.get_model, name, weights=None, weights_backbone=None)
    for depth in (18, 50, 101):
        make = partial(backbone_utils.resnet_fpn_backbone, backbone_name=f"resnet{depth}", weights=None)
        yield "detection", f"resnet{depth}_fpn, frozen", lambda make=make: FasterRCNN(make(), 91)


def _norms(network: Any) -> list[str]:
    import torch

    return [name for name, m in network.named_modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]


def _compared(network: Any, tree: Any, layers: Any, folder: Path, kind: str) -> str:
    """What comes of a network whose weights are converted."""
    import safetensors.torch
    import torch

    from migrate.checkpoint.files.read import read
    from migrate.checkpoint.files.write import write
    from migrate.checkpoint.plan import make_plan

    torch.manual_seed(0)
    for name in _norms(network):
        layer = network.get_submodule(name)
        for tensor in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
            tensor.data.uniform_(0.5, 1.5)
    file, out = folder / "in.safetensors", folder / "out.safetensors"
    held = network.state_dict()
    safetensors.torch.save_file(held, file)
    plan = make_plan(read(str(file), "mindspore"), "mindspore", layers, [tree])
    if plan.undecided:
        return f"{len(plan.undecided)} undecided, such as {plan.undecided[0]}"
    write(str(out), "mindspore", plan.written(), lambda done: None, lambda path: True)
    back = read(str(out), "torch").tensors
    for entry in plan.entries:
        bits = held[entry.source].contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        if entry.result is not None and bytes(back[entry.result.name].data()) != bits:
            return f"DIFFERENT bits in {entry.source}"
    kept = sum(entry.result is not None and entry.result.name == entry.source for entry in plan.entries)
    if not _norms(network) and kept != len(held):
        return f"DIFFERENT names of {len(held) - kept} tensors"
    del held
    with torch.no_grad():
        batch = [torch.randn(SHAPES.get(kind, SHAPES["images"]))] * (2 if kind == "flow" else 1)
        run = network.backbone if kind == "detection" else network
        expected = _tensors(run(*batch))
        count = _put_cells(network, str(out))
        found = _tensors(run(*batch))
    off = max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(expected, found, strict=True))
    close = "equal" if off < CLOSE else "DIFFERENT"
    return f"{close}, {count} cells, {kept} names kept, off by {off:.1e} of the largest output"


def _tensors(output: Any) -> list[Any]:
    """The tensors of an output, whatever holds them."""
    if isinstance(output, dict):
        output = list(output.values())
    return [t for part in output for t in _tensors(part)] if isinstance(output, (tuple, list)) else [output]


def _put_cells(network: Any, file: str) -> int:
    """Put MindSpore's cells, with their tensors of the file, in the place of torch's batch norms; how many."""
    import mindspore as ms

    from migrate.bridge import install, uninstall

    names = _norms(network)
    if not names:
        return 0
    paths = tuple(f"{name}." for name in names)
    held = ms.load_checkpoint(file, format="safetensors", choice_func=lambda name: name.startswith(paths))
    install()
    for name in names:
        old = network.get_submodule(name)
        bridge = getattr(ms.nn, type(old).__name__)(old.num_features, eps=old.eps)
        for own, parameter in bridge.cell.parameters_and_names():
            parameter.set_data(held[f"{name}.{own}"].value())
        before, _, last = name.rpartition(".")
        setattr(network.get_submodule(before), last, bridge.eval())
    uninstall()
    return len(names)


if __name__ == "__main__":
    os.environ.setdefault("GLOG_v", "4")
    sys.exit(main())
