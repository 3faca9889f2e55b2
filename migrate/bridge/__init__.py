"""Runs MindSpore's layers inside a torch network, so that a network can be moved a file at a time.

``install()`` puts a bridge in the place of every class that the rules migrate to. Import migrated modules after it::

    import migrate.bridge

    migrate.bridge.install()
    from network import build      # a file that bn-migrate has rewritten

    model = build()                # torch modules, with MindSpore's batch norm inside
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

A bridge is a ``torch.nn.Module`` that owns a real MindSpore cell. To the code that names it, it is MindSpore's layer:
``gamma``, ``moving_mean``, ``set_train()``. To the network around it, it is a torch module: ``train()`` and ``eval()``
reach it, ``parameters()`` and ``state_dict()`` hold its tensors under torch's names, so that torch's optimizers train
it and torch's checkpoints load into it.
"""

from __future__ import annotations

from migrate.bridge.install import install, installed, uninstall
from migrate.bridge.layer import Bridge
from migrate.bridge.strict import StrictError

__all__ = ["Bridge", "StrictError", "install", "installed", "uninstall"]
