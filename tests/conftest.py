"""Says first of all which versions of other people's packages the tests run with."""

from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "numpy", "pandas", "matplotlib", "seaborn", "pydantic", "typer", "distributed",
    "torch", "transformers", "trl", "peft",
)  # fmt: skip


def pytest_report_header() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return "with: " + ", ".join(found)
