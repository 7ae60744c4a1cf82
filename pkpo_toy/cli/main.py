"""`pkpo-toy`: the commands, and what becomes of an error.

Nothing heavier than Typer is imported here: each command imports what it needs when it is called.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer

from pkpo_toy.cli import (
    animate,
    audit,
    clean,
    compare,
    demo,
    example,
    export,
    init,
    lesson,
    listing,
    passk,
    plot,
    report,
    run,
    schema,
    show,
    weights,
)
from pkpo_toy.cli.support.completion import mend_words
from pkpo_toy.cli.support.surroundings import DISK, flush, interruptible, prepare
from pkpo_toy.cli.support.torchrun import together
from pkpo_toy.errors import InputError, Interruption, PkpoError, one_sentence
from pkpo_toy.package import __version__

# In the order of the help. A new command is a file beside this one and a row here.
COMMANDS: dict[str, Callable[..., None]] = {
    "run": run.run,
    "show": show.show,
    "plot": plot.plot,
    "report": report.report,
    "demo": demo.demo,
    "lesson": lesson.lesson,
    "animate": animate.animate,
    "audit": audit.audit,
    "passk": passk.passk,
    "compare": compare.compare,
    "weights": weights.weights,
    "list": listing.list_,
    "init": init.init,
    "example": example.example,
    "schema": schema.schema,
    "export": export.export,
    "clean": clean.clean,
}

app = typer.Typer(
    name="pkpo-toy",
    help="Pass@k policy gradients on problems small enough to know the truth.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)

# What Typer raises for words it cannot read; it gives only this descendant in public.
UsageError: type[Any] = typer.BadParameter.__mro__[1]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pkpo-toy {__version__}")
        raise typer.Exit


def _debug(wanted: bool) -> None:
    if wanted:
        os.environ[DEBUG] = "1"


DEBUG = "PKPO_TOY_DEBUG"


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", callback=_debug, help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Pass@k policy gradients on problems small enough to know the truth."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for name, command in COMMANDS.items():
    app.command(name)(interruptible(command))
program = typer.main.get_command(app)


def main() -> None:
    """Run the command line; an error is one sentence on stderr and its own exit code."""
    prepare()
    try:
        try:
            if "_PKPO_TOY_COMPLETE" in os.environ:
                mend_words()
            together(_called)
        finally:
            flush()
    except Interruption as stop:
        from pkpo_toy.runs import ignore_signals

        ignore_signals()
        typed = shlex.join(["pkpo-toy", *sys.argv[1:]])
        _end(stop, stop.exit_code, f"{stop}; resume: {typed}")
    except PkpoError as error:
        _end(error, error.exit_code, f"error: {error}")
    except OSError as error:
        where = error.filename or "stdout"  # everything else that is written names its file
        _end(error, DISK, f"error: {str(where)[:100]} cannot be used: {error.strerror or error}")
    except (Exception, RecursionError) as error:
        about = f"{type(error).__name__}: {error}"
        _end(error, 1, f"error: {about} (unexpected; `pkpo-toy --debug ...` shows where)")


def _called() -> None:
    """Run the command that was typed. Raises InputError where the words make none."""
    try:
        code = program(prog_name="pkpo-toy", standalone_mode=False)
    except UsageError as error:
        context = error.ctx
        path = context.command_path if context else "pkpo-toy"
        message = error.format_message().rstrip(".?")
        raise InputError(f"{message}; `{path} --help` says more.") from error
    except typer.Abort:
        raise InputError("there is nobody to ask; --yes answers for you.") from None
    except SystemExit as end:
        # Typer ends so where the reader of its help has seen enough.
        code = 0 if isinstance(end.__context__, BrokenPipeError) else end.code
    sys.exit(code or 0)


def _end(error: BaseException, code: int, sentence: str) -> NoReturn:
    if os.environ.get(DEBUG, "0") != "0":
        raise error
    sys.stderr.write(f"{one_sentence(sentence)}\n")
    sys.exit(code)
