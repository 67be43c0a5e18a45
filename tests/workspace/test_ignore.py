"""Ignore rules: the pattern language against git itself, the three families, and asking git."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.workspace import files
from tandem.workspace.git import Git
from tandem.workspace.ignore import Reason, Rules, read_rules
from tandem.workspace.patterns import Patterns

ENVIRONMENT = {
    "PATH": os.defpath + os.pathsep + str(Path(shutil.which("git") or "git").parent),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
needs_links = pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")


def git(root: Path, *words: str, given: bytes = b"") -> bytes:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
        cwd=root, env=ENVIRONMENT, input=given, capture_output=True, check=False,
    )  # fmt: skip
    return done.stdout


def write(root: Path, *names: str, text: str = "x = 1\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def kept(root: Path, *exclude: str) -> list[str]:
    """Return what a walk by the rules finds, as git would list it."""
    rules = Rules(root, exclude)
    return sorted(path for path, reason in files.walk_names(rules) if reason is None)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def repository(root):
    git(root, "init", "-q")
    return root


# --------------------------------------------------------------------------- against git itself

NAMES = ["a", "b", "ab", "aa", "a.py", ".py", "é", "x", "[", "a b", "a ", "A", "*", "-", "#a", "!a"]
TOKENS = [
    "a", "b", "ab", "*", "?", "**", "***", "[ab]", "[!a]", "[^b]", "[a-b]", "[b-a]", "\\a", "\\*",
    ".py", " ", "[", "[]a]", "[[:alpha:]]", "[[:digit:]x]", "[[:]", "[[:none:]]", "[a\\]b]", "é",
    "[é]", "-", "\\", "A", "[a-", "[\\a-b]", "#", "!",
]  # fmt: skip
globs = st.lists(
    st.lists(st.sampled_from(TOKENS), min_size=1, max_size=3).map("".join), min_size=1, max_size=3
).map("/".join)
lines = st.tuples(
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/"]),
    globs,
    st.sampled_from(["", "", "", "/", "//", " ", "\\ ", "\\  ", "\r", "\t"]),
).map("".join)
ignore_files = st.lists(lines, min_size=1, max_size=4).map("\n".join)
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scratch")
    git(folder, "init", "-q")
    return folder


@given(ignore_files, st.sets(paths, min_size=1, max_size=40))
def test_a_pattern_matches_what_git_says_it_matches(scratch, text, asked):
    (scratch / ".git" / "info").mkdir(exist_ok=True)
    (scratch / ".git" / "info" / "exclude").write_text(text, "utf-8", newline="")
    given = b"\0".join(os.fsencode(path) for path in asked)
    answer = git(scratch, "check-ignore", "--no-index", "--stdin", "-z", given=given)

    patterns = Patterns(text.encode())
    mine = set()
    for path in asked:
        parts = os.fsencode(path).split(b"/")
        ways = [b"/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        if any(patterns.verdict(way, folder=way != ways[-1]) for way in ways):
            mine.add(path)
    assert mine == {os.fsdecode(path) for path in answer.split(b"\0") if path}


@given(
    st.sets(paths, min_size=1, max_size=25),
    st.dictionaries(st.sampled_from(["", "a/", "b/", "a/b/", "ab/a/"]), ignore_files, max_size=3),
)
def test_a_walk_finds_what_git_lists(scratch, names, rules):
    (scratch / ".git" / "info" / "exclude").unlink(missing_ok=True)
    tree = scratch / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for name in sorted(names):
        if (
            not any((tree / above).is_file() for above in Path(name).parents)
            and not (tree / name).is_dir()
        ):
            write(tree, name)
    for folder, text in rules.items():
        if (tree / folder).is_dir():
            (tree / folder / ".gitignore").write_text(text, "utf-8", newline="")

    listed = git(scratch, "ls-files", "-z", "-o", "--exclude-standard", "tree").split(b"\0")
    expected = sorted(os.fsdecode(name) for name in listed if name)
    assert [name for name in kept(scratch) if name.startswith("tree/")] == expected


# --------------------------------------------------------------------------- the pattern language


@pytest.mark.parametrize(
    ("pattern", "matched", "not_matched"),
    [
        ("*.py", "a.py", "a.pyc"),
        ("*.py", "deep/down/a.py", "deep/down/a"),
        ("/a", "a", "b/a"),
        ("a/b", "a/b", "x/a/b"),
        ("**/b", "a/x/b", "a/xb"),
        ("a/**/b", "a/b", "a/xb"),
        ("a/**/b", "a/x/y/b", "b/x/a"),
        ("a/**", "a/x/y", "a"),
        ("a**/b", "ax/y/b", "xa/b"),  # git matches what follows a literal start on its own
        ("a/*/b", "a/x/b", "a/x/y/b"),
        ("[!a]", "b", "a"),
        ("[[:digit:]]x", "1x", "ax"),
        ("\\#a", "#a", "a"),
        ("\\!a", "!a", "a"),
        ("a\\ ", "a ", "a"),
        ("a  ", "a", "a  "),
        ("\ufeffa", "a", "\ufeffa"),
        ("?", "a", "é"),  # a byte, not a character
        ("[é]?", "é", "e"),
    ],
)
def test_the_pattern_language(pattern, matched, not_matched):
    patterns = Patterns(pattern.encode())
    assert patterns.verdict(matched.encode(), folder=False) is True
    assert patterns.verdict(not_matched.encode(), folder=False) is None


@pytest.mark.parametrize(
    "text", ["", "#a", "\n\n", "!", "/", "a\\", "[a", "[[:what:]]", " ", "\0a"]
)
def test_what_is_no_pattern_matches_nothing(text):
    for name in (b"a", b"[a", b"a\\", b"what", b" ", b""):
        assert Patterns(text.encode()).verdict(name, folder=True) is None


def test_the_last_match_decides():
    patterns = Patterns(b"*.py\n!keep.py\n/keep.py/\n")
    assert patterns.verdict(b"a.py", folder=False) is True
    assert patterns.verdict(b"keep.py", folder=False) is False
    assert patterns.verdict(b"keep.py", folder=True) is True


def test_upper_and_lower_case_are_alike_where_the_file_system_says_so():
    patterns = Patterns(b"*.TXT\nBuild/\n", fold=True)
    assert patterns.verdict(b"Notes.txt", folder=False) is True
    assert patterns.verdict(b"bUILD", folder=True) is True
    assert Patterns(b"*.TXT").verdict(b"a.txt", folder=False) is None


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "pattern", ["*a" * 60 + "*b", "**/a/" * 40 + "b", "?*" * 60 + "b", "x/" + "*[a]*" * 40 + "/b"]
)
def test_a_pattern_made_to_hang_does_not(pattern):
    patterns = Patterns(pattern.encode())
    for path in (b"a" * 250, b"a/" * 120 + b"c", b"x/" + b"a" * 250 + b"/c"):
        assert patterns.verdict(path, folder=False) is None


# --------------------------------------------------------------------------- the three families


def test_what_lies_deeper_is_stronger(repository):
    write(repository, "a.log", "deep/a.log", "deep/b.log", "deep/down/a.log")
    write(repository, ".gitignore", text="*.log\n")
    write(repository, "deep/.gitignore", text="!*.log\n/b.log\n")

    assert kept(repository) == [".gitignore", "deep/.gitignore", "deep/a.log", "deep/down/a.log"]


def test_nothing_below_an_ignored_folder_is_taken_back(repository):
    write(repository, "build/a.py", "build/.gitignore", text="!a.py\n")
    write(repository, ".gitignore", text="build\n!build/a.py\n")

    assert kept(repository) == [".gitignore"]
    assert Rules(repository).excluded("build/a.py") is Reason.IGNORED
    assert Rules(repository).excluded("build/deep/down/a.py") is Reason.IGNORED


def test_the_private_and_the_global_file_are_the_weakest(repository):
    everywhere = repository.parent / "global"
    everywhere.write_text("*.tmp\n*.bak\n*.old\n")
    (repository / ".git" / "info" / "exclude").write_text("!*.bak\n*.private\n")
    write(repository, ".gitignore", text="!a.private\n!a.old\n")
    rules = Rules(repository, global_file=everywhere)

    asked = ["a.tmp", "a.bak", "a.old", "a.private", "b.private"]
    ignored = [name for name in asked if rules.excluded(name) is Reason.IGNORED]
    assert ignored == ["a.tmp", "b.private"]


def test_the_rules_above_an_open_folder_hold_in_it(repository):
    write(repository, ".gitignore", text="*.log\n/sub/private/\nother/x.py\n")
    write(repository, ".tandemignore", text="sub/hidden.py\n")
    write(repository, "sub/a.py", "sub/a.log", "sub/private/b.py", "sub/hidden.py", "sub/x.py")
    rules = Rules(repository / "sub")

    assert kept(repository / "sub") == ["a.py", "x.py"]
    assert rules.excluded("hidden.py") is Reason.OWN


def test_a_folder_that_a_repository_around_it_ignores_stands_alone(repository):
    write(repository, ".gitignore", text="*\n")
    write(repository, "project/a.py", "project/b.log", "project/node_modules/c.js")
    write(repository, "project/.gitignore", text="*.log\n")
    rules = Rules(repository / "project")

    assert not rules.in_git
    assert kept(repository / "project") == [".gitignore", "a.py"]
    listed = files.list_files(repository / "project", rules, Git(ENVIRONMENT))
    assert [file.path for file in listed.files] == [".gitignore", "a.py"]


def test_a_linked_work_tree_shares_the_private_file(repository):
    write(repository, "a.py")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one")
    git(repository, "worktree", "add", "-q", "../linked")
    (repository / ".git" / "info" / "exclude").write_text("*.private\n")
    linked = repository.parent / "linked"
    write(linked, "b.private", "b.py")

    assert kept(linked) == ["a.py", "b.py"]


@needs_links
def test_a_link_named_gitignore_is_not_followed(repository):
    outside = repository.parent / "outside"
    outside.write_text("*.py\n")
    (repository / ".gitignore").symlink_to(outside)
    write(repository, "a.py")

    assert kept(repository) == [".gitignore", "a.py"]


@pytest.mark.parametrize("in_git", [True, False])
def test_own_rules_exclude_further_and_take_back_only_their_own(root, in_git):
    if in_git:
        git(root, "init", "-q")
    write(root, ".gitignore", text="*.log\n")
    write(root, ".tandemignore", text="private/\n*.csv\n!*.log\n")
    write(root, "sub/.tandemignore", text="!keep.csv\n")
    write(root, "a.py", "a.log", "a.csv", "private/b.py", "sub/keep.csv", "sub/b.csv")
    rules = Rules(root)
    by_git = files.list_files(root, rules, Git(ENVIRONMENT))

    expected = [".gitignore", ".tandemignore", "a.py", "sub/.tandemignore", "sub/keep.csv"]
    assert kept(root) == expected
    assert [file.path for file in by_git.files] == expected
    assert by_git.by_git is in_git
    assert by_git.excluded[Reason.OWN] == 3
    assert rules.excluded("private/deep/x.py") is Reason.OWN
    assert rules.excluded("a.log") is Reason.IGNORED


def test_own_rules_hold_although_git_ignores_their_file(repository):
    (repository / ".git" / "info" / "exclude").write_text(".tandemignore\n")
    write(repository, ".tandemignore", text="a.py\n")
    write(repository, "a.py", "b.py")

    assert [file.path for file in files.list_files(repository, git=Git(ENVIRONMENT)).files] == [
        "b.py"
    ]


def test_a_repository_cannot_lift_what_the_user_excluded(repository):
    write(repository, ".tandemignore", text="!*\n")
    write(repository, ".gitignore", text="!*\n")
    write(repository, "data/a.py", "b.py")
    rules = Rules(repository, ["data/", "!b.py"])

    assert rules.excluded("data/a.py") is Reason.SETTING
    assert kept(repository, "data/") == [".gitignore", ".tandemignore", "b.py"]


def test_the_rules_are_read_once_and_again_when_told(repository):
    rules = Rules(repository)
    assert rules.excluded("a.log") is None
    write(repository, ".gitignore", text="*.log\n")
    assert rules.excluded("a.log") is None
    assert rules.again().excluded("a.log") is Reason.IGNORED


# ------------------------------------------------------------------------- repositories in folders


def test_a_repository_inside_a_repository_is_another_workspace(repository):
    write(repository, "a.py", "inner/b.py", "empty/.git/x", "empty/c.py")
    git(repository / "inner", "init", "-q")
    git(repository / "inner", "add", "-A")
    git(repository / "inner", "commit", "-qm", "one")

    assert kept(repository) == ["a.py", "empty/c.py"]
    found = files.list_files(repository, git=Git(ENVIRONMENT))
    assert [file.path for file in found.files] == ["a.py", "empty/c.py"]
    assert found.excluded == {Reason.NESTED: 1}


def test_a_submodule_is_listed_by_git_as_one_and_left_out(repository):
    other = repository.parent / "other"
    write(other, "lib.py")
    git(other, "init", "-q")
    git(other, "add", "-A")
    git(other, "commit", "-qm", "one")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "sub")
    assert (repository / "sub" / "lib.py").exists()

    found = files.list_files(repository, git=Git(ENVIRONMENT))
    assert [file.path for file in found.files] == [".gitmodules"]
    assert found.excluded == {Reason.NESTED: 1}
    assert kept(repository) == [".gitmodules"]


def test_in_a_folder_of_repositories_each_has_its_own_rules(root):
    write(root, ".gitignore", text="*.txt\n")
    for name in ("one", "two"):
        write(root, f"{name}/a.py", f"{name}/b.log", f"{name}/c.txt", f"{name}/vendor/d.go")
        git(root / name, "init", "-q")
    write(root, "one/.gitignore", text="*.log\n")
    write(root, "vendor/e.go", "d.txt")

    assert kept(root) == [
        ".gitignore", "one/.gitignore", "one/a.py", "one/c.txt", "one/vendor/d.go",
        "two/a.py", "two/b.log", "two/c.txt", "two/vendor/d.go",
    ]  # fmt: skip


def test_outside_git_hidden_vendored_and_marked_folders_are_left_out(root):
    write(root, "a.py", ".hidden/b.py", "x/node_modules/c.js", "my/pyvenv.cfg", "my/lib/d.py")
    write(root, "cache/CACHEDIR.TAG", "cache/e.py", "x/build/f.py", "x/builder/g.py", ".h.py")

    assert kept(root) == [".h.py", "a.py", "x/builder/g.py"]
    assert Rules(root).excluded("my/lib/d.py") is Reason.VENDORED


@pytest.mark.parametrize("in_git", [True, False])
def test_a_walk_leaves_rules_as_looking_at_each_path_does(root, in_git):
    if in_git:
        git(root, "init", "-q")
    write(root, "a/b/c.py", "a/b/.tandemignore", "a/d.py", "venv2/pyvenv.cfg", "venv2/e.py")
    write(root, "f/g.log", "f/h/i.log", "f/h/j.py", "nested/k.py", "l/m/n/o.py")
    write(root, "f/.gitignore", text="*.log\n")
    write(root, "a/b/.tandemignore", text="c.py\n")
    git(root / "nested", "init", "-q")
    walked = Rules(root)
    names = {*files.walk_names(walked)}

    paths = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    for path in paths:
        assert walked.excluded(path) is Rules(root).excluded(path), path
    assert {path for path, reason in names if reason is None} == {
        path for path in paths if Rules(root).excluded(path) is None
    }


# --------------------------------------------------------------------------- asking git


def test_the_users_global_file_is_found(repository, tmp_path):
    (tmp_path / "config").write_text(f"[core]\nexcludesFile = {tmp_path}/mine\n")
    (tmp_path / "mine").write_text("*.swp\n")
    chosen = Git({**ENVIRONMENT, "GIT_CONFIG_GLOBAL": str(tmp_path / "config")})
    assert read_rules(repository, git=chosen).excluded("a.swp") is Reason.IGNORED

    write(tmp_path, "xdg/git/ignore", text="*.swo\n")
    usual = Git({**ENVIRONMENT, "XDG_CONFIG_HOME": str(tmp_path / "xdg")})
    assert read_rules(repository, git=usual).excluded("a.swo") is Reason.IGNORED
    assert read_rules(repository, git=Git(ENVIRONMENT)).excluded("a.swo") is None


@needs_links
def test_nothing_that_a_repository_names_is_run(repository):
    proof = repository.parent / "proof"
    evil = repository / "evil.sh"
    evil.write_text(f"#!/bin/sh\necho \"$0\" >> '{proof}'\n")
    evil.chmod(0o755)
    write(repository, "a.py")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one")
    shutil.copy(evil, repository / ".git" / "hooks" / "post-index-change")
    git(repository, "config", "core.fsmonitor", str(evil))
    git(repository, "ls-files", "-co", "--exclude-standard")
    assert proof.exists(), "a plain git runs it: the case proves something"
    proof.unlink()
    (repository / "a.py").touch()

    found = files.list_files(repository, git=Git(ENVIRONMENT))
    assert found.by_git
    assert not proof.exists()


@needs_links
def test_a_git_in_the_workspace_is_not_git(repository):
    proof = repository.parent / "proof"
    (repository / "git").write_text(f"#!/bin/sh\necho >> '{proof}'\n")
    (repository / "git").chmod(0o755)

    for path in (str(repository), "."):
        assert not files.list_files(repository, git=Git({"PATH": path})).by_git
    assert not proof.exists()


def test_the_variables_of_a_hook_do_not_lead_git_elsewhere(repository, tmp_path):
    other = tmp_path / "other"
    write(other, "wrong.py")
    git(other, "init", "-q")
    write(repository, "right.py")
    led = {"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other), "GIT_INDEX_FILE": "none"}

    found = files.list_files(repository, git=Git({**ENVIRONMENT, **led}))
    assert found.by_git
    assert [file.path for file in found.files] == ["right.py"]


@pytest.mark.parametrize("content", ["garbage", "[core]\nworktree = /\n", "[core\n"])
def test_a_broken_or_hostile_configuration_yields_no_path_outside(repository, content):
    write(repository, "a.py")
    (repository / ".git" / "config").write_text(content)

    found = files.list_files(repository, git=Git(ENVIRONMENT))
    assert [file.path for file in found.files] == ["a.py"]


def test_a_git_that_takes_too_long_is_not_waited_for(repository):
    write(repository, "a.py", "b.log")
    write(repository, ".gitignore", text="*.log\n")

    found = files.list_files(repository, git=Git(ENVIRONMENT, timeout_s=0.0))
    assert not found.by_git
    assert [file.path for file in found.files] == [".gitignore", "a.py"]
