"""One file at a time: its names and what moves between them, as a graph that needs no other file."""
