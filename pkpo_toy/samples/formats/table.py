"""FORMATS: every format that is read, told apart by what a file holds."""

from pkpo_toy.samples.formats import (
    bigcode,
    bigcodebench,
    evalplus,
    humaneval,
    inspect_ai,
    lighteval,
    livecodebench,
    lm_eval,
    multipl_e,
    nemo,
    openai_evals,
    own,
    trl,
    verifiers,
    verl,
)
from pkpo_toy.samples.formats.format import Format

FORMATS: dict[str, Format] = {
    "table": own.FORMAT,
    "humaneval": humaneval.FORMAT,
    "evalplus": evalplus.FORMAT,
    "bigcodebench": bigcodebench.FORMAT,
    "bigcode": bigcode.FORMAT,
    "multipl_e": multipl_e.FORMAT,
    "lm_eval": lm_eval.FORMAT,
    "inspect": inspect_ai.JSON,
    "inspect_eval": inspect_ai.EVAL,
    "lighteval": lighteval.FORMAT,
    "openai_evals": openai_evals.FORMAT,
    "verl": verl.FORMAT,
    "trl": trl.FORMAT,
    "verifiers": verifiers.RESULTS,
    "verifiers_traces": verifiers.TRACES,
    "livecodebench": livecodebench.FORMAT,
    "nemo": nemo.FORMAT,
}
