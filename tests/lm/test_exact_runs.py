"""Runs whose pass rates are exact, and the oracle that looks ahead."""

import numpy as np
import pytest
import torch

from pkpo_toy.lm.answer_space import AnswerSpaces
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.exact_runs import Oracle, _scores, exact_pass_rates, right_chances
from pkpo_toy.lm.ranks import Ranks
from pkpo_toy.lm.sampling import score
from pkpo_toy.lm.trainer import Training
from pkpo_toy.studies.atlas_lm import MODEL


def config(**changes):
    small = {"warm_start": 20, "n": 4, "k_eval": (2,), "k_opt": 2, "prompts": 4, "steps": 5}
    return LmConfig.model_validate({**MODEL, **small, "log_every": 2, "problems": 12} | changes)


def test_the_chance_to_be_right_is_that_of_all_right_answers():
    spaces = AnswerSpaces(config())
    found = right_chances(spaces.sampler, spaces.problems.training).numpy()
    wanted = [np.exp(s.log_chances[s.rewards >= 1]).sum() for s in spaces.spaces]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert found.std() > 1e-3


def test_logs_come_at_their_steps_and_at_the_end_and_are_those_of_the_run():
    found = list(exact_pass_rates(config(), 0))
    assert [step for step, _ in found] == [0, 2, 4, 5]
    training = Training(config(), 0, Ranks())
    training.finish()
    chances = right_chances(training.sampler, training.problems.training)
    assert found[-1][1] == pytest.approx(float((1 - (1 - chances) ** 2).mean()), abs=1e-12)
    other = list(exact_pass_rates(config(estimator="maxk_rloo"), 0))
    assert other[0] == found[0]  # the same warm start
    assert other[-1] != found[-1]


def test_true_scores_are_those_of_each_answer_alone():
    training = Oracle(config(warm_start=60), 0, Ranks())
    problems = training.problems.training[:3] + training.problems.training[:1]
    answers = training._answers(problems, 6, 0)
    found = _scores(training.model, answers).flatten(0, 1)
    parameters = list(training.model.parameters())
    said = score(training.model, answers.prompts, answers.tokens).log_probs.sum(dim=1)
    for row, one in enumerate(said):
        wanted = torch.autograd.grad(one, parameters, retain_graph=True)
        torch.testing.assert_close(found[row], torch.cat([part.flatten() for part in wanted]))


def test_an_oracle_is_taught_by_what_is_not_trained_on_and_by_that_alone():
    training = Oracle(config(estimator="adaptive_loo", warm_start=60), 0, Ranks())
    before = [p.clone() for p in training.model.parameters()]
    training.look_ahead()
    taught = training.baseline.state()
    assert any("coefficients" in name and np.any(x) for name, x in taught.items())
    assert all(torch.equal(p, q) for p, q in zip(before, training.model.parameters(), strict=True))
    assert not training.solved.any()
    training.advance()
    assert training.baseline.state() == taught
