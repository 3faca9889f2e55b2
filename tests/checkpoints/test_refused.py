"""Inputs that cannot be converted: one line that names the file and says what to do, and nothing is written."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import mindspore
import numpy as np
import pytest
import torch
from mindspore.train.checkpoint_pb2 import Checkpoint

from migrate.checkpoint.files import mindspore_file
from migrate.checkpoint.files.read import read
from tests.checkpoints.made import PROGRAM, convert, program, targets
from tests.test_files import as_a_user

AGAIN = "get it once more, or name another file"


def refused(folder: Path, *args: str) -> str:
    """The line that the program ends with, which names the input; the folder holds what it held before."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = program(*args, cwd=folder)
    assert done.returncode == 2
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert not done.stdout and done.stderr.count("\n") == 1 and args[0] in done.stderr
    return done.stderr


def stored(path: Path, tensors: Iterable[tuple[str, list[int], np.ndarray]]) -> None:
    """A file of MindSpore that holds some values, one behind the other."""
    file = Checkpoint()
    for name, shape, values in tensors:
        value = file.value.add()
        value.tag = name
        value.tensor.dims.extend(shape)
        value.tensor.tensor_type = "Float32"
        value.tensor.tensor_content = values.astype(np.float32).tobytes()
    path.write_bytes(file.SerializeToString())


A, B = ("a.gamma", [2], np.ones(2)), ("b.gamma", [2], np.zeros(2))


@pytest.mark.parametrize("held", [[A, A], [A, B, A]], ids=["side by side", "apart"])
@pytest.mark.parametrize("output", ["out.pth", "out.safetensors"])
def test_several_tensors_of_one_name_are_refused(
    held: list[tuple[str, list[int], np.ndarray]], output: str, tmp_path: Path
) -> None:
    stored(tmp_path / "in.ckpt", held)
    line = refused(tmp_path, "in.ckpt", output, "--to", "torch")
    assert "in.ckpt: holds several tensors of the name a.gamma: save it with one of each" in line


def test_a_large_tensor_is_stored_in_parts_of_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MindSpore does so from 512 MiB on; here from 8 bytes on."""
    monkeypatch.setattr(mindspore_file, "LARGEST", 8)
    stored(tmp_path / "in.ckpt", [("a.gamma", [3], np.ones(2)), ("a.gamma", [3], np.ones(1)), B])
    back = read(str(tmp_path / "in.ckpt"), "torch").tensors
    assert np.frombuffer(back["a.gamma"].data(), np.float32).tolist() == [1, 1, 1]


def test_strings_beside_the_tensors_of_mindspore_are_listed(tmp_path: Path) -> None:
    held = [{"name": "bn.gamma", "data": mindspore.Tensor(np.ones(2, np.float32))}]
    mindspore.save_checkpoint(held, str(tmp_path / "in.ckpt"), append_dict={"epoch": 3, "note": "words"})
    report = convert(tmp_path / "in.ckpt", tmp_path / "out.pth", "--to", "torch")
    assert targets(report) == {"bn.gamma": "bn.gamma", "epoch": "epoch", "note": None}
    assert "str" in report["entries"][-1]["note"]


def test_the_other_direction_is_named_where_a_file_is_of_the_other_framework(tmp_path: Path) -> None:
    torch.save({"bn.weight": torch.ones(2)}, tmp_path / "in.pth")
    stored(tmp_path / "ms.ckpt", [A])
    assert "without it, files of torch are read" in refused(tmp_path, "in.pth", "out.pth", "--to", "torch")
    assert "one of MindSpore is read with --to torch" in refused(tmp_path, "ms.ckpt", "out.ckpt")


@pytest.mark.parametrize("name", ["in.pth", "in.safetensors", "in.ckpt"])
def test_files_that_are_none_say_what_to_do(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("hello world\n" * 9)
    direction = ["out.pth", "--to", "torch"] if name == "in.ckpt" else ["out.ckpt"]
    assert AGAIN in refused(tmp_path, name, *direction)


def test_a_file_without_weights_says_what_is_expected(tmp_path: Path) -> None:
    torch.save({"epoch": 1}, tmp_path / "in.pth")
    assert "what network.state_dict() gives is expected" in refused(tmp_path, "in.pth", "out.ckpt")


def test_text_that_is_no_pickle_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "in.pth").write_text("hello world\n" * 9)
    assert "it does not begin as one" in refused(tmp_path, "in.pth", "out.ckpt")


@pytest.mark.parametrize("name", ["in.pth", "in.safetensors", "in.ckpt"])
def test_files_that_may_not_be_read_are_not_called_damaged(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"some")
    (tmp_path / name).chmod(0)
    command = [*PROGRAM, name, *(["out.pth", "--to", "torch"] if name == "in.ckpt" else ["out.ckpt"])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, preexec_fn=as_a_user)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"bn-migrate-checkpoint: {name}: cannot be read: Permission denied\n"
    assert [path.name for path in tmp_path.iterdir()] == [name]
