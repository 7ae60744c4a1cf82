"""The errors that stop a run although no cell is wrong, each with its exit code."""

import signal
from pathlib import Path

from pkpo_toy.errors import Interruption, PkpoError


class Busy(PkpoError):
    """Another process holds this results folder; the message names it."""

    exit_code = 75

    def __init__(self, folder: Path, holder: str):
        self.folder, self.holder = folder, holder
        super().__init__(f"{folder} is in use by {holder}")


class WorkersFailed(PkpoError):
    """No worker process can be started, or the cluster is gone."""

    exit_code = 1


class Corrupt(PkpoError):
    """A stored result does not match its checksum; running the study again recomputes it."""

    exit_code = 1


def check_stored(path: Path, data: bytes, schema: str) -> None:
    """Raises Corrupt unless the JSON read from the path fits that class of `stored`."""
    from pydantic import ValidationError

    from pkpo_toy.runs import stored

    try:
        getattr(stored, schema).model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:60]
        about = f"{where}: {first['msg']}" if where else first["msg"]
        raise Corrupt(
            f"{path} is damaged ({about[:120]}); `pkpo-toy run` writes it again."
        ) from None


class Interrupted(Interruption):
    """SIGINT or SIGTERM was received; says how far the run had come."""

    def __init__(self, signum: int):
        self.signum = signum
        self.exit_code = 128 + signum
        self.done, self.total, self.folder = 0, 0, Path()

    def __str__(self) -> str:
        name = signal.Signals(self.signum).name
        return f"{name} after {self.done} of {self.total} cells; results so far in {self.folder}"
