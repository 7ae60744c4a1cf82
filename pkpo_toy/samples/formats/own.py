"""Our own tables, CSV or JSON lines: `problem,n,c` and `problem,sample,reward`."""

from functools import partial

from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head
from pkpo_toy.samples.plain import taken
from pkpo_toy.samples.rows import Source
from pkpo_toy.samples.samples import COUNTS, SAMPLES
from pkpo_toy.samples.tables import Reader, table_of


def _read(source: Source, into: Collector) -> str:
    reader = Reader(source, [COUNTS, SAMPLES])
    if reader.kind is SAMPLES:
        return _read_samples(source, reader, into)
    for block in reader.blocks():
        for line, problem, n, c in zip(block.lines, *block.columns, strict=True):
            if c > n:
                raise reader.fault(line, f"c must be at most n, got n = {n}, c = {c}")
            into.once("problem", problem)
            into.count(problem, n, c)
    return "counts"


def _read_samples(source: Source, reader: Reader, into: Collector) -> str:
    if into.keep_table:
        into.table = table_of(reader, keep_text=True)
        into.add_columns(into.table.columns[0], into.table.columns[2])
        return "samples"
    source.taken = partial(taken, reader, into)
    for block in reader.blocks():
        into.add_columns(block.columns[0], block.columns[2])
    return "samples"


def _is_table(head: Head) -> bool:
    names = [{column.name for column in kind} for kind in (COUNTS, SAMPLES)]
    return head.container == "text" or any(kind <= head.keys() for kind in names)


FORMAT = Format(
    "pkpo-toy",
    "CSV or JSON lines with problem,n,c or problem,sample,reward",
    _is_table,
    _read,
    "example_samples.csv",
)
