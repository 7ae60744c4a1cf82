"""Settings that ask for more memory than there is are refused before anything is allocated."""

import pytest
from pydantic import ValidationError

from pkpo_toy.studies.table import STUDIES

TRILLION = 10**12
# What may be as large as one likes: it seeds, spaces out, bounds, or stands in a formula.
HARMLESS = {"seed", "problem_seed", "log_every", "checkpoint_every", "budget"}
HARMLESS_IN = {
    *(("landscape", "k"), ("lm", "warm_start"), ("lm", "epochs")),
    ("less_variance_lm", "warm_start"),
}
WHOLE = [
    (name, field)
    for name, study in STUDIES.items()
    for field, info in study.config.model_fields.items()
    if "int" in str(info.annotation) and "tuple" not in str(info.annotation)
]
ARRAYS = {
    *("steps", "replicates", "n", "points", "groups", "sets", "estimates", "bins", "problems"),
    *("arms", "features", "probes", "tuning", "per_step", "held_out", "prompts", "layers", "width"),
    *("lora_rank", "answer_tokens", "eval_samples"),
}
IN_WORDS = {("lm", "problems"), ("lm", "held_out")}  # at most a million of them


def refusal(name, **values):
    with pytest.raises(ValidationError) as refused:
        STUDIES[name].config.model_validate(values)
    return str(refused.value)


@pytest.mark.parametrize(("name", "field"), WHOLE)
def test_a_trillion_is_refused_with_the_memory_or_does_no_harm(name, field):
    if field in HARMLESS or (name, field) in HARMLESS_IN:
        assert getattr(STUDIES[name].config.model_validate({field: TRILLION}), field) == TRILLION
        return
    said = refusal(name, **{field: TRILLION})
    assert ("GB of memory" in said) == (field in ARRAYS and (name, field) not in IN_WORDS), said


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("atlas", {"family": "bandit", "setting": 1e12}, "must be 2 to 5000"),
        ("atlas", {"family": "binary", "setting": 1.0}, "setting of family 'binary'"),
        ("less_variance", {"problem": "arm"}, "Did you mean 'arms'?"),
        ("less_variance", {"k": 5, "n": 4}, "k must be at most n, got k = 5"),
        ("less_variance", {"optimiser": "adm"}, "Did you mean 'adam'?"),
        ("less_variance", {"step_sizes": (0.1, -1.0)}, "step_size must be a finite number > 0"),
        (
            "less_variance",
            {"problem": "problem_set", "options": {"arms": TRILLION}},
            "Unable to allocate",
        ),
    ],
)
def test_what_only_a_cell_found_is_found_at_once(name, values, says):
    assert says in refusal(name, **values)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("lm", {"width": 10**7, "layers": 1, "heads": 1}),
        ("atlas", {"n": 10**6, "sets": 2, "groups": 1}),
    ],
)
def test_a_size_that_counts_twice_is_counted_twice(name, values):
    assert "GB of memory" in refusal(name, **values)
