"""What a rule says, as data: what happens to the arguments, attributes and methods of one class."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from migrate.findings import Role
from migrate.targets import Target
from migrate.tensor_table import TensorTable

Number = float
Scalar = bool | int | float | str
FORMULAS = {
    "normalize_batches": (
        ("channels", "eps", "momentum", "affine", "track"),
        (),
        ("scale", "shift", "mean", "variance"),
    ),
    "normalize_groups": (("channels", "eps"), ("affine", "groups"), ("scale", "shift")),
}
"""The symbols of each formula: parameters that it needs and those that a class may do without, and tensors."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """What happens to one argument. ``to`` renames it; ``cast`` applies to values known to be of another type.

    ``suggest_without``: for a refused value, the call without the argument is what to write, and with ``suggest`` that
    text with the {value} in it. ``target_default``: what the target's class takes where nothing is passed, if that is
    not what the source's does. ``mistaken``: how the
    two meanings differ, in words, for a call of the target's class that gets a value of the source's. ``flag``: what to
    write in such a call instead of an expression that may be one.
    """

    action: Literal["keep", "complement", "map", "drop", "refuse"] = "keep"
    to: str = ""
    cast: Literal["", "int", "float", "bool", "tuple"] = ""
    minimum: Number | None = None
    exclusive_minimum: Number | None = None
    maximum: Number | None = None
    outside: str = ""
    none: str = ""
    when_true: str = ""
    when_false: str = ""
    otherwise: str = ""
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    note: str = ""
    suggest_without: bool = False
    suggest: str = ""
    target_default: Scalar | None = None
    mistaken: str = ""
    flag: str = ""

    def is_outside(self, number: float) -> bool:
        """Whether ``number`` lies outside the range that the target accepts."""
        if self.minimum is None and self.exclusive_minimum is None and self.maximum is None:
            return False
        return (
            math.isnan(number)
            or (self.minimum is not None and number < self.minimum)
            or (self.exclusive_minimum is not None and number <= self.exclusive_minimum)
            or (self.maximum is not None and number > self.maximum)
        )


@dataclass(frozen=True, slots=True)
class AttributeTreatment:
    """What an attribute is called; ``to`` may be a path such as ``bn2d.gamma``.

    ``write`` and ``none_test`` are the advice where that use has no rewrite. ``suggest``, ``assign`` and ``present``
    are what to write instead of a read, an assignment, and a test that it is not None. ``absent``: the value of the
    target's tensor where the source has None.
    ``unset`` is the advice where None is assigned, and ``assign_none`` what to write instead.
    ``exists_with``: the parameter without which the source has None; ``missing`` is the advice for a read then.
    ``inexact`` is the advice where a number is compared or looked up that the target may have in other last digits.
    ``settable``: the layer computes with what is assigned, in both frameworks.
    """

    to: str = ""
    tensor: bool = False
    read: str = ""
    write: str = ""
    none_test: str = ""
    absent: Number | None = None
    refuse: str = ""
    suggest: str = ""
    assign: str = ""
    present: str = ""
    exists_with: str = ""
    missing: str = ""
    unset: str = ""
    assign_none: str = ""
    inexact: str = ""
    settable: bool = False


@dataclass(frozen=True, slots=True)
class MethodTreatment:
    """How a method is called: renamed (``to``), another call (``call``), or ``statements`` for arguments ``when``.

    A renamed method keeps the ``arguments`` listed here; with others it has no rewrite. ``suggest`` is what to write
    instead of a call that has none. ``override`` says which overrides in a subclass are rewritten: a ``computation``
    free of either framework, a ``text``, or a ``check`` of the number of dimensions, which the target calls with
    ``parameters`` and needs for ``dimensions`` alone. ``shared``: the target has a method of this name, too.
    A renamed method holds in the ``contexts`` that are listed, or in all; others have ``refuse``. Where the source
    gives an ``iterator``, the target gives a collection.
    ``tensors``: the method gives what these attributes hold, ``named`` in pairs; it is written out, but for loops that
    concern what is trained alone, where it is renamed. The advice where it cannot be: ``none`` where the source has
    none of them, ``absent`` where it may have none, ``more`` for a subclass, ``names`` where names are looked at.
    ``holder``: the advice where a module that holds a layer gets the call.
    """

    to: str = ""
    arguments: tuple[str, ...] = ()
    call: str = ""
    statements: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    refuse: str = ""
    override: Literal["", "computation", "text", "check"] = ""
    parameters: tuple[str, ...] = ()
    dimensions: tuple[int, ...] = ()
    suggest: str = ""
    contexts: tuple[Literal["unused", "counted", "override"], ...] = ()
    iterator: bool = False
    tensors: tuple[str, ...] = ()
    named: bool = False
    none: str = ""
    absent: str = ""
    more: str = ""
    names: str = ""
    shared: bool = False
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Initializer:
    """In-place initialisation; ``value`` is what ``set_data`` receives, with {tensor} and the arguments filled in.

    ``constant``: the number that it writes, where no argument tells it. ``part``: what an item or slice of the tensor
    is to be assigned instead. ``tensor``: the argument that is a tensor, not a number.
    """

    value: str
    functions: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    defaults: dict[str, str] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    constant: Number | None = None
    part: str = ""
    tensor: str = ""


@dataclass(frozen=True, slots=True)
class WriteBack:
    """The ``statement`` that makes the target's layer see what was assigned to one of ``attributes``."""

    attributes: tuple[str, ...]
    statement: str
    imports: tuple[str, ...] = ()
    target: Target = "mindspore.nn"


@dataclass(frozen=True, slots=True)
class InPlace:
    """Methods that change a tensor in place; ``suggest`` is what to write instead, with {tensor} and the arguments.

    ``part``: what an item or slice of the tensor is to be assigned instead.
    """

    methods: tuple[str, ...]
    suggest: str
    arguments: tuple[str, ...] = ()
    defaults: dict[str, str] = field(default_factory=dict)
    part: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """Symbols beside the class that a person has to migrate.

    ``classes``: those of the rules that derive from a base class, so that what a test for it guards is theirs.
    ``only_given``: functions that concern a layer only where they get one, or a module that holds one.
    ``suggest`` is what to write instead of the symbol: where its role is one of ``roles`` or, for a function, where
    the call passes the ``required`` ones of its ``parameters``, and no others.
    """

    names: tuple[str, ...]
    role: Role
    advice: str
    suggest: str = ""
    roles: tuple[Role, ...] = ()
    parameters: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    only_given: bool = False
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: an expression before and after."""

    before: str
    after: str
    target: Target = "mindspore.nn"


@dataclass(frozen=True, slots=True)
class Source:
    """``fragments``: parts of the class name that code tests for in ``m.__class__.__name__``.

    ``telling``: names of attributes and methods by which code tells an object of the class; ``tested``: such names that
    other modules have too. ``without``: classes whose instances have none of both. ``configured``: names under which
    registries have the class, and configurations name it.
    """

    name: str
    aliases: tuple[str, ...] = ()
    configured: tuple[str, ...] = ()
    fragments: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carrier:
    """A class of the target framework that hands arguments on to the class of a rule under the same names.

    ``parameters`` are all those of its constructor, in order, ``passes`` those that are handed on where the arguments
    that it ``requires`` say so.
    """

    name: str
    parameters: tuple[str, ...]
    passes: tuple[str, ...]
    requires: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Convention:
    """The signature of a target class from the version ``since`` on.

    The arguments ``as_source`` mean what they mean to the source's class, under the same names. ``before`` says what
    becomes of the arguments of a call that was written for the signature before.
    """

    since: str
    parameters: tuple[str, ...]
    positional: tuple[str, ...]
    as_source: tuple[str, ...]
    before: dict[str, Treatment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TargetClass:
    """``positional``: the leading parameters whose position means the same in both frameworks.

    ``parameters`` are all those of its constructor, in order. Of its instances, ``returns_self`` are methods that give
    the object back, and ``members`` attributes that hold an instance of another target class. ``frozen`` are arguments
    with which an instance leaves its statistics as they are. A network gives its parameters by the methods
    ``gives_parameters``, in pairs with their names by ``names_parameters``, by their names in a mapping by
    ``maps_parameters``; the functions ``filled_by`` take such a mapping. ``convention``: other signatures, from some
    version on.
    """

    name: str
    aliases: tuple[str, ...] = ()
    positional: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    training_mode: str = ""
    data_formats: tuple[str, ...] = ()
    returns_self: tuple[str, ...] = ()
    members: dict[str, str] = field(default_factory=dict)
    frozen: dict[str, bool] = field(default_factory=dict)
    gives_parameters: tuple[str, ...] = ()
    names_parameters: tuple[str, ...] = ()
    maps_parameters: tuple[str, ...] = ()
    filled_by: tuple[str, ...] = ()
    carrier: tuple[Carrier, ...] = ()
    convention: tuple[Convention, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the source class.

    ``default`` is None where the class has none or it is None; a ``required`` one has none. A proof tries the
    ``samples`` for what the source does not tell, and leaves out a parameter that is ``always_default``.
    """

    name: str
    keyword_only: bool
    treatment: Treatment
    required: bool = False
    default: Scalar | None = None
    samples: tuple[Scalar, ...] = ()
    always_default: bool = False


@dataclass(frozen=True, slots=True)
class ProofTable:
    """How instances are tried: with batches of ``shape``, in which 0 stands for the channels, against a ``formula``.

    ``parameters`` and ``tensors`` name the parameter or attribute behind each symbol of the formula; ``counter`` is the
    buffer, if any, in which the source counts batches. ``groups``: where no parameter says how many channels are
    normalized together, all are (``one`` group), or each for itself.
    """

    formula: Literal["normalize_batches", "normalize_groups"]
    shape: tuple[int, ...]
    parameters: dict[str, str]
    tensors: dict[str, str]
    counter: str = ""
    groups: Literal["one", "each"] = "one"


@dataclass(frozen=True, slots=True)
class SubclassTable:
    """``taken``: names that one of the two classes uses for itself, so that a subclass may not.

    ``tensor`` and ``parameter`` name what tensors and parameters have in both frameworks. ``refuse`` is the advice
    where no subclass is rewritten.
    """

    refuse: str = ""
    taken: tuple[str, ...] = ()
    tensor: tuple[str, ...] = ()
    parameter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One migrated class, for one target.

    ``lacks``: what instances of the source have, those of the target have not, and no other table speaks about.
    ``next_parameters``: those of the target's class, where the rule is about a change of its own signature.
    """

    name: str
    source: Source
    target: TargetClass
    parameters: tuple[Parameter, ...]
    attributes: dict[str, AttributeTreatment]
    methods: dict[str, MethodTreatment]
    method_imports: dict[str, tuple[str, ...]]
    returns_self: frozenset[str]
    initializers: tuple[Initializer, ...]
    write_backs: tuple[WriteBack, ...]
    in_place: tuple[InPlace, ...]
    related: tuple[Related, ...]
    examples: tuple[Example, ...]
    distinctive: dict[str, str]
    proof: ProofTable | None = None
    subclass: SubclassTable = SubclassTable()
    lacks: frozenset[str] = frozenset()
    tensor: TensorTable = field(default_factory=TensorTable)
    next_parameters: tuple[Parameter, ...] = ()

    @property
    def written_out(self) -> tuple[tuple[str, str, str], ...]:
        """Parameters that the classes have different defaults for: its name, the keyword and the value to write."""
        own = [p for p in self.parameters if p.treatment.target_default is not None]
        return tuple((p.name, p.treatment.to or p.name, repr(p.default)) for p in own)

    @property
    def changes_signature(self) -> bool:
        """Whether it leads from one signature of a class to another, which are of one framework."""
        return bool(self.next_parameters)

    @property
    def positional(self) -> tuple[str, ...]:
        """The parameters of the source class that have a position, in order."""
        return tuple(p.name for p in self.parameters if not p.keyword_only)

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)
