"""Both kinds of model keep the same promises: cache, padding, log-probabilities, text."""

import inspect
import os
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
import torch

from pkpo_toy.errors import InputError
from pkpo_toy.lm import huggingface
from pkpo_toy.lm.sampling import sample, score
from pkpo_toy.lm.tokens import Characters, Tokens, padded
from pkpo_toy.lm.transformer import Shape
from tests.lm import tiny
from tests.warm import run_warm

# peft asks transformers for a name that it is about to lose.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

PROMPTS = ["12*3=", "7*8=", "12*34="]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("llama"))


LLAMA = f"llama of transformers {version('transformers')}"


@pytest.fixture(params=["built-in", LLAMA, f"{LLAMA} with adapters of peft {version('peft')}"])
def speaking(request, saved):
    """A model in float64 and its tokenizer."""
    if request.param == "built-in":
        return tiny.transformer()
    rank = 2 if "adapters" in request.param else 0
    return huggingface.load(saved, torch.float64, rank)


def drawn(speaking, repeats=5, longest=6, seed=0):
    model, tokenizer = speaking
    prompts = tokenizer.prompts(PROMPTS)
    generator = torch.Generator().manual_seed(seed)
    answers = sample(
        model, prompts, repeats, longest=longest, end=tokenizer.end, generator=generator
    ).tokens
    repeated = Tokens(*(x.repeat_interleave(repeats, dim=0) for x in prompts))
    return model, prompts, repeated, answers


def test_the_cache_changes_nothing(speaking):
    """Step by step with the cache, and all at once: the same logits."""
    model, prompts, repeated, answers = drawn(speaking)
    whole = model(repeated, answers)
    with torch.no_grad():
        logits, cache = model.begin(prompts, 5, answers.ids.shape[1])
        for step in range(answers.ids.shape[1]):
            alive = answers.real[:, step]
            torch.testing.assert_close(logits[alive], whole[alive, step], rtol=0, atol=1e-9)
            logits = model.proceed(answers.ids[:, step], cache)


class OldNames(torch.nn.Module):
    """A model with the names that transformers had before 5.24: past_key_values, in and out."""

    def __init__(self, model):
        super().__init__()
        new = "cache" in inspect.signature(model.forward).parameters
        self.model, self.taken = model, "cache" if new else "past_key_values"

    def forward(self, past_key_values=None, **inputs):
        found = self.model(**inputs, **{self.taken: past_key_values})
        return SimpleNamespace(logits=found.logits, past_key_values=getattr(found, self.taken))


class NewNames(OldNames):
    """The same with the name it has since 5.24: cache."""

    def forward(self, cache=None, **inputs):
        found = super().forward(past_key_values=cache, **inputs)
        return SimpleNamespace(logits=found.logits, cache=found.past_key_values)


@pytest.mark.parametrize("names", [OldNames, NewNames])
def test_both_names_of_the_cache(saved, names):
    """Whichever transformers is installed: the lowest that is allowed, and the newest."""
    model, tokenizer = huggingface.load(saved, torch.float64, 0)
    renamed = huggingface.Pretrained(names(model.model))
    test_the_cache_changes_nothing((renamed, tokenizer))


def test_a_model_without_a_cache_is_refused(saved):
    model, tokenizer = huggingface.load(saved, torch.float64, 0)
    forgetful = huggingface.Pretrained(
        lambda **inputs: SimpleNamespace(logits=model.model(**inputs).logits, cache=None)
    )
    with pytest.raises(InputError, match="must keep the keys and values"):
        drawn((forgetful, tokenizer))


def test_padding_changes_nothing(speaking):
    model, _, repeated, answers = drawn(speaking)
    together = score(model, repeated, answers)
    for row in range(0, 15, 4):
        kept, said = repeated.real[row], answers.real[row]
        alone = score(
            model,
            Tokens(repeated.ids[row, kept][None], repeated.real[row, kept][None]),
            Tokens(answers.ids[row, said][None], answers.real[row, said][None]),
        )
        for whole, single in zip(together, alone, strict=True):
            torch.testing.assert_close(whole[row, said], single[0], rtol=0, atol=1e-9)
            assert (whole[row, ~said] == 0).all()


def test_an_answer_ends_with_its_first_end_token(speaking):
    _, tokenizer = speaking
    *_, answers = drawn(speaking, repeats=40)
    ends = (answers.ids == tokenizer.end) & answers.real
    assert ends.any()
    assert (ends.sum(dim=1) <= 1).all()
    lengths = answers.real.sum(dim=1)
    for row in torch.nonzero(ends.any(dim=1)).flatten():
        assert ends[row, lengths[row] - 1]
        assert not answers.real[row, lengths[row] :].any()
    assert (lengths[~ends.any(dim=1)] == answers.ids.shape[1]).all()


def test_sampling_follows_the_log_probabilities(speaking):
    """Frequencies of the first token of 4000 answers, within 5 standard errors."""
    model, tokenizer = speaking
    prompts, count = tokenizer.prompts(PROMPTS[:1]), 4000
    answers = sample(
        model, prompts, count, longest=1, end=tokenizer.end,
        generator=torch.Generator().manual_seed(1),
    ).tokens  # fmt: skip
    logits = model(prompts, Tokens(torch.zeros(1, 1, dtype=torch.long), torch.ones(1, 1).bool()))
    p = logits[0, 0].softmax(-1).detach().numpy()
    found = np.bincount(answers.ids[:, 0], minlength=len(p)) / count
    assert (np.abs(found - p) <= 5 * np.sqrt(p * (1 - p) / count) + 1e-12).all()
    assert p.max() < 0.999


def test_the_same_seed_gives_the_same_answers(speaking):
    first, again, other = (drawn(speaking, seed=seed)[3] for seed in (3, 3, 4))
    assert torch.equal(first.ids, again.ids)
    assert not torch.equal(first.real, other.real) or not torch.equal(first.ids, other.ids)


def test_entropy_is_that_of_the_next_token(speaking):
    model, _, repeated, answers = drawn(speaking)
    log_p = model(repeated, answers).log_softmax(-1)
    wanted = torch.where(answers.real, -(log_p.exp() * log_p).sum(-1), 0.0)
    found = score(model, repeated, answers).entropy
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=1e-9)


def test_text_goes_there_and_back(speaking):
    _, tokenizer = speaking
    answers = tokenizer.answers(["408", "", "7"])
    assert answers.ids.shape == (3, 4)
    assert answers.real.sum(dim=1).tolist() == [4, 1, 2]
    assert tokenizer.texts(answers) == ["408", "", "7"]
    prompts = tokenizer.prompts(["12*34=", "7*8="])
    assert prompts.real.tolist()[1] == [False, False, True, True, True, True]


def test_nothing_to_pad():
    assert padded([], 0, left=True).ids.shape == (0, 1)


def test_a_character_the_model_does_not_know():
    with pytest.raises(InputError, match="'x'"):
        Characters("012").prompts(["1x2"])


def test_heads_must_divide_the_width():
    with pytest.raises(InputError, match="heads"):
        Shape(10, 10, width=10, heads=3)


def test_adapters_alone_are_trained(saved):
    model, _ = huggingface.load(saved, torch.float32, 2)
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    assert trained
    assert all("lora" in name for name in trained)


def test_a_model_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        huggingface.load(str(tmp_path / "nowhere"), torch.float32, 0)
    with pytest.raises(InputError, match="cannot load model"):
        huggingface.load(str(tmp_path), torch.float32, 0)


def test_offline_is_said():
    told = run_warm(
        ["tests.lm.load_models", "nobody/nothing"], env={**os.environ, "HF_HUB_OFFLINE": "1"}
    )
    assert "cannot load model 'nobody/nothing'" in told.stdout
    assert "HF_HUB_OFFLINE is set" in told.stdout


class Overloaded(BaseHTTPRequestHandler):
    """A hub that answers nothing but that it is busy, and counts how often it was asked."""

    asked: ClassVar[list[str]] = []

    def refuse(self):
        self.asked.append(self.path)
        self.send_response(503)
        self.end_headers()

    do_GET = do_HEAD = refuse

    def log_message(self, *arguments):
        pass


def test_a_hub_that_does_not_answer_is_asked_once_and_earlier_downloads_are_used(saved, tmp_path):
    kept = tmp_path / "hub" / "models--me--tiny"
    shutil.copytree(saved, kept / "snapshots" / "abc")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc")
    with ThreadingHTTPServer(("127.0.0.1", 0), Overloaded) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hub = f"http://127.0.0.1:{server.server_port}"
        told = run_warm(
            ["tests.lm.load_models", "me/tiny", "nobody/nothing"],
            env={**os.environ, "HF_HOME": str(tmp_path), "HF_ENDPOINT": hub},
        )
        server.shutdown()
    told.check_returncode()
    assert "cannot load model 'nobody/nothing'" in told.stdout
    assert "503" in told.stdout
    asked = [path for path in Overloaded.asked if "tiny" in path or "nothing" in path]
    assert asked == ["/api/models/me/tiny", "/api/models/nobody/nothing"]
