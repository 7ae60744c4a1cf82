"""`pkpo-toy report`: one file that asks for nothing, says all that is stored, and nothing else."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

import pkpo_toy

EVIL = "</script><script>window.hacked=1</script>\"'><img src=x onerror=window.hacked=1>"


class Reader(HTMLParser):
    """What a browser would make of the page: its elements, and the text outside scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self._inside = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self._inside):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]


def read(folder, name="report.html"):
    return Reader((Path(folder) / name).read_text("utf-8"))


def csv_of(page):
    (link,) = [one for one in page.all("a") if "download" in one]
    return unquote(link["href"].partition(",")[2])


def test_a_page_holds_the_study_and_asks_for_nothing(stored, cli, tmp_path):
    said = cli("report", "variance", "--out", "page.html")
    assert said.stdout == "page.html\n"
    page = read(tmp_path, "page.html")
    manifest = json.loads((tmp_path / "results/variance/manifest.json").read_text())
    for text in (
        "How noisy is each gradient estimate?",
        "has the lowest variance",
        f"pkpo-toy {pkpo_toy.__version__}",
        manifest["platform"],
        manifest["summary"]["sha256"],
        "--set n=[8,16]".replace("n=[8,16]", "'n=[8,16]'"),
        "200",
    ):
        assert text in page.text, text
    assert csv_of(page) == (tmp_path / "results/variance/summary.csv").read_text()
    assert len(page.all("svg")) == 1
    for _, attributes in page.elements:
        for name in ("src", "href"):
            assert re.match(r"#|data:|$", attributes.get(name) or ""), attributes
    assert {tag for tag, _ in page.elements}.isdisjoint({"img", "iframe", "object", "form"})


def test_the_table_shows_the_summary(stored, inside, tmp_path):
    inside("report", "variance")
    page = read(tmp_path)
    summary = pd.read_csv(tmp_path / "results/variance/summary.csv")
    for row in summary.itertuples():
        assert f"{row.variance:.4g}" in page.text


def test_the_same_results_give_the_same_page(stored, inside, tmp_path):
    for name in ("one.html", "two.html"):
        inside("report", "variance", "--out", name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


@pytest.mark.parametrize(
    "where", [(), ("variance",), ("paper",), ("results",), ("results/variance",)]
)
def test_study_suite_and_folder_are_found(stored, inside, tmp_path, where):
    said = inside("report", *where)
    assert len(read(tmp_path).all("section")) == 1
    assert ("landscape was not run" in said.stderr) == (where == ("paper",))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("varience",), "Did you mean 'variance'"),
        (("variance", "--results", "nowhere"), "no results in 'nowhere/variance'"),
        (("--results", "nowhere"), "no results of 'nowhere'"),
        (("paper", "--results", "nowhere"), "no results of 'paper' in 'nowhere'"),
        (("variance", "--out", "page.txt"), "--out must end in .html, got 'page.txt'"),
        (("variance", "--out", "no/page.html"), "there is no folder 'no'"),
        (("variance", "--compare", "landscape"), "unknown results"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(stored, inside, tmp_path, arguments, says):
    done = inside("report", *arguments, code=2)
    assert says in done.stderr
    assert len(done.stderr) < 300
    assert not list(tmp_path.glob("*.html"))


def test_what_this_version_cannot_read_is_left_out(stored, inside, tmp_path):
    manifest = json.loads((tmp_path / "results/variance/manifest.json").read_text())
    old = json.dumps({**manifest, "study": "atlas_of_old"})
    for name, text in (("other", '{"tool": "else"}'), ("old", old)):
        (tmp_path / "results" / name).mkdir()
        (tmp_path / "results" / name / "manifest.json").write_text(text)
    said = inside("report")
    assert "results/old" in said.stderr
    assert "results/other/manifest.json is damaged" in said.stderr
    assert len(read(tmp_path).all("section")) == 1
    assert "results/old" in inside("report", "old", code=1).stderr


def test_results_that_were_changed_are_refused(stored, inside, tmp_path):
    summary = tmp_path / "results/variance/summary.csv"
    summary.write_text(summary.read_text().replace("pkpo,8", "pkpo,9", 1))
    assert "fails its checksum" in inside("report", "variance", code=1).stderr
    assert "fails its checksum" in inside("report", code=1).stderr
    pkpo_toy.run("landscape", quick=True, out=tmp_path / "results")
    (cell, *_) = sorted(tmp_path.glob("results/quick/landscape/cells/*.csv"))
    cell.write_bytes(cell.read_bytes().replace(b"0.1", b"0.2", 1))
    done = inside("report", "results/quick", code=1)
    assert "fails its checksum" in done.stderr
    assert not (tmp_path / "report.html").exists()


def test_without_cells_an_exact_figure_is_the_same(inside, tmp_path):
    pkpo_toy.run("landscape", quick=True, out=tmp_path / "results")
    inside("report", "results/quick", "--out", "before.html")
    shutil.rmtree(tmp_path / "results/quick/landscape/cells")
    inside("report", "results/quick", "--out", "after.html")
    assert "<svg" in (tmp_path / "after.html").read_text("utf-8")
    assert (tmp_path / "after.html").read_bytes() == (tmp_path / "before.html").read_bytes()


def test_failed_cells_are_told_with_their_reason(tmp_path, monkeypatch, inside):
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(
        "def f(rewards, k):\n"
        "    if rewards.shape[-1] == 8:\n"
        "        raise RuntimeError('no <b>eight</b>')\n"
        "    return rewards\n"
    )
    with pytest.warns(RuntimeWarning, match="1 of 2 cells failed"):
        pkpo_toy.run("variance", n=[4, 8], estimates=50, estimators=["own.py:f"], retries=0)
    inside("report")
    page = read(tmp_path)
    assert "1 of 2 cells failed" in page.text
    assert "RuntimeError: no <b>eight</b>" in page.text
    assert page.all("b") == []


def test_text_of_the_user_is_never_part_of_the_page(tmp_path, monkeypatch, inside):
    monkeypatch.chdir(tmp_path)
    small = {"steps": 2, "log_every": 1, "replicates": 2}
    pkpo_toy.run("hard_problems", label=EVIL, **small)
    inside("report")
    page = read(tmp_path)
    assert page.text.count(EVIL) >= 3  # legend, table, settings
    assert len(page.all("script")) == 1
    assert page.all("img") == []


def test_two_folders_side_by_side(stored, inside, tmp_path):
    small = {"name": "variance", "n": [8, 16], "estimates": 200}  # as STORED
    pkpo_toy.run("variance", **small, seed=1, out=tmp_path / "again")
    inside("report", "variance", "--compare", "again", "--out", "both.html")
    page = read(tmp_path, "both.html")
    one, two = (
        pd.read_csv(tmp_path / folder / "variance/summary.csv") for folder in ("results", "again")
    )
    changed = (one != two).to_numpy() & ~(one.isna() & two.isna()).to_numpy()
    assert f"{changed.sum()} numbers of {one.size} changed" in page.text
    rows = pd.read_csv(tmp_path / "results/variance/summary.csv")
    assert len(page.all("svg")) == 2
    assert len(page.all("mark")) > 0
    assert len(csv_of(page).splitlines()) == 1 + changed.sum()
    assert len(rows) == len(two)


def test_a_result_beside_itself_has_not_changed(stored, inside, tmp_path):
    inside("report", "variance", "--compare", "results/variance")
    page = read(tmp_path)
    assert "Every number of the two summaries is the same." in page.text
    assert "All settings are the same." in page.text
    assert page.all("mark") == []


def test_sampling_results_have_a_page_too(inside, tmp_path):
    table = "problem,n,c\n" + "".join(f"task_{i},8,{i}\n" for i in range(8))
    (tmp_path / "one.csv").write_text(table)
    (tmp_path / "two.csv").write_text(table.replace(",8,0", ",8,3"))
    done = inside("passk", "one.csv", "--k", "1,2", "--json", "--report", "passk.html")
    page = read(tmp_path, "passk.html")
    rows = pd.DataFrame(json.loads(done.stdout)["rows"])
    assert csv_of(page) == rows.to_csv(index=False, lineterminator="\n")
    assert "Wilson's" in page.text
    first = rows.iloc[0]
    assert f"pass@1 is {first.value:.3f} [{first.low:.3f}, {first.high:.3f}]." in page.text
    inside("compare", "one.csv", "two.csv", "--report", "compare.html")
    page = read(tmp_path, "compare.html")
    assert "one is the better from k on: none up to k = 8" in page.text
    assert "At k = 1 two reaches 0.484 against 0.438: +0.047 [" in page.text
    assert "pass@k: one -> two" in page.text
    assert "--report" in inside("passk", "one.csv", "--report", "x.png", code=2).stderr
