"""How a program passes a class around: each form takes an expression of a class and gives another one."""

from __future__ import annotations

from tests.soundness.strand import Form, Strand, registry

CLASS_FORMS: dict[str, Form] = {}
form = registry(CLASS_FORMS)


@form
def alias(s: Strand, e: str) -> str:
    name = s.new("Norm")
    s.add(f"{name} = {e}")
    return name


@form
def unpacked(s: Strand, e: str) -> str:
    name = s.new("Norm")
    s.add(s.pick(f"{name}, rest = {e}, 0", f"{name}, *rest = [{e}, 0]", f"(first, {name}) = (0, {e})"))
    return name


@form
def swapped(s: Strand, e: str) -> str:
    a, b = s.new("a"), s.new("b")
    s.add(f"{a}, {b} = {e}, {s.other()}")
    s.add(f"{a}, {b} = {b}, {a}")
    return s.pick(a, b)


@form
def assigned_twice(s: Strand, e: str) -> str:
    name = s.new("Norm")
    s.add(f"{name} = {e}")
    s.block(f"if {s.flag()}:")
    s.add(f"{name} = {s.other()}")
    s.leave()
    return name


@form
def walrus(s: Strand, e: str) -> str:
    name = s.new("Norm")
    s.add(f"kept = ({name} := {e})")
    return s.pick(name, "kept")


@form
def conditional(s: Strand, e: str) -> str:
    other = s.other()
    return f"({e} if {s.flag()} else {other})" if s.pick(True, False) else f"({other} if {s.flag()} else {e})"


@form
def either_or(s: Strand, e: str) -> str:
    return s.pick(f"(None or {e})", f"(hidden(None) or {e})", f"(hidden({s.other()}) or {e})", f"({e} or None)")


@form
def list_index(s: Strand, e: str) -> str:
    name = s.new("norms")
    s.add(f"{name} = {s.pick(f'[{e}, {s.other()}]', f'({s.other()}, {e})')}")
    return f"{name}[{s.pick('0', '1', '-1', 'hidden(0)', 'hidden(1)')}]"


@form
def list_slice(s: Strand, e: str) -> str:
    name = s.new("norms")
    s.add(f"{name} = [{s.other()}, {e}]")
    return s.way(
        slice=f"{name}[1:][0]",
        reverse=f"{name}[::-1][0]",
        sum=f"({name} + [0])[1]",
        copy=f"list({name})[1]",
        star=f"[*{name}][1]",
    )


@form
def list_changed(s: Strand, e: str) -> str:
    name = s.new("norms")
    s.add(f"{name} = [{s.other()}]")
    s.add(
        s.way(
            append=f"{name}.append({e})",
            item=f"{name}[0] = {e}",
            plus=f"{name} += [{e}]",
            insert=f"{name}.insert(0, {e})",
            extend=f"{name}.extend([{e}])",
            slice=f"{name}[:] = [{e}]",
        )
    )
    return f"{name}[{s.pick('0', '-1')}]"


@form
def list_reordered(s: Strand, e: str) -> str:
    name = s.new("norms")
    s.add(f"{name} = [{s.other()}, {e}]")
    s.add(
        s.way(
            reverse=f"{name}.reverse()",
            delete=f"del {name}[0]",
            pop=f"{name}.pop(0)",
            swap=f"{name}[0], {name}[1] = {name}[1], {name}[0]",
        )
    )
    return f"{name}[0]"


@form
def list_alias(s: Strand, e: str) -> str:
    name, second = s.new("norms"), s.new("same")
    s.add(f"{name} = [{e}]")
    s.add(f"{second} = {name}")
    s.add(
        s.way(
            append=f"{second}.append({s.other()})",
            item=f"{second}[0] = {s.other()}",
            plus=f"{second} += [{s.other()}]",
        )
    )
    return f"{name}[{s.pick('0', '-1', 'hidden(0)')}]"


@form
def list_changed_by_a_function(s: Strand, e: str) -> str:
    name, change, items = s.new("norms"), s.new("change"), s.new("items")
    s.add(f"{name} = [{e}]")
    s.add(f"def {change}({items}):\n    {items}[0] = {s.other()}")
    s.add(f"{change}({name})")
    return f"{name}[0]"


@form
def dict_index(s: Strand, e: str) -> str:
    name = s.new("NORMS")
    s.add(f'{name} = {{"bn": {e}, "other": {s.other()}}}')
    key = s.pick('"bn"', 'hidden("bn")', 'hidden("other")', '"other"')
    return s.pick(f"{name}[{key}]", f"{name}.get({key})", f"{name}.get({key}, {s.other()})", f"{name}.pop({key})")


@form
def dict_missing(s: Strand, e: str) -> str:
    name = s.new("NORMS")
    s.add(f'{name} = {{"other": {s.other()}}}')
    return f'{name}.{s.pick("get", "setdefault")}("bn", {e})'


@form
def dict_changed(s: Strand, e: str) -> str:
    name = s.new("NORMS")
    s.add(f'{name} = {{"bn": {s.other()}}}')
    s.add(
        s.way(
            item=f'{name}["bn"] = {e}',
            keyword=f"{name}.update(bn={e})",
            update=f'{name}.update({{"bn": {e}}})',
            union=f'{name} |= {{"bn": {e}}}',
            dunder=f'{name}.__setitem__("bn", {e})',
        )
    )
    return f'{name}["bn"]'


@form
def dict_made(s: Strand, e: str) -> str:
    made = s.way(
        keyword=f"dict(bn={e})",
        star=f'{{**{{"bn": {e}}}}}',
        pairs=f'dict([("bn", {e})])',
        comprehension=f'{{k: {e} for k in ["bn"]}}',
        union=f'({{"bn": {s.other()}}} | {{"bn": {e}}})',
        copy=f'{{"bn": {e}}}.copy()',
    )
    return f'{made}["bn"]'


@form
def dict_overridden(s: Strand, e: str) -> str:
    other = s.other()
    made = s.way(
        twice=f'{{"bn": {e}, "bn": {other}}}',
        star=f'{{"bn": {e}, **{{"bn": {other}}}}}',
        keyword=f'dict({{"bn": {e}}}, bn={other})',
    )
    return f'{made}["bn"]'


@form
def dict_alias(s: Strand, e: str) -> str:
    name, second = s.new("NORMS"), s.new("same")
    s.add(f'{name} = {{"bn": {e}}}')
    s.add(f"{second} = {name}")
    s.add(s.way(item=f'{second}["bn"] = {s.other()}', update=f"{second}.update(bn={s.other()})"))
    return f'{name}["bn"]'


@form
def dict_filled_by_a_function(s: Strand, e: str) -> str:
    name, change, norm = s.new("NORMS"), s.new("register"), s.new("norm")
    s.add(f'{name} = {{"bn": {s.other()}}}')
    s.add(f"def {change}(key, {norm}):\n    {name}[key] = {norm}")
    s.add(f'{change}("bn", {e})')
    return f'{name}["bn"]'


@form
def dict_changed_through_a_parameter(s: Strand, e: str) -> str:
    name, change, table = s.new("NORMS"), s.new("register"), s.new("table")
    s.add(f'{name} = {{"bn": {e}}}')
    s.add(f'def {change}({table}):\n    {table}["bn"] = {s.other()}')
    s.add(f"{change}({name})")
    return f'{name}["bn"]'


@form
def registering_decorator(s: Strand, e: str) -> str:
    name, change = s.new("NORMS"), s.new("register")
    e = s.named(e)
    s.add(f"{name} = {{}}")
    s.add(f"def {change}(f):\n    {name}[f.__name__] = f\n    return f")
    s.add(f"@{change}\ndef bn(*args, **kwargs):\n    return {e}(*args, **kwargs)")
    return f'{name}["bn"]'


@form
def nested_containers(s: Strand, e: str) -> str:
    name = s.new("table")
    s.add(f'{name} = {{"norms": [({s.other()}, {e})]}}')
    return f'{name}["norms"][0][{s.pick("1", "0", "-1")}]'


@form
def loop(s: Strand, e: str) -> str:
    name = s.new("Norm")
    s.block(f"for {name} in {s.pick(f'[{e}]', f'({e}, {s.other()})', f'[{s.other()}, {e}]')}:")
    return name


@form
def loop_over_items(s: Strand, e: str) -> str:
    name = s.new("Norm")
    s.block(
        s.way(
            items=f'for key, {name} in {{"a": {e}, "b": {s.other()}}}.items():',
            values=f'for {name} in {{"a": {e}, "b": {s.other()}}}.values():',
            enumerate=f"for i, {name} in enumerate([{e}, {s.other()}]):",
            zip=f"for i, {name} in zip([1, 2], [{e}, {s.other()}]):",
            pairs=f"for {name}, i in [({e}, 1), ({s.other()}, 2)]:",
            reversed=f"for {name} in reversed([{e}, {s.other()}]):",
        )
    )
    return name


@form
def comprehension(s: Strand, e: str) -> str:
    name = s.new("norms")
    s.add(f"{name} = {s.pick(f'[n for n in ({e}, {s.other()})]', f'[n for n in [{e}] if n]')}")
    return f"{name}[0]"


@form
def lambda_value(s: Strand, e: str) -> str:
    return s.pick(f"(lambda: {e})()", f"(lambda n: n)({e})", f"(lambda n={e}: n)()")


@form
def lambda_call(s: Strand, e: str) -> str:
    name = s.new("make")
    e = s.named(e)
    s.add(f"{name} = lambda *args, **kwargs: {e}(*args, **kwargs)")
    return name


@form
def partial(s: Strand, e: str) -> str:
    return s.way(
        plain=s.pick(f"partial({e})", f"partial({e}, eps=1e-3)"),
        momentum=f"partial({e}, momentum=0.3)",
        fixed=f"partial({e}, affine=False)",
    )


@form
def partial_of_partial(s: Strand, e: str) -> str:
    second = s.way(momentum="momentum=0.2", fixed="affine=False")
    return f"partial(partial({e}, {s.pick('momentum=0.3', 'eps=1e-3')}), {second})"


@form
def partial_with_stars(s: Strand, e: str) -> str:
    options = s.new("options")
    s.add(f"{options} = {s.pick('dict(momentum=0.3)', '{' + repr('momentum') + ': 0.3}')}")
    return f"partial({e}, **{options})"


@form
def unknown_call(s: Strand, e: str) -> str:
    return s.way(
        argument=f"hidden({e})",
        container=f"hidden([{e}])[0]",
        iterator=f"next(iter([{e}]))",
        builtin=f"max([{e}], key=id)",
    )


@form
def matched(s: Strand, e: str) -> str:
    name = s.new("Norm")
    s.add(
        f"match {s.pick('hidden(0)', 'hidden(1)', '0')}:\n    case 0:\n        {name} = {e}\n"
        f"    case _:\n        {name} = {s.other()}"
    )
    return name


@form
def match_capture(s: Strand, e: str) -> str:
    name = s.new("Norm")
    s.block(f"match {e}, 1:\n    case {name}, 1:")
    return name


@form
def tried(s: Strand, e: str) -> str:
    name = s.new("Norm")
    failing = s.pick("hidden(None)", "hidden(None).missing")
    s.add(f"try:\n    {name} = {e}\n    {failing}\nexcept AttributeError:\n    {name} = {s.other()}")
    return name


@form
def with_statement(s: Strand, e: str) -> str:
    name = s.new("Norm")
    s.block(f"with nullcontext({e}) as {name}:")
    return name
