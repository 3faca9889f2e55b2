"""What a run reads of files in memory, and files for that."""

from __future__ import annotations

from migrate.decide.reading import read_project
from migrate.rules import load_rules

RULES = load_rules("mindspore.nn")
HEAD = "import torch.nn as nn\n\n"
LAYERS = HEAD + "class Net:\n    def __init__(self):\n        self.bn, self.fc = nn.BatchNorm2d(3), nn.Linear(3, 3)\n\n"


def modules(files: dict[str, str], *triggered: str) -> set[str]:
    """The files that are read into the project of those that are triggered."""
    texts = {path: text.encode() for path, text in files.items()}
    project = read_project(texts, {path: texts[path] for path in triggered}, texts.__getitem__, RULES)
    return set(project.modules) - set(triggered)
