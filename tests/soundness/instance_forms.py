"""How a program passes an instance around: each form takes an expression of a layer and gives another one."""

from __future__ import annotations

from tests.soundness.strand import Form, Strand, registry

INSTANCE_FORMS: dict[str, Form] = {}
form = registry(INSTANCE_FORMS)


@form
def named_layer(s: Strand, x: str) -> str:
    name = s.new("layer")
    s.add(f"{name} = {x}")
    return name


@form
def layer_assigned_again(s: Strand, x: str) -> str:
    name = s.new("layer")
    first, second = s.pick((x, s.foreign()), (s.foreign(), x))
    s.add(f"{name} = {first}")
    s.block(f"if {s.flag()}:")
    s.add(f"{name} = {second}")
    s.leave()
    return name


@form
def layer_of_self(s: Strand, x: str) -> str:
    cls, attr = s.new("Net"), s.attribute()
    s.block(
        f"class {cls}:\n    def __init__(self, layer):\n        self.{attr} = layer\n    def look(self):",
        f"{cls}({x}).look()",
        *s.pick((), (f"{cls}({s.foreign()}).look()",)),
    )
    return f"self.{attr}"


@form
def layer_made_by_a_constructor(s: Strand, x: str) -> str:
    cls, attr = s.new("Net"), s.attribute()
    x = _made_inside(s, x)
    s.add(f"class {cls}:\n    def __init__(self):\n        self.{attr} = {x}")
    return s.pick(f"{cls}().{attr}", f"hidden({cls}()).{attr}")


def _made_inside(s: Strand, x: str) -> str:
    """The expression where ``self`` means another object."""
    return s.named(x) if "self" in x else x


@form
def layer_of_a_base(s: Strand, x: str) -> str:
    base, cls, attr = s.new("Base"), s.new("Net"), s.attribute()
    x = _made_inside(s, x)
    s.add(f"class {base}:\n    def __init__(self):\n        self.{attr} = {x}")
    s.block(f"class {cls}({base}):\n    def look(self):", f"{cls}().look()")
    return f"self.{attr}"


@form
def layer_replaced_in_a_subclass(s: Strand, x: str) -> str:
    base, cls, attr = s.new("Base"), s.new("Net"), s.attribute()
    x = _made_inside(s, x)
    first, second = s.pick((x, s.foreign()), (s.foreign(), x))
    s.block(
        f"class {base}:\n    def __init__(self):\n        self.{attr} = {first}\n    def look(self):",
        f"class {cls}({base}):\n    def __init__(self):\n        super().__init__()\n        self.{attr} = {second}",
        s.pick(f"{cls}().look()", f"{base}().look()"),
    )
    return f"self.{attr}"


@form
def layer_replaced_outside(s: Strand, x: str) -> str:
    cls, attr, net = s.new("Net"), s.attribute(), s.new("net")
    x = _made_inside(s, x)
    s.add(
        f"class {cls}:\n    def __init__(self):\n        self.{attr} = {x}\n"
        f"    def get(self):\n        return self.{attr}"
    )
    s.add(f"{net} = {cls}()")
    s.add(
        s.way(
            object=f"{net}.{attr} = {s.foreign()}",
            setattr=f'setattr({net}, "{attr}", {s.foreign()})',
            hidden=f"hidden({net}).{attr} = {s.foreign()}",
            vars=f'{net}.__dict__["{attr}"] = {s.foreign()}',
        )
    )
    return s.pick(f"{net}.{attr}", f"{net}.get()")


@form
def layer_set_outside(s: Strand, x: str) -> str:
    cls, attr, net = s.new("Net"), s.attribute(), s.new("net")
    x = _made_inside(s, x)
    s.add(
        f"class {cls}:\n    def __init__(self):\n        self.{attr} = {s.foreign()}\n"
        f"    def get(self):\n        return self.{attr}"
    )
    s.add(f"{net} = {cls}()")
    s.add(
        s.way(
            object=f"{net}.{attr} = {x}",
            setattr=f'setattr({net}, "{attr}", {x})',
            vars=f'{net}.__dict__["{attr}"] = {x}',
        )
    )
    return s.pick(f"{net}.{attr}", f"{net}.get()")


@form
def layer_of_a_local_object(s: Strand, x: str) -> str:
    cls, attr, make = s.new("Block"), s.attribute(), s.new("make")
    x = _made_inside(s, x)
    s.add(f"class {cls}:\n    def __init__(self):\n        self.{attr} = {x}")
    s.add(f"def {make}():\n    block = {cls}()\n    return block")
    return f"{make}().{attr}"


@form
def layer_in_a_list(s: Strand, x: str) -> str:
    name = s.new("layers")
    s.add(f"{name} = {s.pick(f'[{x}, {s.foreign()}]', f'({s.foreign()}, {x})')}")
    return f"{name}[{s.way(constant=s.pick('0', '1', '-1'), hidden='hidden(0)')}]"


@form
def layer_list_changed(s: Strand, x: str) -> str:
    name = s.new("layers")
    s.add(f"{name} = [{x}, {s.foreign()}]")
    s.add(
        s.way(
            item=f"{name}[0] = {s.foreign()}",
            reverse=f"{name}.reverse()",
            insert=f"{name}.insert(0, {s.foreign()})",
            pop=f"{name}.pop(0)",
            delete=f"del {name}[0]",
            alias=f"same = {name}\nsame[0] = {s.foreign()}",
            slice=f"{name}[:1] = [{s.foreign()}]",
        )
    )
    return f"{name}[0]"


@form
def layer_appended(s: Strand, x: str) -> str:
    name = s.new("layers")
    s.add(f"{name} = []\n{name}.append({x})")
    return f"{name}[{s.pick('0', '-1')}]"


@form
def layer_in_a_dict(s: Strand, x: str) -> str:
    name = s.new("layers")
    s.add(f'{name} = {{"bn": {x}, "other": {s.foreign()}}}')
    return f"{name}[{s.pick(repr('bn'), 'hidden(' + repr('bn') + ')', repr('other'))}]"


@form
def layer_nested(s: Strand, x: str) -> str:
    name = s.new("layers")
    s.add(f"{name} = [({s.foreign()}, [{x}])]")
    return s.pick(f"{name}[0][1][0]", f"{name}[0][0]")


@form
def layer_unpacked(s: Strand, x: str) -> str:
    first, second = s.new("first"), s.new("second")
    s.add(
        s.pick(
            f"{first}, {second} = {x}, {s.foreign()}",
            f"{first}, {second} = {s.foreign()}, {x}",
            f"({first}, *_), {second} = ({x}, 0), {x}",
        )
    )
    return s.pick(first, second)


@form
def layer_zipped(s: Strand, x: str) -> str:
    name = s.new("layer")
    s.block(
        s.way(
            zip=f"for {name}, i in zip([{x}, {s.foreign()}], range(2)):",
            enumerate=f"for i, {name} in enumerate([{x}, {s.foreign()}]):",
            items=f'for key, {name} in {{"a": {x}, "b": {s.foreign()}}}.items():',
            pairs=f"for {name}, i in [({x}, 0), ({s.foreign()}, 1)]:",
        )
    )
    return name


@form
def layer_loop(s: Strand, x: str) -> str:
    name = s.new("layer")
    s.block(f"for {name} in [{s.pick(x, f'{x}, {s.foreign()}')}]:")
    return name


@form
def layer_comprehension(s: Strand, x: str) -> str:
    name = s.new("layers")
    s.add(f"{name} = [m for m in [{s.foreign()}, {x}]{s.pick('', f' if isinstance(m, {s.spelled})')}]")
    return f"{name}[-1]"


@form
def layer_parameter(s: Strand, x: str) -> str:
    f, name = s.new("look"), s.new("layer")
    s.block(f"def {f}({name}):", f"{f}({x})", *s.pick((), (f"{f}({s.foreign()})",)))
    return name


@form
def layer_default(s: Strand, x: str) -> str:
    f, name = s.new("look"), s.new("layer")
    s.block(f"def {f}({name}={x}):", f"{f}()", *s.pick((), (f"{f}({s.foreign()})",)))
    return name


@form
def layer_annotated(s: Strand, x: str) -> str:
    f, name = s.new("look"), s.new("layer")
    annotation = s.way(
        name=s.spelled,
        text=f'"{s.spelled}"',
        optional=f"Optional[{s.spelled}]",
        base="nn.Module",
        list=f"list[{s.spelled}]",
    )
    if annotation.startswith("list"):
        s.block(f"def {f}({name}: {annotation}):", f"{f}([{x}])")
        return f"{name}[0]"
    s.block(f"def {f}({name}: {annotation}):", f"{f}({x})")
    return name


@form
def annotated_wrongly(s: Strand, x: str) -> str:
    """The annotation names the class, and another object comes."""
    f, name = s.new("look"), s.new("layer")
    s.block(f"def {f}({name}: {s.spelled}):", f"{f}({x})", f"{f}({s.foreign()})")
    return name


@form
def layer_dataclass_field(s: Strand, x: str) -> str:
    cls, attr = s.new("Config"), s.attribute()
    s.add(f"@dataclass\nclass {cls}:\n    {attr}: {s.way(cls=s.spelled, object='object', base='nn.Module')}")
    return f"{cls}({s.pick(x, f'{attr}={x}')}).{attr}"


@form
def layer_property(s: Strand, x: str) -> str:
    cls, attr = s.new("Net"), s.attribute()
    x = _made_inside(s, x)
    s.add(f"class {cls}:\n    @property\n    def {attr}(self):\n        return {x}")
    return f"{cls}().{attr}"


@form
def layer_returned(s: Strand, x: str) -> str:
    f = s.new("make")
    x = _made_inside(s, x)
    body = s.pick(
        f"return {x}", f"if {s.flag()}:\n        return {x}\n    return {s.foreign()}", f"layer = {x}\n    return layer"
    )
    s.add(f"def {f}():\n    {body}")
    return f"{f}()"


@form
def layer_through_a_decorator(s: Strand, x: str) -> str:
    f, change = s.new("make"), s.new("change")
    x = _made_inside(s, x)
    s.add(f"def {change}(f):\n    return lambda: {s.way(kept='f()', changed=s.foreign())}")
    s.add(f"@{change}\ndef {f}():\n    return {x}")
    return f"{f}()"


@form
def layer_through_a_library(s: Strand, x: str) -> str:
    return s.way(hidden=f"hidden({x})", copy=f"deepcopy({x})", iterator=f"next(iter([{x}]))", pop=f"[{x}].pop()")


@form
def layer_of_a_namespace(s: Strand, x: str) -> str:
    return s.way(attribute=f"SimpleNamespace(bn={x}).bn", item=f"vars(SimpleNamespace(bn={x}))['bn']")


@form
def layer_passed_through(s: Strand, x: str) -> str:
    f = s.new("same")
    s.add(f"def {f}(x):\n    return x")
    return f"{f}({x})"


@form
def layer_with_statement(s: Strand, x: str) -> str:
    name = s.new("layer")
    s.block(f"with nullcontext({x}) as {name}:")
    return name


@form
def layer_choice(s: Strand, x: str) -> str:
    return s.pick(
        f"({x} if {s.flag()} else {s.foreign()})",
        f"({s.foreign()} if {s.flag()} else {x})",
        f"({x} or None)",
        f"(None or {x})",
    )


@form
def layer_of_a_comparison(s: Strand, x: str) -> str:
    cls, method = s.new("Box"), s.pick("lt", "gt", "eq", "ne", "le")
    sign = {"lt": "<", "gt": ">", "eq": "==", "ne": "!=", "le": "<="}[method]
    x = _made_inside(s, x)
    s.add(f"class {cls}:\n    def __{method}__(self, other):\n        return {x}")
    reflected = {"<": ">", ">": "<", "<=": ">="}.get(sign, sign)
    return s.pick(f"({cls}() {sign} 1)", f"(1 {reflected} {cls}())")


@form
def layer_made_as_annotated(s: Strand, x: str) -> str:
    """A parameter is called, of which the annotation says what it gives."""
    f, make, name = s.new("look"), s.new("make"), s.new("layer")
    x = _made_inside(s, x)
    s.block(f"def {f}({make}: Callable[[], {s.spelled}]):\n    {name} = {make}()\n    if True:", f"{f}(lambda: {x})")
    return name
