"""Files and folders that appear whole or not at all, tables as text, and sizes for people."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from geom3d.core.errors import OutputError
from geom3d.core.files import replacing, require_room, rows, size_text, unfinished_folder


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
