"""Checkpoints: names that the sources, a live network or the file itself prove, and files that hold the same bytes."""
