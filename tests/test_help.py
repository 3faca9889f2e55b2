"""``--help``: every option below one heading, on a terminal of any width."""

from __future__ import annotations

from collections import Counter

import click
import pytest

from migrate.cli import command
from migrate.help import GROUPS
from tests.command import bn_migrate

OPTIONS = [p.opts[-1] for p in command.get_params(click.Context(command)) if isinstance(p, click.Option)]


def sections(width: int) -> dict[str, list[str]]:
    """The lines of the help by the heading that they stand under."""
    lines = bn_migrate("--help", env={"COLUMNS": str(width)}).stdout.decode().splitlines()
    assert [line for line in lines if len(line) > width] == []
    found: dict[str, list[str]] = {"": []}
    for line in lines:
        if line.endswith(":") and not line.startswith(" "):
            found[line[:-1]] = []
        else:
            found[next(reversed(found))].append(line)
    return found


def test_every_option_is_in_one_group() -> None:
    grouped = Counter(flag for flags in GROUPS.values() for flag in flags)
    assert grouped == Counter(OPTIONS)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_groups_are_headings(width: int) -> None:
    shown = sections(width)
    assert list(shown)[1:] == list(GROUPS)
    for title, flags in GROUPS.items():
        starts = [line.removeprefix("  ").split("  ")[0] for line in shown[title] if line.startswith("  -")]
        assert [next(f for f in flags if f in start.split(" ")) for start in starts] == list(flags), title


def test_the_descriptions_stand_in_one_column() -> None:
    described = [line for lines in sections(80).values() for line in lines if line.startswith("   ")]
    assert {len(line) - len(line.lstrip()) for line in described} == {29}


def test_an_option_in_no_group_is_shown_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    extended = type(command)("extended", params=[*command.params, click.Option(["--new"], help="Not in a group.")])
    extended.main(["--help"], standalone_mode=False)
    assert "\nOther:\n  --new" in capsys.readouterr().out
