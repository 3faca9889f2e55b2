"""``--todo``: where the comments go, that they come once, when they go, and that a run reports those that stand."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from migrate.chosen import Chosen, choose
from migrate.codes import CODES
from migrate.engine import Options, migrate_bytes
from migrate.findings import Result
from tests.cases import Case, all_cases
from tests.command import BEFORE, REVIEW, bn_migrate, git, harvest, plant, report
from tests.notebooks import migrated, notebook, sources

TODO = Options(todo=Chosen().reviews)
LINE = re.compile(r"^[ \t]*# TODO\(bn-migrate\): .*(?:\r\n|\r|\n|$)", re.MULTILINE)
HEAD = "from torch import nn\n"
LEFT = "nn.BatchNorm2d(3, momentum=None)"


def written(text: str, options: Options = TODO) -> str:
    """What a run with comments makes of a module; a second one changes nothing."""
    result = migrate_bytes(text.encode(), "a.py", options)
    assert result.error is None, result.error
    after = result.after.decode()
    ast.parse(after)
    again = migrate_bytes(result.after, "a.py", options)
    assert again.error is None and again.after.decode() == after
    return after


def marked(text: str) -> str:
    """A module with its comments cut down to indentation and codes."""
    return re.sub(r"# TODO\(bn-migrate\): (BN\d+) `[^`\n]*`: [^\r\n]*", r"# TODO \1", text)


def standing(data: bytes, options: Options | None = None) -> list[tuple[str, int]]:
    """The code and line of each review that a run reports."""
    result = migrate_bytes(data, "a.py", options or Options())
    return [(f.code, f.line) for f in result.findings if f.kind == "review"]


PLACES = {
    "a statement": (f"x = {LEFT}", f"# TODO BN201\nx = {LEFT}"),
    "a statement over several lines": (
        f"x = [\n    1,\n    {LEFT},\n]",
        f"# TODO BN201\nx = [\n    1,\n    {LEFT},\n]",
    ),
    "a continued line": (f"x = 1 + \\\n    {LEFT}", f"# TODO BN201\nx = 1 + \\\n    {LEFT}"),
    "behind a string of several lines": (f'x = """\n  a\n"""; {LEFT}', f'# TODO BN201\nx = """\n  a\n"""; {LEFT}'),
    "the second statement of a line": (f"x = 1; {LEFT}", f"# TODO BN201\nx = 1; {LEFT}"),
    "a block on the line of its header": (f"if x: {LEFT}", f"# TODO BN201\nif x: {LEFT}"),
    "an else on one line": (f"if x: pass\nelse: {LEFT}", f"if x: pass\n# TODO BN201\nelse: {LEFT}"),
    "a header": (f"for x in {LEFT}:\n    pass", f"# TODO BN201\nfor x in {LEFT}:\n    pass"),
    "a condition of elif": (
        f"if x:\n    pass\nelif {LEFT}:\n    pass",
        f"if x:\n    pass\n# TODO BN201\nelif {LEFT}:\n    pass",
    ),
    "a block": (f"if x:\n\n    y = 1\n    {LEFT}", f"if x:\n\n    y = 1\n    # TODO BN201\n    {LEFT}"),
    "the first line of a block": (f"if x:\n  # why\n  {LEFT}", f"if x:\n  # why\n  # TODO BN201\n  {LEFT}"),
    "tabs": (f"if x:\n\t{LEFT}", f"if x:\n\t# TODO BN201\n\t{LEFT}"),
    "a decorator": (
        f"@dec\n@other({LEFT})\n# why\n@dec\ndef f(): ...",
        f"# TODO BN201\n@dec\n@other({LEFT})\n# why\n@dec\ndef f(): ...",
    ),
    "a decorated default": (f"@dec\ndef f(x={LEFT}): ...", f"# TODO BN201\n@dec\ndef f(x={LEFT}): ..."),
    "a body": (f"@dec\ndef f():\n    return {LEFT}", f"@dec\ndef f():\n    # TODO BN201\n    return {LEFT}"),
    "a lambda": (f"f = lambda: (\n    {LEFT})", f"# TODO BN201\nf = lambda: (\n    {LEFT})"),
    "a string for several lines": (f'f(f"""\n{{{LEFT}}}\n""")', f'# TODO BN201\nf(f"""\n{{{LEFT}}}\n""")'),
    "a case": (
        f"match x:\n    case 1 if {LEFT}:\n        pass",
        f"match x:\n    # TODO BN201\n    case 1 if {LEFT}:\n        pass",
    ),
    "an except": (
        f"try:\n    pass\nexcept f({LEFT}):\n    pass",
        f"try:\n    pass\n# TODO BN201\nexcept f({LEFT}):\n    pass",
    ),
    "two places of one statement": (f"x = {LEFT}, {LEFT}", f"# TODO BN201\nx = {LEFT}, {LEFT}"),
    "two different places": (
        f"x = {LEFT}, nn.BatchNorm2d(*a)",
        f"# TODO BN201\n# TODO BN202\nx = {LEFT}, nn.BatchNorm2d(*a)",
    ),
}


@pytest.mark.parametrize("what", PLACES)
def test_it_stands_above_the_first_line_of_the_statement(what: str) -> None:
    before, after = PLACES[what]
    assert marked(written(HEAD + before + "\n")) == HEAD + after + "\n"
    assert marked(written(HEAD + before)) == HEAD + after


def test_it_quotes_the_place_after_the_migration_and_says_why() -> None:
    text = "from torch import nn\n\ndef f(m):\n    if isinstance(m, nn.BatchNorm2d):\n        m.weight.mul_(m.bias)\n"
    (line,) = [line for line in written(text).splitlines() if "TODO" in line]
    assert line.startswith("        # TODO(bn-migrate): BN214 `m.gamma.mul_(m.beta)`: ") or "`m.weight" in line
    message = next(f.message for f in migrate_bytes(text.encode(), "a.py", TODO).findings if f.code == "BN214")
    assert line.endswith(f": {message}")


def test_each_place_of_one_decision_gets_its_comment() -> None:
    body = "import torch\nfrom torch import nn\n\n\ndef f(bn: nn.BatchNorm2d):\n    a = torch.exp(bn.weight)\n"
    after = marked(written(body + "    return a, torch.exp(bn.bias)\n"))
    assert "    # TODO BN218\n    a = " in after and "    # TODO BN218\n    return a, " in after


def test_it_stands_before_a_rewrite_that_begins_the_line() -> None:
    text = f"{HEAD}nn.BatchNorm2d(3, momentum=0.2), {LEFT}\n"
    after = f"{HEAD}import mindspore as ms\n# TODO BN201\nms.nn.BatchNorm2d(3, momentum=0.8), {LEFT}\n"
    assert marked(written(text)) == after


def test_positions_stay_those_of_the_original() -> None:
    text = (HEAD + f"x = {LEFT}\ny = {LEFT}\n").encode()
    with_todo, without = (migrate_bytes(text, "a.py", options) for options in (TODO, Options()))
    assert with_todo.findings == without.findings and with_todo.after != without.after


CASES = pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)


@CASES
def test_whatever_is_left_gets_a_comment_once(case: Case) -> None:
    """Nothing but the comments changes; they come once, and one stands right above each statement with a review."""
    target, data_format = case.options.get("target", "mindspore.nn"), case.options.get("data-format", "NCHW")
    options = Options(target, data_format, todo=Chosen().reviews)
    path = case.options.get("stdin-filename", "a.py")
    result = migrate_bytes(case.before.encode(), path, options)
    assert result.error is None
    after = result.after.decode()
    ast.parse(after)
    assert LINE.sub("", after) == case.after
    assert [f for f in result.findings if f.role != "other"] == [
        f for f in migrate_bytes(case.before.encode(), path, Options(target, data_format)).findings if f.role != "other"
    ]
    again = migrate_bytes(result.after, path, options)
    assert again.error is None and again.after.decode() == after
    quoted = set(re.findall(r"# TODO\(bn-migrate\): (BN\d+) ", after))
    reviews = {f.code for f in result.findings if f.kind == "review"} - {"BN225"}
    assert reviews <= quoted and all(code.startswith("BN4") for code in quoted - reviews), "what only shows afterwards"
    assert not quoted or standing(result.after, Options(target, data_format))


def test_a_rewritten_file_stays_red_until_the_places_are_dealt_with(tmp_path: Path) -> None:
    """Also where the class is MindSpore's by then, and nothing else tells what was left."""
    git("init", "-q", cwd=tmp_path)
    tune = (
        b"import torch.nn as nn\n\ndef tune(m, value):\n    if isinstance(m, nn.BatchNorm2d):\n        m.eps = value\n"
    )
    plant(tmp_path, {"a.py": tune, "plain.py": b"x = 1\n"})
    assert bn_migrate("--todo", "--strict", ".", cwd=tmp_path).returncode == 1
    git("add", ".", cwd=tmp_path)
    first = harvest(tmp_path)["a.py"]
    assert b"ms.nn" in first and first.count(b"        # TODO(bn-migrate): BN207 `m.eps = value`: ") == 1
    for options in (("--todo",), (), ("--check",)):
        done = bn_migrate(*options, "--strict", ".", cwd=tmp_path)
        assert done.returncode == 1 and b" review " in done.stdout, "it stands, and is reported"
        assert git("diff", cwd=tmp_path) == b""
    plant(tmp_path, {"a.py": first.replace(b"        m.eps = value", b"        m.eps  =  value  # same")})
    assert bn_migrate("--todo", "--strict", ".", cwd=tmp_path).returncode == 1
    plant(tmp_path, {"a.py": first.replace(b"        m.eps = value", b"        set_eps(m, value)")})
    assert bn_migrate("--check", "--strict", ".", cwd=tmp_path).returncode == 0, "nothing to report any more"
    assert bn_migrate("--todo", "--strict", ".", cwd=tmp_path).returncode == 0
    assert b"TODO" not in harvest(tmp_path)["a.py"]


GOES = {
    "the text is another one": (f"x = {LEFT}", "x = nn.BatchNorm2d(3)"),
    "the statement is gone": (f"x = {LEFT}\ny = 1", "y = 1"),
    "the statement at the end is gone": (f"x = {LEFT}", ""),
    "a comment asks to leave it": (f"x = {LEFT}", f"x = {LEFT}  # bn-migrate: skip"),
    "a comment asks for the code": (f"x = {LEFT}", f"x = {LEFT}  # bn-migrate: skip[BN201]"),
    "the class is ported by hand": (f"x = f({LEFT})", f"x = f(ms.{LEFT})"),
}
STAYS = {
    "a formatter": (
        "x = nn.BatchNorm2d(3, momentum=f('a'), eps=None)",
        'x = nn.BatchNorm2d(\n    3,\n    momentum=f("a"),\n    eps=None,\n)',
    ),
    "another comment asks for another code": (f"x = {LEFT}", f"x = {LEFT}  # bn-migrate: skip[BN207]"),
    "a change beside it": (f"x = {LEFT}", f"x = f({LEFT}, 1)"),
    "a blank line": (f"x = {LEFT}", f"\n\nx = {LEFT}"),
    "a comment between": (f"x = {LEFT}", f"# why\nx = {LEFT}"),
}


@pytest.mark.parametrize("what", [*GOES, *STAYS])
def test_it_goes_when_the_place_is_dealt_with(what: str) -> None:
    before, after = {**GOES, **STAYS}[what]
    first = written(HEAD + before + "\n")
    assert first.count("TODO(bn-migrate)") == 1
    edited = first.replace(before.split("\n")[0], after.split("\n")[0] if "gone" in what else after)
    if "gone" in what:
        edited = first.replace(before + "\n", after + "\n" if after else "")
    assert edited != first and written(edited).count("TODO(bn-migrate)") == (what in STAYS)
    if what in STAYS:
        assert written(edited) == edited
    reviews = [code for code, _ in standing(edited.encode())]
    assert ("BN201" in reviews) == (what in STAYS)


def test_only_what_is_chosen_is_written_and_removed(tmp_path: Path) -> None:
    text = HEAD + f"x = {LEFT}\ny = nn.BatchNorm2d(*a)\n"
    some = Options(todo=choose(["BN2"], ["BN201"]).reviews)
    assert marked(written(text, some)) == HEAD + f"x = {LEFT}\n# TODO BN202\ny = nn.BatchNorm2d(*a)\n"
    both = written(text)
    fixed = both.replace(f"x = {LEFT}", "x = f(3)").replace("y = nn.BatchNorm2d(*a)", "y = f(a)")
    assert [*re.findall(r"TODO\(bn-migrate\): (BN\d+)", written(fixed, some))] == ["BN201"]
    plant(tmp_path, {"a.py": text.encode()})
    bn_migrate("--todo", "--ignore", "BN201", "a.py", cwd=tmp_path)
    assert marked(harvest(tmp_path)["a.py"].decode()) == HEAD + f"x = {LEFT}\n# TODO BN202\ny = nn.BatchNorm2d(*a)\n"


def test_comments_of_others_stay() -> None:
    for comment in ("# TODO(bn-migrate): ask", "# TODO: BN201", "# TODO(bn-migrate): BN999 `x`: y", "# BN201"):
        text = f"{comment}\nimport torch\n"
        assert written(text) == text and standing(text.encode()) == [], comment
    inside = (
        f'{HEAD}x = """\n# TODO(bn-migrate): BN201 `y`: z\n"""\nf(  # a\n    # TODO(bn-migrate): BN201 `y`: z\n    1)\n'
    )
    assert written(inside) == inside and standing(inside.encode()) == []


def test_one_without_a_quotation_stands_until_it_is_deleted() -> None:
    text = b"# TODO(bn-migrate): BN207\nx = 1\n"
    assert written(text.decode()) == text.decode() and standing(text) == [("BN207", 1)]
    (finding,) = migrate_bytes(text, "a.py", Options()).findings
    assert finding.message.startswith(CODES["BN207"].title) and "delete the comment" in finding.message


def test_a_file_without_a_word_of_the_rules_is_read_for_its_comments(tmp_path: Path) -> None:
    plant(
        tmp_path, {"a.py": b"def f(m):\n    # TODO(bn-migrate): BN207 `m.eps = 1`: why\n    m.eps = 1\n", "b.py": b"\n"}
    )
    for options in ((), ("--check",), ("--todo",), ("--no-cache",), ("-",)):
        stdin = harvest(tmp_path)["a.py"] if "-" in options else None
        done = bn_migrate("--strict", *options, *([] if stdin else ["."]), cwd=tmp_path, stdin=stdin)
        assert done.returncode == 1 and b":2:5 BN207 review why; an earlier run" in done.stdout + done.stderr


NEWLINES = [
    (newline, coding)
    for newline in ("\n", "\r\n", "\r")
    for coding in ("utf-8", "utf-8-sig", "latin-1", "cp1251")
    if newline != "\r" or "utf" in coding  # a coding line that ends so is none to Python
]


@pytest.mark.parametrize(("newline", "coding"), NEWLINES)
def test_newlines_and_encodings_stay(newline: str, coding: str) -> None:
    letter = "\N{CYRILLIC CAPITAL LETTER ZHE}" if coding == "cp1251" else "\N{LATIN SMALL LETTER E WITH ACUTE}"
    head = "" if "utf" in coding else f"# coding: {coding}\n"
    text = f"{head}{HEAD}class A:\n    x = nn.BatchNorm2d(3, momentum=None, eps='{letter}')\n".replace("\n", newline)
    result = migrate_bytes(text.encode(coding), "a.py", TODO)
    after = result.after.decode(coding)
    lines = after.split(newline)
    (comment,) = (line for line in lines if "TODO" in line)
    assert result.error is None and comment.startswith("    # TODO") and f"eps='{letter}')`: " in comment
    assert newline.join(line for line in lines if line != comment) == text
    assert migrate_bytes(result.after, "a.py", TODO).after == result.after


def test_a_comment_declares_no_encoding() -> None:
    text = f"{LEFT.replace('3', 'f(coding=utf8)')}\n"
    after = written(f"from torch import nn; {text}")
    assert "TODO" in after and not re.match(r"#.*coding[=:]", after)


def test_what_cannot_be_written_in_the_encoding_is_escaped(tmp_path: Path) -> None:
    rule = (Path(__file__).parent.parent / "rules" / "batch_norm_2d.toml").read_text("utf-8")
    advice = "torch's cumulative average has no counterpart"
    changed = re.sub(re.escape(advice), "☃ none", rule, count=1)
    if changed == rule:
        pytest.skip("the advice has other words")
    (tmp_path / "batch_norm_2d.toml").write_text(changed, "utf-8")
    options = Options(rules=(tmp_path,), todo=TODO.todo)
    result = migrate_bytes(f"# coding: ascii\n{HEAD}x = {LEFT}\n".encode(), "a.py", options)
    assert result.error is None and b"\\u2603 none" in result.after


def test_in_place_to_a_folder_to_standard_output_and_as_a_diff(tmp_path: Path) -> None:
    expected = REVIEW.replace(b"layer =", b"# TODO(bn-migrate): BN201 ", 1).split(b"BN201")[0]
    plant(tmp_path, {"a.py": REVIEW, "b.py": BEFORE})
    diff = bn_migrate("--todo", "--diff", ".", cwd=tmp_path)
    assert b"\n+# TODO(bn-migrate): BN201 `nn.BatchNorm2d(3, momentum=None)`: " in diff.stdout
    assert bn_migrate("--todo", "--check", "a.py", cwd=tmp_path).returncode == 1
    assert bn_migrate("--check", "a.py", cwd=tmp_path).returncode == 0
    assert bn_migrate("--todo", "--output", "out", ".", cwd=tmp_path).returncode == 0
    assert harvest(tmp_path)["a.py"] == REVIEW
    assert bn_migrate("--todo", ".", cwd=tmp_path).returncode == 0
    files = harvest(tmp_path)
    assert (
        files["a.py"].startswith(expected) and files["out/a.py"] == files["a.py"] and files["out/b.py"] == files["b.py"]
    )
    assert bn_migrate("--todo", "-", stdin=REVIEW).stdout == files["a.py"]
    assert bn_migrate("--todo", "--check", ".", cwd=tmp_path).returncode == 0, "nothing is left to write"


def test_the_cache_knows_of_it(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": REVIEW})
    for options, status in ((("--todo",), 1), ((), 0), (("--todo", "--ignore", "BN201"), 0), (("--todo",), 1)):
        assert bn_migrate("--check", *options, "a.py", cwd=tmp_path).returncode == status, options


def test_in_the_report(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": REVIEW})
    first = report("--todo", "a.py", cwd=tmp_path)
    assert first["summary"]["changed"] == 1 and first["files"][0]["findings"][0]["line"] == 3
    assert bn_migrate("--todo", "a.py", cwd=tmp_path).stdout.decode().count("BN201 review") == 1, "one finding a place"


def test_in_a_notebook() -> None:
    data = notebook(
        "from torch import nn", f"%matplotlib inline\nx = 1\nif x:\n    {LEFT}", f"%%time\n%time {LEFT}", "markdown:# a"
    )
    result: Result = migrated(data, TODO)
    assert [marked(s) for s in sources(result.after)] == [
        "from torch import nn",
        f"%matplotlib inline\nx = 1\nif x:\n    # TODO BN201\n    {LEFT}",
        f"%%time\n# TODO BN201\n%time {LEFT}",
        "# a",
    ]
    fixed = result.after.replace(b"momentum=None", b"momentum=0.1")
    assert b"TODO" not in migrate_bytes(fixed, "a.ipynb", TODO).after
    foreign = migrated(
        notebook("from torch import nn", "%%bash\necho BatchNorm2d\n# TODO(bn-migrate): BN201 `x`: y"), TODO
    )
    assert not foreign.changed
