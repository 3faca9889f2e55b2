"""A port beside its original: the layers of both, by where they are kept."""
