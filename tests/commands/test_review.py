"""``tandem review``: what is compared, how it is printed, what it exits with; Pro asked or not."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tandem.cli import main
from tests.support.workers import InProcess

WHO = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
CART = "class Cart:\n    def total(self, tax):\n        return tax\n"
TILL = "from cart import Cart\n\nprint(Cart().total(1))\n"
BROKEN = CART.replace("self, tax", "self, tax, country")
KEYS = {
    "key", "rule", "path", "line", "quote", "severity", "claim", "why", "check", "suggestion",
    "related", "by", "confidence",
}  # fmt: skip


def git(root: Path, *words: str) -> bytes:
    command = ["git", "-C", str(root), *WHO, *words]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Return a repository of two files, an empty home, and nobody at the terminal."""
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tandem.workspace.indexing.Workers", InProcess)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    root = tmp_path / "shop"
    root.mkdir()
    write(root, **{"cart.py": CART, "till.py": TILL})
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    monkeypatch.chdir(root)
    return root


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / name).write_bytes(text.encode())


@pytest.fixture
def review(capsys):
    """Return a function that runs the command: its status, what it printed, what it said."""

    def run(*words: str) -> tuple[int, str, str]:
        status = main(["review", *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def found(out: str) -> tuple[str, set[tuple[str, str]]]:
    """Return the title of a review as JSON, and where it found what."""
    value = json.loads(out)
    return value["title"], {(one["rule"], one["path"]) for one in value["findings"]}


STALE = {("changed-signature", "till.py")}


def test_nothing_changed_and_nothing_is_wrong(shop, review):
    del shop
    status, out, err = review("--fail-on", "any")

    assert (status, err) == (0, "")
    assert out.startswith("what is not committed: 0 files, no findings")


def test_each_scope_is_reviewed(shop, review):
    git(shop, "checkout", "-q", "-b", "side")
    write(shop, **{"cart.py": BROKEN})
    assert found(review("--format", "json")[1]) == ("what is not committed", STALE)
    assert found(review("--unstaged", "--format", "json")[1]) == ("what is not staged", STALE)
    git(shop, "add", "-A")
    assert found(review("--staged", "--format", "json")[1]) == ("what is staged", STALE)
    assert found(review("--unstaged", "--format", "json")[1]) == ("what is not staged", set())
    git(shop, "commit", "-qm", "Tax by country")
    name = git(shop, "rev-parse", "--short=7", "HEAD").decode().strip()
    first = git(shop, "rev-parse", "--short=7", "main").decode().strip()
    write(shop, **{"till.py": "print(1)\n"})  # what is committed is judged as it was committed
    for words, title in (
        (("--commit", "HEAD"), f"{name} Tax by country"),
        (("--range", "main..side"), "main..side"),
        (("--range", "main...side"), "main...side"),
    ):
        assert found(review(*words, "--format", "json")[1]) == (title, STALE)
    base = review("--base", "main", "--format", "json")[1]
    assert found(base) == (f"this branch since main ({first})", set())  # mended meanwhile


@pytest.mark.parametrize("applied", [True, False])
def test_a_patch_is_reviewed_applied_or_not(shop, review, tmp_path, applied):
    write(shop, **{"cart.py": BROKEN, "new.py": "n = 1\n"})
    (shop / "till.py").rename(shop / "sale.py")
    git(shop, "add", "-A")
    (tmp_path / "x.patch").write_bytes(git(shop, "diff", "--cached", "-M"))
    if not applied:
        git(shop, "reset", "-q", "--hard")

    status, out, _ = review("--patch", str(tmp_path / "x.patch"), "--format", "json")
    title, findings = found(out)
    assert (status, title) == (0, "the patch x.patch")
    assert ("changed-signature", "sale.py") in findings
    assert json.loads(out)["files"] == 3


def test_a_series_of_patches_is_one_change(shop, review, tmp_path):
    for number in (2, 3):
        write(shop, **{"cart.py": CART.replace("return tax", f"return tax * {number}")})
        git(shop, "commit", "-qam", f"rename to {number}")
    (tmp_path / "x.mbox").write_bytes(git(shop, "format-patch", "--stdout", "-2"))
    for where in ("HEAD", "HEAD~2"):
        git(shop, "reset", "-q", "--hard", where)
        status, out, err = review("--patch", str(tmp_path / "x.mbox"))
        assert (status, err) == (0, "")
        assert out.startswith("the patch x.mbox: 1 file, no findings")


def test_a_patch_fits_files_of_other_line_ends_and_encodings(shop, review, tmp_path):
    write(shop, **{"cart.py": BROKEN})
    patch = git(shop, "diff").decode()
    git(shop, "reset", "-q", "--hard")
    write(shop, **{"cart.py": CART.replace("\n", "\r\n")})
    (tmp_path / "x.patch").write_bytes(patch.replace("\n", "\r\n").encode("utf-16"))

    status, out, err = review("--patch", str(tmp_path / "x.patch"), "--format", "json")
    assert (status, err) == (0, "")
    assert found(out)[1] == STALE


def test_secrets_are_named_and_never_told(shop, review, tmp_path):
    secret = "sk-live-0123456789"  # noqa: S105 - no password
    write(shop, **{".env": f"KEY={secret}\n", ".tandemignore": "own.py\n", "own.py": "k = 1\n"})
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "keys")
    write(shop, **{".env": f"KEY={secret}1\n", "own.py": f"k = '{secret}'\n"})
    (tmp_path / "x.patch").write_bytes(git(shop, "diff"))

    for words in ((), ("--commit", "HEAD"), ("--patch", str(tmp_path / "x.patch"))):
        for form in ("json", "markdown"):
            status, out, _ = review(*words, "--format", form)
            assert status == 0
            assert ".env" in out
            assert "own.py" in out
            assert secret not in out


def test_the_text_is_as_compilers_print_it(shop, review):
    write(shop, **{"cart.py": BROKEN})
    lines = review()[1].splitlines()

    assert lines[0].startswith("till.py:3: ")
    assert "`total` takes (tax, country) now" in lines[0]
    assert lines[0].endswith("[changed-signature]")
    assert lines[1] == "    print(Cart().total(1))"
    assert lines[-1].startswith("what is not committed: 1 file, 1 finding; evidence alone")


def test_json_holds_all_of_it(shop, review):
    write(shop, **{"cart.py": BROKEN, "a.png": "x"})
    value = json.loads(review("--format", "json")[1])

    (one,) = value["findings"]
    assert one.keys() >= KEYS
    assert (one["path"], one["line"], one["quote"]) == ("till.py", 3, "print(Cart().total(1))")
    assert value["files"] == 2


def test_sarif_is_what_readers_of_it_expect(shop, review):
    write(shop, **{"cart.py": BROKEN, "ü #.py": "print(Cart().total(1)\n"})
    log = json.loads(review("--format", "sarif")[1])

    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert run["tool"]["driver"]["name"] == "tandem"
    uris = set()
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        assert 0 <= result["rank"] <= 100
        assert all(isinstance(one, str) for one in result["partialFingerprints"].values())
        for place in [*result["locations"], *result.get("relatedLocations", ())]:
            assert place["physicalLocation"]["region"]["startLine"] >= 1
            uris.add(place["physicalLocation"]["artifactLocation"]["uri"])
    assert {"till.py", "%C3%BC%20%23.py"} <= uris


def test_markdown_and_commands_of_github(shop, review):
    write(shop, **{"cart.py": BROKEN})
    told = review("--format", "markdown")[1]
    assert told.startswith("# Review of what is not committed\n")
    assert "`till.py:3` · changed-signature · proven by the index" in told
    commands = review("--format", "github")[1].splitlines()
    assert commands[0].startswith(("::warning file=till.py,line=3,", "::error file=till.py,line=3"))


@pytest.mark.parametrize(
    ("what", "statuses"),
    [
        ({"cart.py": BROKEN}, {"never": 0, "any": 1}),
        ({"cart.py": "def f(:\n"}, {"never": 0, "error": 1, "warning": 1, "any": 1}),
        ({"new.py": "n = 1\n"}, {"never": 0, "error": 0, "warning": 0, "any": 0}),
    ],
)
def test_the_status_is_as_bad_as_it_was_asked_to_be(shop, review, what, statuses):
    write(shop, **what)

    assert {level: review("--fail-on", level)[0] for level in statuses} == statuses
    assert review()[0] == 0


def test_what_cannot_be_reviewed_is_said_and_exits_with_2(shop, review, tmp_path):
    (tmp_path / "words").write_text("no diff at all\n")
    (tmp_path / "cut").write_text("--- a/cart.py\n+++ b/cart.py\n@@ -1 +1 @@\n-a\n")
    (tmp_path / "other").write_text("--- a/cart.py\n+++ b/cart.py\n@@ -1 +1 @@\n-a\n+b\n")
    (tmp_path / "over").write_text("--- /dev/null\n+++ b/cart.py\n@@ -0,0 +1 @@\n+b\n")
    (tmp_path / "out").write_text("--- a/../words\n+++ b/../words\n@@ -1 +1 @@\n-no diff\n+b\n")
    git(shop, "tag", "here")
    for words, sentence in (
        (("--commit", "nothing"), "there is no commit 'nothing'"),
        (("--base", "nothing"), "there is no commit 'nothing'"),
        (("--range", "here"), "'here' is no range: write A..B, or A...B"),
        (("--patch", "none"), "none cannot be read: No such file"),
        (("--patch", str(tmp_path)), "cannot be read"),
        (("--patch", str(tmp_path / "words")), "words is no patch: there is no diff in it"),
        (("--patch", str(tmp_path / "cut")), "line 5 does not belong to a hunk"),
        (("--patch", str(tmp_path / "other")), "neither applies nor is applied: cart.py: "),
        (("--patch", str(tmp_path / "over")), "neither applies nor is applied: cart.py: "),
        (("--patch", str(tmp_path / "out")), "'../words', which is not in this workspace"),
    ):
        status, out, err = review(*words)
        assert (status, out) == (2, "")
        assert err.startswith("tandem review: ")
        assert sentence in err
        assert err.count("\n") == 1


@pytest.mark.parametrize("words", [("--staged", "--unstaged"), ("--format", "xml"), ("--base",)])
def test_options_that_make_no_sense_exit_with_2(shop, review, words):
    del shop
    with pytest.raises(SystemExit) as ended:
        review(*words)
    assert ended.value.code == 2


def test_outside_of_git_nothing_is_indexed(shop, review, monkeypatch):
    plain = shop.parent / "plain"
    plain.mkdir()
    monkeypatch.chdir(plain)
    monkeypatch.setattr("tandem.commands.review.indexed", None)

    status, _, err = review()
    assert status == 2
    assert "this folder is in no git repository" in err


def test_without_a_key_nobody_is_asked(shop, review, monkeypatch):
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    write(shop, **{"cart.py": BROKEN})

    status, out, err = review("--ask", "--yes")
    assert (status, out) == (2, "")
    assert "there is no key in DEEPSEEK_API_KEY to ask Pro with" in err


@pytest.mark.skipif(os.name != "posix", reason="names of any bytes")
def test_names_of_any_bytes_are_printed(shop, review):
    (shop / os.fsdecode(b"\xff.png")).write_text("x")

    assert "- \\udcff.png: new: binary" in review("--format", "markdown")[1]
    for form in ("text", "json", "sarif", "github"):
        assert review("--format", form)[0] == 0
