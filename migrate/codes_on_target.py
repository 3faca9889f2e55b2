"""The codes of findings in code that is on the target already."""

from __future__ import annotations

from migrate.code import describe

HEAD = "import mindspore.nn as nn\n"

ON_TARGET = (
    describe(
        "BN401",
        "share with torch's meaning",
        """The class is MindSpore's. Its momentum is the share of the old statistics that stays, torch's the share of
        the new batch: a constructor that gets 0.1 forgets nine tenths with each batch, and with 1 the statistics never
        change. The number is found where it is written, also behind names, defaults and wrappers; layers that leave
        their statistics as they are are left out.""",
        HEAD + "layer = nn.BatchNorm2d(3, momentum=0.1)\n",
    ),
    describe(
        "BN402",
        "torch's name on MindSpore's layer",
        """The class is MindSpore's, by an earlier run or by hand, and has no attribute or method of this name, or
        one that means something else. The place stays a review on every run until a person has dealt with it.""",
        HEAD + "layer = nn.BatchNorm2d(3)\nprint(layer.weight)\n",
    ),
    describe(
        "BN403",
        "torch's argument for MindSpore's class",
        """The class is MindSpore's, and has no parameter of this name, or another one at this position: it raises,
        or takes the value for something else.""",
        HEAD + "layer = nn.BatchNorm2d(3, track_running_stats=False)\n",
    ),
    describe(
        "BN404",
        "evaluation with the batch's statistics",
        """The class is MindSpore's, and the argument makes evaluation compute with the statistics of the batch and move
        the running ones. Torch does so where it keeps no statistics, which is rare; a flag that says whether a layer
        is trained has to become None or False.""",
        HEAD + "layer = nn.BatchNorm2d(3, use_batch_statistics=True)\n",
    ),
    describe(
        "BN405",
        "write that MindSpore's layer does not see",
        """The class is MindSpore's. Its primitives are built when the layer is made, from what the constructor
        got: a later write changes nothing unless they are built again behind it.""",
        HEAD + "def tune(m):\n    if isinstance(m, nn.BatchNorm2d):\n        m.momentum = 0.03\n",
    ),
    describe(
        "BN406",
        "training mode that is lost",
        """The class is MindSpore's. A network hands its mode to the layers that it holds when set_train() is called,
        and does not run their own set_train(): a layer that is put in training mode in __init__ keeps it while the
        network infers, one that is added later does not train, and what a part does in a set_train() of its own is not
        done.""",
        HEAD + "class Net(nn.Cell):\n    def __init__(self):\n        super().__init__()\n"
        "        self.bn = nn.BatchNorm2d(3).set_train()\n",
    ),
    describe(
        "BN407",
        "layer that the original makes otherwise",
        """With --original TREE: the layer of the same class and attribute there has another eps, momentum, affine or
        track_running_stats, or the class has a layer that is missing here. Only the original tells: a share of 0.9997
        is none of torch's, and still wrong where the original has the default.""",
        "",
    ),
)
