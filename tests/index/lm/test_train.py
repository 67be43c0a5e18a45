"""Training: deterministic bytes, what is left out, and the child process."""

import json
import subprocess
import sys
from pathlib import Path

import tandem
from tandem.index.lm.model import RepositoryModel
from tandem.index.lm.train import train

ROOT = Path(tandem.__file__).parents[1]
FILES = [("a.py", "import os\n\n\ndef f():\n    return os.sep\n"), ("b.py", "x = f()\n")]


def run(out: Path, stdin: bytes) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "tandem.index.lm.train", str(out)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, cwd=ROOT)


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    train(FILES, tmp_path / "one")
    train(iter(FILES), tmp_path / "two")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_is_no_source_text_is_left_out(tmp_path: Path) -> None:
    files = [*FILES, ("b.bin", "a\0b"), ("min.js", "x" * 5000), ("big.py", "x = 1\n" * 200_000)]
    stats = train([*files, ("empty.py", "")], tmp_path / "model")

    assert (stats.files, stats.skipped) == (2, 4)


def test_no_files_give_a_model_that_knows_nothing(tmp_path: Path) -> None:
    train([], tmp_path / "model")
    model = RepositoryModel.open(tmp_path / "model")

    assert model is not None
    assert model.tokens == 1
    model.close()


def test_the_child_reads_paths_from_stdin_and_prints_one_json_line(tmp_path: Path) -> None:
    paths = []
    for name, text in FILES:
        path = tmp_path / name
        path.write_text(text)
        paths.append(str(path))
    done = run(tmp_path / "model", "\0".join([*paths, str(tmp_path / "gone.py")]).encode())

    stats = json.loads(done.stdout)
    assert done.returncode == 0
    assert (stats["files"], stats["skipped"]) == (2, 1)
    assert (tmp_path / "model").stat().st_size == stats["bytes"]
    assert done.stdout.count(b"\n") == 1


def test_the_child_reports_a_folder_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path / "file" / "model", b"")

    assert done.returncode == 1
    assert "error" in json.loads(done.stdout)


def test_the_query_side_does_not_import_numpy() -> None:
    script = "import sys, tandem.index.lm.model; sys.exit('numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT).returncode == 0
