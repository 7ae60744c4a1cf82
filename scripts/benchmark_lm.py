"""The language-model backend beside torch's own work on the same tensors.

    python scripts/benchmark_lm.py

Weights beside `torch.argsort` (target: at most 3 times), sampling and training beside the bare
forward and backward passes of the same batch (target: within 1.5 times). One thread; on a CUDA
device too where there is one.
"""

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

import torch

from pkpo_toy.lm.loss import Batch, Terms, loss
from pkpo_toy.lm.sampling import sample
from pkpo_toy.lm.setup import build_optimiser
from pkpo_toy.lm.tokens import Characters, Tokens
from pkpo_toy.lm.transformer import Shape, Transformer
from pkpo_toy.lm.weights import weights

SHAPES = ((4096, 16), (1024, 256), (64, 4096))
KEYS = ("pkpo_loo_minus_one", "pkpo", "pkpo_loo", "centered_loo", "rloo", "grpo", "tailrl")
BINARY = ("passk_grpo", "maxrl")
PROMPTS, N, LENGTH = 32, 16, 4

Row = Sequence[str]


def seconds(calls: dict[str, Callable[[], object]], device: str) -> dict[str, float]:
    """Median seconds of each call, taking turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(12):
        for name, call in calls.items():
            start = perf_counter()
            call()
            if device == "cuda":
                torch.cuda.synchronize()
            times[name] += [perf_counter() - start] * (turn > 1)
    return {name: median(values) for name, values in times.items()}


def weighing(device: str) -> tuple[Row, list[Row]]:
    """Weights against torch.argsort of the same float32 rewards."""
    head = ("device", "groups x n", "argsort, ms", *(f"{key}, x" for key in (*KEYS, *BINARY)))
    rows = []
    for shape in SHAPES:
        rewards = torch.rand(shape, device=device)
        right = (rewards < 0.5).float()
        calls: dict[str, Callable[[], object]] = {"argsort": lambda x=rewards: x.argsort(dim=-1)}
        calls |= {key: lambda x=rewards, key=key: weights(x, 8, key) for key in KEYS}
        calls |= {key: lambda x=right, key=key: weights(x, 8, key) for key in BINARY}
        times = seconds(calls, device)
        yard = times.pop("argsort")
        ratios = (f"{time / yard:.2f}" for time in times.values())
        rows.append((device, f"{shape[0]} x {shape[1]}", f"{yard * 1e3:.2f}", *ratios))
    return head, rows


def passes(device: str) -> tuple[Row, list[Row]]:
    """A sampling and a training step of the study's model against the bare passes."""
    head = ("device", "work", "tokens per second", "ms", "bare, ms", "x bare")
    tokenizer = Characters("0123456789*=")
    model = Transformer(Shape(tokenizer.size, 16)).to(device).eval()
    prompts = tokenizer.prompts([f"{a}*7=" for a in range(10, 10 + PROMPTS)]).to(device)
    repeated = Tokens(*(x.repeat_interleave(N, dim=0) for x in prompts))
    rows_count = PROMPTS * N
    ids = torch.randint(1, tokenizer.size, (rows_count, LENGTH), device=device)
    answers = Tokens(ids, torch.ones_like(ids, dtype=torch.bool))
    rewards = torch.rand(PROMPTS, N, device=device)
    optimiser = build_optimiser("adam", model, 0.0)

    def draw() -> None:
        sample(model, prompts, N, longest=LENGTH, end=-1, generator=torch.Generator(device))

    def bare_draw() -> None:
        with torch.no_grad():
            _, cache = model.begin(prompts, N, LENGTH)
            for step in range(LENGTH - 1):
                model.proceed(ids[:, step], cache)

    def train() -> None:
        batch = Batch(repeated, answers, weights(rewards, 8).flatten())
        optimiser.zero_grad()
        torch.autograd.backward(loss(model, batch, Terms(), PROMPTS, N))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    def bare_train() -> None:
        optimiser.zero_grad()
        torch.autograd.backward(model(repeated, answers).sum())

    times = seconds({"s": draw, "bs": bare_draw, "t": train, "bt": bare_train}, device)
    rows = []
    for work, name, bare in (("sampling", "s", "bs"), ("training", "t", "bt")):
        time, yard = times[name], times[bare]
        rate = f"{rows_count * LENGTH / time:,.0f}"
        rows.append(
            (device, work, rate, f"{time * 1e3:.1f}", f"{yard * 1e3:.1f}", f"{time / yard:.2f}")
        )
    return head, rows


def main() -> None:
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread")
    devices = ["cpu"] + ["cuda"] * torch.cuda.is_available()
    for section in (weighing, passes):
        tables = [section(device) for device in devices]
        print(f"\n## {(section.__doc__ or '').splitlines()[0]}\n")
        head = tables[0][0]
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for _, rows in tables:
            for row in rows:
                print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
