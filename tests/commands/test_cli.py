"""The command line as a user runs it: a process, its output, its exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LINE = "    raw = path.read_text(encoding='utf-8')\n"


@pytest.fixture
def tandem(tmp_path):
    """Return a function that runs `tandem` in an empty home."""
    work = tmp_path / "work"
    work.mkdir()
    base = {k: v for k, v in os.environ.items() if not k.startswith(("TANDEM", "DEEPSEEK"))}  # noqa: TID251
    base["TANDEM_HOME"] = str(tmp_path / "home")

    def run(*words: str, status: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "tandem", *words],
            cwd=work, env=base | environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done

    return run


def repository(folder: Path, files: int) -> Path:
    folder.mkdir()
    for number in range(files):
        body = "".join(
            f"def load_{number}_{n}(path: Path) -> Settings:\n{LINE}    return parse(raw, {n})\n\n"
            for n in range(20)
        )
        (folder / f"module_{number}.py").write_text(f"from pathlib import Path\n\n\n{body}")
    return folder


def test_doctor_without_a_key_is_well_and_says_what_that_means(tandem):
    text = tandem("doctor").stdout

    assert "DEEPSEEK_API_KEY: not set: completions come from the repository" in text
    assert text.endswith("all is well\n")


def test_doctor_names_key_and_fix_of_bad_configuration(tandem, tmp_path):
    config = tmp_path / "home" / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[completion]\nmode = "atuo"\n[modles]\nflash = "x"\n')
    found = json.loads(tandem("doctor", "--json", status=1).stdout)

    assert found["problems"] == [
        f"{config}: completion.mode must be one of auto, manual, off, not 'atuo'",
        f"{config}: there is no setting 'modles.flash'; did you mean models.flash?",
    ]
    assert found["configuration"]["completion.mode"] == {"value": "auto", "origin": "default"}


def test_doctor_never_shows_the_key(tandem):
    key = "sk-sim-canary-4711"
    done = tandem("doctor", "--json", "--offline", DEEPSEEK_API_KEY=key)

    assert json.loads(done.stdout)["key"] == {"variable": "DEEPSEEK_API_KEY", "present": True}
    assert key not in done.stdout + done.stderr


def test_usage_of_nothing_is_nothing(tandem):
    assert tandem("usage").stdout == "Nothing was spent: no model was ever called.\n"
    assert json.loads(tandem("usage", "--json").stdout) == {}


def test_a_codebase_is_indexed_and_the_second_time_known(tandem, tmp_path):
    root = repository(tmp_path / "repo", 3)
    first = json.loads(tandem("index", str(root), "--json").stdout)
    second = json.loads(tandem("index", str(root), "--json").stdout)

    assert (first["files"], first["exact"], first["definitions"]) == (3, 3, 60)
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_the_context_of_a_place_is_shown_with_its_price(tandem, tmp_path):
    root = repository(tmp_path / "repo", 3)
    (root / "user.py").write_text("from module_1 import load_1_5\n\n\nload_1_5(\n")
    place = f"{root / 'user.py'}:4:10"
    found = json.loads(tandem("context", place, "--json").stdout)

    assert found["place"] == "user.py:4:10"
    assert "module_1.py" in {section["path"] for section in found["sections"]}
    assert found["prompt"].endswith("load_1_5(")
    assert "def load_1_5(path: Path) -> Settings:" in found["prompt"]
    assert found["tokens"] > sum(section["tokens"] for section in found["sections"]) > 0
    assert tandem("context", place).stdout.startswith(" tokens  from")


@pytest.mark.parametrize("place", ["nothing", "a.py", "a.py:x:1", "/no/such/file.py:1:1"])
def test_a_place_that_is_none_is_one_sentence(tandem, place):
    done = tandem("context", place, status=1)

    assert done.stderr.startswith("tandem context: ")
    assert done.stderr.count("\n") == 1


def test_a_path_that_is_no_folder_is_one_sentence(tandem):
    for command in ("index", "demo"):
        done = tandem(command, "/no/such/folder", status=1)
        assert done.stderr.count("\n") == 1
        assert "is not a folder" in done.stderr


def test_the_demo_completes_held_out_lines(tandem, tmp_path):
    root = repository(tmp_path / "repo", 14)
    found = json.loads(tandem("demo", str(root), "--json").stdout)

    assert found["completions"]
    assert {item["source"] for item in found["completions"]} == {"local"}
    assert any(item["exact"] for item in found["completions"])
    assert (found["ledger_total"], found["bill_total"]) == (0, None)


def test_the_simulated_demo_agrees_with_the_bill(tandem, tmp_path):
    root = repository(tmp_path / "repo", 2)
    options = {"TANDEM_LOCAL__SURE": "1.0", "TANDEM_COMPLETION__DELAY_MS": "0"}
    found = json.loads(tandem("demo", str(root), "--simulated", "--json", **options).stdout)

    assert {item["source"] for item in found["completions"]} == {"flash"}
    assert found["ledger_total"] == found["bill_total"] > 0


def test_the_live_demo_asks_for_a_key(tandem):
    assert "needs your API key" in tandem("demo", "--live", status=1).stderr
