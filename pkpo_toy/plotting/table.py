"""The one table of figures, by study."""

from pkpo_toy.plotting import audit, element_weights, landscape, transforms, variance
from pkpo_toy.plotting.figure import Figure

FIGURES: dict[str, Figure] = {
    "landscape": landscape.FIGURE,
    "element_weights": element_weights.FIGURE,
    "variance": variance.FIGURE,
    "transforms": transforms.FIGURE,
    "audit": audit.FIGURE,
}
