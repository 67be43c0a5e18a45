"""A toy engine for the model's process, and a model file that it loads."""

import os
from pathlib import Path

import pytest

import tandem

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _engine(monkeypatch):
    """Have processes that are started find the toy engine."""
    paths = (ROOT / "fixtures" / "engine", Path(tandem.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, paths)))


@pytest.fixture
def weights(tmp_path):
    """Return a model file."""
    path = tmp_path / "toy.gguf"
    path.write_bytes(b"GGUF of a toy")
    return path
