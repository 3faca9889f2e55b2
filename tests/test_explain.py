"""``--explain``: every code explains itself with an example that is true."""

from __future__ import annotations

import pytest

from migrate.code import Code
from migrate.codes import CODES
from migrate.engine import Options, migrate_bytes
from migrate.errors import UsageError
from migrate.explain import explain

EXAMPLES = [code for code in CODES.values() if code.before]


@pytest.mark.parametrize("code", EXAMPLES, ids=lambda code: code.code)
def test_the_example_has_the_finding(code: Code) -> None:
    options = Options(data_format="NHWC" if code.code == "BN216" else "NCHW")
    result = migrate_bytes(code.before.encode(), "example.py", options)
    if code.kind is None:
        assert result.error is not None and result.error.startswith(code.code)
    else:
        assert code.code in [f.code for f in result.findings]
    if code.after:
        assert result.after.decode() == code.after


@pytest.mark.parametrize("name", CODES)
def test_explanation_names_reason_example_and_documentation(name: str) -> None:
    text = explain(name.lower())
    code = CODES[name]
    assert code.reason in text and code.link in text
    assert all(line in text for line in code.before.splitlines())


def test_a_link_leads_to_the_site_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BN_MIGRATE_DOCS", "https://docs.example.org/bn-migrate/")
    assert CODES["BN101"].link == "https://docs.example.org/bn-migrate/findings.html#bn101"


def test_unknown_code() -> None:
    with pytest.raises(UsageError, match="BN999"):
        explain("BN999")
