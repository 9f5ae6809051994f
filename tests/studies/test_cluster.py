"""A Dask cluster: the same table, even where a worker dies; and an address at which nobody answers."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

import geom3d

distributed = pytest.importorskip("distributed")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the cluster that loses a worker
def test_a_worker_that_dies_costs_nothing(trenches, tmp_path):
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=60
    ) as cluster:
        victim = next(iter(cluster.workers.values())).pid

        def kill():
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not (tmp_path / "study.sqlite").is_file():
                time.sleep(0.05)
            time.sleep(0.5)
            os.kill(victim, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        found = geom3d.sweep(trenches, tmp_path, scheduler=cluster.scheduler_address)
        killer.join()
    assert found.to_csv() == geom3d.sweep(trenches, jobs=1).to_csv()


@pytest.mark.slow
def test_an_unreachable_scheduler_is_one_clear_line(trenches, tmp_path, monkeypatch):
    monkeypatch.setattr("geom3d.studies.engine.ANSWER", 1)
    with pytest.raises(geom3d.OutputError, match=r"scheduler: none answers at 'tcp://127\.0\.0\.1:9'"):
        geom3d.sweep(trenches, tmp_path, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(geom3d.OutputError, match="scheduler: none answers"):
        geom3d.sweep(trenches, tmp_path, scheduler="nonsense://x")
