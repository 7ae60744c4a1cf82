"""A program that executes toy cells as the command line executes studies, for tests to disturb.

Usage: python -m tests.runs.driver FOLDER OPTIONS, OPTIONS being JSON: `count` and `spec` make the
cells, `function` names one of tests.runs.toy, `execute` holds keyword arguments of `execute`;
`limit` is the size in bytes that no file may exceed.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

from pkpo_toy.errors import InputError
from pkpo_toy.files import DiskError
from pkpo_toy.runs import (
    Busy,
    Event,
    Interrupted,
    WorkersFailed,
    execute,
    ignore_signals,
)
from tests.runs import toy


def main(folder: str, options: dict[str, Any]) -> int:
    cells = toy.cells(options["count"], options.get("code", "v1"), **options.get("spec", {}))
    if "limit" in options:
        resource.setrlimit(resource.RLIMIT_FSIZE, (options["limit"], options["limit"]))
    function = getattr(toy, options.get("function", "draw"))
    try:
        outcome = execute(
            cells,
            function,
            Path(folder),
            summarize=toy.means if options.get("summary", True) else None,
            description={"study": "toy", "configuration": options},
            progress=tell,
            **options.get("execute", {}),
        )
    except (Busy, DiskError, Interrupted, WorkersFailed) as error:
        ignore_signals()
        print(error, file=sys.stderr)
        return error.exit_code
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"end {outcome.ran} {outcome.reused} {len(outcome.failed)}", flush=True)
    return 1 if outcome.failed else 0


def tell(event: Event) -> None:
    if event.kind != "reused":
        print(event.kind, event.key, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], json.loads(sys.argv[2])))
