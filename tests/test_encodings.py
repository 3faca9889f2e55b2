"""Bytes in, bytes out: encodings, newlines, and files that cannot be processed while the others are."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command import AFTER, BEFORE, harvest, plant, report

HEAD = "import torch.nn as nn\n"
DEPTH = 3000
PYTHON = "Python {}.{}".format(*sys.version_info)


def utf8(text: str) -> bytes:
    return text.encode()


# Bytes before and after.
KEPT: dict[str, tuple[bytes, bytes]] = {
    "line feeds": (BEFORE, AFTER),
    "byte order mark": (b"\xef\xbb\xbf" + BEFORE, b"\xef\xbb\xbf" + AFTER),
    "byte order mark and coding line": (
        b"\xef\xbb\xbf# coding: utf-8\n" + BEFORE,
        b"\xef\xbb\xbf# coding: utf-8\n" + AFTER,
    ),
    "CRLF": (BEFORE.replace(b"\n", b"\r\n"), AFTER.replace(b"\n", b"\r\n")),
    "CR alone": (BEFORE.replace(b"\n", b"\r"), AFTER.replace(b"\n", b"\r")),
    "CRLF in a file of line feeds": (BEFORE.replace(b"\n\n", b"\n\r\n"), AFTER.replace(b"\n\n", b"\n\r\n")),
    "CRLF in an argument list": (
        b"import torch.nn as nn\r\nl = nn.BatchNorm2d(\r\n    3,\r\n    momentum=0.2,\r\n)\r\n",
        b"import mindspore as ms\r\nl = ms.nn.BatchNorm2d(\r\n    3,\r\n    momentum=0.8,\r\n)\r\n",
    ),
    "form feed": (BEFORE.replace(b"\n\n", b"\n\x0c\n"), AFTER.replace(b"\n\n", b"\n\x0c\n")),
    "form feed before def": (BEFORE + b"\x0cdef f():\n    pass\n", AFTER + b"\x0cdef f():\n    pass\n"),
    "no final newline": (BEFORE.removesuffix(b"\n"), AFTER.removesuffix(b"\n")),
    "several final newlines": (BEFORE + b"\n\n  \n", AFTER + b"\n\n  \n"),
    "latin-1": (
        b"# -*- coding: latin-1 -*-\n" + BEFORE + b"name = '\xe9\xff'\n",
        b"# -*- coding: latin-1 -*-\n" + AFTER + b"name = '\xe9\xff'\n",
    ),
    "coding on the second line": (
        b"#!/usr/bin/env python\n# vim: set fileencoding=cp1251 :\n" + BEFORE + b"# \xcf\xf0\n",
        b"#!/usr/bin/env python\n# vim: set fileencoding=cp1251 :\n" + AFTER + b"# \xcf\xf0\n",
    ),
    "shift-jis": (
        b"# coding: shift-jis\n" + BEFORE + "名 = '表'\n".encode("shift-jis"),
        b"# coding: shift-jis\n" + AFTER + "名 = '表'\n".encode("shift-jis"),
    ),
    "non-ASCII on the line": (
        utf8(HEAD + "größe, 名 = '😀', nn.BatchNorm2d(3, momentum=0.2)  # é\n"),
        utf8("import mindspore as ms\ngröße, 名 = '😀', ms.nn.BatchNorm2d(3, momentum=0.8)  # é\n"),
    ),
    "line separators that are none": (
        BEFORE + utf8("s = 'a\u2028b\x85c\x0bd'\n"),
        AFTER + utf8("s = 'a\u2028b\x85c\x0bd'\n"),
    ),
    "tabs and trailing spaces": (
        b"import torch.nn as nn\nif 1:\n\tl = nn.BatchNorm2d(3)  \t\n",
        b"import mindspore as ms\nif 1:\n\tl = ms.nn.BatchNorm2d(3)  \t\n",
    ),
    "empty file": (b"", b""),
    "nothing but a byte order mark": (b"\xef\xbb\xbf", b"\xef\xbb\xbf"),
    "bytes that are not text, in a file without batch norm": (b"\xff\xfe\x00", b"\xff\xfe\x00"),
}


@dataclass(frozen=True)
class Run:
    """A run over one file for each entry of a table: the report by name, and the tree afterwards."""

    summary: dict[str, int]
    files: dict[str, Any]
    tree: dict[str, bytes]


def run(folder: Path, files: dict[str, bytes]) -> Run:
    plant(folder, {f"{name}.py": data for name, data in files.items()})
    document = report(".", cwd=folder)
    entries = {f["path"].removesuffix(".py"): f for f in document["files"]}
    return Run(document["summary"], entries, {k.removesuffix(".py"): v for k, v in harvest(folder).items()})


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("kept"), {name: before for name, (before, _) in KEPT.items()})


@pytest.mark.parametrize("name", KEPT)
def test_everything_else_stays(kept: Run, name: str) -> None:
    assert kept.tree[name] == KEPT[name][1]
    assert name not in kept.files or kept.files[name]["error"] is None


def test_every_file_is_counted(kept: Run) -> None:
    assert kept.summary["files"] == len(KEPT) and kept.summary["errors"] == 0
    assert kept.summary["changed"] == sum(before != after for before, after in KEPT.values())


def nested(opening: str, inner: str, closing: str) -> bytes:
    return utf8(f"{HEAD}x = nn.BatchNorm2d({opening * DEPTH}{inner}{closing * DEPTH})\n")


# Bytes, the code of the error, the words and the line in its message.
BAD: dict[str, tuple[bytes, str, list[str]]] = {
    "syntax error": (BEFORE + b"def f(:\n", "BN901", ["line 4", PYTHON]),
    "syntax of Python 2": (BEFORE + b"\n\nprint 'x'\n", "BN901", ["line 6", PYTHON]),
    "unclosed bracket": (BEFORE + b"x = (\n", "BN901", ["line 4", PYTHON]),
    "unclosed string": (BEFORE + b"x = '''\n", "BN901", ["line 4", PYTHON]),
    "wrong indentation": (BEFORE + b"if 1:\n        a\n    b\n", "BN901", ["line 6", PYTHON]),
    "merge conflict": (b"<<<<<<< HEAD\n" + BEFORE, "BN901", ["line 1", PYTHON]),
    "null byte": (BEFORE + b"\x00\n", "BN901", ["null byte"]),
    "undecodable bytes": (BEFORE + b"# \xe9\n", "BN902", ["utf-8", "line 4"]),
    "undecodable after a byte order mark": (b"\xef\xbb\xbf" + BEFORE + b"# \xe9\n", "BN902", ["utf-8", "line 4"]),
    "undecodable in its own coding": (b"# coding: ascii\n" + BEFORE + b"# \xe9\n", "BN902", ["ascii", "line 5"]),
    "unknown coding": (b"# coding: no-such\n" + BEFORE, "BN902", ["no-such"]),
    "coding that is not of text": (b"# coding: rot13\n" + BEFORE, "BN902", ["rot13"]),
    "coding of binary": (b"# coding: zlib\n" + BEFORE, "BN902", ["zlib"]),
    "coding against the byte order mark": (b"\xef\xbb\xbf# coding: latin-1\n" + BEFORE, "BN902", ["coding"]),
    "nested parentheses": (nested("(", "3", ")"), "BN904", [PYTHON]),
    "nested brackets": (nested("[", "3", "]"), "BN904", [PYTHON]),
    "nested calls": (nested("f(", "3", ")"), "BN904", [PYTHON]),
}


# Nesting that some Pythons can read; then the file is migrated as any other.
DEEP: dict[str, str] = {
    "attribute chain": "a" + ".b" * DEPTH,
    "additions": "1" + " + 1" * DEPTH,
    "powers": "1" + "**1" * DEPTH,
    "negations": "not " * DEPTH + "1",
    "signs": "-" * DEPTH + "1",
    "chain of calls": "f" + "()" * DEPTH,
    "chain of methods": "a" + ".b()" * DEPTH,
    "chain of subscripts": "a" + "[0]" * DEPTH,
    "conditions": "1 if a else " * DEPTH + "1",
    "lambdas": "lambda: " * DEPTH + "1",
}
PLACES = {
    "in the call": "x = nn.BatchNorm2d({deep}, momentum=0.2)\n",
    "elsewhere": "y = {deep}\nx = nn.BatchNorm2d(3)\n",
}
DEEP_FILES = {
    f"{kind} {where}": utf8(HEAD + text.format(deep=deep))
    for where, text in PLACES.items()
    for kind, deep in DEEP.items()
}
DEEP_FILES["elif branches"] = utf8(
    HEAD + "if a:\n    pass\n" + "elif a:\n    pass\n" * DEPTH + "x = nn.BatchNorm2d(3)\n"
)


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    files = {"0 first": BEFORE, **{name: data for name, (data, _, _) in BAD.items()}, **DEEP_FILES, "~ last": BEFORE}
    return run(tmp_path_factory.mktemp("failed"), files)


@pytest.mark.parametrize("name", BAD)
def test_file_that_cannot_be_processed(failed: Run, name: str) -> None:
    data, code, words = BAD[name]
    error = failed.files[name]["error"]
    assert error is not None and error.startswith(f"{code} ")
    assert [word for word in words if word not in error] == [], error
    assert failed.files[name]["findings"] == [] and failed.files[name]["changed"] is False
    assert failed.tree[name] == data


@pytest.mark.parametrize("name", DEEP_FILES)
def test_deep_nesting_is_an_error_or_migrated(failed: Run, name: str) -> None:
    before, after, entry = DEEP_FILES[name], failed.tree[name], failed.files[name]
    if entry["error"] is not None:
        assert entry["error"].startswith("BN904 ") and after == before
    else:
        migrated = before.replace(b"torch.nn as nn", b"mindspore as ms").replace(b"nn.Ba", b"ms.nn.Ba")
        assert after == migrated.replace(b"momentum=0.2", b"momentum=0.8")


def test_the_others_are_still_processed(failed: Run) -> None:
    assert failed.tree["0 first"] == failed.tree["~ last"] == AFTER
    assert failed.summary["files"] == len(BAD) + len(DEEP_FILES) + 2
    assert failed.summary["errors"] == sum(entry["error"] is not None for entry in failed.files.values())


NEWER = {
    "exception groups": ((3, 11), "try:\n    NORM\nexcept* ValueError:\n    pass\n"),
    "aliases": ((3, 12), "type Norm = nn.BatchNorm2d\nNORM\n"),
    "type parameters": ((3, 12), "def make[T](cls: type[T] = nn.BatchNorm2d) -> T:\n    return cls(3)\n\nNORM\n"),
    "quotes in f-strings": ((3, 12), "bn = NORM\nprint(f'{f'{bn.weight}'} {', '.join(['a'])}')\n"),
    "defaults of type parameters": ((3, 13), "class Box[T = int]:\n    bn = NORM\n"),
}
"""Texts in the syntax of a version of Python."""


@pytest.mark.parametrize(("since", "text"), NEWER.values(), ids=NEWER.keys())
def test_syntax_is_read_by_a_python_that_has_it_and_is_one_line_in_others(
    tmp_path: Path, since: tuple[int, int], text: str
) -> None:
    plant(tmp_path, {"a.py": HEAD.encode() + text.replace("NORM", "nn.BatchNorm2d(3, momentum=0.2)").encode()})
    (file,) = report("a.py", cwd=tmp_path)["files"]
    if sys.version_info >= since:
        new = text.replace("NORM", "nn.BatchNorm2d(3, momentum=0.8)").replace("nn.Batch", "ms.nn.Batch")
        new = new.replace("bn.weight", "bn.gamma")
        assert (tmp_path / "a.py").read_text() == "import mindspore as ms\n" + new
    else:
        assert f"{PYTHON} read it, so for newer syntax run bn-migrate with that Python" in file["error"]
