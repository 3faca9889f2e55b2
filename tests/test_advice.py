"""What a review says to write, where an object may be of several classes."""

from __future__ import annotations

from migrate.engine import Options, migrate_bytes

TEXT = """\
from torch import nn

def convert(m):
    if isinstance(m, nn.modules.batchnorm._BatchNorm):
        return m.num_features
"""


def test_each_name_is_told_with_all_classes_that_have_it() -> None:
    found = migrate_bytes(TEXT.encode(), "net.py", Options()).findings[-1]
    assert found.code == "BN205"
    assert (
        "; for BatchNorm1d, BatchNorm2d, SyncBatchNorm, write num_features; for BatchNorm3d, write bn2d.num_features"
    ) in found.message
