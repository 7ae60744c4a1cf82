"""The figures: each file of this folder has one, which goes under the name of the file."""

from importlib import import_module
from pkgutil import iter_modules

from pkpo_toy.plotting.figure import Figure

FIGURES: dict[str, Figure] = {
    module.name: import_module(f"{__name__}.{module.name}").FIGURE
    for module in iter_modules(__path__)
}
