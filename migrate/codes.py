"""The codes of findings: stable, each with its reason and an example that the tests run."""

from __future__ import annotations

from migrate.code import describe
from migrate.codes_on_target import ON_TARGET
from migrate.findings import Finding, Level

HEAD = "import torch.nn as nn\n"

_ALL = (
    describe(
        "BN101",
        "constructor call",
        """The class becomes MindSpore's and the arguments follow the rule: momentum is complemented, since MindSpore
        counts the weight of the old value; arguments whose place means something else become keywords. A subclass that
        calls the constructor of its base follows the same rule there, and its own arguments stay.""",
        HEAD + "layer = nn.BatchNorm2d(3, momentum=0.2)\n",
        "import mindspore as ms\nlayer = ms.nn.BatchNorm2d(3, momentum=0.8)\n",
    ),
    describe(
        "BN102",
        "partial",
        """functools.partial of the class: the arguments it holds follow the same rule as a call's.""",
        "from functools import partial\n" + HEAD + "norm = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)\n",
        "from functools import partial\nimport mindspore as ms\n"
        "norm = partial(ms.nn.BatchNorm2d, eps=1e-3, momentum=0.99)\n",
    ),
    describe(
        "BN103",
        "reference to the class",
        """The class is named without being called: a default, an annotation, an isinstance test, a value.""",
        HEAD + "def block(norm=nn.BatchNorm2d): ...\n",
        "import mindspore as ms\ndef block(norm=ms.nn.BatchNorm2d): ...\n",
    ),
    describe(
        "BN104",
        "import of the class",
        """All uses of the imported name are migrated, so the import itself is, and the uses keep their text.""",
        "from torch.nn import BatchNorm2d\nlayer = BatchNorm2d(3)\n",
        "from mindspore.nn import BatchNorm2d\nlayer = BatchNorm2d(3)\n",
    ),
    describe(
        "BN105",
        "attribute of an instance",
        """The parameters and running statistics have other names in MindSpore.""",
        HEAD + "def scale(m):\n    if isinstance(m, nn.BatchNorm2d):\n        return m.weight\n",
        "import mindspore as ms\ndef scale(m):\n    if isinstance(m, ms.nn.BatchNorm2d):\n        return m.gamma\n",
    ),
    describe(
        "BN106",
        "method of an instance",
        """The method has another name in MindSpore, or is written out; also where a subclass defines its own.""",
        HEAD + "def freeze(m):\n    if isinstance(m, nn.BatchNorm2d):\n        m.eval()\n",
        "import mindspore as ms\ndef freeze(m):\n"
        "    if isinstance(m, ms.nn.BatchNorm2d):\n        m.set_train(False)\n",
    ),
    describe(
        "BN107",
        "initialisation of a parameter",
        """In-place initialisation becomes set_data with an initializer: MindSpore's in-place operators are missing on
        some devices and fail late.""",
        HEAD + "def init(m):\n    if isinstance(m, nn.BatchNorm2d):\n        nn.init.ones_(m.weight)\n",
        "import mindspore as ms\nfrom mindspore.common.initializer import initializer\ndef init(m):\n"
        "    if isinstance(m, ms.nn.BatchNorm2d):\n"
        "        m.gamma.set_data(initializer('ones', m.gamma.shape, m.gamma.dtype))\n",
    ),
    describe(
        "BN108",
        "call through a name",
        """The called name holds nothing but migrated batch norm, as far as the file shows, so its arguments follow the
        rule as well.""",
        HEAD + "def block(c, norm=nn.BatchNorm2d):\n    return norm(c, momentum=0.01)\n",
        "import mindspore as ms\ndef block(c, norm=ms.nn.BatchNorm2d):\n    return norm(c, momentum=0.99)\n",
    ),
    describe(
        "BN109",
        "branch split by class",
        """Only batch norm changed the names that the branch uses: it gets a branch of its own, and the other classes
        keep theirs.""",
        HEAD + "def init(m):\n    if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):\n        nn.init.ones_(m.weight)\n",
        "import torch.nn as nn\nimport mindspore as ms\nfrom mindspore.common.initializer import initializer\n"
        "def init(m):\n    if isinstance(m, ms.nn.BatchNorm2d):\n"
        "        m.gamma.set_data(initializer('ones', m.gamma.shape, m.gamma.dtype))\n"
        "    elif isinstance(m, nn.GroupNorm):\n        nn.init.ones_(m.weight)\n",
    ),
    describe(
        "BN110",
        "write that the primitives have to see",
        """MindSpore builds its primitives when the layer is made: behind the assignment they are built again, from the
        attributes, which hold torch's values. A network that graph mode has compiled before keeps the old ones.""",
        HEAD + "def tune(m):\n    if isinstance(m, nn.BatchNorm2d):\n        m.momentum = 0.03\n",
        "import mindspore as ms\ndef tune(m):\n    if isinstance(m, ms.nn.BatchNorm2d):\n"
        "        m.momentum = 0.03\n        m.bn_train = ms.ops.BatchNorm(is_training=True, epsilon=m.eps, "
        "momentum=m.momentum, data_format=m.format)\n",
    ),
    describe(
        "BN201",
        "argument without a counterpart",
        """MindSpore cannot express the argument, or would raise or compute something else.""",
        HEAD + "layer = nn.BatchNorm2d(3, momentum=None)\n",
    ),
    describe(
        "BN202",
        "star arguments",
        """What a star argument carries is not visible, so momentum may hide in it.""",
        HEAD + "def make(c, **kwargs):\n    return nn.BatchNorm2d(c, **kwargs)\n",
    ),
    describe(
        "BN203",
        "name bound to different things",
        """The name means torch's class on one path and something else on another.""",
        "try:\n    from fast_norms import BatchNorm2d\nexcept ImportError:\n    from torch.nn import BatchNorm2d\n"
        "layer = BatchNorm2d(3)\n",
    ),
    describe(
        "BN204",
        "call that may reach other classes",
        """Another class may be called here, and the arguments mean something else to it.""",
        HEAD + "def block(c, norm=nn.BatchNorm2d):\n    return norm(c, momentum=0.01)\nblock(3, nn.InstanceNorm2d)\n",
    ),
    describe(
        "BN205",
        "object that may be of another class",
        """Only batch norm changed the name of the attribute; the other class did not.""",
        HEAD + "def init(m):\n    if isinstance(m, (nn.BatchNorm2d, nn.Module)):\n        nn.init.ones_(m.weight)\n",
    ),
    describe(
        "BN206",
        "test against None",
        """In MindSpore the parameters and statistics exist whatever the arguments: the test always holds.""",
        HEAD + "def has_scale(m):\n    return isinstance(m, nn.BatchNorm2d) and m.weight is not None\n",
    ),
    describe(
        "BN207",
        "write that has no effect or no equal",
        """MindSpore builds its primitive when the layer is made: a later write is not seen, or is not accepted.""",
        HEAD + "def tune(m, value):\n    if isinstance(m, nn.BatchNorm2d):\n        m.momentum = value\n",
    ),
    describe(
        "BN208",
        "attribute or method without a counterpart",
        """MindSpore's cell has nothing of that name.""",
        HEAD + "def tracks(m):\n    if isinstance(m, nn.BatchNorm2d):\n        return m.track_running_stats\n",
    ),
    describe(
        "BN209",
        "subclass whose code is not understood",
        """A subclass is rewritten as a whole: the arguments of its super().__init__ follow the constructor's rule,
        forward becomes construct, and the names of its attributes change. It is left as a whole where its code uses
        torch, overrides what has no counterpart, or may mean something else in MindSpore.""",
        "import torch\n" + HEAD + "class Norm(nn.BatchNorm2d):\n    def forward(self, x):\n"
        "        return torch.relu(super().forward(x))\n",
    ),
    describe(
        "BN210",
        "related symbol",
        """The symbol belongs to batch norm but has no rewrite of its own.""",
        "import torch.nn.functional as F\ndef norm(x, m, v, w, b):\n    return F.batch_norm(x, m, v, w, b)\n",
    ),
    describe(
        "BN211",
        "dynamic use",
        """The class or an attribute is looked up, patched or registered by name at run time.""",
        HEAD + 'norm = getattr(nn, "BatchNorm2d", None)\n',
    ),
    describe(
        "BN212",
        "import that others may use",
        """The import may serve other files: it is in an __init__.py or __all__, or has no use in its own file.""",
        "from torch.nn import BatchNorm2d\n__all__ = ['BatchNorm2d']\n",
    ),
    describe(
        "BN213",
        "object whose constructor was left",
        """The constructor, class or import behind the object stays, so the object is still torch's, and no other review
        is about the use: what stays has none of its own, or the object may also be one that is rewritten, or a later
        run would not tell of the use once the object is MindSpore's.""",
        HEAD + "layer = nn.BatchNorm2d(3, momentum=None)\nprint(layer.momentum == 0.1)\n",
    ),
    describe(
        "BN214",
        "in-place change without a rewrite",
        """The in-place operation has no equal in MindSpore on every device.""",
        HEAD + "def halve(m):\n    if isinstance(m, nn.BatchNorm2d):\n        m.weight.data.mul_(0.5)\n",
    ),
    describe(
        "BN215",
        "class tested by its name",
        """The test works in MindSpore too, but what it guards uses names that nothing shows to be batch norm's.""",
        "def init(m):\n    if 'BatchNorm' in m.__class__.__name__:\n        m.weight.data.fill_(1)\n",
    ),
    describe(
        "BN216",
        "class without an argument that it needs",
        """A class that is passed on does not carry data_format=, nor an argument whose default differs between the
        frameworks; a partial does.""",
        HEAD + "def block(norm=nn.BatchNorm2d): ...\n",
    ),
    describe(
        "BN217",
        "name where IPython reads",
        """A magic, a shell line or a cell in another language names it. These are not read as Python, and stay.""",
        "",
    ),
    describe(
        "BN218",
        "tensor that enters torch",
        """A renamed tensor is MindSpore's: torch's functions, operators and modules do not take it, it lacks some
        methods of torch's tensors, and no test for torch's classes holds.""",
        "import torch\n" + HEAD + "def scale(m: nn.BatchNorm2d):\n    return torch.rsqrt(m.running_var + m.eps)\n",
    ),
    describe(
        "BN219",
        "seen while running",
        """A run of the program that was recorded (`bn-migrate-trace`) had a layer at this place, and no reading of the
        code shows it: through a name that is put together at run time, a file that was not read, or a library.""",
        "",
    ),
    describe(
        "BN220",
        "use that differs in its context",
        """There is a counterpart, but none that is equal where it stands: MindSpore's list of parameters leaves out
        what is frozen, its parameters have other names, or a number is compared that differs in its last digits.""",
        HEAD + "def names(m):\n    if isinstance(m, nn.BatchNorm2d):\n"
        "        return [name for name, p in m.named_parameters()]\n",
    ),
    describe(
        "BN221",
        "configuration of a layer",
        """A dict names the class by the name under which registries have it, as OpenMMLab's configurations do, and
        holds arguments that mean something else to MindSpore's class. They reach a constructor that code looks up by
        the name, where they have to be converted.""",
        'norm_cfg = dict(type="BN", momentum=0.03, eps=0.001)\n',
    ),
    describe(
        "BN222",
        "files that are not read",
        """Besides the files that name a class, a run reads those that its layers may get to. Where these would be over
        a thousand, nearly all of a tree reaches nearly all of it, and it reads none of them: their uses of layers have
        no finding. A run on the folders that are ported reads what these need.""",
        "",
    ),
    describe(
        "BN225",
        "comment that lists what is no code",
        """A comment such as bn-migrate: skip[BN207] lists codes or their beginnings. What is neither suppresses
        nothing.""",
        HEAD + "layer = nn.BatchNorm2d(3)  # bn-migrate: skip[BN999]\n",
        "import mindspore as ms\nlayer = ms.nn.BatchNorm2d(3)  # bn-migrate: skip[BN999]\n",
    ),
    describe(
        "BN301",
        "training mode",
        """A MindSpore cell starts in inference mode, a torch module in training mode. The mode belongs to the network
        around the layer; only a layer that is called where it is made gets set_train() of its own.""",
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        self.bn = nn.BatchNorm2d(3)\n",
        "import torch.nn as nn\nimport mindspore as ms\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        self.bn = ms.nn.BatchNorm2d(3)\n",
    ),
    describe(
        "BN302",
        "argument dropped",
        """The argument has no counterpart and changes nothing in MindSpore.""",
        HEAD + "layer = nn.BatchNorm2d(3, device='cpu')\n",
        "import mindspore as ms\nlayer = ms.nn.BatchNorm2d(3)\n",
    ),
    describe(
        "BN303",
        "same name, same meaning",
        """Nothing to change.""",
        HEAD + "def epsilon(m):\n    if isinstance(m, nn.BatchNorm2d):\n        return m.eps\n",
        "import mindspore as ms\ndef epsilon(m):\n    if isinstance(m, ms.nn.BatchNorm2d):\n        return m.eps\n",
    ),
    describe(
        "BN304",
        "name on an object of unknown class",
        """The name is batch norm's, but nothing shows that the object is one.""",
        "def mean(x):\n    return x.running_mean\n",
        warns=True,
    ),
    describe(
        "BN305",
        "name in a string",
        """A state-dict key or a class name in a string.""",
        "KEY = 'bn1.running_mean'\n",
        warns=True,
    ),
    describe(
        "BN306",
        "left on request",
        """A comment on the line asks to leave it alone.""",
        HEAD + "layer = nn.BatchNorm2d(3)  # bn-migrate: skip\n",
    ),
    describe(
        "BN307",
        "import kept or removed",
        """A torch import that lost its last use to the migration is removed; one that still has uses stays.""",
        HEAD + "layer = nn.BatchNorm2d(3)\n",
        "import mindspore as ms\nlayer = ms.nn.BatchNorm2d(3)\n",
    ),
    describe(
        "BN308",
        "use that another review is about",
        """Another place has the review, which the message names: the subclass, constructor or test by which the object
        is still torch's. The use is ported with it, and what to write is right once that is MindSpore's.""",
        HEAD + "class Norm(nn.BatchNorm2d):\n    def forward(self, x):\n        print(x)\n"
        "        return x * self.weight[0]\n",
    ),
    *ON_TARGET,
    describe(
        "BN901",
        "syntax error",
        """Python cannot parse the file; it may be written for a newer Python than the one that runs bn-migrate.""",
        "layer = nn.BatchNorm2d(\n",
    ),
    describe(
        "BN902",
        "undecodable",
        """The bytes are not text in the encoding that the file declares.""",
        "# coding: no-such-encoding\nlayer = nn.BatchNorm2d(3)\n",
    ),
    describe(
        "BN903",
        "unreadable",
        """The file or folder cannot be read: it is missing, not permitted, or a link to nowhere.""",
        "",
    ),
    describe(
        "BN904",
        "nested too deep",
        """An expression is nested deeper than Python's own parser goes.""",
        "BatchNorm2d = " + "(" * 250 + "1" + ")" * 250 + "\n",
    ),
    describe(
        "BN905",
        "internal",
        """The rewritten text would not have been right; the file is left as it was. Please report it.""",
        "",
    ),
    describe(
        "BN906",
        "unwritable",
        """The result cannot be written: the file is read-only or the disk is full. The original is untouched.""",
        "",
    ),
    describe(
        "BN907",
        "proof failed",
        """With --verify, every rewritten call is executed in torch and in MindSpore. Here the results differ by more
        than rounding explains, or one of the two could not run it. The file is left as it was; the report shows the
        call, the measure, and a script to see it.""",
        "",
    ),
    describe(
        "BN908",
        "no notebook",
        """The file is called a notebook and is none of format 4: no JSON, of an older format, or without cells.""",
        "",
    ),
)
CODES = {code.code: code for code in _ALL}


def level(finding: Finding) -> Level:
    """How a report shows a finding: a review whose suggestion was applied is a rewrite, some notes are warnings."""
    return (CODES[finding.code].level if finding.kind == "note" else None) or finding.kind
