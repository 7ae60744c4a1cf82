"""Under torchrun: each rank's batch, the gradient after DDP, and how a whole run ends."""

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.ranks import current
from pkpo_toy.lm.trainer import Training

if __name__ == "__main__":
    torch.set_num_threads(1)
    config = LmConfig.model_validate_json(sys.argv[1])
    training = Training(config, 0, current())
    batch = training._batch(training._drawn())
    training._update()  # leaves the (clipped) gradient in place
    gradient = torch.cat([p.grad.flatten() for p in training.model.parameters()])
    whole = Training(config, 0, current())
    logs = whole.finish()
    kept = {
        "prompts": batch.prompts.ids,
        "prompts_real": batch.prompts.real,
        "answers": batch.answers.ids,
        "answers_real": batch.answers.real,
        "weights": batch.weights,
        "gradient": gradient,
        "parameters": torch.cat([p.detach().flatten() for p in training.model.parameters()]),
    }
    folder = Path(sys.argv[2])
    torch.save(kept, folder / f"{current().rank}.pt")
    rates = [[value for _, value, _ in log.pass_rates] for log in logs]
    (folder / f"{current().rank}.json").write_text(json.dumps([rates, whole.baseline.state()]))
    dist.destroy_process_group()
