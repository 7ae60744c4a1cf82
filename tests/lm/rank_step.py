"""As a module of two ranks: each rank's batch, the gradient after DDP, and how a whole run ends.

Takes a list of settings in JSON and a folder; what belongs to the third setting goes to FOLDER/2.
"""

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.ranks import current
from pkpo_toy.lm.trainer import Training


def tell(config, folder):
    """Write what this rank sees of a training with these settings."""
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
    folder.mkdir(exist_ok=True)
    torch.save(kept, folder / f"{current().rank}.pt")
    rates = [[value for _, value, _ in log.pass_rates] for log in logs]
    (folder / f"{current().rank}.json").write_text(json.dumps([rates, whole.baseline.state()]))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for number, given in enumerate(json.loads(sys.argv[1])):
        tell(LmConfig.model_validate_json(json.dumps(given)), Path(sys.argv[2], str(number)))
    dist.destroy_process_group()
