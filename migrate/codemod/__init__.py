"""The migration behind LibCST's codemod interface: ``python -m libcst.tool codemod``.

``-x`` lets the runner take ``migrate.codemod.MigrateCommand`` by its name. With ``migrate.codemod`` among the
``modules`` of a ``.libcst.codemod.yaml`` it is ``migrate.MigrateCommand``.
"""

from migrate.codemod.migrate import MigrateCommand

__all__ = ["MigrateCommand"]
