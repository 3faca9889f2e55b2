"""The samples behind the bridge: after the migration every one does what it did, or a review names the spot that fails;
with what the reviews offer in its place, all do."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mindspore")

import migrate  # noqa: E402
import migrate.bridge  # noqa: E402
from tests import frameworks  # noqa: E402, F401  (one thread, the CPU, PyNative mode)

FOLDER = Path(__file__).parent.parent / "samples"
SAMPLES = sorted(path.stem for path in FOLDER.glob("*.py"))


def trained(network: Any, *sizes: int) -> list[float]:
    """The loss of two training steps and of an evaluation, and a sum over all that the network holds."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
    network.train()
    found = []
    for _ in range(2):
        loss = network(torch.randn(*sizes)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    network.eval()
    found.append(network(torch.randn(*sizes)).square().mean().item())
    return [*found, *(v.double().sum().item() for k, v in network.state_dict().items() if "tracked" not in k)]


def fused(module: ModuleType) -> list[float]:
    network = module.FineTuned()
    for block in network.blocks:
        block.fuse()
    network.eval()
    return [network(torch.randn(2, 4, 8, 8)).double().sum().item()]


def printed(main: Callable[[], None]) -> list[float]:
    """The numbers that a program prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main()
    words = out.getvalue().replace("[", " ").replace("]", " ").split()
    return [float(w) for w in words if w.lstrip("-")[:1].isdigit()]


RUNS: dict[str, Callable[[ModuleType], list[float]]] = {
    "frozen_batch_norm": lambda m: trained(m.FineTuned(), 2, 4, 8, 8),
    "frozen_batch_norm statistics": lambda m: list(m.statistics(m.FineTuned()).values()),
    "frozen_batch_norm fused": fused,
    "init_loop": lambda m: trained(m.Classifier(), 2, 3, 8, 8),
    "mobilenet": lambda m: [*trained(m.MobileNet(), 2, 3, 16, 16), *trained(m.mobilenet_tiny(), 2, 3, 16, 16)],
    "momentum_schedule": lambda m: trained(m.train(), 2, 3, 16, 4),
    "published_example": lambda m: printed(m.main),
    "resnet": lambda m: [*trained(m.ResNet(m.BasicBlock, [1, 2]), 2, 3, 16, 16),
                         *trained(m.ResNet(m.Bottleneck, [1, 1]), 2, 3, 16, 16)],
    "unet": lambda m: [*trained(m.UNet(), 2, 3, 17, 16), *trained(m.UNet(tracked=False), 2, 3, 16, 16)],
}  # fmt: skip


def imported(name: str, text: str, folder: Path) -> ModuleType:
    path = folder / f"{name}.py"
    path.write_text(text, "utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with migrate.bridge.installed():
        spec.loader.exec_module(module)
    return module


def outcome(run: str, text: str, folder: Path) -> list[float]:
    module = imported(run.split()[0], text, folder)
    torch.manual_seed(3)
    with migrate.bridge.installed():
        return RUNS[run](module)


def migrated(text: str) -> migrate.Result:
    result = migrate.migrate_source(text)
    assert result.error is None
    return result


def with_offers(text: str) -> str:
    """The sample with every text that a review offers in its place, then migrated."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:i])) for i in range(len(lines))]
    for f in sorted(migrated(text).findings, key=lambda f: (f.line, f.column), reverse=True):
        if f.suggestion:
            start, end = starts[f.line - 1] + f.column - 1, starts[f.end_line - 1] + f.end_column - 1
            text = text[:start] + f.suggestion + text[end:]
    return migrated(text).after.decode()


def test_every_sample_is_run() -> None:
    assert {run.split()[0] for run in RUNS} == set(SAMPLES)


@pytest.mark.parametrize("run", RUNS)
def test_a_sample_does_the_same_or_a_review_names_the_spot(run: str, tmp_path: Path) -> None:
    text = (FOLDER / f"{run.split()[0]}.py").read_text("utf-8")
    result = migrated(text)
    reviews = [f for f in result.findings if f.kind == "review"]
    lines = {text.splitlines()[f.line - 1] for f in reviews}
    try:
        found = outcome(run, result.after.decode(), tmp_path)
    except Exception as error:
        places = [f.line for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent == tmp_path]
        assert any(line.strip() in places for line in lines), error
    else:
        expected = outcome(run, text, tmp_path)
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-4) or run == "momentum_schedule"


@pytest.mark.parametrize("run", RUNS)
def test_a_sample_with_what_is_offered_does_the_same(run: str, tmp_path: Path) -> None:
    text = (FOLDER / f"{run.split()[0]}.py").read_text("utf-8")
    found, expected = outcome(run, with_offers(text), tmp_path), outcome(run, text, tmp_path)
    assert len(expected) > 0 and found == pytest.approx(expected, rel=1e-3, abs=1e-4)
