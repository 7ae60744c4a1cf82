"""Settings in words: how a legend, a panel or a subtitle names one and its value."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from pkpo_toy.plotting.style import estimator_look, plain

NAMES = {
    "theta": r"$\theta$",
    "k": "$k$",
    "k_opt": "$k$",
    "n": "$n$",
    "seed": "seed",
}
SENTENCES = {
    "estimates": "{:,} estimates a point",
    "groups": "{:,} groups",
    "replicates": "{:,} runs",
    "steps": "{:,} steps",
    "problems": "{:,} problems",
    "sets": "{:,} problem sets",
    "arms": "{} answers each",
    "optimiser": "{}",
    "bandit": "problem {}",
    "instance": "{}",
    "task": "task {}",
    "level": "level {}",
    "prompts": "{} prompts a step",
}
VALUES = {"adam": "Adam", "momentum": "SGD with momentum", "sgd": "SGD"}
EVALUATED = {"held_out": "held-out prompts", "training": "prompts trained on"}


def setting_name(name: str) -> str:
    """What a figure calls a setting."""
    name = name.removesuffix("_setting")
    return NAMES.get(name, name.replace("_", " "))


def setting(name: str, value: Any) -> str:
    """A setting with its value: "step size = 0.01", "100 runs"."""
    if name in SENTENCES and value is not None:
        text = VALUES.get(value, plain(value)) if isinstance(value, str) else value
        return SENTENCES[name].format(text)
    if name == "evaluate":
        return EVALUATED.get(str(value), plain(value))
    if name == "options":  # a column of a frame holds them as JSON
        return shown(json.loads(value) if isinstance(value, str) and value else value)
    if name in ("estimator", "k1_estimator"):
        return estimator_look(str(value)).label
    return f"{setting_name(name)} = {shown(value)}"


def shown(value: Any) -> str:
    """A value as text: numbers short, lists in brackets, names as they are."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float | int):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    if isinstance(value, dict):
        return ", ".join(setting(*one) for one in value.items())
    text = str(value)
    return plain(text if len(text) <= 40 else text[:37] + "...")


def in_symbols(label: str) -> str:
    """The label of a curve with its k and n in the field's italics."""
    return re.sub(r"\b([kn])\b", r"$\1$", plain(label))


_WORDS = re.compile(r"(?:\$[^$]*\$|[^\s$])+")
_MARKUP = re.compile(r"\\[a-z]+|[${}^_]")


def in_lines(text: str, letters: int) -> list[str]:
    """The text in lines of so many letters as they are seen; no line ends within a formula."""
    lines = [""]
    for word in _WORDS.findall(text):
        longer = f"{lines[-1]} {word}".strip()
        fits = len(_MARKUP.sub("", longer)) <= letters
        lines[-1:] = [longer] if fits or not lines[-1] else [lines[-1], word]
    return lines if text else []


def subtitle(settings: Mapping[str, Any], names: Collection[str], swept: Collection[str]) -> str:
    """The settings of that name in one line; what the figure itself tells apart is left out."""
    return ", ".join(
        setting(name, settings[name])
        for name in names
        if name in settings and name not in swept and settings[name] not in ("", {}, [])
    )
