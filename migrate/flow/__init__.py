"""What can be where: the summaries of a run linked into one graph, and what moves through it until nothing is new."""
