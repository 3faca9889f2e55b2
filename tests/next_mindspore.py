"""A MindSpore with the signatures that it announces: a copy of its module in which the classes take torch's arguments.

The classes compute as before. An interpreter that has the copy finds it in place of the module; its source alone tells
the signature, too.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path

MODULE = "mindspore.nn.layer.normalization"
NAMES = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
BEFORE = "Before"
CLASS = """

class {name}({name}{before}):
    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, dtype=None):
        super().__init__(
            num_features, eps, 1 - momentum, affine, use_batch_statistics=None if track_running_stats else True,
            dtype=mstype.float32 if dtype is None else dtype)
"""
HOOK = """
import importlib.util, sys


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return importlib.util.spec_from_file_location(name, {copy!r}) if name == {module!r} else None


sys.meta_path.insert(0, Finder)
"""


def source() -> str:
    """The module with the classes of the announced signatures, which take the names of the present ones."""
    spec = importlib.util.find_spec("mindspore")
    assert spec is not None and spec.origin is not None
    text = Path(spec.origin).parent.joinpath(*MODULE.split(".")[1:]).with_suffix(".py").read_text("utf-8")
    for name in NAMES:
        assert f"\nclass {name}(" in text
        text = re.sub(rf"\b{name}\b", f"{name}{BEFORE}", text)
    return text + f"\n__all__ += {list(NAMES)}\n" + "".join(CLASS.format(name=n, before=BEFORE) for n in NAMES)


def installed(folder: Path) -> Path:
    """A folder for the search path in which the source of the package can be read, and not be imported."""
    module = folder.joinpath(*MODULE.split(".")).with_suffix(".py")
    module.parent.mkdir(parents=True)
    module.write_text(source(), "utf-8")
    (folder / "mindspore" / "__init__.py").write_text("raise SystemExit('nobody imports this')\n")
    return folder


def interpreter(folder: Path) -> Path:
    """A program that is this interpreter, but for the module."""
    folder.mkdir()
    copy, program = folder / "copy_of_normalization.py", folder / "python"
    copy.write_text(source(), "utf-8")
    (folder / "sitecustomize.py").write_text(HOOK.format(copy=str(copy), module=MODULE))
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}{os.pathsep}$PYTHONPATH" exec "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    return program
