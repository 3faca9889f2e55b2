"""How a class is called, and what is done with the layer in the end."""

from __future__ import annotations

from tests.soundness.strand import Form, Strand, registry

CALLS: dict[str, Form] = {}
USES: dict[str, Form] = {}
call = registry(CALLS)
use = registry(USES)


def _momentum(s: Strand) -> str:
    return s.pick("0.3", "0.2", "1 - 0.2", "hidden(0.3)")


@call
def with_momentum(s: Strand, e: str) -> str:
    return f"{e}(3, momentum={_momentum(s)})"


@call
def without_momentum(s: Strand, e: str) -> str:
    return f"{e}({s.pick('3', 'num_features=3', '3, 1e-3', '3, eps=1e-3')})"


@call
def with_other_arguments(s: Strand, e: str) -> str:
    arguments = s.way(
        integer="eps=1",
        untracked=s.pick("track_running_stats=False", "momentum=0.3, track_running_stats=hidden(False)"),
        fixed=s.pick("affine=False", "affine=0"),
    )
    return f"{e}(3, {arguments})"


@call
def with_momentum_by_position(s: Strand, e: str) -> str:
    return f"{e}(3, 1e-3, {_momentum(s)}{s.pick('', ', True')})"


@call
def with_stars(s: Strand, e: str) -> str:
    return f"{e}({s.pick('*(3, 1e-3, 0.3)', '3, **' + repr({'momentum': 0.3}), '3, **dict(momentum=0.3)')})"


@call
def with_named_stars(s: Strand, e: str) -> str:
    name = s.new("options")
    if s.pick(True, False):
        s.add(f"{name} = {s.pick(repr({'momentum': 0.3}), 'dict(momentum=0.3)')}")
        changed = s.pick("", f'{name}["momentum"] = 0.2', f"{name}.update(momentum=0.2)")
        if changed:
            s.add(changed)
        return f"{e}(3, **{name})"
    s.add(f"{name} = [3, 1e-3, 0.3]")
    changed = s.pick("", f"{name}[2] = 0.2", f"{name}.append(False)")
    if changed:
        s.add(changed)
    return f"{e}(*{name})"


@call
def through_a_shared_function(s: Strand, e: str) -> str:
    if s.pick(True, False):
        return f"make({e}, 3, momentum={_momentum(s)})"
    return f"build({e}, 3{s.pick('', ', 0.3', ', m=0.3')})"


@call
def through_options(s: Strand, e: str) -> str:
    f, norm = s.new("make"), s.new("norm")
    s.add(f"def {f}({norm}, *args, **kwargs):\n    return {norm}(*args, **kwargs)")
    return f"{f}({e}, 3, {s.pick('momentum=0.3', '1e-3, 0.3')})"


@call
def through_a_library(s: Strand, e: str) -> str:
    return s.way(
        map=f"list(map({e}, [3]))[0]",
        hidden=f"hidden({e})(3, momentum=0.3)",
        partial=f"partial({e}, 3)(momentum=0.3)",
        filled=f"partial({e}, 3, 1e-3, 0.3)()",
    )


@use
def the_layer(s: Strand, x: str) -> str:
    return f"observe({x})"


@use
def an_attribute(s: Strand, x: str) -> str:
    name = s.way(
        parameter=s.pick("weight", "bias"),
        statistic=s.pick("running_mean", "running_var"),
        number=s.pick("momentum", "eps"),
    )
    return f"observe({x}.{name})"


@use
def an_initialisation(s: Strand, x: str) -> str:
    name = s.new("used")
    s.add(f"{name} = {x}")
    s.add(
        s.way(
            function=f"nn.init.constant_({name}.weight, 0.25)",
            ones=f"nn.init.ones_({name}.bias)",
            method=f"{name}.weight.data.fill_(0.25)",
            data=f"{name}.bias.data = torch.full((3,), 0.5)",
        )
    )
    return f"observe({name})"


@use
def a_method(s: Strand, x: str) -> str:
    return f"observe({x}.{s.way(eval='eval()', train='train()', freeze='requires_grad_(False)')})"


@use
def an_attribute_by_name(s: Strand, x: str) -> str:
    lookup = s.way(builtin="getattr", hidden="hidden(getattr)")
    return f'observe({lookup}({x}, "{s.pick("weight", "running_mean")}"))'


@use
def a_test_against_none(s: Strand, x: str) -> str:
    return f"observe({x}.{s.pick('weight', 'running_mean')} is None)"


@use
def a_momentum_assigned(s: Strand, x: str) -> str:
    name = s.new("used")
    s.add(f"{name} = {x}\n{name}.momentum = 0.2")
    return f"observe({name})"
