"""The language-model backend beside torch's own work on the same tensors.

    python scripts/benchmark_lm.py

Weights beside `torch.argsort` (goal: at most 2 times), sampling and training beside the bare
forward and backward passes of the same batch (goal: within 1.5 times); what the learnt baseline
adds to a step (goal: under 3%). One thread on the CPU; where there is a CUDA device, it too, with
more rewards and with models of 10 and 100 times the size.
"""

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

import torch

from pkpo_toy.lm.adaptive import AdaptiveLoo
from pkpo_toy.lm.loss import Batch, Terms, loss
from pkpo_toy.lm.sampling import Drawn, sample
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


def seconds(
    calls: dict[str, Callable[[], object]], device: str, turns: int = 12
) -> dict[str, float]:
    """Median seconds of each call, taking turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(turns):
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


def learning(device: str) -> tuple[Row, list[Row]]:
    """What the learnt baseline adds to a step: sampling, weights, training, in this process."""
    head = ("device", "parameters", "answers", "step, ms", "from sizes, %", "from sketches, %")
    sizes = MODELS | (LARGE_MODELS if device == "cuda" else {})
    return head, [_learning(device, name, size) for name, size in sizes.items()]


def _learning(device: str, name: str, size: tuple[int, int, int, int]) -> Row:
    """The median over turns of what the parts that differ take, of the median step."""
    step = Step(device, size)
    learner = AdaptiveLoo()
    rewards = (step.rewards < 0.2).double()

    def plain() -> None:
        weights(rewards, 8)

    def learnt(drawn: Drawn) -> None:
        learner.weights(rewards, 8)
        sketch = None if drawn.sketch is None else drawn.sketch.view(*rewards.shape, -1)
        learner.observe(rewards, 8, sketch, drawn.sizes.view(rewards.shape))

    of_sizes, of_sketch = step.draw(), step.draw(sketched=True)
    calls: dict[str, Callable[[], object]] = {
        "draw": step.draw,
        "sketch": lambda: step.draw(sketched=True),
        "train": step.train,
        "plain": plain,
        "learnt from sizes": lambda: learnt(of_sizes),
        "learnt from sketches": lambda: learnt(of_sketch),
    }
    times = seconds(calls, device, turns=40)
    whole = times["draw"] + times["plain"] + times["train"]
    sizes = times["learnt from sizes"] - times["plain"]
    sketches = times["learnt from sketches"] - times["plain"] + times["sketch"] - times["draw"]
    added = (f"{100 * part / whole:.1f}" for part in (sizes, sketches))
    return (device, name, str(rewards.numel()), f"{whole * 1e3:.1f}", *added)


class Step:
    """A sampling and a training step of the study's model, and the passes they are made of."""

    def __init__(self, device: str, size: tuple[int, int, int, int]) -> None:
        width, layers, heads, prompts = size
        tokenizer = Characters("0123456789*=")
        shape = Shape(tokenizer.size, 16, width, layers, heads)
        self.device, self.model = device, Transformer(shape).to(device).eval()
        texts = [f"{10 + i % 90}*{i % 9}=" for i in range(prompts)]
        self.prompts = tokenizer.prompts(texts).to(device)
        self.repeated = Tokens(*(x.repeat_interleave(N, dim=0) for x in self.prompts))
        ids = torch.randint(1, tokenizer.size, (prompts * N, LENGTH), device=device)
        self.answers = Tokens(ids, torch.ones_like(ids, dtype=torch.bool))
        self.rewards = torch.rand(prompts, N, device=device)
        self.optimiser = build_optimiser("adam", self.model, 0.0)

    def draw(self, sketched: bool = False) -> Drawn:
        generator = torch.Generator(self.device)
        return sample(
            self.model, self.prompts, N, longest=LENGTH, end=-1,
            generator=generator, sketched=sketched,
        )  # fmt: skip

    def bare_draw(self) -> None:
        with torch.no_grad():
            _, cache = self.model.begin(self.prompts, N, LENGTH)
            for step in range(LENGTH - 1):
                self.model.proceed(self.answers.ids[:, step], cache)

    def train(self) -> None:
        batch = Batch(self.repeated, self.answers, weights(self.rewards, 8).flatten())
        self.optimiser.zero_grad()
        torch.autograd.backward(loss(self.model, batch, Terms(), len(self.rewards), N))
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()

    def bare_train(self) -> None:
        self.optimiser.zero_grad()
        torch.autograd.backward(self.model(self.repeated, self.answers).sum())


def _passes(device: str, name: str, size: tuple[int, int, int, int]) -> list[Row]:
    step = Step(device, size)
    rows_count = len(step.answers.ids)
    calls: dict[str, Callable[[], object]] = {
        "s": step.draw,
        "bs": step.bare_draw,
        "t": step.train,
        "bt": step.bare_train,
    }
    times = seconds(calls, device)
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
    for section in (weighing, passes, learning):
        tables = [section(device) for device in devices]
        print(f"\n## {(section.__doc__ or '').splitlines()[0]}\n")
        head = tables[0][0]
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for _, rows in tables:
            for row in rows:
                print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
