"""In what a port differs from its original: plain data for the run that reports it. Lines and columns are ``ast``'s."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """A parameter of a layer that the port makes at a place, with what the original has there.

    ``values`` are those of the original, in the words of the source's class; ``original`` says where it is.
    """

    path: str
    line: int
    column: int
    parameter: str
    values: tuple[object, ...]
    original: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A layer that a class of the original has, and that of the port has not; the place is that of another one."""

    path: str
    line: int
    column: int
    owner: str
    name: str
    original: str


Beside = Difference | Missing


@dataclass(frozen=True, slots=True)
class Kept:
    """A layer in an attribute of a class, and where it is made."""

    owner: str
    name: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Partners:
    """A layer of the port with the original's, and the parameters in which they differ."""

    port: Kept
    original: Kept
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairTable:
    """All pairs of a port with the original in ``tree``, and what has no partner on either side.

    ``missing`` are those of the latter that a class of the port should have.
    """

    tree: str
    pairs: tuple[Partners, ...] = ()
    port_alone: tuple[Kept, ...] = ()
    original_alone: tuple[Kept, ...] = ()
    missing: tuple[Kept, ...] = ()
