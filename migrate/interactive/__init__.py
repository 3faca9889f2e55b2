"""Asks about each change and suggestion of a run: ``--interactive``."""
