"""The language-model backend beside torch's own work on the same tensors.

    python scripts/benchmark_lm.py

Weights beside `torch.argsort` (goal: at most 2 times), sampling and training beside the bare
forward and backward passes of the same batch (goal: within 1.5 times). One thread on the CPU; where
there is a CUDA device, it too, with more rewards and with models of 10 and 100 times the size.
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
LARGE_SHAPES = ((65536, 16), (4096, 1024), (1, 1_000_000))  # on a GPU
MODELS = {"100 thousand": (64, 2, 2, 32)}  # parameters: width, layers, heads, prompts
LARGE_MODELS = {"1 million": (160, 3, 4, 128), "10 million": (384, 6, 6, 256)}  # on a GPU
KEYS = ("pkpo_loo_minus_one", "pkpo", "pkpo_loo", "centered_loo", "rloo", "grpo", "tailrl")
BINARY = ("passk_grpo", "maxrl")
N, LENGTH = 16, 4

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
    for shape in SHAPES + LARGE_SHAPES * (device == "cuda"):
        rewards = torch.rand(shape, device=device)
        right = (rewards < 0.5).float()
        calls: dict[str, Callable[[], object]] = {"argsort": lambda x=rewards: x.argsort(dim=-1)}
        calls |= {key: lambda x=rewards, key=key: weights(x, 8, key) for key in KEYS}
        if shape[1] <= 4096:
            calls |= {key: lambda x=right, key=key: weights(x, 8, key) for key in BINARY}
        times = seconds(calls, device)
        yard = times.pop("argsort")
        ratios = (f"{times[key] / yard:.2f}" if key in times else "" for key in KEYS + BINARY)
        rows.append((device, f"{shape[0]} x {shape[1]}", f"{yard * 1e3:.2f}", *ratios))
    return head, rows


def passes(device: str) -> tuple[Row, list[Row]]:
    """A sampling and a training step of the study's model against the bare passes."""
    head = (
        "device",
        "parameters",
        "answers",
        "work",
        "tokens per second",
        "ms",
        "bare, ms",
        "x bare",
    )
    sizes = MODELS | (LARGE_MODELS if device == "cuda" else {})
    return head, [row for name, size in sizes.items() for row in _passes(device, name, size)]


def _passes(device: str, name: str, size: tuple[int, int, int, int]) -> list[Row]:
    width, layers, heads, prompts_count = size
    tokenizer = Characters("0123456789*=")
    model = Transformer(Shape(tokenizer.size, 16, width, layers, heads)).to(device).eval()
    texts = [f"{10 + i % 90}*{i % 9}=" for i in range(prompts_count)]
    prompts = tokenizer.prompts(texts).to(device)
    repeated = Tokens(*(x.repeat_interleave(N, dim=0) for x in prompts))
    rows_count = prompts_count * N
    ids = torch.randint(1, tokenizer.size, (rows_count, LENGTH), device=device)
    answers = Tokens(ids, torch.ones_like(ids, dtype=torch.bool))
    rewards = torch.rand(prompts_count, N, device=device)
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
        torch.autograd.backward(loss(model, batch, Terms(), prompts_count, N))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    def bare_train() -> None:
        optimiser.zero_grad()
        torch.autograd.backward(model(repeated, answers).sum())

    times = seconds({"s": draw, "bs": bare_draw, "t": train, "bt": bare_train}, device)
    rows = []
    for work, ours, bare in (("sampling", "s", "bs"), ("training", "t", "bt")):
        time, yard = times[ours], times[bare]
        rate = f"{rows_count * LENGTH / time:,.0f}"
        figures = (f"{time * 1e3:.1f}", f"{yard * 1e3:.1f}", f"{time / yard:.2f}")
        rows.append((device, name, str(rows_count), work, rate, *figures))
    return rows


def main() -> None:
    torch.set_num_threads(1)
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    print(f"torch {torch.__version__}, one thread{gpu}")
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
