"""Files and folders that appear whole or not at all, tables as text, and sizes for people."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from geom3d.core import files
from geom3d.core.errors import OutputError
from geom3d.core.files import INDEX, replacing, require_room, rows, size_text, staged, sweep, unfinished_folder


def test_rows_are_single_precision_or_better():
    numbers = np.random.default_rng(1).standard_normal((200, 3)) * 10.0 ** np.arange(-30, 30, 0.3)[:, None]
    text = b"".join(rows("%.12g %.12g %.12g\n", numbers, 7)).decode()
    again = np.array([[float(word) for word in line.split()] for line in text.splitlines()])
    assert again == pytest.approx(numbers, rel=1e-11)
    assert (np.abs(again - numbers) * 1e4 <= np.spacing(np.abs(numbers).astype(np.float32))).all()
    single = numbers.astype(np.float32)
    text = b"".join(rows("%.12g %.12g %.12g\n", single)).decode()
    assert np.array_equal(np.array(text.split(), dtype=np.float32), single.ravel())


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_file_is_replaced_whole_or_left_as_it_was(error, tmp_path):
    path = tmp_path / "a b.txt"

    def write(data: bytes, raised: type[BaseException] | None = None) -> None:
        with replacing(path) as file:
            file.write(data)
            if raised is not None:
                raise raised

    write(b"one")
    assert path.read_bytes() == b"one"
    write(b"two")
    assert path.read_bytes() == b"two"
    with pytest.raises(error):
        write(b"three", error)
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("at", [0, 1])
def test_a_folder_comes_back_whatever_happens_between_the_two_renamings(error, at, tmp_path, monkeypatch):
    """The first takes the old folder away, the second puts the new one in its place."""
    path = tmp_path / "slices"
    path.mkdir()
    (path / "old.png").write_bytes(b"old")
    rename, done = Path.rename, []

    def broken(self, target):
        done.append(target)
        if len(done) == at + 1:
            raise error("no more")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    with (
        pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else OutputError),
        unfinished_folder(path) as new,
    ):
        (new / "new.png").write_bytes(b"new")
    assert list(tmp_path.iterdir()) == [path]
    assert [p.name for p in path.iterdir()] == ["old.png"]


def test_room_is_asked_of_the_disk_that_the_folder_will_be_on(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda there: SimpleNamespace(total=1000, free=500 * (there == tmp_path)))
    require_room(tmp_path / "not" / "yet", 500)
    with pytest.raises(OutputError, match=r"need up to 501 B, the disk has 500 B left"):
        require_room(tmp_path / "not" / "yet", 501)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (999.5, "1 kB"), (1234, "1.23 kB"), (5e9, "5 GB"), (2e15, "2e+03 TB")],
)
def test_sizes_for_people(count, text):
    assert size_text(count) == text


def put(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text, "utf-8")


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}


def test_what_is_staged_comes_in_one_go_and_its_index_last(tmp_path, monkeypatch):
    put(tmp_path, a_txt="old", other_txt="other's", report_json="old")
    moves, plain = [], Path.replace

    def replace(path: Path, target: Path) -> Path:
        moves.append((target.name, (tmp_path / INDEX).exists()))
        return plain(path, target)

    with staged(tmp_path) as passing:
        put(passing, report_json="new", a_txt="new", b_txt="new")
        (passing / "slices").mkdir()
        put(passing / "slices", c_txt="new")
        assert texts(tmp_path)["a.txt"] == "old"
        monkeypatch.setattr(Path, "replace", replace)
    assert moves == [("a.txt", False), ("b.txt", False), ("slices", False), (INDEX, False)]
    assert texts(tmp_path) == {
        "a.txt": "new", "b.txt": "new", "other.txt": "other's", INDEX: "new", "slices/c.txt": "new",
    }  # fmt: skip
    with staged(tmp_path) as passing:
        (passing / "slices").mkdir()
        put(passing / "slices", d_txt="newer")
    assert "slices/c.txt" not in texts(tmp_path)
    assert texts(tmp_path)[INDEX] == "new"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError(28, "No space left on device")])
def test_what_is_staged_and_given_up_changes_nothing(error, tmp_path):
    put(tmp_path, a_txt="old", report_json="old")

    def work() -> None:
        with staged(tmp_path) as passing:
            put(passing, a_txt="new")
            raise error

    with pytest.raises((KeyboardInterrupt, ValueError, OutputError)):
        work()
    assert texts(tmp_path) == {"a.txt": "old", INDEX: "old"}
    assert len(list(tmp_path.iterdir())) == 2


def test_nothing_is_moved_where_one_of_them_cannot_be(tmp_path):
    put(tmp_path, report_json="old")
    (tmp_path / "z.txt").mkdir()

    def work() -> None:
        with staged(tmp_path) as passing:
            put(passing, a_txt="new", report_json="new", z_txt="new")

    with pytest.raises(OutputError, match=r"file '[^']*z\.txt' cannot be written: Is a directory"):
        work()
    with pytest.raises(OutputError, match=r"folder '[^']*report\.json' cannot be written"):
        _folder_over_file(tmp_path)
    assert texts(tmp_path) == {INDEX: "old"}


def _folder_over_file(folder: Path) -> None:
    with staged(folder) as passing:
        (passing / INDEX).mkdir()


def test_what_dead_processes_left_is_removed_and_nothing_else(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True, encoding="ascii"
    )
    dead, alive, host = int(ended.stdout), os.getppid(), files._host()
    mine = [
        f".a.{host}-{dead:x}-00112233.part",
        f".a.{host}-{dead:x}-00112233.part.stl",
        f".a\n.{host}-{dead:x}-00112233.part.x",
    ]
    kept = [
        f".a.{host}-{alive:x}-00112233.part.stl",
        f".a.abcdef-{dead:x}-00112233.part.stl",
        ".a.part",
        "a.part.stl",
        ".hidden",
    ]
    for name in (*mine, *kept):
        (tmp_path / name).write_text("x", "utf-8")
    for name in ("s", "t"):
        old = tmp_path / f".{name}.{host}-{dead:x}-00112233.old"
        old.mkdir()
        (old / "kept.txt").write_text("old", "utf-8")
    (tmp_path / "s").mkdir()
    (tmp_path / f".geom3d.{host}-{dead:x}-00112233.part").mkdir()
    assert len(sweep(tmp_path)) == len(mine) + 2
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "s", "t"}
    assert texts(tmp_path)["t/kept.txt"] == "old", "moved aside for one that did not come"
    with replacing(tmp_path / "new.txt") as file:
        file.write(b"x")
    assert (tmp_path / "new.txt").exists()


MOVES = """
import os, signal, sys
from pathlib import Path
from geom3d.core.files import staged
left = int(sys.argv[2])
def dying(own):
    def call(*given, **named):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return own(*given, **named)
    return call
with staged(Path(sys.argv[1])) as folder:
    for name in ("a.stl", "b.stl", "report.json"):
        (folder / name).write_text("new")
    Path.unlink, Path.replace = dying(Path.unlink), dying(Path.replace)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")
@pytest.mark.parametrize("left", range(5))
def test_who_is_killed_while_files_move_leaves_no_report_of_others(left, tmp_path):
    """Before each of the four steps of the moving, and after the last: a report stands only beside the files that it tells of."""
    for name in ("a.stl", "b.stl", "report.json"):
        (tmp_path / name).write_text("old")
    done = subprocess.run([sys.executable, "-c", MOVES, str(tmp_path), str(left)], check=False)
    assert done.returncode == (0 if left == 4 else -signal.SIGKILL)
    found = {path.name: path.read_text() for path in tmp_path.glob("*.*") if not path.name.startswith(".")}
    if "report.json" in found:
        assert set(found.values()) == {"old" if left == 0 else "new"}
        assert len(found) == 3
    else:
        assert 0 < left < 4
    with staged(tmp_path) as folder:
        (folder / "report.json").write_text("third")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert (tmp_path / "report.json").read_text() == "third"
