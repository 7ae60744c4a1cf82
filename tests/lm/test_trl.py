"""TRL's trainer takes the package's step: its gradient is the one computed by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import weights
from pkpo_toy.estimators.adaptive import AdaptiveLoo
from pkpo_toy.estimators.size_weighted import size_weighted_rloo
from pkpo_toy.lm.trl_contract import check_contract
from tests.lm import tiny, trl_step
from tests.lm.trl_step import LONGEST, N, trained
from tests.lm.two_ranks import as_two_ranks

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
ROOT = Path(__file__).parents[2]


def scores_of(model, output):
    """Sum of log-probabilities of every completion's own tokens, (rows,)."""
    ids = torch.cat([output["prompt_ids"], output["completion_ids"]], dim=1)
    mask = torch.cat([output["prompt_mask"], output["completion_mask"]], dim=1)
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1].log_softmax(-1)
    said = logits.gather(-1, ids[:, 1:].unsqueeze(-1)).squeeze(-1)
    return (said[:, -output["completion_ids"].shape[1] :] * output["completion_mask"]).sum(dim=1)


def by_hand(output, wanted, divisor):
    """minus sum_i w_i grad log pi(x_i) / divisor, on the model that generated."""
    model = tiny.model()
    total = -(torch.as_tensor(wanted, dtype=torch.float32) * scores_of(model, output)).sum()
    found = torch.autograd.grad(total / divisor, list(model.parameters()))
    return torch.cat([g.flatten() for g in found])


@pytest.mark.parametrize(
    ("estimator", "k", "loss_type"),
    [
        ("pkpo_loo_minus_one", N, "dr_grpo"),
        ("pkpo_loo_minus_one", 2, "luspo"),
        ("pkpo", 2, "dr_grpo"),
        ("pkpo_loo", 3, "dr_grpo"),
        ("reinforce", 1, "dr_grpo"),
    ],
)
def test_the_realised_gradient_is_the_one_by_hand(tmp_path, estimator, k, loss_type):
    trainer, gradients, _ = trained(tmp_path, estimator=estimator, k=k, loss_type=loss_type)
    output, rewards = trainer.seen[0]
    groups = rewards.view(-1, N).numpy()
    assert len(np.unique(groups)) > 1
    wanted = weights(groups, k, estimator).ravel()
    divisor = len(groups) * (LONGEST if loss_type == "dr_grpo" else 1)
    # the batch was shuffled after scoring; a sum does not mind
    expected = by_hand(output, wanted, divisor)
    assert expected.abs().max() > 1e-4
    torch.testing.assert_close(gradients[0], expected, rtol=1e-4, atol=1e-6)


def test_trl_alone_would_lose_the_signal(tmp_path):
    """At k = n TRL's own mean-centring would turn the one positive weight into a biased sum."""
    trainer, *_ = trained(tmp_path, k=N)
    output, rewards = trainer.seen[0]
    wanted = N * weights(rewards.view(-1, N).numpy(), N).ravel()
    assert np.allclose(output["advantages"], wanted, atol=1e-6)
    assert (wanted >= 0).all()
    assert wanted.sum() > 0
    assert np.allclose(trainer._logs["advantages"], wanted, atol=1e-6)


def test_the_schedule_follows_the_optimisers_steps(tmp_path):
    trainer, *_ = trained(tmp_path, steps=3, k_schedule="4@0, 1@2")
    keys = [("pkpo_loo_minus_one", 4), ("pkpo_loo_minus_one", 4), ("rloo", 1)]
    for (output, rewards), (key, k) in zip(trainer.seen, keys, strict=True):
        wanted = N * weights(rewards.view(-1, N).numpy(), k, key).ravel()
        assert np.allclose(output["advantages"], wanted, atol=1e-6)


@pytest.mark.parametrize("config", [{}, {"num_iterations": 2}])
@pytest.mark.parametrize("k", [1, 2])
def test_the_learnt_baseline(tmp_path, k, config):
    """Each step by the groups of those before, with log pi of the model that wrote them."""
    models = [tiny.model()]

    def keep(state, model):
        models.append(tiny.model())
        models[-1].load_state_dict(model.state_dict())

    steps = 3 * config.get("num_iterations", 1)
    trainer, *_ = trained(
        tmp_path, steps=steps, estimator="adaptive_loo_sizes", k=k, config=config,
        callbacks=[trl_step.on("step_end", keep)],
    )  # fmt: skip
    assert len(trainer.seen) == 3
    learner, furthest = AdaptiveLoo(), 0.0
    for model, (output, rewards) in zip(
        models[:: config.get("num_iterations", 1)], trainer.seen, strict=False
    ):
        groups = rewards.view(-1, N).double().numpy()
        wanted = N * learner.weights(groups, k).ravel()
        assert np.allclose(output["advantages"], wanted, atol=1e-5)
        default = "rloo" if k == 1 else "pkpo_loo_minus_one"
        furthest = max(furthest, np.abs(wanted - N * weights(groups, k, default).ravel()).max())
        sizes = scores_of(model, output).detach().double().numpy() ** 2
        learner.observe(groups, k, sizes=sizes.reshape(-1, N))
    assert furthest > 1e-3


def test_a_group_with_a_completion_without_a_reward_is_not_learnt_from(tmp_path, monkeypatch):
    monkeypatch.setattr(trl_step, "reward", forgetful)
    trainer, *_ = trained(tmp_path, steps=2, k=2, estimator="adaptive_loo_sizes")
    for output, rewards in trainer.seen:
        first = rewards.flatten().numpy()[:N]
        wanted = N * np.concatenate([[0.0], weights(first[1:], 2)])
        assert np.allclose(output["advantages"][:N], wanted, atol=1e-6)
    assert trainer._baseline.state()["4,2,total"].any()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"estimator": "adaptive_loo"}, "Did you mean 'adaptive_loo_sizes'"),
        ({"k": N + 1}, "k = 5 with n = 4"),
        ({"estimator": "pkpo_loo", "k": N}, "pkpo_loo needs"),
        ({"estimator": "pokpo"}, "pkpo"),
        ({"k_schedule": "9@0"}, "k = 9"),
        ({"k_schedule": "soon"}, "soon"),
    ],
)
def test_bad_arguments_end_before_training(tmp_path, changes, told):
    with pytest.raises(InputError, match=told):
        trained(tmp_path, **changes)


def of_two_processes(folder, estimator, steps):
    """What each of two ranks saw, with two completions each of one group of four."""
    command = ["tests.lm.trl_step", str(folder), estimator, str(steps)]
    for done in as_two_ranks(command, ROOT):
        assert done.returncode == 0, done.stderr
    ranks = [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]
    assert torch.equal(ranks[0]["all_rewards"], ranks[1]["all_rewards"])
    return ranks, torch.cat([rank["advantages"] for rank in ranks]).numpy()


def test_a_group_that_spans_two_processes(tmp_path):
    """Advantages and gradient."""
    ranks, found = of_two_processes(tmp_path, "pkpo_loo_minus_one", 1)
    wanted = weights(ranks[0]["rewards"].view(1, N).numpy(), N).ravel()
    assert np.allclose(found, N * wanted, atol=1e-6)
    halves = [by_hand(rank, w, LONGEST) for rank, w in zip(ranks, np.split(wanted, 2), strict=True)]
    for rank in ranks:
        torch.testing.assert_close(rank["gradient"], sum(halves), rtol=1e-4, atol=1e-6)


def test_two_processes_learn_one_baseline_from_the_groups_of_both(tmp_path):
    """The second step is weighed by what the first one's group taught, both halves of it."""
    ranks, found = of_two_processes(tmp_path, "adaptive_loo_sizes", 2)
    learnt = [{x: value for x, value in rank.items() if "baseline" in x} for rank in ranks]
    assert learnt[0]
    assert all(torch.equal(value, learnt[1][name]) for name, value in learnt[0].items())
    learner = AdaptiveLoo()
    groups = ranks[0]["all_rewards"].view(2, 1, N).double().numpy()
    firsts = [{x.removeprefix("first "): value for x, value in rank.items()} for rank in ranks]
    said = torch.cat([scores_of(tiny.model(), first) for first in firsts]).detach().double()
    learner.observe(groups[0], N, sizes=said.numpy().reshape(1, N) ** 2)
    wanted = N * learner.weights(groups[1], N).ravel()
    assert np.allclose(found, wanted, atol=1e-5)
    assert np.abs(wanted - N * weights(groups[1], N).ravel()).max() > 1e-3


@pytest.mark.parametrize("k", [1, 2])
def test_the_others_are_weighted_by_their_sizes(tmp_path, k):
    trainer, gradients, _ = trained(tmp_path, k=k, estimator="size_weighted_rloo")
    output, rewards = trainer.seen[0]
    groups = rewards.view(-1, N).double().numpy()
    sizes = -scores_of(tiny.model(), output).detach().double().numpy().reshape(-1, N)
    wanted = size_weighted_rloo(groups, k, sizes).ravel()
    assert np.allclose(output["advantages"], N * wanted, atol=1e-5)
    assert np.abs(wanted - weights(groups, k, "maxk_rloo").ravel()).max() > 1e-3
    assert np.allclose(trainer._logs["advantages"], N * wanted, atol=1e-5)
    expected = by_hand(output, wanted, len(groups) * LONGEST)
    torch.testing.assert_close(gradients[0], expected, rtol=1e-4, atol=1e-6)


def test_log_probabilities_that_trl_has_are_taken_and_what_vllm_could_not_score_is_left_out():
    from pkpo_toy.lm.trl import PassKGRPOTrainer

    nan, mask = float("nan"), torch.tensor([[1, 1, 0], [1, 1, 1]])
    sampled = torch.tensor([[-1.0, nan, -9.0], [-1.0, -torch.inf, -2.0]])
    output = {"completion_mask": mask, "sampling_per_token_logps": sampled}
    read = PassKGRPOTrainer._log_probs
    assert read(None, output).tolist() == [-1.0, -3.0]
    output["old_per_token_logps"] = torch.full((2, 3), -0.5)  # the trained model's own go first
    assert read(None, output).tolist() == [-1.0, -1.5]
    output["tool_mask"] = torch.tensor([[1, 0, 1], [1, 1, 1]])  # what a tool said was not drawn
    assert read(None, output).tolist() == [-0.5, -1.5]


def test_the_pass_for_log_probabilities_sees_the_pictures():
    """What TRL's own pass is given besides the text, of what it hands on."""
    from pkpo_toy.lm.trl import PassKGRPOTrainer

    class Stub:
        args = type("Args", (), {"per_device_train_batch_size": 2})
        model = None

        def _get_per_token_logps_and_entropies(
            self, model, ids, mask, logits_to_keep, *more, pixel_values=None, num_images=None
        ):
            self.given = pixel_values, num_images
            return -torch.ones(2, logits_to_keep), None

    stub, ones = Stub(), torch.ones(2, 3, dtype=torch.long)
    text = dict.fromkeys(("prompt_ids", "prompt_mask", "completion_ids", "completion_mask"), ones)
    output = text | {"pixel_values": "pictures", "num_images": [1, 1], "advantages": None}
    assert PassKGRPOTrainer._log_probs(stub, output).tolist() == [-3.0, -3.0]
    assert stub.given == ("pictures", [1, 1])


def test_the_contract_with_trls_private_methods():
    """Fails when TRL moves what is overridden: then `lm.trl` and CONTRACT need a new look."""
    from trl import GRPOTrainer

    check_contract(GRPOTrainer)


def test_a_broken_contract_is_loud():
    class Moved:
        def _calculate_rewards(self, inputs, prompts):
            raise NotImplementedError

    with pytest.raises(RuntimeError, match=r"moved GRPOTrainer\._calculate_rewards"):
        check_contract(Moved)
    del Moved._calculate_rewards
    with pytest.raises(RuntimeError, match="found None"):
        check_contract(Moved)


@pytest.mark.parametrize("when_short", ["clamp", "zero"])
def test_completions_without_a_reward(tmp_path, monkeypatch, when_short):
    """They weigh nothing; what is left of their group is too small for k = n, the other is not."""
    monkeypatch.setattr(trl_step, "reward", forgetful)
    trainer, *_ = trained(tmp_path, k=N, when_short=when_short)
    output, rewards = trainer.seen[0]
    first, second = rewards.flatten().numpy().reshape(2, N)
    assert np.isnan(first).tolist() == [True, False, False, False]
    kept = weights(first[1:], N - 1) if when_short == "clamp" else np.zeros(N - 1)
    wanted = N * np.concatenate([[0.0], kept, weights(second, N)])
    assert np.allclose(output["advantages"], wanted, atol=1e-6)
    assert np.abs(wanted[N:]).max() > 0


def test_a_completion_without_a_reward_is_an_error_if_told(tmp_path, monkeypatch):
    monkeypatch.setattr(trl_step, "reward", forgetful)
    with pytest.raises(InputError, match=r"k = 4 with n = 3"):
        trained(tmp_path, k=N, when_short="error")
    with pytest.raises(InputError, match="unknown when_short 'skip'"):
        trained(tmp_path, k=2, when_short="skip")


def forgetful(completions, **kwargs):
    """No reward for the first completion; the others' are all different."""
    return [None, *(i / 10 for i in range(1, len(completions)))]
