"""Numbers at the edge: a right answer or a refusal in one sentence, never a warning."""

import pytest

BILLION = 10**12
HUGE = "9" * 5000
FEW = ["estimates=50", "n=[8,16]"]
RUNS = [
    ["variance", "theta=1e308", *FEW],
    ["variance", "sd=1e-300", *FEW],
    ["variance", "sd=1e300", *FEW],
    ["landscape", "sd=1e-200", "points=11"],
    ["landscape", "sd=1e300", "points=11"],
    ["landscape", "low=-1e308", "high=1e308", "points=11"],
    ["transforms", "groups=4", "theta=1e308"],
    ["bandit", "bandit=arms", "options={rewards=[0.0,1e308]}", "steps=2", "replicates=2"],
    ["bandit", "bandit=arms", "options={rewards=[-1e308,1e308]}", "steps=2", "replicates=2"],
    ["bandit", "options={theta=1e308}", "steps=2", "replicates=2"],
    ["bandit", "options={sd=1e-320}", "steps=2", "replicates=2"],
    ["bandit", "step_size=1e308", "steps=2", "replicates=2"],
    ["audit", "rewards=[0.0,1e308]", "logits=[0.0,0.0]", "n=2"],
    ["audit", "rewards=[0.0,1.0]", "logits=[0.0,1e308]", "n=2"],
]
REFUSED = [
    (["variance", f"estimates={BILLION}"], "GB of memory"),
    (["variance", f"n={BILLION}"], "GB of memory"),
    (["transforms", f"groups={BILLION}"], "GB of memory"),
    (["landscape", f"points={BILLION}"], "GB of memory"),
    (["element_weights", f"n={BILLION}"], "GB of memory"),
    (["learning_curves", f"steps={BILLION}"], "GB of memory"),
    (["learning_curves", f"replicates={BILLION}"], "GB of memory"),
    (["learning_curves", f"arms={BILLION}"], "GB of memory"),
    (["learning_curves", f"problems={BILLION}"], "GB of memory"),
    (["audit", "n=20", "k=4"], "partition meets 3.5e9 outcomes at n = 20"),
    (["audit", "n=100000000"], "outcomes at n = 100000000"),
    (
        [
            "audit",
            "n=300",
            "k=2",
            "estimators=['pkpo']",
            "rewards=[0.0,0.5,1.0]",
            "logits=[0.0,0.0,0.0]",
        ],
        "multiplications at n = 300",
    ),
    (["variance", f"seed={HUGE}"], "seed"),
    (["variance", f"n={HUGE}"], "n"),
    (["variance", f"k={2**63}"], "k"),
    (["bandit", "bandit=problem_set", "options={seed='x'}"], "seed"),
    (["bandit", "bandit=problem_set", f"options={{arms={BILLION}}}"], "memory"),
    (["bandit", "label='16'"], "must not read as a number"),
    (["bandit", "label='007'"], "must not read as a number"),
    (["bandit", "label='true'"], "must not read as a number"),
    (["bandit", 'label="a\\r"'], "printable text on one line"),
    (["bandit", 'label="a\\u0000"'], "printable text on one line"),
    (["element_weights", "n=[8,4]", "k=8"], "k must be at most n"),
    (
        ["variance", f"n={list(range(8, 908))}", f"seed={list(range(999))}"],
        "at most 20,000 cells",
    ),
]


def settings(words):
    return [words[0], *(f"--set={word}" for word in words[1:])]


@pytest.mark.parametrize("words", RUNS, ids=" ".join)
def test_a_right_answer_or_a_refusal(inside, words):
    try:  # a warning would be an error, as everywhere in the tests
        done = inside("run", *settings(words), "--jobs", 1, "--json", "--retries", 0)
    except AssertionError as refused:
        assert "exit 2" in str(refused)  # noqa: PT017
        return
    assert done.stderr == ""
    assert "Infinity" not in done.stdout


@pytest.mark.parametrize(("words", "says"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_cannot_be_is_refused_before_anything_is_made(inside, tmp_path, words, says):
    done = inside("run", *settings(words), "--jobs", 1, code=2)
    assert says in done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr) <= 301
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
