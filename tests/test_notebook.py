"""The notebook runs from top to bottom as it is published."""

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parent.parent / "docs" / "notebook.ipynb"


@pytest.mark.filterwarnings("default")
def test_the_notebook_runs_as_published(tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    # The kernel that runs the cells is this Python, whatever kernels are installed.
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in shown if output.output_type == "error"]
    assert not [output for output in shown if output.get("name") == "stderr"]
    kinds = [kind for output in shown for kind in output.get("data", {})]
    assert kinds.count("text/html") >= 6
    assert "image/png" in kinds
    (table,) = [o["data"]["text/html"] for o in shown if "<th>unbiased for</th>" in str(o)]
    assert "pkpo_loo_minus_one" in table
