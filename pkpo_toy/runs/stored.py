"""The schema of the files stored beside the cells; a file that does not fit it is damaged."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Key = Annotated[str, Field(pattern="^[0-9a-f]{20}$")]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True)


class Times(_Stored):
    """When a run began and ended."""

    started: datetime
    finished: datetime | None


class SummaryState(_Stored):
    """Checksums of the cells that summary.csv was made from, and of itself."""

    inputs: Digest
    sha256: Digest


class StoredManifest(_Stored):
    """manifest.json; what the caller adds (study, settings, versions) is kept as it is."""

    model_config = ConfigDict(extra="allow")

    layout: int
    cells: list[Key]
    failed: list[Key]
    summary: SummaryState | None
    times: Times
    study: str = ""
    configuration: dict[str, Any] = {}
    versions: dict[str, str] = {}
    swept: dict[str, list[Any]] = {}

    @model_validator(mode="after")
    def _sizes_agree(self) -> Self:
        if any(len(values) != len(self.cells) for values in self.swept.values()):
            raise ValueError("swept settings must have one value for each cell")
        return self


class StoredFailure(_Stored):
    """One line of failures.jsonl."""

    key: Key
    spec: dict[str, Any]
    attempts: Count
    exception: str
    traceback: str
