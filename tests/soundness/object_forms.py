"""Forms that keep a class in a class body or on an object."""

from __future__ import annotations

from tests.soundness.strand import Form, Strand, registry

OBJECT_FORMS: dict[str, Form] = {}
form = registry(OBJECT_FORMS)


@form
def class_attribute(s: Strand, e: str) -> str:
    cls, attr = s.new("Net"), s.attribute()
    s.block(f"class {cls}:\n    {attr} = {e}\n    def run(self):", f"{cls}().run()")
    return s.pick(f"self.{attr}", f"{cls}.{attr}", f"type(self).{attr}")


@form
def class_table(s: Strand, e: str) -> str:
    cls = s.new("Net")
    s.block(
        f'class {cls}:\n    NORMS = {{"bn": {e}, "other": {s.other()}}}\n    def run(self, kind="bn"):',
        f"{cls}().run()",
    )
    return s.pick("self.NORMS[kind]", f"{cls}.NORMS[kind]", 'self.NORMS["bn"]')


@form
def class_table_changed(s: Strand, e: str) -> str:
    cls = s.new("Net")
    change = s.way(
        item=f'{cls}.NORMS["bn"] = {s.other()}',
        update=f"{cls}.NORMS.update(bn={s.other()})",
        whole=f'{cls}.NORMS = {{"bn": {s.other()}}}',
    )
    s.block(f'class {cls}:\n    NORMS = {{"bn": {e}}}\n    def run(self):', change, f"{cls}().run()")
    return 'self.NORMS["bn"]'


@form
def overridden_attribute(s: Strand, e: str) -> str:
    base, cls, attr = s.new("Base"), s.new("Net"), s.attribute()
    first, second = s.pick((e, s.other()), (s.other(), e))
    s.block(
        f"class {base}:\n    {attr} = {first}\n    def run(self):",
        f"class {cls}({base}):\n    {attr} = {second}",
        *s.pick((f"{cls}().run()",), (f"{base}().run()",), (f"{cls}().run()", f"{base}().run()")),
    )
    return f"self.{attr}"


@form
def kept_by_the_constructor(s: Strand, e: str) -> str:
    cls, attr, norm = s.new("Net"), s.pick("_norm_layer", "norm"), s.new("norm")
    made = s.pick((f"{cls}()",), (f"{cls}()", f"{cls}({s.other()})"), (f"{cls}({norm}={s.other()})",))
    s.block(
        f"class {cls}:\n    def __init__(self, {norm}={e}):\n        self.{attr} = {norm}\n    def run(self):",
        *(f"{m}.run()" for m in made),
    )
    return f"self.{attr}"


@form
def through_super(s: Strand, e: str) -> str:
    base, cls, attr = s.new("Base"), s.new("Net"), s.attribute()
    arguments = s.way(position=e, keyword=f"norm={e}", args="*args", kwargs="**kwargs")
    inherited = {"*args": ("self, *args", e), "**kwargs": ("self, **kwargs", f"norm={e}")}
    parameters, passed = inherited.get(arguments, ("self", ""))
    s.block(
        f"class {base}:\n    def __init__(self, norm={s.other()}):\n        self.{attr} = norm\n    def run(self):",
        f"class {cls}({base}):\n    def __init__({parameters}):\n        super().__init__({arguments})",
        f"{cls}({passed}).run()",
    )
    return f"self.{attr}"


@form
def assigned_outside(s: Strand, e: str) -> str:
    cls, attr, net = s.new("Net"), s.attribute(), s.new("net")
    change = s.way(
        object=f"{net}.{attr} = {e}",
        cls=f"{cls}.{attr} = {e}",
        setattr=f'setattr({net}, "{attr}", {e})',
        vars=f'vars({net})["{attr}"] = {e}',
    )
    s.block(f"class {cls}:\n    {attr} = {s.other()}\n    def run(self):", f"{net} = {cls}()", change, f"{net}.run()")
    return f"self.{attr}"


@form
def replaced_outside(s: Strand, e: str) -> str:
    cls, attr, net = s.new("Net"), s.attribute(), s.new("net")
    change = s.way(
        object=f"{net}.{attr} = {s.other()}",
        cls=f"{cls}.{attr} = {s.other()}",
        setattr=f'setattr({net}, "{attr}", {s.other()})',
        setattr_of_the_class=f'setattr({cls}, "{attr}", {s.other()})',
        hidden=f"hidden({net}).{attr} = {s.other()}",
        vars=f"{net}.__dict__.update({attr}={s.other()})",
    )
    s.block(f"class {cls}:\n    {attr} = {e}\n    def run(self):", f"{net} = {cls}()", change, f"{net}.run()")
    return f"self.{attr}"


@form
def replaced_by_a_function(s: Strand, e: str) -> str:
    cls, attr, change = s.new("Net"), s.attribute(), s.new("change")
    s.block(
        f"class {cls}:\n    def __init__(self):\n        self.{attr} = {s.named(e)}\n    def run(self):",
        f"def {change}(x):\n    x.{attr} = {s.other()}\n    return x",
        f"{change}({cls}()).run()",
    )
    return f"self.{attr}"


@form
def replaced_by_a_method(s: Strand, e: str) -> str:
    cls, attr = s.new("Net"), s.attribute()
    e = s.named(e)
    s.block(
        f"class {cls}:\n    def __init__(self):\n        self.{attr} = {e}\n"
        f"    def change(self, norm):\n        self.{attr} = norm\n        return self\n    def run(self):",
        f"{cls}().change({s.other()}).run()",
    )
    return f"self.{attr}"


@form
def deleted_attribute(s: Strand, e: str) -> str:
    cls, attr, net = s.new("Net"), s.attribute(), s.new("net")
    s.block(
        f"class {cls}:\n    {attr} = {s.other()}\n    def __init__(self):\n        self.{attr} = {s.named(e)}\n"
        "    def run(self):",
        f"{net} = {cls}()",
        s.way(statement=f"del {net}.{attr}", delattr=f'delattr({net}, "{attr}")'),
        f"{net}.run()",
    )
    return f"self.{attr}"


@form
def attribute_of_a_parameter(s: Strand, e: str) -> str:
    cls, attr, f, x = s.new("Net"), s.attribute(), s.new("use"), s.new("net")
    s.add(f"class {cls}:\n    def __init__(self, norm):\n        self.{attr} = norm")
    s.block(f"def {f}({x}):", f"{f}({cls}({e}))", *s.pick((), (f"{f}({cls}({s.other()}))",)))
    return s.pick(f"{x}.{attr}", f'getattr({x}, "{attr}")')


@form
def method_of_a_parameter(s: Strand, e: str) -> str:
    cls, f, x = s.new("Net"), s.new("use"), s.new("net")
    e = s.named(e)
    s.add(f"class {cls}:\n    def get(self):\n        return {e}")
    s.block(f"def {f}({x}):", f"{f}({cls}())")
    return f"{x}.get()"


@form
def method_with_a_parameter(s: Strand, e: str) -> str:
    """The class of the object is only known where the function is called."""
    cls, f, x, norm = s.new("Net"), s.new("use"), s.new("net"), s.new("norm")
    s.block(
        f"class {cls}:\n    def run(self, {norm}={s.other()}):",
        f"def {f}({x}, n):\n    {x}.run(n)",
        s.way(
            parameter=f"{f}({cls}(), {e})", hidden=f"hidden({cls}()).run({e})", through_class=f"{cls}.run({cls}(), {e})"
        ),
    )
    return norm


@form
def bound_method(s: Strand, e: str) -> str:
    cls, norm, run = s.new("Net"), s.new("norm"), s.new("run")
    s.block(f"class {cls}:\n    def run(self, {norm}={s.other()}):", f"{run} = {cls}().run", f"{run}({e})")
    return norm


@form
def property_value(s: Strand, e: str) -> str:
    cls, attr = s.new("Net"), s.attribute()
    e = s.named(e)
    s.add(f"class {cls}:\n    @{s.pick('property', 'cached_property')}\n    def {attr}(self):\n        return {e}")
    return f"{cls}().{attr}"


@form
def overridden_method(s: Strand, e: str) -> str:
    base, cls = s.new("Base"), s.new("Net")
    first, second = s.pick((s.named(e), s.other()), (s.other(), s.named(e)))
    s.block(
        f"class {base}:\n    def get(self):\n        return {first}\n    def run(self):",
        f"class {cls}({base}):\n    def get(self):\n        return {second}",
        s.pick(f"{cls}().run()", f"{base}().run()"),
    )
    return "self.get()"


@form
def static_and_class_methods(s: Strand, e: str) -> str:
    cls = s.new("Net")
    e = s.named(e)
    kind, first = s.pick(("staticmethod", ""), ("classmethod", "cls"))
    s.add(f"class {cls}:\n    @{kind}\n    def get({first}):\n        return {e}")
    return s.pick(f"{cls}.get()", f"{cls}().get()")


@form
def dataclass_field(s: Strand, e: str) -> str:
    cls, attr, net = s.new("Config"), s.attribute(), s.new("config")
    value = s.pick(e, f"field(default={e})")
    s.add(f"@dataclass\nclass {cls}:\n    {attr}: object = {value}")
    s.add(f"{net} = {cls}({s.pick('', s.other(), f'{attr}={s.other()}')})")
    return f"{net}.{attr}"


@form
def dataclass_argument(s: Strand, e: str) -> str:
    cls, attr = s.new("Config"), s.attribute()
    s.add(f"@dataclass\nclass {cls}:\n    {attr}: {s.pick('object', 'type')}")
    return f"{cls}({s.pick(e, f'{attr}={e}')}).{attr}"


@form
def named_tuple(s: Strand, e: str) -> str:
    cls = s.new("Config")
    s.add(f"class {cls}(NamedTuple):\n    norm: object = {s.other()}")
    return f"{cls}({s.pick(e, f'norm={e}')}){s.way(attribute='.norm', item='[0]')}"


@form
def namespace(s: Strand, e: str) -> str:
    name = s.new("config")
    s.add(f"{name} = SimpleNamespace(norm={e})")
    s.add(s.way(kept="pass", changed=f"{name}.norm = {s.other()}"))
    return f"{name}.norm"


@form
def attribute_lookup(s: Strand, e: str) -> str:
    cls = s.new("Net")
    s.add(f"class {cls}:\n    norm = {e}\n    def __getattr__(self, name):\n        return {s.other()}")
    return f"{cls}(){s.way(there='.norm', missing='.missing')}"


@form
def type_of_an_instance(s: Strand, e: str) -> str:
    name = s.new("first")
    s.add(f"{name} = {e}(3)")
    return s.pick(f"type({name})", f"{name}.__class__")


@form
def call_method(s: Strand, e: str) -> str:
    cls = s.new("Make")
    e = s.named(e)
    s.add(f"class {cls}:\n    def __call__(self, *args, **kwargs):\n        return {e}(*args, **kwargs)")
    return f"{cls}()"


@form
def new_method(s: Strand, e: str) -> str:
    cls = s.new("Make")
    e = s.named(e)
    s.add(f"class {cls}:\n    def __new__(cls, *args, **kwargs):\n        return {e}(*args, **kwargs)")
    return cls
