"""The server as it runs: one design's work ends when the next comes, files are those of `build`, and Ctrl-C leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
from shell import command

import geom3d
from geom3d.app import server
from geom3d.app.crew import GRACE, SIZE

sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120
from serving import Served

PILLARS = {"do": "design", "source": {"template": "pillars-coated"}, "changes": {}}
PLANAR = "planar-licoo2-lipon-lithium"
SPONGE = {"do": "design", "source": {"template": "sponge-schwarz-p-sheet"}, "changes": {}}


@pytest.fixture(scope="module")
def served():
    with Served() as found:
        yield found


def children(pid):
    """Processes that a process has started."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
        return file.read().split()


@pytest.mark.slow
def test_a_second_user_of_the_machine_gets_nothing(served):
    for token in ("", "guessed", served.token[:-1]):
        with served.post("/answer", PILLARS, token) as answer:
            assert (answer.status, served.token.encode() in answer.read()) == (403, False)


@pytest.mark.slow
def test_a_file_is_that_of_build(served, tmp_path):
    job = {"do": "file", "file": "3mf", "source": {"template": PLANAR}, "changes": {"repeat": [2, 1]}}
    built = geom3d.load(PLANAR, {"repeat": [2, 1]}).build(tmp_path, formats=("3mf",))
    files = {path.name: path.read_bytes() for path in built}
    with served.post("/file", job) as answer:
        assert answer.status == 200
        name = answer.headers["content-disposition"].partition('"')[2].rstrip('"')
        assert answer.read() == files[name]
    with served.post("/file", {**job, "changes": {"parameters.base": 0}}) as wrong:
        assert (wrong.status, b"parameters.base" in wrong.read()) == (422, True)


@pytest.mark.slow
def test_the_next_design_of_a_tab_ends_the_work_on_the_one_before(served):
    before = served.parts(SPONGE, "one")
    assert next(before)["sampled"]
    other = list(served.parts(PILLARS, "two"))
    assert other[-1]["final"]  # another tab goes its own way
    began = time.monotonic()
    after = list(served.parts(PILLARS, "one"))
    assert after[-1]["final"]
    rest = [part["kind"] for part in before]
    assert time.monotonic() - began < 60
    assert not rest or rest[-1] in ("progress", "numbers", "model")
    assert rest.count("numbers") < 2, "the sponge came to its end"
    # One that was overtaken on its way is not begun.
    with (
        served.post("/answer?tab=three&turn=2", PILLARS) as later,
        served.post("/answer?tab=three&turn=1", PILLARS) as earlier,
    ):
        assert earlier.read() == b""
        assert b'"final":true' in later.read()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")
def test_a_moving_hand_ends_no_process():
    """Its answers are called off by the dozen; each process that is ended for it takes seconds to replace."""
    with Served() as served:
        until = time.monotonic() + 60
        while len(children(served.pid)) < 1 + SIZE:  # and the one that Python keeps account of them with
            list(served.parts(PILLARS))
            assert time.monotonic() < until, "the second process does not begin"
        before = children(served.pid)
        for turn in range(1, 31):
            with served.post(f"/answer?tab=one&turn={turn}", {**PILLARS, "changes": {"parameters.pitch": 30 + turn}}):
                time.sleep(0.01 * (turn % 5))
        assert list(served.parts(PILLARS, "one&turn=31"))[-1]["final"]
        time.sleep(2 * GRACE)
        assert children(served.pid) == before


@pytest.mark.slow
def test_ctrl_c_ends_it_whatever_it_is_doing(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('architecture = "trenches"\n', "utf-8")
    with Served(str(file)) as served:
        assert [part["name"] for part in served.parts({"do": "form", "source": {"template": "mine.toml"}})] == ["mine"]
        at_work = served.parts(SPONGE)
        next(at_work)
        pids = children(served.pid) if sys.platform == "linux" else []
        reader = threading.Thread(target=lambda: list(at_work), daemon=True)
        reader.start()
        assert served.end() == 0
        assert served.words.splitlines()[-1] == "geom3d: ended"
        assert "Traceback" not in served.words
        until = time.monotonic() + 10
        while any(os.path.exists(f"/proc/{pid}") for pid in pids):  # noqa: PTH110
            assert time.monotonic() < until, "a process was left behind"
            time.sleep(0.1)


def test_a_template_that_is_none_and_a_port_that_is_taken():
    ended = command("app", "--no-browser", "--port", "70000")
    assert (ended.code, ended.err) == (1, "geom3d: port: must be a number from 0 to 65535; got 70000\n")
    ended = command("app", "--no-browser", "--host", "192.0.2.1")
    assert ended.code == 1
    assert ended.err.startswith("geom3d: port: cannot listen on 192.0.2.1")


@pytest.mark.slow
def test_an_unknown_template_is_said_before_anything_is_served():
    ended = command("app", "no-such-template", "--no-browser", "--port", "0")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("geom3d: template: unknown 'no-such-template'; ")


def test_one_line_where_the_libraries_are_missing(monkeypatch):
    monkeypatch.setattr(server, "find_spec", lambda name: None)
    ended = command("app", "--no-browser")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "geom3d: app: needs starlette and uvicorn: pip install 'geom3d[app]'\n"


def test_only_the_command_loads_a_server():
    script = "import sys, geom3d.cli.app as c; c.run(['app', '--help']); print(*sys.modules, file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert "--no-browser" in ended.stdout
    assert not {"starlette", "uvicorn", "numpy", "multiprocessing"} & set(ended.stderr.split())
