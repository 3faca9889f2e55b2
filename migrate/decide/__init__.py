"""Findings with edits, from what the flow of a run knows of expressions. Runs on ``ast`` and never edits."""
