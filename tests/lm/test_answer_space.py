"""All answers of a small model, their gradients, and the atlas drawn from them."""

import numpy as np
import pytest
import torch

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.estimators.adaptive import AdaptiveLoo
from pkpo_toy.estimators.size_weighted import size_weighted_rloo
from pkpo_toy.lm.answer_space import AnswerSpaces, all_answers
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.studies import atlas, atlas_learners, atlas_lm
from pkpo_toy.studies.atlas_lm import MODEL, AtlasLm
from pkpo_toy.studies.files import build, expand, load


@pytest.fixture(scope="module")
def model():
    return AnswerSpaces(LmConfig(**SMALL))


SMALL = {**MODEL, "width": 8, "warm_start": 20}


def test_every_answer_is_listed_once():
    answers = all_answers(3, 2, 0)
    rows = [
        row[:length].tolist() for row, length in zip(answers.ids, answers.real.sum(1), strict=True)
    ]
    assert sorted(rows) == [[0], [1, 0], [1, 1], [1, 2], [2, 0], [2, 1], [2, 2]]


def test_chances_add_up_and_scores_and_sketches_have_mean_zero(model):
    assert len(model.texts) == 1 + 12 + 12 * 12
    scores = model.scores(3)
    for space in model.spaces:
        chances = np.exp(space.log_chances)
        assert chances.sum() == pytest.approx(1, abs=1e-12)
        assert np.abs(chances @ space.sketch).max() < 1e-13
        assert set(space.rewards) <= {0.0, 0.5, 1.0}
    chances = np.exp(model.spaces[3].log_chances)
    assert np.abs(chances @ scores).max() < 1e-12 * np.abs(scores).max()


def test_answers_are_drawn_with_these_chances(model):
    """Frequencies of 4000 sampled answers, within 5 standard errors."""
    problem, space = model.problems.training[3], model.spaces[3]
    drawn = model.sampler.draw([problem], 4000, 0, True)
    places = {text: place for place, text in enumerate(model.texts)}
    found = [places[text] for text in model.sampler.tokenizer.texts(drawn.tokens)]
    chances = np.exp(space.log_chances)
    apart = np.bincount(found, minlength=len(chances)) / 4000 - chances
    assert (np.abs(apart) <= 5 * np.sqrt(chances * (1 - chances) / 4000) + 1e-12).all()
    np.testing.assert_allclose(drawn.sizes.numpy(), -space.log_chances[found], atol=1e-12)
    ours, theirs = drawn.sketch[:50].numpy(), space.sketch[found[:50]]
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-12)


def test_products_of_scores_are_those_of_the_gradients(model):
    scores, problem = model.scores(3), model.problems.training[3]
    chosen, gradients = [0, 5, 40, 100], []
    for row in chosen:
        answer = model.answers.rows(slice(row, row + 1))
        prompt = model.sampler.tokenizer.prompts([problem.prompt])
        log_p = model.module(prompt, answer).log_softmax(-1)
        said = sum(log_p[0, t, answer.ids[0, t]] for t in range(int(answer.real.sum())))
        parts = torch.autograd.grad(said, list(model.module.parameters()))
        gradients.append(torch.cat([part.flatten() for part in parts]).numpy())
    exact = np.array(gradients) @ np.array(gradients).T
    np.testing.assert_allclose(scores[chosen] @ scores[chosen].T, exact, rtol=1e-10, atol=1e-10)


@pytest.fixture
def two_prompts(monkeypatch, model):
    monkeypatch.setattr(atlas_lm, "_model", lambda warm_start: model)
    monkeypatch.setattr(atlas_lm, "PROMPTS", 2)


@pytest.mark.parametrize("family", AtlasLm.families)
def test_variances_are_those_of_groups_drawn(two_prompts, family):
    """Exact, and averaged over the prompts; again from 20,000 groups of each."""
    config = AtlasLm(family=family, n=4, sets=2)
    frame = atlas.run(config, np.random.default_rng(0))
    assert frame.exact.all()
    assert set(frame.least) == {"tables"}
    assert frame.over_least.min() > 1 - 1e-9
    assert {"learnt from 64", "learnt from 256", "maxk_rloo"} <= set(frame.estimator)
    assert ("fail_only" in set(frame.estimator)) == family.startswith("right or wrong")
    rng = np.random.default_rng(1)
    squares = []
    for point in config.points():
        drawn = point.draw((20000, 4), rng)
        w = ESTIMATORS["maxk_rloo"].function(point.rewards[drawn], 2)
        apart = np.einsum("gi,gid->gd", w, point.scores[drawn]) - point.gradient(2)
        squares.append((apart**2).sum(axis=1))
    row = frame[(frame.estimator == "maxk_rloo") & (frame.k == 2)]
    error = np.hypot(*(each.std() for each in squares)) / 2 / 20000**0.5
    assert abs(np.mean(squares) - row.variance.item()) < 4 * error


def test_the_size_weighted_form_is_sampled_and_moves_no_other_row(two_prompts):
    config = AtlasLm(family="right or wrong", n=4, sets=2, groups=20000)
    frame = atlas_lm.run(config, np.random.default_rng(0))
    own = frame[frame.estimator == "size_weighted_rloo"].set_index("k")
    before = atlas.run(config, np.random.default_rng(0))
    others = frame[frame.estimator != "size_weighted_rloo"]
    assert others.reset_index(drop=True).equals(before)
    assert list(own.index) == [1, 2, 4]
    assert not own.exact.any()
    # By definition, from groups of its own: weights are those of the group's sizes.
    rng, k, squares = np.random.default_rng(1), 2, []
    for point in config.points():
        drawn = point.draw((20000, 4), rng)
        w = size_weighted_rloo(point.rewards[drawn], k, -np.log(point.policy)[drawn])
        apart = np.einsum("gi,gid->gd", w, point.scores[drawn]) - point.gradient(k)
        squares.append((apart**2).sum(axis=1))
    error = own.over_known_se[k] * own.variance[k] / own.over_known[k]
    by_hand = np.hypot(*(each.std() for each in squares)) / 2 / 20000**0.5
    assert error == pytest.approx(by_hand, rel=0.2)
    assert abs(np.mean(squares) - own.variance[k]) < 4 * np.hypot(error, by_hand)
    least = before[before.k == k].iloc[0]
    assert own.over_least[k] / own.variance[k] == pytest.approx(least.over_least / least.variance)


def test_learners_see_groups_of_all_prompts_and_no_gradient(two_prompts, monkeypatch):
    seen = []

    class Watched(AdaptiveLoo):
        def observe(self, rewards, k, scores=None, sizes=None):
            seen.append((rewards.shape, scores.shape, sizes.shape))
            super().observe(rewards, k, scores, sizes)

    monkeypatch.setattr(atlas_learners, "AdaptiveLoo", Watched)
    atlas.run(AtlasLm(family="right or wrong, sketch", n=4, sets=3), np.random.default_rng(0))
    assert set(seen) == {((3, 16, 4), (3, 16, 4, 13), (3, 16, 4))}
    assert len(seen) == 16 * 3  # steps of 16 groups up to 256, for k = 1, 2, 4


def test_the_file_and_what_is_refused():
    assert len(expand(load("atlas_lm"))) == 36
    with pytest.raises(InputError, match="Did you mean 'right or wrong'"):
        build(AtlasLm, {"family": "right or rong"}, "atlas_lm")
    with pytest.raises(ValueError, match="setting"):
        AtlasLm(setting=-1.0)
