"""Placeholder until the branch lands."""

from migrate.findings import Report


def render(report: Report) -> str:
    return ""
