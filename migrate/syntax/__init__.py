"""Bytes, trees, positions, names and scopes of one file; knows nothing of rules."""
