"""Which files are read along: what is found has to be what is found where every file is read."""

from __future__ import annotations

import re

import pytest

from migrate.engine import Options, migrate_files

WORD = "# BatchNorm\n"
"""A comment with a trigger word, for which a file is always read."""

PROJECTS = {
    "a class of another file whose name is not ASCII": """
# == net.py
from torch import nn
class Größe(nn.Module):
    def __init__(self):
        self.bn = nn.BatchNorm2d(3)
# == mid.py
import net
class Überbau(net.Größe): pass
# == use.py
from torch import nn
import mid
x = nn.BatchNorm2d(4)
class U1(mid.Überbau):
    def go(self):
        self.bn.weight
""",
    "a layer whose name is not ASCII": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        self.größe = nn.BatchNorm2d(3)
# == use2.py
import net
class U1(net.Net):
    def go(self):
        self.größe.weight
""",
    "a base under another name": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3)
# == mid.py
import net as other
Base = other.Net
# == use.py
from mid import Base
class Sub(Base):
    def freeze(self):
        self.bn.momentum = 0.3
        self.bn.weight.data.fill_(1)
""",
    "an empty class between": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3)
# == mid.py
import net
class Mid(net.Net):
    pass
# == leaf.py
from mid import Mid
class Leaf(Mid):
    def go(self):
        self.bn.eps = 0.1
        print(self.bn.weight)
""",
    "a base that is chosen": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3)
# == mid.py
import sys
if sys.platform:
    from net import Net as Chosen
else:
    class Chosen: pass
# == leaf.py
import mid as m
class Leaf(m.Chosen):
    def go(self):
        self.bn.eps = 0.1
""",
    "a name that another file only imports, too": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3)
# == mid.py
from net import Net
# == use.py
from torch import nn
from mid import Net
def f():
    x = nn.BatchNorm2d(3)
    n = Net()
    n.bn.momentum = 0.3
    n.bn.weight.data.fill_(0)
""",
    "a class attribute behind an empty class": """
# == net.py
from torch import nn
class Net(nn.Module):
    norm = nn.BatchNorm2d
# == mid.py
from net import Net
class Mid(Net):
    pass
# == use.py
from mid import Mid
class Leaf(Mid):
    def f(self):
        return self.norm(3, momentum=0.2)
""",
    "a class attribute that an heir of an heir sets to another class": """
# == net.py
from torch import nn
class Net(nn.Module):
    norm = nn.BatchNorm2d
    def make(self):
        return self.norm(3, momentum=0.2)
# == mid.py
from net import Net
class Mid(Net): pass
# == use.py
from torch import nn
from mid import Mid
class Leaf(Mid):
    norm = nn.InstanceNorm2d
""",
    "an heir makes another layer under the same name": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        self.norm = nn.BatchNorm2d(3)
    def tune(self):
        self.norm.momentum = 0.3
        self.norm.weight.data.fill_(0)
        self.norm.affine
# == use.py
from torch import nn
from net import Net
class Leaf(Net):
    def __init__(self):
        self.norm = nn.InstanceNorm2d(3)
""",
    "an heir of an heir makes another layer": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        self.norm = nn.BatchNorm2d(3)
    def tune(self):
        self.norm.momentum = 0.3
        self.norm.weight.data.fill_(0)
# == mid.py
from net import Net
class Mid(Net): pass
# == use.py
from torch import nn
from mid import Mid
class Leaf(Mid):
    def __init__(self):
        self.norm = nn.InstanceNorm2d(3)
""",
    "another file gives an object another layer": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        self.norm = nn.BatchNorm2d(3)
    def tune(self):
        self.norm.weight.data.fill_(0)
# == use.py
from torch import nn
from net import Net
n = Net()
n.norm = nn.InstanceNorm2d(3)
""",
    "another file sets an item to another layer": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        self.layers = {"a": nn.BatchNorm2d(3)}
    def tune(self):
        self.layers["a"].weight.data.fill_(0)
# == use.py
from torch import nn
from net import Net
n = Net()
n.layers["a"] = nn.GroupNorm(3, 3)
""",
    "another file sets a layer by its name as a string": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        self.norm = nn.BatchNorm2d(3)
    def tune(self):
        self.norm.weight.data.fill_(0)
# == use.py
from torch import nn
from net import Net
n = Net()
setattr(n, "norm", nn.GroupNorm(3, 3))
""",
    "an heir has another method that makes the layer": """
# == net.py
from torch import nn
class Net(nn.Module):
    def make(self):
        return nn.BatchNorm2d(3)
    def tune(self):
        n = self.make()
        n.weight.data.fill_(0)
# == use.py
from torch import nn
from net import Net
class Leaf(Net):
    def make(self):
        return nn.GroupNorm(3, 3)
""",
    "an heir has another property": """
# == net.py
from torch import nn
class Net(nn.Module):
    @property
    def norm(self):
        return nn.BatchNorm2d(3)
    def tune(self):
        self.norm.weight.data.fill_(0)
# == use.py
from torch import nn
from net import Net
class Leaf(Net):
    @property
    def norm(self):
        return nn.GroupNorm(3, 3)
""",
    "a function gets another layer": """
# == net.py
from torch import nn
def tune(n):
    n.weight.data.fill_(0)
    n.momentum = 0.3
tune(nn.BatchNorm2d(3))
# == use.py
from torch import nn
from net import tune
tune(nn.GroupNorm(3, 3))
""",
    "a constructor gets another layer": """
# == net.py
from torch import nn
class Net:
    def __init__(self, layer=None):
        self.norm = layer or nn.BatchNorm2d(3)
    def tune(self):
        self.norm.weight.data.fill_(0)
# == use.py
from torch import nn
from net import Net
Net(nn.GroupNorm(3, 3)).tune()
""",
    "a method gets another layer": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        self.norm = nn.BatchNorm2d(3)
        self.tune(self.norm)
    def tune(self, l):
        l.weight.data.fill_(0)
# == use.py
from torch import nn
from net import Net
class Leaf(Net):
    def go(self):
        self.tune(nn.GroupNorm(3, 3))
""",
    "a static method gets another layer": """
# == net.py
from torch import nn
class Util:
    @staticmethod
    def tune(l):
        l.weight.data.fill_(0)
class Net(nn.Module):
    def __init__(self):
        self.norm = nn.BatchNorm2d(3)
        Util.tune(self.norm)
# == use.py
from torch import nn
from net import Util
Util.tune(nn.GroupNorm(3, 3))
""",
    "a constructor behind an empty class gets another class": """
# == lib.py
from torch import nn
class Block:
    def __init__(self, c, norm=nn.BatchNorm2d):
        self.n = norm(c, momentum=0.1)
# == mid.py
from lib import Block
class Mid(Block): pass
class Mid2(Block):
    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
# == use.py
from torch import nn
from mid import Mid, Mid2
Mid(3, nn.InstanceNorm2d)
Mid2(3, nn.InstanceNorm2d)
""",
    "a method behind an empty class gets another class": """
# == lib.py
from torch import nn
class Block:
    def build(self, c, norm=nn.BatchNorm2d):
        return norm(c, momentum=0.1)
# == mid.py
from lib import Block
class Mid(Block): pass
# == use.py
from torch import nn
from mid import Mid
Mid().build(3, nn.InstanceNorm2d)
""",
    "a method of what an object of another file holds": """
# == lib.py
from torch import nn
class Block:
    def build(self, c, norm=nn.BatchNorm2d):
        return norm(c, momentum=0.1)
# == mid.py
from lib import Block
class Holder:
    def __init__(self):
        self.thing = Block()
# == use.py
from torch import nn
from mid import Holder
Holder().thing.build(3, nn.InstanceNorm2d)
""",
    "a layer goes through a file to the next": """
# == net.py
from torch import nn
from helper import wrap
wrap(nn.BatchNorm2d(3))
# == helper.py
from deep import tune
def wrap(x):
    tune(x)
# == deep.py
def tune(x):
    x.weight.data.fill_(1)
""",
    "a network goes through a file to the next": """
# == net.py
from torch import nn
import helper
class Net:
    def __init__(self):
        self.bn = nn.BatchNorm2d(3)
helper.wrap(Net())
# == helper.py
import deep
def wrap(x):
    deep.tune(x)
# == deep.py
def tune(x):
    x.bn.weight.data.fill_(1)
""",
    "a base that keeps what its constructor gets": """
# == net.py
from torch import nn
from helper import Wrap
class W(Wrap):
    def go(self):
        self.layer.weight
W(nn.BatchNorm2d(3))
# == helper.py
class Wrap:
    def __init__(self, layer):
        self.layer = layer
""",
    "a function that is called with the layer": """
# == net.py
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self._inner = nn.BatchNorm2d(3)
    def each(self, f):
        f(self._inner)
# == use.py
from net import Net
def tune(l):
    l.momentum = 0.3
Net().each(tune)
""",
    "an object that two others hold": """
# == net.py
from torch import nn
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3)
# == big.py
from net import Block
class Big:
    def __init__(self):
        self.block = Block()
    def norm(self):
        return self.block.bn
# == use.py
from big import Big
def go():
    Big().norm().momentum = 0.3
# == use2.py
from big import Big
class Wrap:
    inner = Big()
    def same(self):
        return self.inner.norm
# == use3.py
from use2 import Wrap
Wrap().same()().momentum = 0.2
""",
    "a registry that a decorator fills": """
# == reg.py
REG = {}
def register(c):
    REG[c.__name__] = c
    return c
# == net.py
from torch import nn
from reg import register
@register
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self._inner = nn.BatchNorm2d(3)
# == use2.py
from reg import REG
REG["Net"]()._inner.momentum = 0.2
""",
}


def found(files: dict[str, str]) -> dict[str, object]:
    results = migrate_files([(path, text.encode()) for path, text in files.items()], Options())
    assert not any(r.error for r in results)
    return {r.path: (r.findings, r.after.decode().removesuffix(WORD)) for r in results}


@pytest.mark.parametrize("title", PROJECTS)
def test_nothing_is_missed_in_files_without_a_trigger_word(title: str) -> None:
    parts = re.split(r"^# == (\S+)\n", PROJECTS[title], flags=re.MULTILINE)
    files = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert found(files) == found({path: text + WORD for path, text in files.items()})
