"""`pkpo-toy schema`: what an editor may check study files against."""

from __future__ import annotations

from pkpo_toy.cli.support.options import AsJson


def schema(as_json: AsJson = False) -> None:
    """Print the JSON schema of study files, for editors; it is JSON without --json too."""
    from pkpo_toy.cli.support.printing import print_json
    from pkpo_toy.studies.schema import study_schema

    print_json(study_schema())
