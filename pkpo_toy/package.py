"""The package as such: its version and its folder."""

from pathlib import Path

__version__ = "0.1.0"

FOLDER = Path(__file__).parent
