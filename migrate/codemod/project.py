"""What LibCST's runner, which hands over one file at a time, has to be asked for once: the other files."""

from __future__ import annotations

import atexit
import pickle
import shutil
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import libcst as cst
from libcst.metadata import BaseMetadataProvider

from migrate.batch.groups import find_groups
from migrate.engine import Options, migrate_files
from migrate.findings import Result
from migrate.rules import load_rules
from migrate.targets import TARGETS
from migrate.triggers import holds_none


class Project(BaseMetadataProvider[str]):
    """Where the files that imports connect with a module are kept as they were before the run changed any of them.

    The runner computes this before its workers start, and hands it to them with each file. Empty where there is
    nothing to know: for a file without a word of the rules and no connection to one, and for standard input.
    """

    def __init__(self, cache: object = None) -> None:
        super().__init__(cache or "")

    @classmethod
    def gen_cache(cls, root_path: Path, paths: list[str], **_: object) -> Mapping[str, object]:
        """The place of each of ``paths`` that has one; the places are gone when this process ends."""
        sources = {path: data for path in paths if (data := _read(path)) is not None}
        words = [word for target in TARGETS for word in load_rules(target).words]
        triggered = [path for path, data in sources.items() if not holds_none(data, words)]
        places: dict[str, object] = {}
        if triggered:
            folder = tempfile.mkdtemp(prefix="bn-migrate-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            for number, group in enumerate(find_groups(sources, triggered, sources.__getitem__)):
                place = Path(folder, str(number))
                place.write_bytes(pickle.dumps([(path, sources[path]) for path in group.paths]))
                places.update((path, str(place)) for path in group.paths)
        return places

    def _gen_impl(self, module: cst.Module) -> None:
        self.set_metadata(module, str(self.cache))


@lru_cache(maxsize=4)
def migrated(place: str, options: Options) -> dict[str, Result]:
    """The results for the files that are kept in ``place``, analysed together; once a worker."""
    return {result.path: result for result in migrate_files(pickle.loads(Path(place).read_bytes()), options)}


def _read(path: str) -> bytes | None:
    """The bytes of a file; None where it cannot be read, which the runner says."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return None
