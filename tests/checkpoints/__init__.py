"""Checkpoints: files, names and what speaks for them."""
