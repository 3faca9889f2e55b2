"""What a rule file says of tensors, which is the same for every class."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TensorTable:
    """What code may do with a tensor of the target's as with one of the source's.

    Attributes and methods that mean the same: ``views`` give the same memory, ``values`` new tensors, ``plain`` what
    belongs to neither framework; ``own`` hold for the attribute of the layer itself alone. ``graph``: those about
    gradients, which nothing can stand for; ``numbers``: methods of the source's that give no tensor either. ``arrays``:
    packages whose values the source's operators take and the target's do not.

    ``gives``: for the start of a qualified name of the source framework, whether calling it gives a tensor; the
    longest one counts. ``outward`` makes a tensor of the source's of the {tensor}, ``inward`` one of the target's of a
    {value}. The other keys say why a use has no rewrite: it ``enters`` the source framework, stands ``beside`` its
    tensor, the target's tensor ``lacks`` it, the class is ``tested``, or it is ``changed`` in place. ``advice``
    follows the first three where ``outward`` serves, and ``otherwise`` where it does not; ``whole`` follows a change of
    the layer's tensor, ``anew`` that of a copy.
    """

    views: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    graph: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
    gives: dict[str, bool] = field(default_factory=dict)
    outward: str = ""
    inward: str = ""
    enters: str = ""
    beside: str = ""
    lacks: str = ""
    tested: str = ""
    changed: str = ""
    advice: str = ""
    otherwise: str = ""
    whole: str = ""
    anew: str = ""

    def is_given(self, name: str) -> bool:
        """Whether calling what has the qualified ``name`` gives a tensor of the source framework."""
        starts = [start for start in self.gives if name == start or name.startswith(f"{start}.")]
        return bool(starts) and self.gives[max(starts, key=len)]
