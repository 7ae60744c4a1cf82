"""`pkpo-toy schema`: what an editor may check study files against."""

from __future__ import annotations


def schema() -> None:
    """Print the JSON schema of study files, for editors."""
    from pkpo_toy.cli.support.printing import print_json
    from pkpo_toy.studies.schema import study_schema

    print_json(study_schema())
