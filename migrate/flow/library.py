"""What functions and classes of libraries do with what they get, as far as it can be followed; plain data."""

from __future__ import annotations

from typing import Literal

Effect = Literal[
    "partial",
    "arguments",
    "collection",
    "mapping",
    "keys",
    "chosen",
    "default mapping",
    "field",
    "record class",
    "changed",
    "module by name",
    "method partial",
    "starred map",
    "selected",
    "cast",
    "bound",
    "new type",
    "type",
    "elements",
    "inner elements",
    "repeated",
    "rows",
    "modules",
    "attributes",
    "wrapper",
    "element",
    "mapped",
    "getter",
    "nothing",
    "decorator",
    "optional decorator",
    "member",
    "set member",
    "member getter",
    "method caller",
    "item getter",
    "operator",
    "namespace",
    "fields",
    "dispatched",
    "root module",
    "reduced",
]
"""
``partial``: the call is a partial of its first argument
``arguments``: gives back its arguments
``cast``: gives back its second argument, as an instance of the first
``bound``: stands for the classes that it gets
``new type``: stands for its second argument in annotations, and gives back what it is called with
``collection``: gives back its argument, or an empty container
``mapping``: gives back its argument, or a container of its keywords and of the pairs that it gets
``keys``: a container of its second argument under the elements of the first
``default mapping``: a container of what its first argument gives, and of what is put there
``record class``: gives a class whose objects have what they are made with, by place and by the names in the second
``changed``: gives its first argument, with its keywords as attributes
``module by name``, ``root module``: gives the module that its argument names, or the one around it
``operator``: gives what the operator of its name does
``item getter``: gives a function that gives elements of what it gets
``namespace``: a container of the attributes of its argument
``fields``: a container of records, of which each has the value of a field of its argument as ``default``
``dispatched``: gives back a function, which passes what it gets to those that are registered
``method partial``: a partial whose first place is left for the object
``field``: gives its default, or what its factory does
``elements``: a container of the elements of its arguments, in another order
``inner elements``: a container of the elements of the elements of its arguments
``repeated``: a container of its argument
``rows``: a container of containers of these
``type``: gives the class of its argument
``modules``: a container of what it gets, of its elements where these are starred or in a list
``attributes``: an object with its keywords as attributes
``wrapper``: an object that holds its first argument as its ``module``
``element``: gives an element of its first argument, or the second
``chosen``: gives one of its arguments, or an element where it gets one
``mapped``: a container of what its first argument gives for the elements of the others
``starred map``: the same for elements that are unpacked
``selected``: gives back its second argument, and calls the first with its elements
``getter``: gives what its first argument gives when it is called
``nothing``: looks at what it gets
``decorator``: gives a function that gives back what it gets
``member``, ``set member``: gives, or sets, a member of its first argument by its name
``member getter``: gives a function that gives members of what it gets
``method caller``: gives a function that calls a method of what it gets
``reduced``: gives what its first argument gives for the elements of the second, one after the other
``optional decorator``: gives back what it gets by position or, where there is none, gives such a function
"""

DECORATOR = "a decorator"
"""The name of what gives back what it gets, where a library makes it."""

OPERATORS = (
    "abs",
    "add",
    "and_",
    "concat",
    "floordiv",
    "iadd",
    "iand",
    "iconcat",
    "ifloordiv",
    "ilshift",
    "imatmul",
    "imod",
    "imul",
    "inv",
    "invert",
    "ior",
    "ipow",
    "irshift",
    "isub",
    "itruediv",
    "ixor",
    "lshift",
    "matmul",
    "mod",
    "mul",
    "neg",
    "or_",
    "pos",
    "pow",
    "rshift",
    "sub",
    "truediv",
    "xor",
)
"""Functions of the module ``operator`` for operators."""
PARTS = ("getitem", "setitem")
"""Those for elements."""
TYPING = ("assert_type", "final", "no_type_check", "override", "reveal_type", "runtime_checkable")
"""Functions of ``typing`` that give back what they get."""

EFFECTS: dict[str, Effect] = {
    "functools.partial": "partial",
    **dict.fromkeys(("copy.copy", "copy.deepcopy", "builtins.iter", "builtins.aiter"), "arguments"),
    **dict.fromkeys(("contextlib.nullcontext", "contextlib.closing", "contextlib.aclosing"), "arguments"),
    **dict.fromkeys(
        (f"asyncio.{f}" for f in ("run", "create_task", "ensure_future", "shield", "wait_for")), "arguments"
    ),
    **dict.fromkeys(("enum.member", "enum.nonmember", "functools.update_wrapper"), "arguments"),
    **dict.fromkeys(("builtins.staticmethod", "builtins.classmethod"), "arguments"),
    **dict.fromkeys(("contextlib.contextmanager", "contextlib.asynccontextmanager"), "arguments"),
    **dict.fromkeys(("functools.singledispatch", "functools.singledispatchmethod"), "dispatched"),
    **dict.fromkeys(("builtins.list", "builtins.tuple", "collections.deque"), "collection"),
    **dict.fromkeys(("builtins.dict", "types.MappingProxyType"), "mapping"),
    **dict.fromkeys((f"collections.{c}" for c in ("OrderedDict", "UserDict", "ChainMap")), "mapping"),
    **dict.fromkeys(("weakref.WeakKeyDictionary", "weakref.WeakValueDictionary"), "mapping"),
    **dict.fromkeys(("builtins.dict.fromkeys", "collections.OrderedDict.fromkeys"), "keys"),
    "collections.Counter": "keys",
    "collections.defaultdict": "default mapping",
    "collections.namedtuple": "record class",
    **dict.fromkeys(("dataclasses.replace", "copy.replace", "attr.evolve", "attrs.evolve"), "changed"),
    "importlib.import_module": "module by name",
    "builtins.__import__": "root module",
    "functools.partialmethod": "method partial",
    **dict.fromkeys(("dataclasses.field", "attr.ib", "attrs.field"), "field"),
    **dict.fromkeys(("builtins.set", "builtins.frozenset", "builtins.sorted", "builtins.reversed"), "elements"),
    **dict.fromkeys(("collections.UserList", "weakref.WeakSet"), "elements"),
    **dict.fromkeys(("itertools.chain", "itertools.islice", "itertools.cycle"), "elements"),
    "itertools.chain.from_iterable": "inner elements",
    "itertools.repeat": "repeated",
    **dict.fromkeys(("builtins.zip", "builtins.enumerate", "itertools.product"), "rows"),
    "typing.cast": "cast",
    "typing.TypeVar": "bound",
    "typing.NewType": "new type",
    "builtins.filter": "selected",
    "itertools.starmap": "starred map",
    "builtins.type": "type",
    **dict.fromkeys((f"torch.nn.{c}" for c in ("Sequential", "ModuleList", "ModuleDict", "Module")), "modules"),
    **dict.fromkeys((f"mindspore.nn.{c}" for c in ("SequentialCell", "CellList", "CellDict", "Cell")), "modules"),
    "types.SimpleNamespace": "attributes",
    **dict.fromkeys(
        ("torch.nn.DataParallel", "torch.nn.parallel.DataParallel", "torch.nn.parallel.DistributedDataParallel"),
        "wrapper",
    ),
    "torch.optim.swa_utils.AveragedModel": "wrapper",
    **dict.fromkeys(("builtins.next", "builtins.anext", "builtins.sum"), "element"),
    **dict.fromkeys(("builtins.max", "builtins.min"), "chosen"),
    "builtins.map": "mapped",
    **dict.fromkeys(("functools.wraps", "torch.no_grad", "torch.enable_grad", "torch.inference_mode"), "decorator"),
    **dict.fromkeys(
        (f"torch.jit.{d}" for d in ("script", "trace", "ignore", "unused", "export", "script_if_tracing")), "arguments"
    ),
    **dict.fromkeys(
        ("functools.total_ordering", "enum.unique", "enum.verify", "enum.global_enum", "types.coroutine"), "arguments"
    ),
    **dict.fromkeys(
        (
            f"typing.{f}"
            for f in ("assert_type", "final", "no_type_check", "override", "reveal_type", "runtime_checkable")
        ),
        "arguments",
    ),
    **dict.fromkeys(("dataclasses.dataclass", "functools.lru_cache", "functools.cache"), "optional decorator"),
    **dict.fromkeys(("torch.compile", "torch.compiler.disable", "torch.fx.wrap", DECORATOR), "arguments"),
    "builtins.property": "getter",
    "builtins.getattr": "member",
    "builtins.setattr": "set member",
    "operator.attrgetter": "member getter",
    "operator.methodcaller": "method caller",
    "operator.itemgetter": "item getter",
    **dict.fromkeys((f"operator.{f}" for f in (*OPERATORS, *PARTS)), "operator"),
    **dict.fromkeys(("builtins.vars", "dataclasses.asdict"), "namespace"),
    "dataclasses.fields": "fields",
    "functools.reduce": "reduced",
    **dict.fromkeys(
        (f"builtins.{f}" for f in ("isinstance", "issubclass", "len", "hasattr", "print", "id", "repr", "str")),
        "nothing",
    ),
}
"""Effects by qualified name; other functions may give back what they get."""

GIVE_PARTS = frozenset({"builtins.getattr", "builtins.sum", "functools.reduce"})
"""What may give a part of what it gets, besides what is followed of that."""

CALLABLES = {"functools.partial": "P", "types.FunctionType": "F", "types.MethodType": "B", "builtins.type": "MKSN"}
"""Classes of what is called, with the kinds of facts that are of them."""
KINDS = {
    **CALLABLES,
    **dict.fromkeys(("builtins.dict", "builtins.list", "builtins.tuple", "builtins.set"), "DON"),
    **dict.fromkeys(("builtins.str", "builtins.int", "builtins.float", "builtins.bool", "builtins.bytes"), ""),
}
"""Classes of which no other facts are than those of some kinds."""

CONTAINERS = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict"})
"""Networks that are containers."""
MAPPINGS = frozenset({"builtins.dict", "collections.OrderedDict", "collections.UserDict", "collections.defaultdict"})
LISTS = frozenset(
    f"{module}.{name}"
    for module, names in (("builtins", "list tuple set frozenset"), ("collections", "deque UserList"))
    for name in names.split()
)
NO_NETWORKS = dict.fromkeys(("Module", "Cell"), "FBPMK")
"""Names of classes of networks, with the kinds of facts that are none: functions, and classes themselves."""
GENERAL = frozenset({"Module", "Cell", "object", "type", "Callable", "Any"})
"""Names of classes of libraries from which layers derive."""

NAMING = {"getattr": 2, "hasattr": 2, "delattr": 2, "setattr": 3}
"""Builtins that name a member of their first argument, with how many arguments they need."""

LOOKING = frozenset(
    {
        "fnmatch",
        "glob",
        "hashlib",
        "inspect",
        "locale",
        "logging",
        "math",
        "os",
        "pathlib",
        "platform",
        "re",
        "shutil",
        "string",
        "textwrap",
        "time",
        "typing",
        "uuid",
        "warnings",
    }
)
"""Libraries that leave what they get as it is, and do not give it back."""


def is_foreign(name: str, packages: frozenset[str]) -> bool:
    """Whether nobody knows what something of a library does with what it gets: the rules' ``packages`` are known."""
    return name.partition(".")[0] not in LOOKING | {"builtins"} | packages


def is_exception(name: str) -> bool:
    """Whether a qualified name is that of an exception by which values go on."""
    return name in ("builtins.StopIteration", "builtins.StopAsyncIteration")


def is_class_name(name: str) -> bool:
    """Whether a qualified name looks like that of a class."""
    return name.rpartition(".")[2][:1].isupper()
