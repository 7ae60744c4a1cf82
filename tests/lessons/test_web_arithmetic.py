"""The page's arithmetic is Python's: random numbers, estimators, truth, whole trainings."""

import json
from math import comb

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, element_weights, pass_at_k, weights
from pkpo_toy.plotting.style import ESTIMATOR_LOOKS, k_look
from pkpo_toy.simulator.ascent import iterate
from pkpo_toy.simulator.exact.categorical import categorical_max_at_k
from pkpo_toy.simulator.exact.gaussian import (
    gaussian_gradient,
    gaussian_max_at_k,
    gaussian_optimum,
)
from pkpo_toy.simulator.exact.normal import normal_tail
from pkpo_toy.simulator.exact.water_filling import water_filling_pass_at_k, water_filling_policy
from pkpo_toy.simulator.policies import sample_normal
from pkpo_toy.simulator.problems import arms, build_problem
from pkpo_toy.simulator.rewards import UNIT_SQUARE
from pkpo_toy.simulator.schedules import k_schedule
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.training.handover import Handover

SEEDS = (0, 1, 7, 2**31, 2**32 + 5, 2**53 - 1)
DRAWN = """(() => {{
  const generator = new Generator({seed});
  return range(0, {count}).map(() => generator.{draw}());
}})()"""
TOLERANCE = 1e-12
some = settings(deadline=None, max_examples=60)


@pytest.mark.parametrize("seed", SEEDS)
def test_uniform_random_numbers_are_numpys_bit_for_bit(evaluate, seed):
    drawn = evaluate(DRAWN.format(seed=seed, count=1000, draw="random"))
    assert drawn == np.random.default_rng(seed).random(1000).tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_normal_random_numbers_are_numpys(evaluate, seed):
    drawn = evaluate(DRAWN.format(seed=seed, count=20_000, draw="normal"))
    # One draw in 3,000 comes from the tail: all branches of the ziggurat are taken.
    expected = np.random.default_rng(seed).standard_normal(20_000)
    assert np.abs(expected).max() > 3.7
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_childs_random_numbers_are_those_of_numpys_spawn(evaluate, seed):
    drawn = evaluate(
        f"(() => {{ const child = new Generator({seed}, 0);"
        " return range(0, 100).map(() => child.random()); })()"
    )
    assert drawn == np.random.default_rng(seed).spawn(1)[0].random(100).tolist()


@pytest.fixture(scope="module")
def offered(evaluate):
    return evaluate("Object.keys(ESTIMATORS)")


LEFT_OUT: dict[str, str] = {}
"""Estimators that the page does not offer, each with the reason. At present it offers all."""


def test_every_estimator_is_offered_or_left_out_for_a_reason(offered):
    assert set(offered) | set(LEFT_OUT) == set(ESTIMATORS)
    assert not set(offered) & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 8, 16, 31, 64])
def test_a_k_looks_as_in_the_figures(evaluate, k):
    look, expected = evaluate(f"kLook({k})"), k_look(k)
    assert look["color"] == expected.colour
    assert look["dash"] == written(expected.dash)
    assert look["marker"] == expected.marker


def written(dash):
    return "" if dash == "-" else " ".join(f"{part:g}" for part in dash[1])


def test_the_page_offers_what_python_has_with_the_looks_of_the_figures(evaluate, offered):
    assert len(offered) == len(set(offered))
    for key in offered:
        look = evaluate(f"ESTIMATORS[{json.dumps(key)}].look")
        assert look["color"] == ESTIMATOR_LOOKS[key].colour
        assert look["dash"] == written(ESTIMATOR_LOOKS[key].dash)
        assert look["marker"] == ESTIMATOR_LOOKS[key].marker
        name = evaluate(f"ESTIMATORS[{json.dumps(key)}].name")
        assert name == ESTIMATOR_LOOKS[key].label.replace("$-$", "−").replace("$", "")
        for fact in ("binary", "random"):
            said = evaluate(f"Boolean(ESTIMATORS[{json.dumps(key)}].{fact})")
            assert said == getattr(ESTIMATORS[key], fact)


def test_domains_are_pythons(evaluate, offered):
    sizes = [(n, k) for n in range(2, 13) for k in range(1, n + 1)]
    for key in offered:
        page = evaluate(f"{json.dumps(sizes)}.map(([n, k]) => defined({json.dumps(key)}, n, k))")
        assert page == [in_domain(key, n, k) for n, k in sizes], key


def in_domain(key, n, k):
    try:
        ESTIMATORS[key].check(n, k)
    except InputError:
        return False
    return True


rewards_and_k = st.integers(2, 40).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(-8, 8, width=16), min_size=n, max_size=n), st.integers(1, n)
    )
)


@some
@given(rewards_and_k)
@example(([0.0, 0.0, 0.0, 0.0], 2))
@example(([1.0, 1.0, 1.0, 1.0], 4))
def test_weights_are_pythons(evaluate, offered, case):
    rewards, k = case
    for key in offered:
        row, g = ESTIMATORS[key], np.array(rewards)
        if row.binary:
            g = (g > np.median(g)).astype(float)
        elif row.nonnegative:
            g = np.abs(g)
        if in_domain(key, len(g), k):
            page = evaluate(
                f"((rng) => weightsOf({json.dumps(key)}, {g.tolist()}, {k}, () => rng.random()))"
                "(new Generator(7))"
            )
            drawing = {"rng": np.random.default_rng(7)} if row.random else {}
            expected = weights(g, k, key, **drawing)
            size = max(np.abs(expected).max(), 1e-300)
            np.testing.assert_allclose(page, expected, rtol=0, atol=TOLERANCE * size, err_msg=key)


@some
@given(
    st.integers(1, 200).flatmap(
        lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))
    )
)
def test_pass_at_k_and_element_weights(evaluate, case):
    n, c, k = case
    assert evaluate(f"passAtK({n}, {c}, {k})") == pytest.approx(pass_at_k(n, c, k), rel=1e-12)
    page = evaluate(f"elementWeights({n}, {k})")
    np.testing.assert_allclose(page, element_weights(n, k), rtol=1e-12, atol=0)


@pytest.mark.parametrize(("n", "p", "k"), [(2, 0.3, 2), (16, 0.2, 4), (64, 0.01, 64), (5, 1, 3)])
def test_the_tempting_estimate_has_the_bias_that_the_page_states(evaluate, n, p, k):
    chances = [comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]
    plugged_in = sum(chances[c] * (1 - (1 - c / n) ** k) for c in range(n + 1))
    unbiased = sum(chances[c] * pass_at_k(n, c, k) for c in range(n + 1))
    assert evaluate(f"meanOfPluggedIn({n}, {p}, {k})") == pytest.approx(plugged_in, rel=1e-12)
    assert evaluate(f"chanceOfOne({p}, {k})") == pytest.approx(unbiased, rel=1e-12)


def test_the_normal_distribution(evaluate):
    z = np.linspace(-9, 9, 181)
    page = evaluate(f"{z.tolist()}.map(normalTail)")
    np.testing.assert_allclose(page, normal_tail(z), rtol=1e-13)


THETAS = np.linspace(-0.2, 1.4, 81)


@pytest.mark.parametrize("k", [1, 2, 4, 16, 64])
def test_the_landscape_of_the_paper(evaluate, k):
    values = evaluate(f"{THETAS.tolist()}.map((theta) => gaussianMaxAtK(theta, {k}))")
    slopes = evaluate(f"{THETAS.tolist()}.map((theta) => gaussianGradient(theta, {k}))")
    expected = gaussian_max_at_k(THETAS, k, UNIT_SQUARE, 0.1)
    gradient = gaussian_gradient(THETAS, k, UNIT_SQUARE, 0.1)
    np.testing.assert_allclose(values, expected, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(slopes, gradient, rtol=0, atol=TOLERANCE * np.abs(gradient).max())
    theta, _ = gaussian_optimum(k, UNIT_SQUARE, 0.1, -0.8, 1.8)
    # At a flat top the place is known less well than the height.
    assert evaluate(f"gaussianOptimum({k})") == pytest.approx(theta, abs=1e-9)


def test_throws_are_those_of_the_simulator(evaluate):
    page = evaluate(
        "(() => { const rng = new Generator(7);"
        " return range(0, 64).map(() => 0.9 + SD * rng.normal()); })()"
    )
    expected = sample_normal(np.array(0.9), 0.1, 64, np.random.default_rng(7))
    np.testing.assert_allclose(page, expected, rtol=0, atol=1e-14)
    page = evaluate(f"{expected.tolist()}.map(squareReward)")
    assert page == UNIT_SQUARE(expected).tolist()


distributions = st.lists(st.floats(0.01, 1), min_size=1, max_size=8).map(
    lambda parts: (np.array(parts) / sum(parts)).tolist()
)


@some
@given(distributions, st.integers(1, 64))
def test_water_filling(evaluate, fractions, k):
    page = evaluate(f"waterFilling({fractions}, {k})")
    expected = water_filling_policy(fractions, k)
    np.testing.assert_allclose(page, expected, rtol=0, atol=TOLERANCE)
    value = evaluate(f"aliasedPassAtK({fractions}, waterFilling({fractions}, {k}), {k})")
    assert value == pytest.approx(water_filling_pass_at_k(fractions, expected, k), rel=1e-12)


@some
@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-4, 4)), min_size=1, max_size=20))
def test_max_at_k_of_a_policy(evaluate, answers):
    logits, rewards = ([one[i] for one in answers] for i in (0, 1))
    ks = [1, 2, 4, 16]
    page = evaluate(f"maxAtK(softmax({logits}), {rewards}, ascending({rewards}), {ks})")
    expected = categorical_max_at_k(logits, rewards, ks)
    np.testing.assert_allclose(page, expected, rtol=0, atol=TOLERANCE * 8)


@pytest.mark.parametrize(
    "text",
    ["4", "16@0, 1@150", "16@0,4@100,1@200", "linear 16->1", "geometric 16->1", "linear 1 -> 16"],
)
def test_schedules(evaluate, text):
    for steps in (201, 300):
        assert (
            evaluate(f"schedule({json.dumps(text)}, {steps})")
            == k_schedule(text, 16, steps).tolist()
        )


@pytest.mark.parametrize(
    "text", ["", "x", "4@1", "16@0, 1@400", "16@0, 1@0", "linear 16", "-1", "1e9", "0", "4@0, 0@9"]
)
def test_schedules_that_are_none(evaluate, text):
    assert evaluate(f"schedule({json.dumps(text)}, 300)") is None
    with pytest.raises(InputError):
        k_schedule(text, 16, 300)


def trained(problem, key, k, *, seed, step_size):
    """Policies (S, A) and pass@k (S, 3) of the simulator."""
    chosen = Settings(k=k, n=16, steps=300, step_size=step_size, log_every=10)
    rng = np.random.default_rng(seed)
    # As in training_frame: an estimator that draws has the first child of the run's generator.
    handover = Handover(ESTIMATORS[key], ESTIMATORS["rloo"], chosen.n, chosen.ks())
    reports = iterate(problem, handover.weight_function(rng.spawn(1)[0]), chosen, rng)
    parameters = np.concatenate([state.parameters.copy() for state in reports])
    logits = problem.logits(parameters)[:, 0]
    masses = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances = masses / masses.sum(axis=1, keepdims=True)
    return chances, problem.exact_max_at_k(parameters, (1, 4, 16)).T


LANDSCAPE = [(7 * x) % 36 / 35 for x in range(100)]
PROBLEMS = {
    "two_peaks": ("oneQuestion(twoPeaksRewards())", build_problem("two_peaks"), 2.0),
    "water_filling": (
        "alike([0.4, 0.3, 0.2, 0.1])",
        build_problem("water_filling", fractions=(0.4, 0.3, 0.2, 0.1), per_step=0),
        0.5,
    ),
    "drawn": (
        f"oneQuestion(Float64Array.from({LANDSCAPE}))",
        arms(LANDSCAPE, build_problem("two_peaks").base[0]),
        1.0,
    ),
}
TRAINED = [
    *(
        (name, "pkpo_loo_minus_one", k, seed)
        for name in PROBLEMS
        for k in (1, 4, 16)
        for seed in (0, 7)
    ),
    *(
        ("two_peaks", key, 4, 3)
        for key in (
            "pkpo",
            "centered_loo",
            "partition",
            "grpo",
            "tailrl",
            "maxk_rloo",
            "passk_bootstrap",
            "entropic_loo",
        )
    ),
    *(
        ("two_peaks", key, text, 5)
        for key, text in (
            ("pkpo_loo_minus_one", "16@0, 1@150"),
            ("pkpo_loo_minus_one", "geometric 16->1"),
            # Defined at k = 1, where a schedule that changes k takes rloo all the same.
            ("grpo", "1@0, 16@150"),
            ("passk_bootstrap", "1@0, 16@150"),
        )
    ),
]


@pytest.mark.parametrize(("name", "key", "k", "seed"), TRAINED)
def test_whole_trainings_are_the_simulators(evaluate, name, key, k, seed):
    written, problem, step_size = PROBLEMS[name]
    page = evaluate(
        f"""(() => {{
          const ks = schedule({json.dumps(str(k))}, 300);
          const settings = {{ seed: {seed}, stepSize: {step_size}, estimator: "{key}", ks }};
          const all = recorded(new Recorder({written}, "", 1, settings, 300));
          const kept = range(0, 301, 10);
          return {{
            chances: kept.map((at) => all.chances[at]),
            values: kept.map((at) => all.values.map((one) => one[at])),
          }};
        }})()"""
    )
    chances, values = trained(problem, key, k, seed=seed, step_size=step_size)
    np.testing.assert_allclose(page["chances"], chances, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(page["values"], values, rtol=0, atol=TOLERANCE)
