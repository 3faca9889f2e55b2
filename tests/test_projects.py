"""The cases of ``tests/cases/projects.md``: files that import each other, migrated together and executed."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migrate.engine import Options, migrate_files
from migrate.findings import Result
from tests.cases import ProjectCase, described, fail_unless_same, lines_of, read_projects

CASES = pytest.mark.parametrize("case", read_projects(), ids=lambda case: case.title)


def migrate(files: dict[str, str]) -> list[Result]:
    results = migrate_files([(path, text.encode()) for path, text in files.items()], Options())
    assert not any(r.error for r in results)
    return results


def texts(results: list[Result]) -> dict[str, str]:
    return {r.path: r.after.decode() for r in results}


@CASES
def test_case(case: ProjectCase) -> None:
    """Texts and findings are those of the section in any order of the files, and a second run changes nothing."""
    for order in (list(case.before), list(reversed(case.before))):
        results = {r.path: r for r in migrate({path: case.before[path] for path in order})}
        check_texts(case, "text", texts([results[path] for path in case.before]))
        found = [f"{path} {described(f)}" for path in case.before for f in results[path].findings]
        fail_unless_same(case.place, "findings", lines_of(case.findings), lines_of(found))
    for text in case.after.values():
        ast.parse(text)
    check_texts(case, "a second run", texts(migrate(case.after)))


def check_texts(case: ProjectCase, what: str, got: dict[str, str]) -> None:
    for path, text in case.after.items():
        fail_unless_same(case.place, f"{path}: {what}", text.splitlines(), got[path].splitlines())
    assert got == case.after, case.place


@contextmanager
def imported(folder: Path, files: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Writes the files into ``folder`` and imports them; gives the modules by the last part of their names."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    own = {Path(path).parts[0].removesuffix(".py") for path in files}
    for name in [n for n in sys.modules if n.partition(".")[0] in own]:
        del sys.modules[name]  # another test may have left one of that name
    known = set(sys.modules)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        names = [".".join(Path(path).with_suffix("").parts).removesuffix(".__init__") for path in files]
        yield {name.rpartition(".")[2]: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - known:
            if name.partition(".")[0] in own:
                del sys.modules[name]


@CASES
def test_both_trees_compute_the_same(case: ProjectCase, tmp_path: Path) -> None:
    pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
    assert case.run or case.after == case.before
    results = []
    for name, files in (("before", case.before), ("after", case.after)):
        with imported(tmp_path / name, files) as modules:
            results.append([eval(text, dict(modules)) for text in case.run])
    for text, before, after in zip(case.run, *results, strict=True):
        compare(text, before, after)


def compare(text: str, before: Any, after: Any) -> None:
    """Layers have to behave the same, tensors and numbers to be the same; classes, to have the same name."""
    from tests import frameworks

    torch, ms = frameworks.torch, frameworks.ms
    if isinstance(before, (list, tuple)):
        assert len(before) == len(after), text
        for inner in zip(before, after, strict=True):
            compare(text, *inner)
    elif isinstance(after, ms.nn.Cell):
        kind = next(c.__name__ for c in type(before).__mro__ if c.__name__ in frameworks.SHAPES)
        found = frameworks.differences(frameworks.Pair(before, after), kind, before.num_features)
        assert max(found.values()) < frameworks.TOLERANCE, (text, found)
    elif isinstance(before, torch.Tensor):
        found = after.detach().numpy() if isinstance(after, torch.Tensor) else after.asnumpy()
        assert np.abs(before.detach().numpy() - found).max() < frameworks.TOLERANCE, text
    elif isinstance(before, (torch.nn.Module, type)):
        named = [repr(value) if isinstance(value, torch.nn.Module) else value.__name__ for value in (before, after)]
        assert named[0] == named[1], text
    else:
        assert before == pytest.approx(after, abs=1e-6) if isinstance(before, float) else before == after, text


@pytest.mark.parametrize(
    ("last", "code"), [("", "BN107"), ("from torch.nn import LayerNorm as BatchNorm2d\n", "BN205")]
)
def test_what_an_attribute_is_is_looked_up_on_all_heirs(last: str, code: str) -> None:
    base = "class Base:\n    def fill(self):\n        self.bn.weight.data.fill_(1)\n"
    net = "from torch.nn import BatchNorm2d\n{}from base import Base\n\n"
    net += "class Net(Base):\n    def __init__(self):\n        self.bn = BatchNorm2d(3)\n"
    heirs = {f"net{i}.py": net.format("") for i in range(60)}
    results = migrate({"base.py": base, **heirs, "last.py": net.format(last)})
    assert [f.code for f in results[0].findings] == [code]
