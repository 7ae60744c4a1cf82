"""A lesson as the frame that is animated: few enough pictures, and a caption for each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pkpo_toy.lessons.conclusions import conclusions
from pkpo_toy.lessons.events import find_events
from pkpo_toy.lessons.lessons import KS, Recording

PICTURES, BARS = 60, 40
BEGINNING = (
    "Three policies learn side by side. They differ in what they are trained for: "
    "one good try (k = 1), the best of 4, the best of 16."
)


def animation_frame(recording: Recording) -> pd.DataFrame:
    """k, step, arm, probability, reward, pass_at_1, pass_at_16, caption of at most 60 steps.

    The events are among them, the first, the last, and between these evenly many. Many
    arms share bars: probabilities add up, the reward is the best, the arm is their center.
    """
    events = find_events(recording)
    steps = np.sort(recording.values["step"].unique())
    turns = {event.step for event in events}
    places = np.linspace(0, len(steps) - 1, min(len(steps), PICTURES - len(turns)))
    kept = sorted(turns | set(steps[np.rint(places).astype(int)].tolist()))
    captions = dict.fromkeys(kept, BEGINNING)
    for event in events:
        later = (step for step in kept if step >= event.step)
        captions |= dict.fromkeys(later, f"step {event.step}: {event.sentence}")
    captions[kept[-1]] = conclusions(recording)[0]
    frame = _in_bars(recording.policies[recording.policies["step"].isin(kept)])
    for k in (KS[0], KS[-1]):
        values = recording.values[recording.values["k_eval"] == k]
        column = values[["k", "step", "value"]].rename(columns={"value": f"pass_at_{k}"})
        frame = frame.merge(column, on=["k", "step"])
    return frame.assign(caption=frame["step"].map(captions))


def _in_bars(policies: pd.DataFrame) -> pd.DataFrame:
    """Neighbouring arms put together until there are at most 40."""
    arms = policies["arm"].unique()
    size = -(-len(arms) // BARS)
    bar = dict(zip(arms, np.arange(len(arms)) // size, strict=True))
    keys = [policies[name] for name in ("k", "step")]
    groups = policies.groupby([*keys, policies["arm"].map(bar).rename("bar")], sort=False)
    together = groups.agg(arm=("arm", "first"), probability=("probability", "sum"),
                          reward=("reward", "max")).reset_index()  # fmt: skip
    middle = (size - 1) / 2 * (arms[1] - arms[0])
    return together.assign(arm=together["arm"] + middle).drop(columns="bar")
