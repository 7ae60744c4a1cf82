"""Says first of all which versions of other people's packages the tests run with."""

import gc
import os
import tempfile
from importlib.metadata import PackageNotFoundError, version

import pytest
from hypothesis import settings

from tests.drawn import FOLDER
from tests.warm import workers_warm

# Speed is measured by the benchmarks; on a busy machine a deadline fails at random.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

PACKAGES = (
    "numpy", "pandas", "matplotlib", "seaborn", "pydantic", "typer", "distributed",
    "torch", "transformers", "trl", "peft",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    if FOLDER not in os.environ:  # of several processes the first
        folder = tempfile.TemporaryDirectory()
        os.environ[FOLDER] = folder.name
        config.add_cleanup(folder.cleanup)


def pytest_report_header() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return "with: " + ", ".join(found)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in a browser first and side by side: of several processes, one starts a browser."""
    items.sort(key=lambda one: "driver" not in getattr(one, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """What was imported stays: to look through it for garbage again and again takes long."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def warm_workers():
    """Workers of this process are forked, for tests that ask what becomes of them once begun."""
    with workers_warm():
        yield


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    """A real browser for the tests of pages.

    Without one they are left out by name; with CI=true that is a failure.
    """
    leave = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    try:
        from tests.lessons.browser import CHROMIUM, DRIVER, started
    except ImportError:
        leave("needs selenium")
    if not (CHROMIUM and DRIVER):
        leave("needs chromium and chromedriver")
    driver = started(tmp_path_factory.mktemp("browser"))
    yield driver
    driver.quit()
