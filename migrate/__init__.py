"""bn-migrate: moves batch normalisation from PyTorch to MindSpore, source to source."""

__version__ = "0.1.0"
