"""Tests of an object's class, and what can make them out of date."""

from __future__ import annotations

from tests.soundness.strand import Form, Strand, registry

NARROWING_FORMS: dict[str, Form] = {}
form = registry(NARROWING_FORMS)


def _mixed(s: Strand, x: str) -> str:
    """The head of a loop over the layer and another one, and the name they get."""
    name = s.new("m")
    s.block(f"for {name} in hidden([{x}, {s.foreign()}]):")
    return name


@form
def isinstance_branch(s: Strand, x: str) -> str:
    m = _mixed(s, x)
    test = s.way(
        isinstance=f"isinstance({m}, {s.spelled})", same=f"type({m}) is {s.spelled}", equal=f"type({m}) == {s.spelled}"
    )
    s.block(f"if {test}:")
    return m


@form
def isinstance_with_others(s: Strand, x: str) -> str:
    m = _mixed(s, x)
    both = f"isinstance({m}, {s.spelled}) or isinstance({m}, nn.GroupNorm)"
    s.block(f"if {s.pick(f'isinstance({m}, ({s.spelled}, nn.GroupNorm))', both)}:")
    return m


@form
def negative_branch(s: Strand, x: str) -> str:
    m = _mixed(s, x)
    s.add(f"if isinstance({m}, {s.spelled}):\n    pass")
    s.block("else:")
    return m


@form
def early_exit(s: Strand, x: str) -> str:
    m = _mixed(s, x)
    s.add(f"if not isinstance({m}, {s.spelled}):\n    continue")
    return m


@form
def early_exit_of_some(s: Strand, x: str) -> str:
    """The exit is itself conditional, so that others come through."""
    m = _mixed(s, x)
    s.add(f"if not isinstance({m}, {s.spelled}):\n    if hidden(False):\n        continue")
    return m


@form
def class_pattern(s: Strand, x: str) -> str:
    m = _mixed(s, x)
    pattern = s.pick(f"{s.spelled}()", f"{s.spelled}() as found", f"{s.spelled}() | nn.GroupNorm()")
    s.block(f"match {m}:\n    case {pattern}:")
    return "found" if "found" in pattern else m


@form
def expression_test(s: Strand, x: str) -> str:
    m = _mixed(s, x)
    s.block(f"for {m} in ([{m}] if isinstance({m}, {s.spelled}) else []):")
    return m


@form
def block_of_a_class(s: Strand, x: str) -> str:
    """``m.bn3`` under a test for the class whose constructor makes it."""
    cls, attr = s.new("Bottleneck"), s.attribute()
    x = s.named(x) if "self" in x else x
    s.add(f"class {cls}:\n    def __init__(self):\n        self.{attr} = {x}")
    m = _mixed(s, f"{cls}()")
    s.block(f"if isinstance({m}, {cls}):")
    return f"{m}.{attr}"


@form
def block_replaced(s: Strand, x: str) -> str:
    cls, attr = s.new("Bottleneck"), s.attribute()
    x = s.named(x) if "self" in x else x
    s.add(f"class {cls}:\n    def __init__(self):\n        self.{attr} = {x}")
    m = _mixed(s, f"{cls}()")
    s.block(f"if isinstance({m}, {cls}):")
    s.add(
        s.way(
            object=f"{m}.{attr} = {s.foreign()}",
            setattr=f'setattr({m}, "{attr}", {s.foreign()})',
            vars=f'{m}.__dict__["{attr}"] = {s.foreign()}',
        )
    )
    return f"{m}.{attr}"


@form
def item_replaced_after_the_test(s: Strand, x: str) -> str:
    name = s.new("layers")
    s.add(f"{name} = hidden([{x}])")
    s.block(f"if isinstance({name}[0], {s.spelled}):")
    s.add(
        s.way(
            item=f"{name}[0] = {s.foreign()}",
            last=f"{name}[-1] = {s.foreign()}",
            insert=f"{name}.insert(0, {s.foreign()})",
            alias=f"same = {name}\nsame[0] = {s.foreign()}",
            slice=f"{name}[:] = [{s.foreign()}]",
        )
    )
    return f"{name}[0]"


@form
def attribute_replaced_after_the_test(s: Strand, x: str) -> str:
    cls, attr, net = s.new("Net"), s.attribute(), s.new("net")
    s.add(
        f"class {cls}:\n    def __init__(self, x):\n        self.{attr} = x\n"
        f"    def change(self):\n        self.{attr} = {s.foreign()}"
    )
    s.add(f"{net} = hidden({cls}({x}))")
    s.block(f"if isinstance({net}.{attr}, {s.spelled}):")
    s.add(
        s.way(
            object=f"{net}.{attr} = {s.foreign()}",
            setattr=f'setattr({net}, "{attr}", {s.foreign()})',
            method=f"{net}.change()",
            alias=f"same = {net}\nsame.{attr} = {s.foreign()}",
            owner=f"{net} = {cls}({s.foreign()})",
        )
    )
    return f"{net}.{attr}"


@form
def name_replaced_after_the_test(s: Strand, x: str) -> str:
    m = _mixed(s, x)
    s.block(f"if isinstance({m}, {s.spelled}):")
    s.add(
        s.way(
            name=f"{m} = {s.foreign()}",
            unpacked=f"{m}, _ = {s.foreign()}, 0",
            loop=f"for {m} in [{s.foreign()}]:\n    pass",
            walrus=f"({m} := {s.foreign()})",
        )
    )
    return m


@form
def name_replaced_in_a_loop(s: Strand, x: str) -> str:
    """The second round meets what the first one left."""
    m = s.new("m")
    s.add(f"{m} = hidden({x})")
    s.block(f"if isinstance({m}, {s.spelled}):\n    for i in range(2):", f"        {m} = {s.foreign()}")
    return m


@form
def name_replaced_by_a_closure(s: Strand, x: str) -> str:
    f, m, change = s.new("look"), s.new("m"), s.new("change")
    s.block(
        f"def {f}({m}):\n    def {change}():\n        nonlocal {m}\n        {m} = {s.foreign()}\n"
        f"    if isinstance({m}, {s.spelled}):\n        {change}()\n        if True:",
        f"{f}({x})",
    )
    return m


@form
def remembered_test(s: Strand, x: str) -> str:
    m = _mixed(s, x)
    ok = s.new("ok")
    s.add(f"{ok} = isinstance({m}, {s.spelled})")
    changed = s.pick("", f"{m} = {s.foreign()}")
    if changed:
        s.add(changed)
    s.block(f"if {ok}:")
    return m


@form
def index_changed_after_the_test(s: Strand, x: str) -> str:
    name, i = s.new("layers"), s.new("i")
    s.add(f"{name} = hidden([{x}, {s.foreign()}])\n{i} = 0")
    s.block(f"if isinstance({name}[{i}], {s.spelled}):")
    s.add(s.way(augmented=f"{i} += 1", assigned=f"{i} = 1", loop=f"for {i} in range(2):\n    pass"))
    return f"{name}[{i}]"


@form
def not_none(s: Strand, x: str) -> str:
    name = s.new("layer")
    s.add(f"{name} = {s.pick(x, f'({x} if {s.flag()} else None)')}")
    s.block(f"if {name} is not None:")
    return name


@form
def own_isinstance(s: Strand, x: str) -> str:
    """A name that only looks like the test."""
    f, m = s.new("look"), s.new("m")
    s.block(
        f"def {f}({m}, isinstance=lambda *a: True):\n    if isinstance({m}, {s.spelled}):",
        f"{f}({s.foreign()})",
        f"{f}({x})",
    )
    return m


@form
def type_of_another(s: Strand, x: str) -> str:
    m = _mixed(s, x)
    s.block(f"if type({m}) is not {s.spelled}:")
    return m


@form
def predicate(s: Strand, x: str) -> str:
    """A function tells the class, of its argument or of another one, or not at all."""
    f, m = s.new("is_meant"), _mixed(s, x)
    test = f"isinstance(m, {s.spelled})"
    text = s.way(
        plain=f"def {f}(m):\n    return {test}",
        documented=f'def {f}(m):\n    """Whether it is meant."""\n    return {test}',
        exact=f"def {f}(m):\n    return type(m) is {s.spelled}",
        function=f"{f} = lambda m: {test}",
        negated=f"def {f}(m):\n    return not {test}",
        second=f"def {f}(first, m={x}):\n    return {test}",
        anything=f"def {f}(m):\n    return hidden(True)",
        more=f"def {f}(m):\n    return {test} or isinstance(m, nn.InstanceNorm2d)",
        less=f"def {f}(m):\n    m = hidden({x})\n    return {test}",
    )
    s.add(text)
    s.block(f"if {s.pick(f'{f}({m})', f'{f}({m}) or isinstance({m}, nn.GroupNorm)', f'{m} is not None and {f}({m})')}:")
    return m


@form
def predicate_of_an_object(s: Strand, x: str) -> str:
    cls, m = s.new("Tool"), _mixed(s, x)
    kind = s.pick("", "    @staticmethod\n", "    @classmethod\n")
    first = {"": "self, ", "    @staticmethod\n": "", "    @classmethod\n": "cls, "}[kind]
    s.add(f"class {cls}:\n{kind}    def is_meant({first}m):\n        return isinstance(m, {s.spelled})")
    s.block(f"if {cls}().is_meant({m}):")
    return m


@form
def another_class_left_out(s: Strand, x: str) -> str:
    """What is an instance of another class does not come here; what is bound then does."""
    m = _mixed(s, x)
    other = s.pick("nn.InstanceNorm2d", "(nn.InstanceNorm2d, nn.GroupNorm)", "dict")
    done = s.way(left="continue", replaced=f"{m} = {x}", kept="pass")
    s.add(f"if isinstance({m}, {other}):\n    {done}")
    return m


@form
def replaced_unless_it_is_one(s: Strand, x: str) -> str:
    m = s.new("m")
    s.add(f"{m} = hidden({s.pick(x, s.foreign())})")
    test = s.pick(f"not isinstance({m}, {s.spelled})", f"{m} is None or not isinstance({m}, {s.spelled})")
    s.add(f"if {test}:\n    {m} = {s.pick(x, s.foreign())}")
    return m
