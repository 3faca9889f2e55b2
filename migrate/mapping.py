"""What a rule says about one argument, attribute or method, in words: for the documentation and for editors."""

from __future__ import annotations

from migrate.rule import AttributeTreatment, MethodTreatment, Parameter


def argument(parameter: Parameter) -> tuple[str, str, str]:
    """The argument, what becomes of it, and what of it is left for review; Markdown."""
    t = parameter.treatment
    name = t.to or parameter.name
    if t.action == "complement":
        becomes = f"`{name}=1 - {parameter.name}`, a literal exactly (0.1 → 0.9)"
    elif t.action == "map":
        cases = (f"`{torch}` → {f'`{new}`' if new else 'omitted'}" for torch, new in _mapped(parameter))
        becomes = f"`{name}`: " + ", ".join(cases)
    elif t.action == "drop":
        becomes = "dropped"
    else:
        becomes = "the same" + (f"; a value of another type is made `{t.cast}`" if t.cast else "")
    review = [f"{bounds}: {t.outside}"] if (bounds := _bounds(parameter)) else []
    if t.only:
        review.append(f"anything but {_codes(t.only)}: {t.outside}")
    if t.never:
        review.append(f"{_codes(t.never)}: {t.outside}")
    if t.none:
        review.append(f"`None`: {t.none}")
    return f"`{parameter.name}`", becomes, "; ".join(review)


def _mapped(parameter: Parameter) -> list[tuple[str, str]]:
    t = parameter.treatment
    return [("True", t.when_true), ("False", t.when_false), ("e", t.otherwise.replace("{value}", "e"))]


def _bounds(parameter: Parameter) -> str:
    """The refused range in words; empty where every value is accepted."""
    t = parameter.treatment
    limits = [(t.minimum, "below"), (t.exclusive_minimum, "not above"), (t.maximum, "above")]
    return " or ".join(f"{word} {limit:g}" for limit, word in limits if limit is not None)


def _codes(texts: tuple[str, ...]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


def attribute(t: AttributeTreatment, written_back: bool) -> tuple[str, str]:
    """What an attribute becomes, and which uses are left for review; ``written_back``: an assignment has a rewrite."""
    if t.refuse:
        return "none", t.refuse
    review = [f"assigned{' what the file does not tell' * written_back}: {t.write}"] if t.write else []
    guard = "" if t.absent is None else f", unless to write {t.absent:g}"
    review += [f"compared with `None`{guard}: {t.none_test}"] if t.none_test else []
    return f"`{t.to}`", "; ".join(review)


def method(t: MethodTreatment) -> tuple[str, str]:
    """What a method becomes, and which calls are left for review."""
    if t.tensors:
        return _given(t)
    if t.to or t.call:
        held = _codes(t.contexts).replace("`", "").replace(", ", " or ")
        review = [f"unless {held}: {t.refuse}"] if t.contexts else []
        review += [f"of a subclass, unless unused or counted: {t.refuse}"] if t.more else []
        becomes = f"`{t.call or t.to + '()'}`" + (", `iter(…)` of it where an iterator is needed" if t.iterator else "")
        return becomes, "; ".join(review).replace("{object}", "m")
    if t.statements:
        condition = f"with `{', '.join(t.when)}`: " if t.when else ""
        written = " ".join(line.strip() for line in t.statements) if len(t.statements) <= 2 else ""
        short = written.replace("{object}", "m").replace("{fresh}", "p")
        done = f"`{short}`" if short and "initializer" not in short else "`set_data(initializer(…))` on each tensor"
        return condition + done, f"otherwise, or inside an expression: {t.refuse.replace('{object}', 'm')}"
    return "none", t.refuse.replace("{object}", "m")


def _given(t: MethodTreatment) -> tuple[str, str]:
    """What becomes of a method that gives tensors."""
    pairs = " in pairs with their names" if t.named else ""
    becomes = f"{_codes(t.tensors)} under their new names, written out{pairs}"
    if t.to:
        becomes += f"; `{t.to}()` in a loop that concerns what is trained alone"
    review = [f"where the layer may have none: {t.absent}", f"where it has none: {t.none}", f"of a subclass: {t.more}"]
    review += [f"where names are looked at: {t.names}"] if t.names else []
    return becomes, "; ".join([*review, f"otherwise: {t.refuse}"]).replace("{object}", "m")
