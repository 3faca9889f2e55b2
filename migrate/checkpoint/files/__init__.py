"""The files that checkpoints are: each format is read and written by the library that it belongs to."""
