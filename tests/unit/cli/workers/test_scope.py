"""Which controller a directory has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from penholder.cli.terminal.failures import Failure
from penholder.cli.workers.scope import of_directory, project_top

HOST = "host_0123456789abcdef"


def git(*words: str, cwd: Path) -> None:
    """Run git itself: what it writes is what has to be read."""
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b"}
    committer = {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    config = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    environment = {**os.environ, **who, **committer, **config}
    subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, env=environment)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Give a repository with one commit."""
    path = tmp_path / "repo"
    path.mkdir()
    git("init", cwd=path)
    git("commit", "--allow-empty", "-m", "first", cwd=path)
    return path


def test_a_directory_is_the_same_by_every_way_to_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    one, other = (of_directory(HOST, tmp_path / name) for name in ("real", "link"))
    assert one == other
    assert one.controller_id.startswith("dir-")
    assert len(one.controller_id) == 16


def test_it_differs_by_host_and_by_path(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    ids = {
        of_directory(host, path).controller_id
        for host in (HOST, HOST[:-1] + "0")
        for path in (tmp_path, tmp_path / "sub")
    }
    assert len(ids) == 4


def test_all_of_a_repository_is_one(repository: Path) -> None:
    below = repository / "a" / "b"
    below.mkdir(parents=True)
    git("worktree", "add", "../other", cwd=repository)
    other = repository.parent / "other"
    assert project_top(below) == project_top(other) == repository.resolve()


def test_a_bare_repository_has_no_main_worktree(repository: Path) -> None:
    git("clone", "--bare", "repo", "bare", cwd=repository.parent)
    git("worktree", "add", "../tree", cwd=repository.parent / "bare")
    tree = repository.parent / "tree"
    assert project_top(tree) == tree.resolve()


def test_a_submodule_is_a_project_of_its_own(repository: Path) -> None:
    whole = repository.parent / "whole"
    whole.mkdir()
    git("init", cwd=whole)
    git("-c", "protocol.file.allow=always", "submodule", "add", str(repository), "part", cwd=whole)
    assert project_top(whole / "part") == (whole / "part").resolve()


@pytest.mark.parametrize("text", [b"", b"gitdir:", b"gitdir: \0", b"\xff" * 9000, b"gitdir: .."])
def test_a_mark_that_git_did_not_write_is_stood(tmp_path: Path, text: bytes) -> None:
    (tmp_path / ".git").write_bytes(text)
    assert project_top(tmp_path) == tmp_path.resolve()


def test_a_name_that_is_no_text_has_a_controller(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"odd-\xff")
    odd.mkdir()
    found = of_directory(HOST, odd)
    found.label.encode()
    found.workspace_key.encode()


def test_a_path_longer_than_a_key_has_a_controller(tmp_path: Path) -> None:
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(tmp_path)
        for _ in range(16):
            os.mkdir("d" * 250)
            os.chdir("d" * 250)
        found = of_directory(HOST, Path("/proc/self/cwd"))
        assert len(found.workspace_key) <= 4096
    except OSError:
        pytest.skip("such a path cannot be told here")
    finally:
        os.fchdir(before)
        os.close(before)


def test_a_directory_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be told"):
        project_top(tmp_path / "gone")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_a_directory_that_may_not_be_entered_is_refused(tmp_path: Path) -> None:
    ask = (
        "import os, sys; sys.path[:0] = sys.argv[1:];"
        " from penholder.cli.workers import scope;"
        " os.setgid(65534); os.setuid(65534); scope.project_top(scope.Path())"
    )
    tmp_path.chmod(0o700)
    ran = subprocess.run(
        [sys.executable, "-c", ask, *filter(None, sys.path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{str(tmp_path)!r} may not be entered; change into another one" in ran.stderr
