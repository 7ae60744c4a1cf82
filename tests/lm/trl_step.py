"""One step of the TRL trainer on a tiny model, with all that a test wants to look at.

As a module of two ranks, with a folder, an estimator and a number of steps: each writes what it saw
in the last step to FOLDER/RANK.pt, and the rewards of all steps.

TRL is imported where it is used: that takes seconds, and who reads a test may not run it.
"""

import sys
import tempfile
from functools import cache
from pathlib import Path

import torch
import torch.distributed as dist

from tests.lm import tiny

N, LONGEST = 4, 5


def reward(completions, **kwargs):
    """How many of the digits 1 to 3 are in the completion, in tenths: ties and differences."""
    return [sum(character in "123" for character in text) / 10 for text in completions]


def on(event, do):
    """A callback of the trainer that calls do(state, model) at an event."""
    from transformers import TrainerCallback

    def called(self, args, state, control, model=None, **kwargs):
        do(state, model)

    return type("On", (TrainerCallback,), {f"on_{event}": called})()


@cache
def watched():
    """The trainer that keeps the scored batches and the rewards of all processes."""
    from pkpo_toy.lm.trl import PassKGRPOTrainer

    class Watched(PassKGRPOTrainer):
        def _calculate_rewards(self, *args, **kwargs):
            self.caught = super()._calculate_rewards(*args, **kwargs)
            return self.caught

        def _generate_and_score_completions(self, inputs):
            output = super()._generate_and_score_completions(inputs)
            self.seen = [*getattr(self, "seen", []), (output, self.caught.clone())]
            return output

    return Watched


def prompts(count):
    from datasets import Dataset

    return Dataset.from_list([{"prompt": p} for p in ("1*2=", "3+", "21", "7=") * 4][:count])


def trained(
    folder,
    *,
    batch=8,
    steps=1,
    loss_type="dr_grpo",
    config=(),
    resume=False,
    callbacks=(),
    **changes,
):
    """The trainer and the gradients after some steps on fixed prompts."""
    from trl import GRPOConfig

    gradients = []  # that the optimiser is about to use

    def keep(state, model):
        gradients.append(torch.cat([p.grad.flatten().clone() for p in model.parameters()]))

    options = {
        "output_dir": str(folder),
        "per_device_train_batch_size": batch,
        "num_generations": N,
        "max_completion_length": LONGEST,
        "max_steps": steps,
        "learning_rate": 1e-3,
        "loss_type": loss_type,
        "beta": 0.0,
        "max_grad_norm": 0.0,
        "report_to": [],
        "save_strategy": "no",
        "logging_steps": 1,
        "disable_tqdm": True,
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "shuffle_dataset": False,
        **dict(config),
    }
    trainer = watched()(
        model=tiny.model(),
        reward_funcs=reward,
        args=GRPOConfig(**options),
        train_dataset=prompts(16),
        processing_class=tiny.tokenizer(),
        callbacks=[on("pre_optimizer_step", keep), *callbacks],
        **changes,
    )
    start = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    trainer.train(resume_from_checkpoint=resume)
    return trainer, gradients, start


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        name, steps = sys.argv[2], int(sys.argv[3])
        trainer, gradients, _ = trained(folder, batch=2, k=N, estimator=name, steps=steps)
    output, rewards = trainer.seen[-1]
    kept = {name: output[name] for name in ("advantages", "completion_ids", "completion_mask")}
    kept |= {name: output[name] for name in ("prompt_ids", "prompt_mask")}
    kept |= {"rewards": rewards, "gradient": gradients[-1]}
    kept |= {f"first {name}": x for name, x in trainer.seen[0][0].items()}
    kept["all_rewards"] = torch.stack([each for _, each in trainer.seen])
    kept |= {f"baseline {name}": torch.tensor(x) for name, x in trainer._baseline.state().items()}
    torch.save(kept, Path(sys.argv[1]) / f"{trainer.accelerator.process_index}.pt")
    dist.destroy_process_group()
