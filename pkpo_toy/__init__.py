"""Pass@k policy gradients on problems small enough to know the truth."""

__version__ = "0.1.0"
