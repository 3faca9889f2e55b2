"""Combinations of forms that the analysis gets wrong so far, by cause: a row goes when its cause is mended."""

from __future__ import annotations

from collections.abc import Collection

FOLLOWED = (
    "with other arguments",
    "with momentum by position",
    "with stars",
    "with named stars",
    "through options",
    "through a shared function",
    "through a library",
)
"""Calls that are not recognised where nothing shows what is called."""
READ = (
    "an attribute",
    "an initialisation",
    "a method",
    "an attribute by name",
    "a test against none",
    "a momentum assigned",
)
"""Uses that are not recognised where nothing shows what the object is."""

SEVERAL_FILES = False
"""Whether strands are divided between the files of a package: values that cross files are still lost."""

Row = tuple[tuple[str, ...], ...]

NOT_YET: dict[str, Row] = {
    "a torch tensor is handed to set_data": (("an initialisation: data",),),
    "a parameter that torch leaves out is read": (
        ("with other arguments: fixed", "partial: fixed", "partial of partial: fixed"),
        ("an attribute: parameter",),
    ),
    "a statistic that torch leaves out is read": (("with other arguments: untracked",), ("an attribute: statistic",)),
    "an attribute is changed from outside": (
        (
            "assigned outside",
            "attribute lookup: missing",
            "block replaced: vars",
            "class table changed: whole",
            "globals changed",
            "layer replaced outside",
            "layer set outside",
            "replaced by a function",
            "replaced outside",
        ),
    ),
    "a container is changed under another name or in another function": (
        (
            "dict alias",
            "dict changed through a parameter",
            "dict changed: dunder",
            "layer list changed: alias",
            "list alias",
            "list changed by a function",
        ),
    ),
    "a container is changed by what is not in the list of changes": (
        (
            "layer list changed: delete",
            "layer list changed: pop",
            "layer list changed: reverse",
            "list reordered",
        ),
    ),
    "arguments pass through stars": (
        ("passed on", "star call", "star call of a name", "through super: args", "through super: kwargs"),
    ),
    "super().__init__ of a local base is not followed": (("through super: keyword", "through super: position"),),
    "other code calls the function": (
        (
            "argument of a decorator",
            "callback of a library",
            "method with a parameter: hidden",
        ),
    ),
    "a decorator changes the result": (
        ("changed by a decorator", "layer through a decorator: changed", "replaced by a decorator"),
    ),
    "the result of an unknown call": (("unknown call", "through a library: hidden", "through a library: map"),),
    "fields of dataclasses and named tuples": (("dataclass field", "named tuple"),),
    "a test outlives a change": (
        (
            "attribute replaced after the test",
            "item replaced after the test",
            "name replaced by a closure",
            "name replaced in a loop",
            "own isinstance",
        ),
    ),
    "an annotation is believed against the calls": (("annotated wrongly",),),
}
"""For each cause groups of forms: no strand holds one form of each group. A way of a form stands behind a colon."""

UNKNOWN_CLASS = (
    "attribute of a parameter",
    "comprehension",
    "dataclass argument",
    "dict changed",
    "dict filled by a function",
    "dict made",
    "dict overridden: keyword",
    "generator",
    "keyword parameter",
    "list changed",
    "list slice",
    "loop over items: enumerate",
    "loop over items: reversed",
    "loop over items: zip",
    "match capture",
    "namespace",
    "star parameter",
    "with statement",
)
UNKNOWN_LAYER = (
    "early exit of some",
    "layer appended",
    "layer comprehension",
    "layer dataclass field: base",
    "layer dataclass field: object",
    "layer made by a constructor",
    "layer of a namespace",
    "layer through a library",
    "layer with statement",
    "layer zipped: enumerate",
    "layer zipped: zip",
)
HANDED_ON = (
    "call method",
    "lambda call",
    "new method",
    "partial",
    "partial of partial",
    "partial with stars",
    "registering decorator",
)
"""Forms that call what they get with stars, or make a partial of it."""
MIXED = (
    "assigned twice",
    "attribute lookup",
    "bound method",
    "callback",
    "class table",
    "class table changed",
    "closure changed",
    "conditional",
    "default",
    "default none",
    "deleted attribute",
    "dict index",
    "dict missing",
    "dict overridden",
    "early exit of some",
    "either or",
    "factory",
    "function in a container",
    "global changed",
    "identity",
    "index changed after the test",
    "isinstance with others",
    "kept by the constructor",
    "layer assigned again",
    "layer choice",
    "layer default",
    "layer in a dict",
    "layer in a list",
    "layer loop",
    "layer of self",
    "layer parameter",
    "layer replaced in a subclass",
    "layer returned",
    "layer unpacked",
    "layer zipped",
    "list index",
    "loop",
    "loop over items",
    "matched",
    "name replaced after the test",
    "negative branch",
    "nested containers",
    "overridden attribute",
    "overridden method",
    "parameter",
    "parameter replaced",
    "partial of a function",
    "registering decorator",
    "remembered test",
    "replaced by a method",
    "several results",
    "star parameter",
    "swapped",
    "tried",
    "type of another",
)
"""Forms in which another object comes as well, or instead."""
NOT_YET |= {
    "an unknown callee with other arguments than momentum": (UNKNOWN_CLASS, (*FOLLOWED, *HANDED_ON)),
    "an unknown callee where the class is nowhere spelled as a value": (UNKNOWN_CLASS, ("Sub", "type of an instance")),
    "an annotation is believed against several calls": (MIXED, ("layer annotated", "layer dataclass field: cls")),
    "an attribute of an object of unknown class": ((*UNKNOWN_CLASS, *UNKNOWN_LAYER, "negative branch"), READ),
    "a layer that is looked up by an unknown function": (("an attribute by name: hidden",),),
}


def excluded(forms: Collection[str]) -> set[str]:
    """The forms that would complete a row in a strand that has ``forms``."""
    result: set[str] = set()
    for row in NOT_YET.values():
        missing = [group for group in row if not any(form in group for form in forms)]
        if len(missing) == 1:
            result.update(missing[0])
    return result
