"""What comes to things along a relation, found once for each: sets as numbers, one bit for each element."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)

ALL = -1
"""The mask that lets every element pass."""


class Elements(Generic[Item]):
    """The bits of elements, given in the order in which they are asked for."""

    def __init__(self) -> None:
        self._bits: dict[Item, int] = {}
        self._of: list[Item] = []

    def bit(self, element: Item) -> int:
        place = self._bits.get(element)
        if place is None:
            place = self._bits[element] = len(self._of)
            self._of.append(element)
        return 1 << place

    def of(self, found: int) -> list[Item]:
        """The elements of a set."""
        result = []
        while found:
            low = found & -found
            result.append(self._of[low.bit_length() - 1])
            found ^= low
        return result


@dataclass(slots=True)
class Behind(Generic[Item]):
    """What an item has: ``own`` elements, those of ``before`` through masks, and what is computed of ``inputs``."""

    own: int
    before: list[tuple[Item, int]]
    inputs: tuple[Item, ...] = ()


class Closure(Generic[Item]):
    """The least sets that hold what each item has and what comes from those before it.

    Items in a circle are closed together, after Tarjan, "Depth-first search and linear graph algorithms" (1972).
    ``compute`` gives the elements that an item makes of the sets of its inputs; where an input leads back to it, it has
    the ``circular`` ones. ``limit`` may make a set that is complete another one.
    """

    def __init__(
        self,
        behind: Callable[[Item], Behind[Item]],
        compute: Callable[[Item, list[int]], int] = lambda item, inputs: 0,
        circular: int = 0,
        limit: Callable[[int], int] = lambda found: found,
    ) -> None:
        self._behind = behind
        self._compute = compute
        self._circular = circular
        self._limit = limit
        self.known: dict[Item, int] = {}

    def of(self, item: Item) -> int:
        """The elements that come to an item."""
        found = self.known.get(item)
        return found if found is not None else self._search(item)

    def _search(self, first: Item) -> int:
        known, behind = self.known, self._behind
        seen: dict[Item, Behind[Item]] = {first: behind(first)}
        place, low, stack = {first: 0}, {first: 0}, [first]
        work = [(first, iter(_next(seen[first])))]
        while work:
            item, rest = work[-1]
            for other in rest:
                if other in known:
                    continue
                if other in place:
                    low[item] = min(low[item], place[other])
                    continue
                seen[other] = behind(other)
                place[other] = low[other] = len(place)
                stack.append(other)
                work.append((other, iter(_next(seen[other]))))
                break
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[item])
                if low[item] == place[item]:
                    at = stack.index(item) if stack[-1] != item else len(stack) - 1
                    self._close(stack[at:], seen)
                    del stack[at:]
        return known[first]

    def _close(self, circle: list[Item], seen: dict[Item, Behind[Item]]) -> None:
        """Find the sets of the items of a circle, or of one alone, when all before them are known."""
        known, inside = self.known, set(circle)
        values, is_open = {}, True
        for item in circle:
            mine = seen.pop(item)
            own = mine.own
            for other, mask in mine.before:
                if other not in inside:
                    own |= known[other] & mask
                elif mask != ALL:
                    is_open = False
            if mine.inputs:
                is_circular = not inside.isdisjoint(mine.inputs)
                own |= self._circular if is_circular else self._compute(item, [known[each] for each in mine.inputs])
                is_open = is_open and not is_circular
            values[item] = own
            seen[item] = Behind(own, [b for b in mine.before if b[0] in inside])
        if is_open and len(circle) > 1:
            values = dict.fromkeys(circle, reduce(or_, values.values()))  # whatever one has comes to all
        elif len(circle) > 1:
            self._move(circle, values, seen)
        for item in circle:
            del seen[item]
        known.update((item, self._limit(value)) for item, value in values.items())

    def _move(self, circle: list[Item], values: dict[Item, int], seen: dict[Item, Behind[Item]]) -> None:
        """Move what the items of a circle have until nothing is new."""
        changed = True
        while changed:
            changed = False
            for item in reversed(circle):  # what was found last comes first
                value = values[item]
                for other, mask in seen[item].before:
                    value |= values[other] & mask
                if value != values[item]:
                    values[item] = value
                    changed = True


def _next(behind: Behind[Item]) -> Iterable[Item]:
    return [*(item for item, _ in behind.before), *behind.inputs]
