"""The learnt baseline in a language model: tensors, what stands for the scores, and its memory."""

import json
from functools import cache
from itertools import product

import numpy as np
import pytest
import torch

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import adaptive as numpys
from pkpo_toy.estimators.adaptive import SKETCH_FLOOR
from pkpo_toy.estimators.size_weighted import size_weighted_rloo as numpys_size_weighted
from pkpo_toy.lm.adaptive import AdaptiveLoo, size_weighted_rloo
from pkpo_toy.lm.estimators import LEARNT, LM_ESTIMATORS
from pkpo_toy.lm.ranks import Ranks
from pkpo_toy.lm.sampling import WIDTH, _sketched, sample, score
from pkpo_toy.lm.study import train_cell
from pkpo_toy.lm.tokens import Tokens
from pkpo_toy.lm.trainer import Training
from tests.lm import tiny
from tests.lm.test_training import config, resumed_at_step_4

DEVICES = ["cpu"] + ["cuda"] * torch.cuda.is_available()
RNG = np.random.default_rng(0)
REWARDS = RNG.integers(0, 5, (2, 6, 8)) / 4
SCORES, SIZES = RNG.normal(size=(2, 6, 8, 5)), RNG.random((2, 6, 8))
NAMES = [row.key for row in LEARNT]


@pytest.fixture(autouse=True)
def one_thread():
    """As `train_cell` has it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("k", [1, 3, 8])
def test_tensors_are_weighed_as_arrays_are(k, dtype, device):
    def tensor(values):
        return torch.tensor(values, device=device)

    rewards = tensor(REWARDS).to(dtype)
    ours, theirs = AdaptiveLoo(), numpys.AdaptiveLoo(floor=SKETCH_FLOOR)
    for given in ({"scores": SCORES[0]}, {"sizes": SIZES[0]}, {"scores": SCORES[0] ** 2}):
        found, wanted = ours.weights(rewards[1], k), theirs.weights(REWARDS[1], k)
        assert (found.dtype, found.device) == (dtype, rewards.device)
        tolerance = 1e-14 if dtype == torch.float64 else 1e-6
        np.testing.assert_allclose(found.cpu().numpy(), wanted, atol=tolerance)
        ours.observe(rewards[0], k, **{name: tensor(value) for name, value in given.items()})
        theirs.observe(REWARDS[0], k, **given)
    crossed = ours.crossfit(rewards[1], k, tensor(SCORES[1]))
    wanted = theirs.crossfit(REWARDS[1], k, SCORES[1])
    np.testing.assert_allclose(crossed.cpu().numpy(), wanted, atol=1e-6)
    found = size_weighted_rloo(rewards[0], k, tensor(SIZES[0]))
    wanted = numpys_size_weighted(REWARDS[0], k, SIZES[0])
    np.testing.assert_allclose(found.cpu().numpy(), wanted, atol=1e-6)
    assert found.dtype == dtype


def test_json_keeps_every_digit_of_the_state():
    one = AdaptiveLoo()
    one.observe(torch.tensor(REWARDS[0]), 3, torch.tensor(SCORES[0]))
    one.observe(torch.tensor(REWARDS[0]), 1, sizes=torch.tensor(SIZES[0]))
    two = AdaptiveLoo().restored(json.loads(json.dumps(one.state())))
    for k, given in ((3, {"scores": torch.tensor(SCORES[1])}), (1, {})):
        rewards = torch.tensor(REWARDS[1])
        assert torch.equal(one.weights(rewards, k), two.weights(rewards, k))
        for learner in (one, two):
            learner.observe(rewards, k, sizes=torch.tensor(SIZES[1]), **given)
        assert torch.equal(one.weights(rewards, k), two.weights(rewards, k))


def test_tensors_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="scores or sizes must be given"):
        AdaptiveLoo().observe(torch.ones(2, 4), 2)
    with pytest.raises(InputError, match="sizes must be >= 0"):
        AdaptiveLoo().observe(torch.ones(2, 4), 2, sizes=-torch.ones(2, 4))


@pytest.fixture(scope="module")
def speaking():
    return tiny.transformer()


def drawn(speaking, repeats, **options):
    model, tokenizer = speaking
    prompts = tokenizer.prompts(["12*3=", "4*5="])
    generator = torch.Generator().manual_seed(0)
    found = sample(
        model, prompts, repeats, longest=4, end=0, generator=generator, sketched=True, **options
    )
    return Tokens(*(x.repeat_interleave(repeats, dim=0) for x in prompts)), found


def test_sizes_and_sketch_are_those_of_a_pass_over_the_whole_answers(speaking):
    """With fewer tokens than places, the sketch is the sum itself, up to the sign of each token."""
    model, tokenizer = speaking
    prompts, (answers, sizes, sketch) = drawn(speaking, 40)
    assert not answers.real.all()  # some ended before the others
    said = score(model, prompts, answers).log_probs.sum(dim=1)
    torch.testing.assert_close(sizes, -said.detach(), rtol=0, atol=1e-12)
    p = model(prompts, answers).softmax(dim=-1).detach()
    onehot = torch.nn.functional.one_hot(answers.ids, tokenizer.size)
    wanted = ((onehot - p) * answers.real.unsqueeze(-1)).sum(dim=1)
    assert not sketch[:, tokenizer.size :].any()
    torch.testing.assert_close(sketch[:, : tokenizer.size].abs(), wanted.abs())
    torch.testing.assert_close(sketch @ sketch.T, wanted @ wanted.T, rtol=0, atol=1e-12)


def test_a_sketch_of_many_tokens_keeps_products_in_the_mean():
    """Hashed from 5000 tokens to WIDTH places: products within what WIDTH places can tell apart."""
    generator = torch.Generator().manual_seed(0)
    p = torch.rand(60, 5000, generator=generator, dtype=torch.float64).pow(8)
    p /= p.sum(dim=1, keepdim=True)
    tokens = torch.multinomial(p, 1, generator=generator)
    sketch = _sketched(p, tokens)
    exact = torch.zeros_like(p).scatter_(1, tokens, 1.0) - p
    size = (exact**2).sum(dim=1).sqrt()
    apart = (sketch @ sketch.T - exact @ exact.T) / (size[:, None] * size)
    assert sketch.shape == (60, WIDTH)
    # Var of a product of sketches is at most 2 |x|^2 |y|^2 / WIDTH.
    assert apart.square().mean().sqrt() < (2 / WIDTH) ** 0.5


def logs(**changes):
    return Training(config(**changes), 0, Ranks()).finish()


@pytest.mark.parametrize(("name", "k"), list(product(NAMES, [1, 2])))
def test_it_is_the_default_until_data_arrive_and_learns_after_the_weights_were_used(name, k):
    changes = {"k_opt": k, "warm_start": 40, "prompts": 16, "n": 8}
    default = "rloo" if k == 1 else "pkpo_loo_minus_one"
    learnt = Training(config(estimator=name, **changes), 0, Ranks())
    plain = Training(config(estimator=default, **changes), 0, Ranks())
    first, usual = (each._batch(each._drawn()).weights for each in (learnt, plain))
    torch.testing.assert_close(first, usual, rtol=0, atol=1e-15)
    assert first.abs().sum() > 0
    learnt._update()
    plain._update()
    for one, other in zip(learnt.model.parameters(), plain.model.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    for each in (learnt, plain):
        each.step = 1
    second, usual = (each._batch(each._drawn()).weights for each in (learnt, plain))
    assert (second - usual).abs().max() > 1e-3


def test_a_log_of_the_gradients_variance_teaches_nothing():
    training = Training(config(estimator="adaptive_loo", microbatches=2), 0, Ranks())
    training._update()
    before = training.baseline.state()
    training._gradient_variance()
    assert training.baseline.state() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"estimator": name, "k_opt": k_opt, **more}
        for name in (*NAMES, "size_weighted_rloo")
        for k_opt, more in (
            ("4@0, 1@3", {"k1_estimator": name}),
            (2, {"epochs": 2, "microbatches": 2, "dtype": "bfloat16", "reward": "fraction"}),
        )
    ],
)
def test_every_way_of_training_runs(changes):
    for log in logs(**changes):
        assert np.isfinite([value for _, value, _ in log.pass_rates]).all()


LEARNING = {"warm_start": 40, "prompts": 16}


@cache
def default_cell():
    return train_cell(config(**LEARNING, estimator="pkpo_loo_minus_one"))


@pytest.mark.parametrize("name", [*NAMES, "size_weighted_rloo"])
def test_a_checkpoint_resumes_to_the_same_numbers(tmp_path, name):
    changes = {"estimator": name, **LEARNING}
    whole = train_cell(config(**changes))
    kept = {**changes, "folder": str(tmp_path), "checkpoint_every": 2}
    found = resumed_at_step_4(config(**kept), tmp_path / "x")
    assert found.equals(whole)
    assert not found.equals(default_cell())  # the memory matters, so that this can fail
    if name in NAMES:
        resumed = Training(config(**kept), 0, Ranks(), tmp_path / "x")
        assert resumed.baseline.state()


def test_a_name_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="Did you mean 'adaptive_loo'"):
        config(estimator="adaptive_lo")
    assert set(NAMES) < set(LM_ESTIMATORS)
