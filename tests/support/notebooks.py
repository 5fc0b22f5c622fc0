"""Notebooks, run by the Python that runs the tests."""

import os
import sys

import pytest


def run_notebook(notebook, folder, **environment):
    """Run a notebook of nbformat in a folder, with further environment variables: raises what a cell raises. Skips the test where notebooks
    cannot be run."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient, which runs notebooks, is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel, in which notebooks run, is not installed")
    client = nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.create_kernel_manager().kernel_spec.argv[0] = sys.executable  # whatever kernels are installed
    client.execute(env={**os.environ, **environment})
