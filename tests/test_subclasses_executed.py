"""The layers that the cases of subclasses make: by the text before in torch, and by the text after in MindSpore."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.cases import Case, all_cases

frameworks = pytest.importorskip("tests.frameworks", reason="torch and MindSpore: pip install -e '.[verify]'")
ms, torch = frameworks.ms, frameworks.torch

CASES = [case for case in all_cases() if case.instances]
INSTANCES = [(case, text) for case in CASES for text in case.instances]


def kind(layer: Any) -> str:
    """The name of the torch class that a layer derives from."""
    return next(c.__name__ for c in type(layer).__mro__ if c.__name__ in frameworks.SHAPES)


def instances(case: Case, text: str) -> Any:
    """The layer that ``text`` makes before and after the migration."""
    before, after = (vars(frameworks.run(code)) for code in (case.before, case.after))
    return frameworks.Pair(eval(text, before), eval(text, after))


@pytest.mark.parametrize(("case", "text"), INSTANCES, ids=[f"{case.title}: {text}" for case, text in INSTANCES])
def test_instance_computes_the_same(case: Case, text: str) -> None:
    pair = instances(case, text)
    assert isinstance(pair.mindspore, ms.nn.Cell)
    found = frameworks.differences(pair, kind(pair.torch), pair.torch.num_features)
    assert max(found.values()) < frameworks.TOLERANCE, found
    assert repr(pair.mindspore)


def test_every_rewritten_subclass_is_executed() -> None:
    """Where the text after has a subclass of MindSpore's class, the case has instances; no CPU runs its options."""
    sections = [c for c in all_cases() if c.file == "subclasses" and not c.options]
    assert [c.title for c in sections if not c.instances and "(ms.nn." in c.after] == []


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 5), (3, 4, 2, 2, 2)])
def test_a_check_of_dimensions_refuses_what_it_refused(shape: tuple[int, ...]) -> None:
    case = next(c for c in CASES if c.title == "the check of the dimensions")
    for text in ("Norm(4)", "Wide(4)"):
        pair = instances(case, text)
        x = np.ones(shape, np.float32)
        accepted = []
        for layer, tensor in ((pair.torch, torch.tensor(x)), (pair.mindspore.set_train(), ms.Tensor(x))):
            try:
                layer(tensor)
            except ValueError as error:
                accepted.append(str(error))
            else:
                accepted.append("")
        assert accepted[0] == accepted[1]


def test_texts_of_extra_repr_are_shown() -> None:
    case = next(c for c in CASES if c.title == "extra_repr that returns a text")
    pair = instances(case, "Norm(4, gain=3)")
    assert repr(pair.torch).endswith(", gain=3)") and repr(pair.mindspore).endswith(", gain=3)")
