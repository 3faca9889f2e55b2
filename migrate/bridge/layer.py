"""A torch module that owns a MindSpore cell, and the type of such classes."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import torch

from migrate.bridge.function import Call, Through
from migrate.bridge.strict import Strict
from migrate.bridge.subclass import subclass
from migrate.bridge.tensors import Pair, Registry
from migrate.bridged import Names, follow

STRICT: list[Strict] = []
"""What bridges ask while they are strict; empty while they are not."""


class BridgeType(type):
    """The type of bridges. What a subclass says in its body is MindSpore code, so it becomes a subclass of the cell."""

    names: Names
    cell_class: type

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], cell_class: Any = None) -> BridgeType:
        derived = [base for base in bases if isinstance(base, BridgeType) and hasattr(base, "names")]
        if derived:
            cells = tuple(b.cell_class if isinstance(b, BridgeType) else b for b in bases)
            cell_class = subclass(name, cells, body)
            body = {k: v for k, v in body.items() if k in ("__module__", "__qualname__", "__doc__", "__classcell__")}
            bases = tuple(derived)
        cls = super().__new__(mcs, name, bases, body)
        if cell_class is not None:
            cls.cell_class = cell_class
            cls.__signature__ = inspect.signature(cell_class)  # type: ignore[attr-defined]
        return cls

    def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any], cell_class: Any = None) -> None:
        super().__init__(name, bases, body)

    def __instancecheck__(cls, instance: Any) -> bool:
        """Inside the body of a subclass, ``self`` is the cell."""
        cell_class = cls.__dict__.get("cell_class")
        return super().__instancecheck__(instance) or (cell_class is not None and isinstance(instance, cell_class))

    def __getattr__(cls, name: str) -> Any:
        cell_class = cls.__dict__.get("cell_class")
        if cell_class is None:
            raise AttributeError(name)
        return getattr(cell_class, name)


class Bridge(torch.nn.Module, metaclass=BridgeType):
    """A MindSpore layer in a torch network.

    Like the cell, it starts in inference mode. Activations are float32; they may be on any device, and pass through the
    memory of the host. In training mode each step runs the cell twice, since MindSpore differentiates calls of its own;
    there are no gradients of gradients. A tensor of the cell that was read before a change in torch is the old one.
    """

    _version = 2
    names: Names
    cell: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        cell = type(self).cell_class(*args, **kwargs)
        self.__dict__["cell"] = cell
        mode = cell.training
        super().__init__()
        self.training = mode
        parameters, buffers = Registry(self), Registry(self)
        for registry, tensors in ((parameters, self.names.parameters), (buffers, self.names.statistics)):
            for name, path in tensors.items():
                registry.put(name, self._torch_tensor(name, path))
        if self.names.counter and any(buffers.held(name) is not None for name in self.names.statistics):
            buffers.put(self.names.counter, torch.tensor(0, dtype=torch.long))
        self.__dict__["_parameters"], self.__dict__["_buffers"] = parameters, buffers
        self.__dict__["pairs"] = [
            Pair(name, path, registry, cell)
            for registry, tensors in ((parameters, self.names.parameters), (buffers, self.names.statistics))
            for name, path in tensors.items()
            if registry.held(name) is not None
        ]
        if STRICT:
            STRICT[0].made(self)

    def _torch_tensor(self, name: str, path: str) -> Any:
        """The torch tensor for one of the cell's, or None where torch's layer has none."""
        parameter = follow(self.cell, path)
        if parameter is None or name in self.cell.absent:
            return None
        tensor = torch.from_numpy(parameter.asnumpy().copy())
        if name in self.names.parameters:
            return torch.nn.Parameter(tensor, requires_grad=bool(parameter.requires_grad))
        return tensor

    @property
    def trained(self) -> dict[str, str]:
        """The parameters that torch's layer has, with the paths to those of the cell."""
        parameters = self.__dict__["_parameters"]
        return {n: path for n, path in self.names.parameters.items() if parameters.held(n) is not None}

    def synchronize(self) -> None:
        """Carry what changed in torch over to MindSpore, and the other way round."""
        for pair in self.pairs:
            pair.synchronize(self.cell)

    def forward(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Normalize a torch tensor, with gradients; a MindSpore tensor goes straight to the cell.

        Further torch tensors, which the construct of a subclass may take, are carried across as well. Raises TypeError
        for other numbers than float32, and ValueError where a channel has nothing to average.
        """
        if STRICT:
            STRICT[0].called(self)
        self.synchronize()
        given = [x, *args, *kwargs.values()]
        tensors = [value for value in given if isinstance(value, torch.Tensor)]
        if not tensors:
            return self.cell(x, *args, **kwargs)
        self._check(tensors)
        counter = self.__dict__["_buffers"].held(self.names.counter)
        if self.training and counter is not None:
            counter.add_(1)
        parameters = [self.__dict__["_parameters"].held(name) for name in self.trained]
        call = Call(self, (x, *args), kwargs)
        output = Through.apply(call, *tensors, *parameters)  # type: ignore[no-untyped-call]
        self.synchronize()
        return output

    def _check(self, tensors: list[torch.Tensor]) -> None:
        name = type(self).__name__
        other = next((t.dtype for t in tensors if t.is_floating_point() and t.dtype is not torch.float32), None)
        if other is not None:
            # In float16 MindSpore's layer runs, and silently never updates its statistics.
            raise TypeError(f"{name} of MindSpore computes in float32 only, not in {other}")
        x = tensors[0]
        if self.training and x.dim() > 1 and x.numel() == x.shape[1]:
            # torch raises, too; MindSpore would go on with a variance of nan.
            raise ValueError(f"{name}: more than one value per channel is needed in training, got {tuple(x.shape)}")

    construct = forward

    def train(self, mode: bool = True) -> Bridge:
        """Set the mode of the cell: what ``train()`` and ``eval()`` of the network around it call."""
        self.cell.set_train(mode)
        return self

    @property
    def training(self) -> bool:
        return bool(self.cell.training)

    @training.setter
    def training(self, mode: bool) -> None:
        self.cell.training = mode

    def _load_from_state_dict(self, state_dict: Any, prefix: str, metadata: Any, *args: Any) -> None:
        """Checkpoints older than the counter of batches load, as they do into torch's layer."""
        key = prefix + self.names.counter
        counter = self.__dict__["_buffers"].held(self.names.counter)
        if counter is not None and key not in state_dict and (metadata.get("version") or 1) < self._version:
            state_dict[key] = counter
        super()._load_from_state_dict(state_dict, prefix, metadata, *args)

    def extra_repr(self) -> str:
        return str(self.cell.extend_repr())

    def __getattr__(self, name: str) -> Any:
        """What torch's Module does not have is the cell's. A method that returns the cell returns the bridge."""
        cell = self.__dict__.get("cell")
        if cell is None or "pairs" not in self.__dict__:
            return super().__getattr__(name)
        if not hasattr(cell, name):
            if name in self.names.renamed:
                new = self.names.renamed[name]
                instead = f"in MindSpore it is {new!r}" if new else "MindSpore's layer does without"
                raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}: {instead}")
            return super().__getattr__(name)
        self.synchronize()
        found = getattr(cell, name)
        return self._returning_self(found) if inspect.ismethod(found) and found.__self__ is cell else found

    def _returning_self(self, method: Any) -> Any:
        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            return self if result is self.cell else result

        return call

    def __setattr__(self, name: str, value: Any) -> None:
        """What is not torch's own is assigned to the cell, so that MindSpore sees it."""
        cell = self.__dict__.get("cell")
        if STRICT and cell is not None:
            STRICT[0].written(self, name)
        own = name in self.__dict__ or name in _OWN or name in self.names.tensors
        if cell is None or own or isinstance(value, (torch.Tensor, torch.nn.Module)):
            super().__setattr__(name, value)
        else:
            setattr(cell, name, value)


_OWN = frozenset(dir(Bridge))


def bridge_to(cell_class: Any, names: Names) -> BridgeType:
    """The bridge for a class of MindSpore's."""
    body = {
        "__module__": cell_class.__module__,
        "__qualname__": cell_class.__qualname__,
        "__doc__": cell_class.__doc__,
        "names": names,
    }
    return BridgeType(cell_class.__name__, (Bridge,), body, _noting(cell_class, names))


def _noting(cell_class: Any, names: Names) -> Any:
    """The class of the cell, which notes as it is made what torch's layer would not have.

    Afterwards it is too late: a subclass may freeze a parameter that torch's layer has.
    """

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        cell_class.__init__(self, *args, **kwargs)
        # The expressions are part of a rule, such as "cell.gamma.requires_grad".
        self.absent = frozenset(n for n, test in names.present.items() if not eval(test, {"cell": self}))

    body = {"__module__": cell_class.__module__, "__qualname__": cell_class.__qualname__, "__init__": __init__}
    made: Any = type(cell_class)(cell_class.__name__, (cell_class,), body)
    # Of the class itself Python 3.10 would tell the parameters of Cell's __new__.
    signature = inspect.signature(cell_class.__init__)
    made.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])
    return made
