"""Live networks: what their layers are, and whether both frameworks compute the same with the two checkpoints."""
