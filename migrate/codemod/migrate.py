"""The command that LibCST's runner calls for each file."""

from __future__ import annotations

import argparse
from pathlib import Path

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from migrate.codemod.project import Project, migrated
from migrate.engine import Options, migrate_bytes
from migrate.findings import Result
from migrate.targets import TARGETS, Target


class MigrateCommand(CodemodCommand):
    """Migrates one module; places that need review become warnings of the runner."""

    METADATA_DEPENDENCIES = (Project,)
    DESCRIPTION = "Migrate torch.nn.BatchNorm2d to MindSpore."

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        arg_parser.add_argument("--target", choices=TARGETS, default=TARGETS[0], help="the MindSpore namespace")
        arg_parser.add_argument("--data-format", choices=("NCHW", "NHWC"), default="NCHW", help="layout of the input")

    def __init__(self, context: CodemodContext, target: Target = TARGETS[0], data_format: str = "NCHW") -> None:
        super().__init__(context)
        self._options = Options(target, data_format)

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """``tree`` migrated; raises an error, which the runner reports, for a file that cannot be processed."""
        filename = self.context.filename
        if filename is not None and Path(filename).read_bytes() != tree.bytes:
            raise SkipFile(f"{filename}: LibCST does not keep all of this file's text: run bn-migrate on it")
        result = self._result(tree, filename)
        if result.error is not None:
            raise RuntimeError(result.error)
        for finding in result.findings:
            if finding.kind == "review":
                write = f"\n    write: {finding.suggestion}" if finding.suggestion else ""
                self.warn(f"{finding.line}:{finding.column} {finding.code} {finding.message}{write}")
        return cst.parse_module(result.after) if result.changed else tree

    def _result(self, tree: cst.Module, filename: str | None) -> Result:
        """What becomes of ``tree`` with the files around it, wherever the runner knows them."""
        place = self.get_metadata(Project, tree)
        if not place or filename is None:
            return migrate_bytes(tree.bytes, filename or "<module>", self._options)
        result = migrated(place, self._options)[filename]
        if result.before != tree.bytes:
            raise RuntimeError(f"{filename} was changed during the run: migrate it again")
        return result
