"""One training run: warm start, policy gradient steps, evaluation on the way, checkpoints."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from pkpo_toy.lm import checkpoints
from pkpo_toy.lm.adaptive import AdaptiveLoo, score_sizes, size_weighted_rloo
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.estimators import ADAPTIVE, LEARNT, SIZE_WEIGHTED
from pkpo_toy.lm.evaluation import Answers, entropy, pass_rates, sample_answers
from pkpo_toy.lm.loss import Batch, Terms, loss
from pkpo_toy.lm.ranks import Ranks
from pkpo_toy.lm.sampling import score
from pkpo_toy.lm.setup import Purpose, build_optimiser, seed_from, set_up
from pkpo_toy.lm.tasks import Problem
from pkpo_toy.lm.weights import weights

KEPT_PROMPTS, KEPT_ANSWERS = 8, 4  # prompts, and answers to each, that are kept at every log


@dataclass(frozen=True)
class Log:
    """A run after `step` updates; k is that of the next step (of the last one at the end).

    pass_rates: (k_eval, value, standard error) on held-out prompts.  entropy: of an answer, nats.
    cumulative_solve_rate: share of the training problems solved at least once.
    gradient_variance: trace of the covariance of a step's gradient, NaN with one microbatch.
    """

    step: int
    k: int
    pass_rates: list[tuple[int, float, float]]
    entropy: float
    cumulative_solve_rate: float
    gradient_variance: float


class Training:
    """One replicate. Everything random in a step comes from (seed, replicate, rank, step) alone, so
    a run that was stopped goes on from its checkpoint to the same numbers.

    stem: path without suffix of the checkpoint and of the answers kept, None to keep none.
    """

    def __init__(
        self, config: LmConfig, replicate: int, ranks: Ranks, stem: Path | None = None
    ) -> None:
        self.config, self.replicate, self.ranks, self.stem = config, replicate, ranks, stem
        self.ks = config.settings().ks().tolist()
        self.handover = config.handover()
        self.problems = config.load_problems()
        self.sampler, self.model = set_up(config, self.problems, replicate)
        self.reference = copy.deepcopy(self.model).requires_grad_(False) if config.kl else None
        self.optimiser = build_optimiser(config.optimiser, self.model, config.step_size)
        self.learner: nn.Module = (
            DistributedDataParallel(self.model) if ranks.size > 1 else self.model
        )
        self.terms = Terms(config.clip, config.entropy_bonus, config.kl)
        self.baseline = AdaptiveLoo()
        self.solved = torch.zeros(len(self.problems.training), dtype=torch.bool)
        self.logs: list[Log] = []
        self.step = 0
        self._resume()

    def finish(self, report: Callable[[Log], None] = lambda log: None) -> list[Log]:
        """Train to the end, from wherever the run stands; `report` is called with every log."""
        config = self.config
        while self.step < config.steps:
            if self.step % config.log_every == 0 and not self._logged():
                report(self._log())
            self.advance()
            if self.step % config.checkpoint_every == 0:
                self._save()
        if not self._logged():
            report(self._log())
        self._save()
        return self.logs

    def advance(self) -> None:
        """One step."""
        self._update()
        self.step += 1

    def _logged(self) -> bool:
        return bool(self.logs) and self.logs[-1].step == self.step

    def _seed(self, purpose: Purpose) -> int:
        return seed_from(self.config.seed, self.replicate, purpose, self.ranks.rank, self.step)

    def _update(self) -> None:
        answers = self._drawn()
        batch = self._batch(answers)
        for epoch in range(self.config.epochs):
            self.optimiser.zero_grad()
            parts = list(self._parts(batch))
            for i, part in enumerate(parts):
                last = i == len(parts) - 1
                with nullcontext() if last or self.ranks.size == 1 else self.learner.no_sync():  # type: ignore[operator]
                    torch.autograd.backward(self._loss(self.learner, part))
            nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
            if epoch == 0 and self.config.epochs > 1:
                batch = batch._replace(old=self._log_probs(self.model, batch))
            self.optimiser.step()
        self._observe(answers)

    def _loss(self, model: Any, part: Batch) -> Tensor:
        value = loss(model, part, self.terms, self.config.prompts, self.config.n)
        if not bool(torch.isfinite(value)):
            raise FloatingPointError(f"step {self.step}: the loss is {value.item()}")
        return value

    def _drawn(self) -> Answers:
        """Answers to the step's prompts."""
        config = self.config
        rng = np.random.default_rng(self._seed(Purpose.PROMPTS))
        chosen = rng.integers(len(self.problems.training), size=config.prompts)
        problems = [self.problems.training[i] for i in chosen]
        sketched = self.handover.at(self.ks[self.step]) is ADAPTIVE
        seed = self._seed(Purpose.ANSWERS)
        answers = self._answers(problems, config.n, seed, sketched=sketched)
        self.solved[chosen[(answers.rewards >= 1).any(axis=1)]] = True
        return answers

    def _batch(self, answers: Answers) -> Batch:
        """The answers with their weights."""
        batch = Batch(answers.prompts, answers.tokens, self._weights(answers).flatten())
        if self.reference is None:
            return batch
        return batch._replace(reference=self._log_probs(self.reference, batch))

    def _weights(self, answers: Answers) -> Tensor:
        k = self.ks[self.step]
        used = self.handover.at(k)
        rewards = torch.from_numpy(answers.rewards).to(self.sampler.device)
        if used in LEARNT:
            return self.baseline.weights(rewards, k)
        if used is SIZE_WEIGHTED:
            return size_weighted_rloo(rewards, k, answers.sizes)
        rng = np.random.default_rng(self._seed(Purpose.WEIGHTS))
        return weights(rewards, k, used, rng=rng)

    def _observe(self, answers: Answers) -> None:
        """Teach the baseline the groups of all ranks, the same on each, after their weights were
        used."""
        k = self.ks[self.step]
        if self.handover.at(k) not in LEARNT:
            return
        own = torch.from_numpy(answers.rewards), answers.sizes, answers.sketch
        of_ranks = self.ranks.gather([None if part is None else part.cpu() for part in own])
        rewards, sizes, *sketch = (
            torch.cat(parts) for parts in zip(*of_ranks, strict=True) if parts[0] is not None
        )
        stand_in = score_sizes(-sizes)
        self.baseline.observe(rewards, k, sketch[0] if sketch else None, stand_in)

    def _answers(
        self, problems: Sequence[Problem], n: int, seed: int, *, sketched: bool = False
    ) -> Answers:
        exact = self.config.reward == "exact"
        return sample_answers(
            self.sampler,
            problems,
            self.problems.reward,
            n,
            exact=exact,
            seed=seed,
            sketched=sketched,
        )

    def _log_probs(self, model: Any, batch: Batch) -> Tensor:
        with torch.no_grad():
            return score(model, batch.prompts, batch.answers).log_probs

    def _parts(self, batch: Batch) -> Iterator[Batch]:
        rows = len(batch.weights) // self.config.microbatches
        for start in range(0, len(batch.weights), rows):
            yield batch.part(slice(start, start + rows))

    def _log(self) -> Log:
        """Evaluate, each rank on its share of the held-out prompts, and note it down."""
        config, ranks = self.config, self.ranks
        held_out = config.evaluate == "held_out"
        asked = self.problems.held_out if held_out else self.problems.training
        share = asked[: config.held_out][ranks.rank :: ranks.size]
        seed = self._seed(Purpose.HELD_OUT)
        parts = [
            self._answers(share[start : start + config.prompts], config.eval_samples, seed + start)
            for start in range(0, len(share), config.prompts)
        ]
        of_rank = [part.rewards for part in parts], [entropy(self.sampler, part) for part in parts]
        of_ranks = ranks.gather(of_rank)
        rewards = np.concatenate([part for rewards, _ in of_ranks for part in rewards])
        entropies = np.concatenate([part for _, entropies in of_ranks for part in entropies])
        log = Log(
            self.step,
            self.ks[min(self.step, config.steps - 1)],
            pass_rates(rewards, config.k_eval),
            float(entropies.mean()),
            float(ranks.any(self.solved).double().mean()),
            self._gradient_variance(),
        )
        self.logs.append(log)
        self._keep_answers(share, parts[0])
        return log

    def _gradient_variance(self) -> float:
        """Trace of the covariance of one step's gradient, from the spread of its M microbatches.

        Each estimates the gradient with variance M times that of their mean:
        sum_b |g_b - mean|^2 / ((M - 1) M), with g_b = M grad loss_b.
        """
        count = self.config.microbatches
        if count == 1 or self.step == self.config.steps:
            return float("nan")
        before = self.solved.clone()
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        gradients = []
        for part in self._parts(self._batch(self._drawn())):
            gradient = torch.autograd.grad(self._loss(self.model, part), parameters)
            gradients.append(torch.cat([g.flatten() for g in gradient]) * count)
        self.solved = before
        spread = torch.stack(gradients).double().var(dim=0).sum()
        return float(spread) / count

    def _keep_answers(self, problems: Sequence[Problem], answers: Answers) -> None:
        """Append a few answers to STEM.jsonl, for a look at what is learned."""
        if self.stem is None or self.ranks.rank:
            return
        n = self.config.eval_samples
        self.stem.parent.mkdir(parents=True, exist_ok=True)
        with open(self.stem.with_suffix(".jsonl"), "a", encoding="utf-8") as file:
            for i, problem in enumerate(problems[: min(KEPT_PROMPTS, len(answers.rewards))]):
                for j in range(min(KEPT_ANSWERS, n)):
                    row = {"step": self.step} | asdict(problem)
                    row |= {"text": answers.texts[i * n + j], "reward": answers.rewards[i, j]}
                    file.write(json.dumps(row) + "\n")

    def _save(self) -> None:
        """Checkpoint, by rank 0; what all ranks have solved is collected first."""
        self.solved = self.ranks.any(self.solved)
        if self.stem is None or self.ranks.rank:
            return
        notes = {
            "step": self.step,
            "solved": self.solved.nonzero().flatten().tolist(),
            "logs": [asdict(log) for log in self.logs],
            "baseline": self.baseline.state(),
        }
        path = self.stem.with_suffix(".safetensors")
        checkpoints.save(path, self.model, self.optimiser, notes)

    def _resume(self) -> None:
        if self.stem is None:
            return
        path = self.stem.with_suffix(".safetensors")
        notes = checkpoints.load(path, self.model, self.optimiser)
        if notes is not None:
            self.step = notes["step"]
            self.solved[notes["solved"]] = True
            self.logs = [Log(**log) for log in notes["logs"]]
            self.baseline.restored(notes.get("baseline", {}))
        self._drop_answers_of_lost_logs()

    def _drop_answers_of_lost_logs(self) -> None:
        """A log made after the checkpoint will be made again, and its answers kept again."""
        assert self.stem is not None
        path = self.stem.with_suffix(".jsonl")
        if self.ranks.rank or not path.is_file():
            return
        logged = {log.step for log in self.logs}
        lines = path.read_text("utf-8").splitlines(keepends=True)
        path.write_text("".join(x for x in lines if json.loads(x)["step"] in logged), "utf-8")
