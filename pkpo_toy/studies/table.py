"""The table of studies, and the suites that run several."""

from pkpo_toy.studies import audit, element_weights, landscape, transforms, variance
from pkpo_toy.studies.base import Study

STUDIES: dict[str, Study] = {
    "landscape": landscape.STUDY,
    "element_weights": element_weights.STUDY,
    "variance": variance.STUDY,
    "transforms": transforms.STUDY,
    "audit": audit.STUDY,
}

SUITES: dict[str, tuple[str, ...]] = {
    "paper": ("landscape", "element_weights", "variance", "transforms", "audit"),
}
