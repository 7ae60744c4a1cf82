"""As a module: `pkpo-toy` where nothing of the extra's is installed.

A finder hides its modules, and none has been imported before.
"""

import sys
from importlib.machinery import PathFinder

EXTRA = {"torch", "transformers", "safetensors", "trl", "peft"}


class Hidden(PathFinder):
    """Finds everything but the extra's modules."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.split(".")[0] in EXTRA:
            return None
        return super().find_spec(name, path, target)


if __name__ == "__main__":
    assert not EXTRA & sys.modules.keys()
    sys.meta_path[:] = [Hidden if finder is PathFinder else finder for finder in sys.meta_path]
    from pkpo_toy.cli.main import main

    main()
