"""The gradient of the loss: what the definitions say, on average the true gradient of pass@k."""

import itertools

import numpy as np
import pytest
import torch

from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.lm.loss import Batch, Terms, loss
from pkpo_toy.lm.sampling import sample, score
from pkpo_toy.lm.tokens import Characters, Tokens
from pkpo_toy.lm.transformer import Shape, Transformer
from pkpo_toy.lm.weights import weights

N, GROUPS = 4, 3


@pytest.fixture
def model():
    torch.manual_seed(1)
    made = Transformer(Shape(4, 8, width=8, layers=1, heads=2)).double()
    for parameter in made.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    return made


def batch_of(model, old=None, reference=None):
    prompts = Characters("abc").prompts(["ab", "ba", "c"])
    generator = torch.Generator().manual_seed(0)
    answers = sample(model, prompts, N, longest=3, end=0, generator=generator).tokens
    repeated = Tokens(*(x.repeat_interleave(N, dim=0) for x in prompts))
    rewards = (answers.ids[:, 0] == 1).double().view(GROUPS, N)
    w = weights(rewards + torch.rand(GROUPS, N, generator=generator), 2)
    return Batch(repeated, answers, w.flatten(), old, reference)


def gradient(value, model):
    found = torch.autograd.grad(value, list(model.parameters()))
    return torch.cat([g.flatten() for g in found])


def test_on_the_policy_it_is_reinforce_with_sums_over_tokens(model):
    batch = batch_of(model)
    found = gradient(loss(model, batch, Terms(clip=0.2), GROUPS, N), model)
    wanted = torch.zeros_like(found)
    log_p = model(batch.prompts, batch.answers).log_softmax(-1)
    for i, w in enumerate(batch.weights):
        length = int(batch.answers.real[i].sum())
        said = sum(log_p[i, t, batch.answers.ids[i, t]] for t in range(length))
        wanted -= (
            w
            * torch.cat(
                [
                    g.flatten()
                    for g in torch.autograd.grad(said, model.parameters(), retain_graph=True)
                ]
            )
            / GROUPS
        )
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)


def test_parts_of_a_batch_add_up(model):
    batch, terms = batch_of(model), Terms(entropy=0.1)
    whole = gradient(loss(model, batch, terms, GROUPS, N), model)
    parts = [batch.part(slice(i, i + N)) for i in range(0, GROUPS * N, N)]
    added = sum(gradient(loss(model, part, terms, GROUPS, N), model) for part in parts)
    torch.testing.assert_close(added, whole, rtol=1e-9, atol=1e-12)


def test_the_clip_stops_what_has_moved_far_enough(model):
    batch = batch_of(model)
    now = score(model, batch.prompts, batch.answers).log_probs.detach()
    far = batch._replace(old=now - 1.0)  # every ratio is e, outside 1.2
    rising = far._replace(weights=batch.weights.abs())
    falling = far._replace(weights=-batch.weights.abs())
    assert gradient(loss(model, rising, Terms(0.2), GROUPS, N), model).abs().max() == 0
    assert gradient(loss(model, falling, Terms(0.2), GROUPS, N), model).abs().max() > 0
    near = batch._replace(old=now - 0.1)
    plain = gradient(loss(model, batch, Terms(), GROUPS, N), model)
    clipped = gradient(loss(model, near, Terms(0.2), GROUPS, N), model)
    torch.testing.assert_close(clipped, plain * np.exp(0.1), rtol=1e-9, atol=1e-12)


def test_entropy_and_kl_by_their_definitions(model):
    batch = batch_of(model)
    scores = score(model, batch.prompts, batch.answers)
    silent = batch._replace(weights=torch.zeros(GROUPS * N))
    found = loss(model, silent, Terms(entropy=0.3), GROUPS, N)
    torch.testing.assert_close(found, -0.3 * scores.entropy.sum() / (GROUPS * N))
    reference = scores.log_probs.detach() + 0.2 * batch.answers.real.double()
    kl = loss(model, silent._replace(reference=reference), Terms(kl=0.5), GROUPS, N)
    r = np.exp(0.2)
    wanted = 0.5 * (r - 1 - 0.2) * int(batch.answers.real.sum()) / (GROUPS * N)
    assert kl.item() == pytest.approx(wanted, rel=1e-9)
    same = silent._replace(reference=scores.log_probs.detach())
    assert gradient(loss(model, same, Terms(kl=0.5), GROUPS, N), model).abs().max() < 1e-12


@pytest.mark.parametrize(
    ("key", "k"), [("pkpo_loo_minus_one", 2), ("centered_loo", 2), ("rloo", 1)]
)
def test_the_expected_gradient_is_that_of_pass_at_k(model, key, k):
    """All answers of at most 2 tokens, all triples of them: exact, nothing is sampled."""
    n, tokenizer = 3, Characters("abc")
    texts = ["", *"abc", *(x + y for x in "abc" for y in "abc")]
    right = torch.tensor([float(text in ("a", "ab", "cc")) for text in texts], dtype=torch.float64)
    answers = tokenizer.answers(texts)
    answers = Tokens(answers.ids[:, :2], answers.real[:, :2])  # cut at the longest allowed
    prompts = Tokens(*(x.expand(len(texts), -1) for x in tokenizer.prompts(["ab"])))
    log_p = model(prompts, answers).log_softmax(-1)
    said = log_p.gather(-1, answers.ids.unsqueeze(-1)).squeeze(-1)
    p = torch.where(answers.real, said, 0.0).sum(dim=1).exp()
    assert p.sum().item() == pytest.approx(1.0, abs=1e-12)
    wanted = gradient(1 - (1 - (p * right).sum()) ** k, model)
    triples = torch.tensor(list(itertools.product(range(len(texts)), repeat=n)))
    w = weights(right[triples], k, key) * p.detach()[triples].prod(dim=1, keepdim=True)
    per_text = torch.zeros(len(texts), dtype=torch.float64).index_add_(
        0, triples.flatten(), w.flatten()
    )
    found = -gradient(loss(model, Batch(prompts, answers, per_text), Terms(), 1, n), model)
    assert ESTIMATORS[key].claim == "unbiased"
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)
