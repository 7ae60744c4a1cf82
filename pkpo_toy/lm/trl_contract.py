"""What `pkpo_toy.lm.trl` relies on of TRL's private methods."""

import inspect

from pkpo_toy.extras import install_command

CONTRACT = {
    "_calculate_rewards": ("self", "inputs", "prompts", "completions", "completion_ids_list"),
    "_generate_and_score_completions": ("self", "inputs"),
    "_get_per_token_logps_and_entropies": (
        "self", "model", "input_ids", "attention_mask", "logits_to_keep", "batch_size",
    ),
    "_save_checkpoint": ("self", "model", "trial"),
    "_load_optimizer_and_scheduler": ("self", "checkpoint"),
}  # fmt: skip
"""The private methods and their first parameters."""


def check_contract(trainer: type) -> None:
    """Raises RuntimeError unless TRL still has the private methods that are overridden here."""
    for name, wanted in CONTRACT.items():
        method = getattr(trainer, name, None)
        found = tuple(inspect.signature(method).parameters) if callable(method) else None
        if found is None or found[: len(wanted)] != wanted:
            raise RuntimeError(
                f"this version of trl has moved GRPOTrainer.{name}: expected parameters {wanted}, "
                f"found {found}. Install the version that is pinned: {install_command('trl')}"
            )
