"""Which networks to run, from the command line; imports no framework and no numpy."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from migrate.errors import UsageError

INPUT = re.compile(r"(?P<shape>\d+(,\d+)*)(:(?P<below>\d+))?")


@dataclass(frozen=True, slots=True)
class Input:
    """A random input of a shape: normal floats, or integers from 0 to ``below`` - 1 where that is not 0."""

    shape: tuple[int, ...]
    below: int = 0


@dataclass(frozen=True, slots=True)
class Network:
    """A network: ``expression`` is evaluated in the namespace of ``module``. ``text`` and ``inputs_text`` as given."""

    text: str
    module: str
    expression: str
    inputs_text: str
    inputs: tuple[Input, ...]


def parse_networks(networks: tuple[str, ...], inputs: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks with their inputs: one ``--input`` for each ``--network``, or one for all; raises UsageError."""
    if not inputs:
        raise UsageError("--network: --input is missing: the shape to run the network on, such as --input 2,3,64,64")
    if len(inputs) not in (1, len(networks)):
        raise UsageError(
            f"--input: {len(inputs)} for {len(networks)} networks: give one for each --network, or one for all; "
            "the inputs of one network are separated by ';'"
        )
    texts = inputs * len(networks) if len(inputs) == 1 else inputs
    return tuple(
        Network(network, *parse_network(network), text, parse_inputs(text))
        for network, text in zip(networks, texts, strict=True)
    )


def parse_network(text: str) -> tuple[str, str]:
    module, colon, expression = (part.strip() for part in text.partition(":"))
    if not colon or not all(part.isidentifier() for part in module.split(".")):
        raise UsageError(f"--network {text}: MODULE:CALLABLE is expected, such as package.module:build(depth=50)")
    try:
        ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError):
        raise UsageError(f"--network {text}: {expression!r} is not a name or a call in Python") from None
    return module, expression


def parse_inputs(text: str) -> tuple[Input, ...]:
    found = []
    for part in text.split(";"):
        match = INPUT.fullmatch(re.sub(r"\s", "", part))
        if match is None or not (shape := tuple(map(int, match["shape"].split(",")))) or min(shape) < 1:
            raise UsageError(
                f"--input {text}: {part.strip()!r} is not a shape such as 2,3,64,64, "
                "or, for integers below 100, 2,16:100"
            )
        found.append(Input(shape, int(match["below"] or 0)))
    return tuple(found)
