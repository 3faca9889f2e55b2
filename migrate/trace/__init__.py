"""Records what a program does with the classes of the rules, for comparison with what was found by reading."""
