"""Forms that pass a class through functions, methods and objects."""

from __future__ import annotations

from tests.soundness.strand import Form, Strand, registry

SCOPE_FORMS: dict[str, Form] = {}
form = registry(SCOPE_FORMS)


@form
def default(s: Strand, e: str) -> str:
    f, norm = s.new("use"), s.new("norm")
    calls = s.pick((f"{f}()",), (f"{f}()", f"{f}({s.other()})"), (f"{f}()", f"{f}({norm}={s.other()})"))
    s.block(f"def {f}({norm}={e}):", *calls)
    return norm


@form
def default_none(s: Strand, e: str) -> str:
    f, norm = s.new("use"), s.new("norm")
    s.block(f"def {f}({norm}=None):", *s.pick((f"{f}()",), (f"{f}()", f"{f}({s.other()})")))
    return s.pick(_replaced, _chosen, _alternative)(s, norm, e)


def _replaced(s: Strand, norm: str, e: str) -> str:
    s.add(f"if {norm} is None:\n    {norm} = {e}")
    return norm


def _chosen(s: Strand, norm: str, e: str) -> str:
    s.add(f"{norm} = {e} if {norm} is None else {norm}")
    return norm


def _alternative(s: Strand, norm: str, e: str) -> str:
    s.add(f"{norm} = {norm} or {e}")
    return norm


@form
def parameter(s: Strand, e: str) -> str:
    f, norm = s.new("use"), s.new("norm")
    calls = s.pick(
        (f"{f}({e})",),
        (f"{f}({norm}={e})",),
        (f"{f}({e})", f"{f}({s.other()})"),
    )
    s.block(f"def {f}({norm}):", *calls)
    return norm


@form
def parameter_replaced(s: Strand, e: str) -> str:
    f, norm = s.new("use"), s.new("norm")
    s.block(f"def {f}({norm}):", f"{f}({e})")
    s.add(f"if {s.flag()}:\n    {norm} = {s.other()}")
    return norm


@form
def star_call(s: Strand, e: str) -> str:
    f, norm = s.new("use"), s.new("norm")
    first = s.pick(f"{norm}={s.other()}", f"{norm}=None")
    call = s.way(
        list=f"{f}(*[{e}])", tuple=f"{f}(*({e},))", dict=f'{f}(**{{"{norm}": {e}}})', call=f"{f}(**dict({norm}={e}))"
    )
    s.block(f"def {f}({first}):", call)
    return norm


@form
def star_call_of_a_name(s: Strand, e: str) -> str:
    f, norm, arguments = s.new("use"), s.new("norm"), s.new("arguments")
    listed = s.pick(True, False)
    s.add(f"{arguments} = [{e}]" if listed else f'{arguments} = {{"{norm}": {e}}}')
    s.block(f"def {f}({norm}={s.other()}):", f"{f}({'*' if listed else '**'}{arguments})")
    return norm


@form
def star_parameter(s: Strand, e: str) -> str:
    f, norms = s.new("use"), s.new("norms")
    s.block(f"def {f}(*{norms}):", f"{f}({e}, {s.other()})")
    return f"{norms}[{s.pick('0', '1')}]"


@form
def keyword_parameter(s: Strand, e: str) -> str:
    f, options = s.new("use"), s.new("options")
    s.block(f"def {f}(**{options}):", f"{f}(norm={e})")
    return s.way(item=f'{options}["norm"]', get=f'{options}.get("norm")', default=f'{options}.get("norm", {s.other()})')


@form
def passed_on(s: Strand, e: str) -> str:
    """``*args, **kwargs`` of one function go on to another."""
    inner, outer, norm = s.new("inner"), s.new("outer"), s.new("norm")
    call = s.way(position=f"{outer}({e})", keyword=f"{outer}({norm}={e})")
    s.block(
        f"def {inner}({norm}={s.other()}):",
        f"def {outer}(*args, **kwargs):\n    {inner}(*args, **kwargs)",
        call,
    )
    return norm


@form
def partial_of_a_function(s: Strand, e: str) -> str:
    f, norm = s.new("use"), s.new("norm")
    call = s.pick(f"partial({f}, {e})()", f"partial({f}, {norm}={e})()", f"partial({f})({e})")
    s.block(f"def {f}({norm}={s.other()}):", call)
    return norm


@form
def callback(s: Strand, e: str) -> str:
    f, apply, norm = s.new("use"), s.new("apply"), s.new("norm")
    s.block(f"def {f}({norm}={s.other()}):", f"def {apply}(f, x):\n    f(x)", f"{apply}({f}, {e})")
    return norm


@form
def callback_of_a_library(s: Strand, e: str) -> str:
    f, norm = s.new("use"), s.new("norm")
    s.block(f"def {f}({norm}={s.other()}):", s.way(map=f"list(map({f}, [{e}]))", hidden=f"hidden({f})({e})"))
    return norm


@form
def function_in_a_container(s: Strand, e: str) -> str:
    f, norm, table = s.new("use"), s.new("norm"), s.new("table")
    call = s.way(dict=f'{table} = {{"f": {f}}}\n{table}["f"]({e})', list=f"{table} = [{f}]\n{table}[0]({norm}={e})")
    s.block(f"def {f}({norm}={s.other()}):", call)
    return norm


@form
def returned(s: Strand, e: str) -> str:
    f = s.new("get")
    e = s.named(e)
    s.add(f"def {f}():\n    return {e}")
    return f"{f}()"


@form
def factory(s: Strand, e: str) -> str:
    f = s.new("get")
    e = s.named(e)
    body = s.pick(
        f'    return {{"bn": {e}, "other": {s.other()}}}[name]',
        f'    if name == "bn":\n        return {e}\n    return {s.other()}',
        f'    if name == "other":\n        norm = {s.other()}\n'
        f'    elif name == "bn":\n        norm = {e}\n    return norm',
        f'    match name:\n        case "bn":\n            return {e}\n    return {s.other()}',
    )
    s.add(f"def {f}(name):\n{body}")
    return f"{f}({s.pick(repr('bn'), repr('other'), 'hidden(' + repr('bn') + ')')})"


@form
def identity(s: Strand, e: str) -> str:
    f = s.new("same")
    s.add(f"def {f}(x):\n    return x")
    uses = s.pick("", f"{f}({s.other()})")
    if uses:
        s.add(uses)
    return f"{f}({e})"


@form
def several_results(s: Strand, e: str) -> str:
    f, norm = s.new("get"), s.new("Norm")
    e = s.named(e)
    s.add(f"def {f}():\n    return {e}, {s.other()}")
    s.add(f"{norm}, _ = {f}()")
    return s.pick(norm, f"{f}()[{s.pick('0', '1')}]")


@form
def generator(s: Strand, e: str) -> str:
    f, norm = s.new("get"), s.new("Norm")
    e = s.named(e)
    s.add(f"def {f}():\n    yield {e}\n    yield {s.other()}")
    s.block(f"for {norm} in {f}():")
    return norm


@form
def closure(s: Strand, e: str) -> str:
    f, norm = s.new("outer"), s.new("norm")
    inner = s.new("inner")
    s.block(f"def {f}({norm}={e}):\n    def {inner}():", f"    {inner}()", f"{f}()")
    return norm


@form
def closure_changed(s: Strand, e: str) -> str:
    f, norm, change = s.new("outer"), s.new("norm"), s.new("change")
    s.block(
        f"def {f}():\n    {norm} = {s.named(e)}\n    def {change}():\n        nonlocal {norm}\n"
        f"        {norm} = {s.other()}\n"
        f"    {change}()\n    if True:",
        f"{f}()",
    )
    return norm


@form
def global_changed(s: Strand, e: str) -> str:
    if s.depth:
        return e
    norm, change = s.new("Norm"), s.new("change")
    s.add(f"{norm} = {s.other()}")
    s.add(f"def {change}():\n    global {norm}\n    {norm} = {e}")
    s.add(f"{change}()")
    return norm


@form
def globals_changed(s: Strand, e: str) -> str:
    if s.depth:
        return e
    norm = s.new("Norm")
    s.add(f"{norm} = {e}")
    s.add(f'globals()["{norm}"] = {s.other()}')
    return norm


@form
def kept_by_a_decorator(s: Strand, e: str) -> str:
    keep, f = s.new("keep"), s.new("get")
    e = s.named(e)
    s.add(s.way(same=f"def {keep}(f):\n    return f", called=f"def {keep}(f):\n    return lambda *a, **k: f(*a, **k)"))
    s.add(f"@{keep}\ndef {f}():\n    return {e}")
    return f"{f}()"


@form
def changed_by_a_decorator(s: Strand, e: str) -> str:
    change, f = s.new("change"), s.new("get")
    e = s.named(e)
    s.add(f"def {change}(f):\n    return lambda: {e}")
    s.add(f"@{change}\ndef {f}():\n    return {s.other()}")
    return f"{f}()"


@form
def replaced_by_a_decorator(s: Strand, e: str) -> str:
    change, f = s.new("change"), s.new("get")
    e = s.named(e)
    s.add(f"def {change}(f):\n    return lambda: {s.other()}")
    s.add(f"@{change}\ndef {f}():\n    return {e}")
    return f"{f}()"


@form
def argument_of_a_decorator(s: Strand, e: str) -> str:
    fill, f, norm = s.new("fill"), s.new("use"), s.new("norm")
    e = s.named(e)
    s.add(f"def {fill}(f):\n    return lambda: f({e})")
    s.block(f"@{fill}\ndef {f}({norm}={s.other()}):", f"{f}()")
    return norm


@form
def cached(s: Strand, e: str) -> str:
    f = s.new("get")
    e = s.named(e)
    s.add(f"@lru_cache\ndef {f}():\n    return {e}")
    return f"{f}()"


@form
def function_attribute(s: Strand, e: str) -> str:
    f = s.new("get")
    s.add(f"def {f}():\n    pass")
    s.add(f"{f}.norm = {e}")
    return f"{f}.norm"
