"""Random and mutated files for everything that reads files: no crash, one sentence or a result.

    python scripts/fuzz.py [MINUTES] [SEED]

MINUTES (60) are shared out among study files, sampling results and stored results. Inputs are
drawn by hypothesis: the words of real files in any order, and real files with bytes changed, cut or
repeated. Whatever is not a result must be an error of the package with a message of
one printable line of at most 300 characters. Prints one Markdown table, and ends with 1 at a crash.
"""

import io
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from pkpo_toy.errors import PkpoError
from pkpo_toy.experiment import carry_out, load, plans
from pkpo_toy.samples.reading import read as read_results
from pkpo_toy.studies.files import expand, packaged, packaged_names, parse, with_quick

Read = Callable[[bytes], object]
WORDS = [
    b"study", b'"variance"', b"=", b"[", b"]", b"[[variants]]", b"[quick]", b"n", b"k", b"\n", b",",
    b'"', b"'", b"\\", b"{", b"}", b":", b"null", b"true", b"nan", b"inf", b"-0", b"1e309",
    b"9" * 30,
    b"problem", b"sample", b"reward", b"c", b"\r\n", b"\xef\xbb\xbf", b"\0", b"\xff", b"#", b"....",
    b"0" * 20, b'"cells"', b'"failed"', b'"summary"', b'"times"', b"\xe2\x80\xae", b"1", b"0.5",
]  # fmt: skip


@st.composite
def mutated(draw: Callable[..., object], originals: list[bytes]) -> bytes:
    """A real file with a few changes."""
    data = bytearray(draw(st.sampled_from(originals)))  # type: ignore[arg-type]
    for _ in range(int(draw(st.integers(1, 6)))):  # type: ignore[call-overload]
        place = int(draw(st.integers(0, max(0, len(data)))))  # type: ignore[call-overload]
        span = int(draw(st.integers(0, 20)))  # type: ignore[call-overload]
        how = draw(st.sampled_from(["word", "cut", "end", "repeat", "flip"]))
        if how == "word":
            data[place : place + span] = draw(st.sampled_from(WORDS))  # type: ignore[assignment]
        elif how == "cut":
            del data[place : place + span]
        elif how == "end":
            del data[place:]
        elif how == "repeat":
            data[place:place] = data[place : place + span] * 5
        elif data:
            data[place % len(data)] ^= 1 << (span % 8)
    return bytes(data)


def inputs(originals: list[bytes]) -> st.SearchStrategy[bytes]:
    words = st.lists(st.sampled_from(WORDS), max_size=40).map(b"".join)
    return mutated(originals) | words | st.binary(max_size=200)


def study_files(place: Path) -> tuple[list[bytes], Read]:
    def read(data: bytes) -> None:
        file = parse(data.decode("utf-8", "replace"), "mine", "mine.toml")
        expand(with_quick(file))

    return [
        packaged(name).encode() for name in packaged_names() - {"lm", "lm_annealing", "lm_training"}
    ], read


def sampling_results(place: Path) -> tuple[list[bytes], Read]:
    path = place / "results.csv"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        read_results([str(path)])

    folder = Path(str(files("pkpo_toy.samples"))) / "data"
    kept = [file for file in folder.rglob("*") if file.suffix in {".csv", ".json", ".jsonl"}]
    return [file.read_bytes() for file in kept], read


def stored_results(place: Path) -> tuple[list[bytes], Read]:
    (made,) = plans("element_weights", {"n": [4, 6], "k": [2, 3]}, name="stored")
    carry_out(made, place)
    folder = place / "stored"
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    whole = {path: path.read_bytes() for path in paths}
    turn = iter(range(10**9))

    def read(data: bytes) -> None:
        damaged = paths[next(turn) % len(paths)]
        damaged.write_bytes(data)
        try:
            show(folder)
        finally:
            # Whatever was damaged, the next run makes it whole again.
            carry_out(made, place)
            different = [path.name for path in paths if path.read_bytes() != whole[path]]
            if set(different) - {"manifest.json"}:
                raise AssertionError(f"{damaged.name}: not made whole again: {different}")
            for path, original in whole.items():
                path.write_bytes(original)
            for path in folder.glob("cells/*.corrupt"):
                path.unlink()

    return list(whole.values()), read


def show(folder: Path) -> None:
    """Read all that is stored, as `show`, `export` and `plot` do."""
    result = load(folder)
    result.failures()
    _ = result.summary
    result.records()


def attempt(read: Read, data: bytes, found: Counter[str]) -> None:
    """Raises AssertionError for anything but a result or a sentence."""
    found["inputs"] += 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read(data)
    except PkpoError as error:
        found["refused"] += 1
        message = str(error)
        assert len(message) <= 300, message
        assert message.isprintable(), repr(message)


def fuzz(name: str, minutes: float, first: int) -> Counter[str]:
    found: Counter[str] = Counter()
    end = time.monotonic() + 60 * minutes
    place = Path(tempfile.mkdtemp())
    originals, read = TARGETS[name](place)
    while time.monotonic() < end and not found["crashes"]:

        @seed(first + found["rounds"])
        @settings(
            max_examples=200, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), phases=(Phase.generate,),
        )  # fmt: skip
        @given(inputs(originals))
        def round_of(data: bytes) -> None:
            if time.monotonic() < end:
                attempt(read, data, found)

        try:
            round_of()
        except Exception:
            found["crashes"] += 1
            out = io.StringIO()
            traceback.print_exc(file=out)
            print(f"{name}: {out.getvalue()[-4000:]}", file=sys.stderr)
        found["rounds"] += 1
    shutil.rmtree(place)
    return found


TARGETS: dict[str, Callable[[Path], tuple[list[bytes], Read]]] = {
    "study files": study_files,
    "sampling results": sampling_results,
    "stored results": stored_results,
}


def main(minutes: float = 60, first: int = 0) -> int:
    print("| read | minutes | inputs | refused in one sentence | crashes |")
    print("|---|---|---|---|---|", flush=True)
    crashes = 0
    for name in TARGETS:
        found = fuzz(name, minutes / len(TARGETS), first)
        crashes += found["crashes"]
        share = f"{minutes / len(TARGETS):.1f}"
        row = (name, share, found["inputs"], found["refused"], found["crashes"])
        print(f"| {' | '.join(map(str, row))} |", flush=True)
    return 1 if crashes else 0


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:2]), *map(int, sys.argv[2:])))
