"""Combinations of forms that the analysis gets wrong so far: an entry goes when its cause is mended."""

NOT_YET: tuple[frozenset[str], ...] = ()
"""No strand holds all the forms of an entry."""
