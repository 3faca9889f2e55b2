"""Which signature of the target's classes a run is about: a version that was chosen, or what is installed.

The source of an installed package is read, and never imported: that takes seconds, and runs code.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

from migrate.asked import INSTALLED, parse_version
from migrate.errors import UsageError
from migrate.rule import Convention, Parameter, Rule, Source, Treatment

LOOK = "import importlib.util as u; s = u.find_spec({name!r}); print(s.origin if s and s.origin else '')"
SECONDS = 60


def told_version(rules: tuple[Rule, ...], asked: str) -> str | None:
    """The version that a run asks for; None where it asks for what is installed, and that tells none."""
    return installed_version(rules, asked.removeprefix(INSTALLED)) if asked.startswith(INSTALLED) else asked


def mark(asked: str, package: str) -> str:
    """What a run asks for, with what tells whether another version of the package was installed since."""
    folder = _folder(package, asked.removeprefix(INSTALLED)) if asked.startswith(INSTALLED) else None
    try:
        status = os.stat(folder / "__init__.py") if folder is not None else None
    except OSError:
        status = None
    return f"{asked} {folder} {status.st_mtime_ns if status is not None else ''}"


def convention_of(rule: Rule, version: str) -> Convention | None:
    """The last of a rule's conventions that a version has; None for the one up to the first of them."""
    if not version:
        return None
    numbers = parse_version(version)
    found = [c for c in rule.target.convention if parse_version(c.since) <= numbers]
    return found[-1] if found else None


def of_version(rule: Rule, version: str) -> Rule:
    """A rule for the signature that a version of the target has."""
    convention = convention_of(rule, version)
    if convention is None:
        return rule
    same = convention.as_source
    kept = tuple(replace(p, treatment=Treatment()) if p.name in same else p for p in rule.parameters)
    data_formats = rule.target.data_formats if "data_format" in convention.parameters else ()
    cls = replace(
        rule.target,
        positional=convention.positional,
        parameters=convention.parameters,
        data_formats=data_formats,
        frozen={},
        carrier=(),
    )
    return replace(rule, target=cls, parameters=kept)


def signatures_of(rules: tuple[Rule, ...], version: str) -> dict[str, Rule]:
    """Rules that lead from the first signature of each target class to that of a version, by the names of the rules.

    The last convention serves where the version is empty. Raises UsageError where a version has the first signature.
    """
    found = {}
    for rule in rules:
        convention = convention_of(rule, version) if version else next(reversed(rule.target.convention), None)
        if convention is None and rule.target.convention:
            since = rule.target.convention[0].since
            raise UsageError(f"--from mindspore: its signatures change with {since}, and {version} is before that")
        if convention is not None:
            found[rule.name] = _between(rule, convention)
    return found


def _between(rule: Rule, convention: Convention) -> Rule:
    """A rule whose source is the target's class with its first signature."""
    parameters = tuple(_before(rule, name, convention) for name in rule.target.parameters)
    cls = replace(rule.target, positional=convention.positional, parameters=convention.parameters)
    source = Source(rule.target.name, rule.target.aliases)
    after = tuple(p for p in rule.parameters if p.name in convention.parameters)
    return replace(rule, source=source, target=cls, parameters=parameters, next_parameters=after)


def _before(rule: Rule, name: str, convention: Convention) -> Parameter:
    """A parameter of the first signature, with what becomes of it."""
    treatment = convention.before.get(name, Treatment())
    meant = next((p for p in rule.parameters if name == (p.treatment.to or p.name)), None)
    if meant is None:
        return Parameter(name, False, treatment)
    if meant.treatment.action == "complement" and isinstance(meant.default, float):
        return Parameter(name, False, treatment, default=1 - meant.default, samples=meant.samples)
    if meant.treatment.action == "map":
        return Parameter(name, False, treatment)
    return replace(meant, treatment=replace(meant.treatment, action="keep") if not treatment.to else treatment)


def installed_version(rules: tuple[Rule, ...], interpreter: str) -> str | None:
    """A version that has the signature of the installed classes.

    That is the first one of a convention, 0 for the signature before all of them, and None where nothing is installed
    or the classes have a signature that no rule knows.
    """
    folder = _folder(rules[0].target.name.partition(".")[0], interpreter) if rules else None
    for rule in (r for r in rules if r.target.convention and folder is not None):
        parameters = _parameters(folder, rule)
        if parameters == rule.target.parameters:
            return "0"
        for convention in rule.target.convention:
            if parameters == convention.parameters:
                return convention.since
    return None


@cache
def _folder(package: str, interpreter: str) -> Path | None:
    """Where an interpreter has a package."""
    if interpreter == sys.executable:
        spec = PathFinder.find_spec(package)
        origin = spec.origin if spec is not None else None
    else:
        command = [interpreter, "-c", LOOK.format(name=package)]
        try:
            origin = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            origin = None
    return Path(origin).parent if origin else None


def _parameters(folder: Path | None, rule: Rule) -> tuple[str, ...]:
    """The parameters of the constructor of a rule's class, as the source has them; empty where it is not found."""
    assert folder is not None
    for alias in sorted(rule.target.aliases, key=len, reverse=True):
        *packages, module, name = alias.split(".")[1:]
        try:
            tree = ast.parse(folder.joinpath(*packages, f"{module}.py").read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        for cls in reversed(tree.body):
            if isinstance(cls, ast.ClassDef) and cls.name == name:
                return _of_constructor(cls)
    return ()


def _of_constructor(cls: ast.ClassDef) -> tuple[str, ...]:
    for function in cls.body:
        if isinstance(function, ast.FunctionDef) and function.name == "__init__":
            given = function.args
            return tuple(a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs))[1:]
    return ()
