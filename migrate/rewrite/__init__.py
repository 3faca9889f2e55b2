"""Carries out edits: LibCST on the smallest fragment, spliced into the text. Never analyses."""
