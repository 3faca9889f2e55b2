"""What a node can hold. A fact is a tuple whose first part says its kind, since millions are hashed and compared."""

from __future__ import annotations

from typing import Literal

Kind = Literal["M", "I", "R", "V", "P", "F", "B", "K", "O", "D", "S", "L", "X", "N", "C", "T", "G", "E", "Y"]
Fact = tuple[Kind, int | str] | tuple[Kind, int | str, str]
"""
``M`` a class of a rule, and ``I`` an instance of it, by the name of the class
``R`` a method of one that returns it, and ``V`` one of another object, by its number and the kind of its fact
``P`` a partial, by the number of the call that makes it
``F`` a function, ``B`` one bound to an object, by number
``K`` a class of the run, and ``O`` an object of it, by number
``D`` a container, by the node where it is made
``S`` a symbol of a library, and ``L`` an object that it makes, by qualified name
``X`` a module of the run, by path
``T`` a method that gives the layers of a network, by the container of these
``C`` the constructor of a container of torch that a class of the run, by number, derives from; with FIELDS the one that
      the fields of a dataclass above it make
``Y`` a method of a container, by that and by its name
``G`` what ``attrgetter`` gives, by the number of the call that makes it
``E`` what code gives that is not followed, by the node of what it may have
``N`` something of a file that was not read, by path and, for a name at its module level, by that name
"""

FIELDS = "fields"


def id_of(fact: Fact) -> int:
    """The number of the function, class, call or container that a fact speaks about."""
    of = fact[1]
    assert isinstance(of, int)
    return of
