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
