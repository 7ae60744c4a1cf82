"""Every format of the table: its example as the tool means it, its traps, what it refuses."""

import gzip
import io
import json
import re
import shutil
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.extras import install_command
from pkpo_toy.samples.formats import inspect_ai
from pkpo_toy.samples.formats.table import FORMATS
from pkpo_toy.samples.reading import read
from pkpo_toy.samples.rows import LARGEST_DOCUMENT

EXAMPLES = Path(str(files("pkpo_toy.samples") / "data"))
DATA = Path(__file__).parent / "data"
CHOICES = {"inspect": "match", "inspect_eval": "match", "trl": "accuracy_reward"}
RIGHT = {
    "humaneval": {"t/0": (3, 1)},
    "evalplus": {"HumanEval/0": (3, 1), "HumanEval/1": (3, 1)},
    "bigcodebench": {"BigCodeBench/0": (2, 1)},
    "bigcode": {"0": (2, 1)},
    "multipl_e": {"lua/HumanEval_0_x": (2, 1)},
    "lm_eval": {"0": (4, 2), "1": (4, 3)},
    "inspect": {"q0": (4, 4), "q1": (4, 1), "q2": (4, 1)},
    "inspect_eval": {"q0": (4, 4), "q1": (4, 1), "q2": (4, 1)},
    "lighteval": {"0": (4, 2)},
    "openai_evals": {"e.dev.0": (2, 1), "e.dev.1": (2, 1)},
    "verl": {"u1": (2, 1)},
    "trl": {"step 5: a": (2, 1), "step 5: b": (2, 1)},
    "verifiers": {"0": (2, 1)},
    "verifiers_traces": {"0": (2, 1)},
    "livecodebench": {"abc301_a": (2, 1)},
    "nemo": {"0": (1, 1), "1": (1, 0)},
}


def example(key):
    return EXAMPLES / FORMATS[key].example


def counts(evaluation):
    frame = evaluation.counts()
    return {p: (n, c) for p, n, c in frame.itertuples(index=False)}


@pytest.fixture
def write(tmp_path):
    def write(content, name="results"):
        path = tmp_path / name
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize("key", RIGHT)
def test_the_example_of_each_format_is_told_by_its_content_alone(key, tmp_path):
    path = tmp_path / "no.clue"
    shutil.copy(example(key), path)
    found = read(path, score=CHOICES.get(key))
    assert counts(found) == RIGHT[key]
    assert found.title.startswith(FORMATS[key].title)
    assert found.recognised


def test_every_format_has_an_example():
    assert set(RIGHT) == set(FORMATS) - {"table"}


@pytest.mark.parametrize("key", [key for key in RIGHT if "parquet" not in FORMATS[key].files])
def test_every_format_may_be_gzipped(key, tmp_path):
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress(example(key).read_bytes()))
    assert counts(read(path, score=CHOICES.get(key))) == RIGHT[key]


@pytest.mark.parametrize("key", RIGHT)
@pytest.mark.parametrize("share", [0.25, 0.6, 0.95])
def test_a_file_that_ends_in_the_middle_is_refused(key, share, tmp_path):
    whole = example(key).read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=str(path)):
        read(path, score=CHOICES.get(key))


@pytest.mark.parametrize("key", FORMATS)
def test_a_gzip_cut_in_half_is_refused(key, tmp_path):
    packed = gzip.compress(example(key).read_bytes())
    path = tmp_path / "cut.gz"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match="ends in the middle of its packed data"):
        read(path)


@pytest.mark.parametrize("key", FORMATS)
def test_damaged_bytes_are_an_input_error_or_other_results(key, tmp_path_factory):
    whole = example(key).read_bytes()
    path = tmp_path_factory.mktemp("damaged") / "file"

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.integers(0, len(whole) - 1), st.binary(max_size=4))
    def damage(place, other):
        path.write_bytes(whole[:place] + other + whole[place + len(other) :])
        try:
            assert len(read(path, score=CHOICES.get(key)).problems) >= 1
        except InputError:
            return

    damage()


def test_evalplus_passes_plus_only_where_base_passes_too():
    path = example("evalplus")
    assert counts(read(path, score="base")) == {"HumanEval/0": (3, 2), "HumanEval/1": (3, 1)}
    assert read(path).title == "EvalPlus, plus tests"
    with pytest.raises(InputError, match=r"unknown test set 'plsu'.*Did you mean 'plus'"):
        read(path, score="plsu")


def test_evalplus_run_on_base_tests_alone(write):
    sample = {"base_status": "pass", "plus_status": None}
    found = read(write({"eval": {"t": [sample, sample | {"base_status": "timeout"}]}}))
    assert counts(found) == {"t": (2, 1)}
    assert found.title == "EvalPlus, base tests"


DOCUMENT = {
    "doc_id": 0,
    "resps": [["a", "b", "c", "d"]],
    "filter": "none",
    "metrics": ["pass@1"],
    "pass@1": 0.5,
}


def test_lm_eval_asks_which_filter_and_takes_metric_filter_or_both(write):
    strict, flexible = (DOCUMENT | {"filter": name, "doc_hash": "h"} for name in ("strict", "flex"))
    path = write(lines(strict, flexible | {"pass@1": 0.75}))
    with pytest.raises(InputError, match="choose by --score: pass@1,flex, pass@1,strict"):
        read(path)
    assert counts(read(path, score="flex")) == {"0": (4, 3)}
    assert counts(read(path, score="pass@1,strict")) == {"0": (4, 2)}


def test_lm_eval_inverts_another_pass_at_j(write):
    found = DOCUMENT | {"metrics": ["pass@2"], "pass@2": 1 - 1 / 6}
    assert counts(read(write(lines(found)))) == {"0": (4, 2)}
    for value, many in ((1.0, "3 to 4"), (0.7, "no number")):
        with pytest.raises(InputError, match=f"line 1: pass@2 = .* fits {many} right among 4"):
            read(write(lines(found | {"pass@2": value})))


def test_lm_eval_refuses_one_value_for_several_responses(write):
    match = DOCUMENT | {"metrics": ["exact_match"], "exact_match": 1.0}
    with pytest.raises(InputError, match=r"one value for several responses \(exact_match\)"):
        read(write(lines(match)))
    alone = match | {"resps": [["a"]]}
    assert counts(read(write(lines(alone)))) == {"0": (1, 1)}


@pytest.mark.parametrize(
    ("lost", "changed", "sentence"),
    [
        ("doc_id", {}, "no 'doc_id'"),
        ("resps", {}, "no 'resps'"),
        ("", {"resps": [[]]}, "resps must hold a list of responses, got"),
        ("", {"resps": []}, "resps must hold a list of responses, got"),
        ("pass@1", {"metrics": ["pass@2"], "pass@2": 0.5}, "no 'pass@1', which other lines"),
        ("", {"metrics": [["pass@1"]]}, "must be a finite number, got None"),
        ("", {"pass@1": 10**400}, "pass@1 must be a finite number, got 1000"),
        *(
            ("", {"pass@1": p}, r"pass@1 must be in 0\.\.1, got")
            for p in (-0.25, 1.25, 1e308, 10**30)
        ),
    ],
)
def test_lm_eval_names_the_line_that_does_not_fit(write, lost, changed, sentence):
    line = {key: DOCUMENT[key] for key in DOCUMENT if key != lost} | changed
    with pytest.raises(InputError, match=f"line 2: .*{sentence}"):
        read(write(lines(DOCUMENT | {"doc_id": 1}, line)), score=None)


def test_lm_eval_documents_of_another_task_are_not_mixed(write):
    first = write(lines(DOCUMENT | {"doc_hash": "a"}), "first")
    other = write(lines(DOCUMENT | {"doc_hash": "b"}), "other")
    with pytest.raises(InputError, match="document '0' is not that of"):
        read([first, other])
    again = write(lines(DOCUMENT | {"doc_hash": "a", "pass@1": 0.25}), "again")
    assert counts(read([first, again])) == {"0": (8, 3)}


def inspect_log(*samples):
    return {"version": 2, "eval": {"run_id": "r", "eval_id": "e"}, "samples": list(samples)}


def inspect_sample(epoch, value):
    return {"id": "q", "epoch": epoch, "scores": {"match": {"value": value}}}


def test_inspect_letters_numbers_and_what_is_unscored(write):
    values = ["C", "I", "P", "N", True, 0.25, None]
    log = inspect_log(*(inspect_sample(i, value) for i, value in enumerate(values)))
    log["samples"][-1]["scores"]["match"]["value"] = float("nan")
    log["samples"] += [
        {"id": "q", "epoch": 8, "scores": {"other": {"value": 1}}},
        {"id": "q", "epoch": 9, "scores": None, "error": {"message": "timeout"}},
    ]
    found = read(write(log), score="match")
    assert found.rewards.tolist() == [1, 0, 0.5, 0, 1, 0.25]
    assert found.left_out == {"unscored": 2, "failed to run": 1}
    assert "left out: 2 unscored; left out: 1 failed to run" in found.described()


def test_inspect_names_the_sample_of_an_unreadable_value(write):
    path = write(inspect_log(inspect_sample(1, "C"), inspect_sample(2, "0.5")))
    with pytest.raises(InputError, match=r"sample q, epoch 2: match must be .*, got '0\.5'"):
        read(path)


def test_inspect_duplicates_and_the_same_run_twice_are_refused(write, tmp_path):
    twice = inspect_log(inspect_sample(1, "C"), inspect_sample(1, "C"))
    with pytest.raises(InputError, match=r"sample and epoch .*q/1' again"):
        read(write(twice))
    with pytest.raises(InputError, match="inspect_eval, the files before it are inspect"):
        read([example("inspect"), example("inspect_eval")], score="match")
    once = write(inspect_log(inspect_sample(1, "C")), "a")
    other = write(inspect_log(inspect_sample(2, "C")), "b")
    with pytest.raises(InputError, match=r"the run .* again, first in"):
        read([once, other])


def test_a_zip_that_is_no_log_a_torch_file_and_a_bomb_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "file"

    def zipped(**members):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name.replace("__", "/"), content)
        return path

    with pytest.raises(InputError, match="a zip file but no inspect log"):
        read(zipped(readme="x"))
    with pytest.raises(InputError, match="a torch file, and nothing is loaded with pickle"):
        read(zipped(archive__data="x", **{"archive__data.pkl": "x"}))
    header = json.dumps({"eval": {"run_id": "r"}})
    monkeypatch.setattr(inspect_ai, "LARGEST_SAMPLE", 10**6)
    with pytest.raises(InputError, match="unpacks to more than 1000000 bytes"):
        read(zipped(**{"header.json": header, "samples__1.json": " " * (10**6 + 1)}))
    with pytest.raises(InputError, match="inspect log convert --to json"):
        read(DATA / "inspect_zstd.eval")


def test_openai_evals_skips_other_events_and_counts_errors(write):
    event = {"run_id": "r", "sample_id": "s", "type": "match", "data": {"correct": True}}
    spec = {"spec": {"eval_name": "e"}}
    path = write(lines(spec, event | {"event_id": 0}, event | {"event_id": 1, "type": "error"}))
    found = read(path)
    assert (counts(found), found.left_out) == ({"s": (1, 1)}, {"failed to run": 1})
    with pytest.raises(InputError, match="run and event 'r/0' again"):
        read(write(lines(spec, event | {"event_id": 0}, event | {"event_id": 0})))
    bad = event | {"event_id": 3, "data": {"correct": "yes"}}
    with pytest.raises(InputError, match=r"line 2: a match needs sample_id and data\.correct"):
        read(write(lines(spec, bad)))


ROLLOUT = {"input": "2+2?", "output": "4", "score": -1.0, "step": 3}


def test_verl_prefers_acc_and_groups_by_uid_input_or_what_is_asked(write):
    path = write(
        lines(ROLLOUT | {"acc": True, "uid": "a_b_0_1"}, ROLLOUT | {"acc": 0, "uid": "a_b_1_0"})
    )
    assert counts(read(path)) == {"a_b": (2, 1)}
    assert read(path, score="score").rewards.tolist() == [-1, -1]
    assert list(counts(read(path, group_by=["step", "input"]))) == ["3/2+2?"]
    plain = write(lines(ROLLOUT, ROLLOUT | {"step": 4}))
    assert read(plain).problems == ["step 3: 2+2?", "step 4: 2+2?"]
    with pytest.raises(InputError, match="line 1: unknown field of --group-by 'stp'"):
        read(path, group_by=["stp"])
    with pytest.raises(InputError, match=r"line 2: score must be a finite number, got '1\.0'"):
        read(write(lines(ROLLOUT, ROLLOUT | {"score": "1.0"})))
    with pytest.raises(InputError, match="line 1: score must be a finite number, got nan"):
        read(write(lines(ROLLOUT | {"score": float("nan")})))


def test_trl_asks_which_reward_and_groups_by_prompt(tmp_path):
    path = example("trl")
    with pytest.raises(InputError, match=r"several rewards; .* accuracy_reward, format_reward"):
        read(path)
    found = read(path, score="format_reward", group_by=["prompt"])
    assert found.problems == ["a", "b"]
    assert found.rewards.tolist() == [0.5, 0.5, 0, 0.5]


def test_a_parquet_file_with_other_columns_is_refused(tmp_path):
    import pandas as pd

    path = tmp_path / "table.parquet"
    pd.DataFrame({"x": [1], "y": [2]}).to_parquet(path)
    with pytest.raises(InputError, match=r"a parquet file of no format that is known; .* x, y"):
        read(path)


def test_parquet_without_pyarrow_names_the_extra(monkeypatch):
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=re.escape(install_command("samples"))):
        read(example("trl"))


def test_verifiers_sum_weighted_rewards_and_count_what_failed(write):
    def trace(ok, **rewards):
        weighed = {name: {"score": s, "weight": w} for name, (s, w) in rewards.items()}
        return {"task": {"key": "k"}, "ok": ok, "traces": [{"rewards": weighed}]}

    found = read(write(lines(trace(True, a=(1, 0.5), b=(0.5, 2)), trace(False, a=(1, 1)))))
    assert found.rewards.tolist() == [1.5]
    assert found.left_out == {"failed to run": 1}


def test_nemo_reads_line_i_of_every_file_as_one_problem(write):
    first = write(lines({"problem": "p", "generation": "g", "is_correct": True}), "a")
    second = write(lines({"problem": "p", "generation": "h", "is_correct": False}), "b")
    assert counts(read([first, second])) == {"0": (2, 1)}
    other = write(lines({"problem": "q", "generation": "h", "is_correct": False}), "c")
    with pytest.raises(InputError, match="the problem of line 1 is not that of"):
        read([first, other])


def test_multipl_e_reads_a_folder_by_a_pattern(tmp_path):
    for i, status in enumerate(("OK", "Timeout")):
        result = {"status": status, "exit_code": 0}
        problem = {"name": f"p{i}", "language": "lua", "results": [result]}
        (tmp_path / f"{i}.results.json").write_text(json.dumps(problem))
    assert counts(read(tmp_path / "*.results.json")) == {"lua/p0": (1, 1), "lua/p1": (1, 0)}
    with pytest.raises(InputError, match="is a folder: name its files, or a pattern"):
        read(tmp_path)


def test_lighteval_needs_a_whole_count(tmp_path):
    import pandas as pd

    row = {"doc": {"id": "0"}, "metric": {"pass@k:k=1&n=4": 0.3}, "model_response": {"text": ["a"]}}
    path = tmp_path / "details.parquet"
    pd.DataFrame([row]).to_parquet(path)
    with pytest.raises(InputError, match=r"row 1: pass@1 times n must be a whole number, got 1\.2"):
        read(path)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"doc": {"name": "0"}}, "no 'id'"),
        ({"doc": "0"}, "doc must hold fields, got '0'"),
        ({"metric": 0.5}, "metric must hold fields, got 0.5"),
        ({"metric": {"pass@k:k=1&n=4": 1.5}}, r"pass@1 must be in 0\.\.1, got 1.5"),
        ({"metric": {"pass@k:k=1&n=4" + "0" * 5000: 0.5}}, "no metric pass@k"),
    ],
)
def test_lighteval_names_the_row_that_does_not_fit(tmp_path, changed, sentence):
    import pandas as pd

    row = {"doc": {"id": "0"}, "metric": {"pass@k:k=1&n=4": 0.5}, "model_response": {"text": ["a"]}}
    path = tmp_path / "details.parquet"
    pd.DataFrame([row | changed]).to_parquet(path)
    with pytest.raises(InputError, match=f"row 1: {sentence}"):
        read(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ((DATA / "bigcode_generations.json").read_bytes(), "generated text but not whether"),
        (lines({"task_id": "t", "completion": "x"}), "completions but not whether they passed"),
        (b"\x80\x04K\x01.", "is a pickle; nothing is loaded with pickle"),
        (b"(\xb5/\xfdxx", "compressed with zstd; unpack it first"),
        ('{"a": [1, 2', "not valid JSON|no column"),
        ("[1, 2", "is no format that is known"),
        ("[]", "is no format that is known"),
        (
            lines({"problem": "a", "rewrd": 1}),
            r"no column 'sample', 'reward' \(nearest is 'rewrd'\)",
        ),
        (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8"),
    ],
)
def test_what_is_no_format_is_refused_in_one_sentence(write, content, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        read(write(content))
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


def test_mixed_formats_the_same_file_twice_and_idle_options_are_refused(write, tmp_path):
    humaneval, verl = example("humaneval"), example("verl")
    with pytest.raises(InputError, match="is verl, the files before it are humaneval"):
        read([humaneval, verl])
    shutil.copy(humaneval, tmp_path / "copy")
    for again in (humaneval, tmp_path / "copy"):
        with pytest.raises(InputError, match="are the same file: its samples would count twice"):
            read([humaneval, again])
    with pytest.raises(InputError, match="HumanEval files leave nothing open for --score"):
        read(humaneval, score="passed")
    with pytest.raises(InputError, match="EvalPlus files leave nothing open for --group-by"):
        read(example("evalplus"), group_by=["task"])
    with pytest.raises(InputError, match=r"unknown format 'human'.*Did you mean 'humaneval'"):
        read(humaneval, form="human")
    with pytest.raises(InputError, match="line 1"):
        read(humaneval, form="verl")


def test_problems_without_samples_are_left_out_and_counted(write):
    content = [{"question_id": "a", "graded_list": []}, {"question_id": "b", "graded_list": [True]}]
    found = read(write(content))
    assert (counts(found), found.left_out) == ({"b": (1, 1)}, {"without samples": 1})
    with pytest.raises(InputError, match="holds no scored sample; 1 without samples"):
        read(write(content[:1]))


def test_rewards_whose_sum_is_too_large_are_refused(write):
    rewards = {"r": {"score": 1e308, "weight": 1e308}}
    line = {"task": {"key": "a"}, "traces": [{"rewards": rewards}]}
    with pytest.raises(InputError, match="line 1: the weighted sum of rewards must be a finite"):
        read(write(lines(line)))


def test_long_names_do_not_make_long_sentences(write):
    with pytest.raises(InputError, match="no column 'problem'") as caught:
        read(write({f"key {i}" * 30: 1 for i in range(20)}))
    assert len(str(caught.value)) < 300


def test_a_stream_that_cannot_go_back_is_read(monkeypatch):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    class Standard:
        buffer = Pipe(gzip.compress(example("humaneval").read_bytes()))

    monkeypatch.setattr("sys.stdin", Standard)
    assert counts(read("-")) == {"t/0": (3, 1)}
    Standard.buffer = Pipe(example("inspect_eval").read_bytes())
    with pytest.raises(InputError, match="a zip file must be given by its name"):
        read("-")


def test_a_document_too_large_is_refused(monkeypatch):
    monkeypatch.setattr("pkpo_toy.samples.rows.LARGEST_DOCUMENT", 100)
    assert LARGEST_DOCUMENT == 2**30
    with pytest.raises(InputError, match="a JSON document of more than 100 bytes"):
        read(example("evalplus"))
