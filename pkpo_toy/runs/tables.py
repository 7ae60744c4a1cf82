"""Frames as CSV: the same frame gives the same bytes, and is read back as it was written."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def csv_bytes(frame: "pd.DataFrame", *, header: bool = True) -> bytes:
    """A frame as UTF-8 CSV: shortest floats that read back exactly, "\\n" line ends, no index."""
    text = frame.to_csv(index=False, header=header, lineterminator="\n")
    return text.encode()


def read_csv(source: Path | bytes) -> "pd.DataFrame":
    """Read a CSV written by `csv_bytes`: floats to the last bit, only an empty field is missing."""
    import pandas as pd

    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    frame: pd.DataFrame = pd.read_csv(
        stream, keep_default_na=False, na_values=[""], **_exact_floats()
    )
    return frame


def _exact_floats() -> dict[str, Any]:
    # From pandas 3.1 on the default is exact and naming a precision is deprecated.
    import pandas as pd

    major, minor = (int(part) for part in pd.__version__.split(".")[:2])
    return {} if (major, minor) >= (3, 1) else {"float_precision": "round_trip"}
