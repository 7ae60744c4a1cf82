"""Parquet files row by row, by pyarrow, which the extra `samples` installs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pkpo_toy.errors import InputError
from pkpo_toy.extras import install_command
from pkpo_toy.samples.rows import Source


def parquet_file(source: Source) -> Any:
    """The open file. Raises InputError without pyarrow, and for a damaged file."""
    try:
        from pyarrow import parquet
    except ImportError:
        raise InputError(
            f"{source.name} is a parquet file, which needs pyarrow: {install_command('samples')}"
        ) from None
    with _whole(source):
        return parquet.ParquetFile(source.stream)


@contextmanager
def _whole(source: Source) -> Iterator[None]:
    """Raises InputError for what pyarrow finds damaged."""
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError, ValueError) as error:
        reason = str(error).split("\n", 1)[0]
        raise InputError(
            f"{source.name} is no whole parquet file: {reason[:120].rstrip('.')}."
        ) from error


def columns_of(source: Source) -> tuple[str, ...]:
    """The names of the columns."""
    return tuple(parquet_file(source).schema_arrow.names)


def numeric_columns(source: Source, besides: set[str]) -> list[str]:
    """The columns of numbers or truth values."""
    import pyarrow.types as kinds

    numeric = (kinds.is_floating, kinds.is_integer, kinds.is_boolean)
    return [
        field.name
        for field in parquet_file(source).schema_arrow
        if field.name not in besides and any(is_kind(field.type) for is_kind in numeric)
    ]


def rows_of(source: Source, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where it stands and the wanted columns of each row. Raises InputError where one lacks."""
    file = parquet_file(source)
    missing = [name for name in columns if name not in file.schema_arrow.names]
    if missing:
        has = ", ".join(file.schema_arrow.names[:12])
        raise InputError(f"{source.name} has no column {missing[0]!r}; it has {has}.")
    batches, row = file.iter_batches(columns=list(columns)), 0
    while True:
        with _whole(source):
            batch = next(batches, None)
            records = [] if batch is None else batch.to_pylist()
        if batch is None:
            return
        for record in records:
            row += 1
            yield f"{source.name}, row {row}", record
