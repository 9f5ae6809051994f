"""The live page: seconds from the command to the first picture, and from a move to numbers; and a picture of it.

Usage: python benchmarks/live_page.py [PICTURE.png]

Needs Chromium. Its drawing is that of a processor here, so that pictures come later than with a graphics card. What the machine
does beside counts, too; the processor time of the server and its processes, which is told beside, leaves that out.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "app")]

from chromium import Browser  # noqa: E402
from serving import Served  # noqa: E402

#: Designs whose numbers are waited for after a move, and the field that is moved.
MOVED = {
    "pillars-coated": ("parameters.pitch", (9, 10, 11, 12, 13)),
    "trenches-notten-2007": ("parameters.depth", (40, 45, 55, 60, 70)),
    "interdigitated-pillars-opposed": ("parameters.height", (40, 45, 55, 60, 70)),
}
SHOWN = "#template=trenches-notten-2007&parameters.depth=30&parameters.pitch=10&layers.electrolyte.thickness=0.8"
SIZE = (1440, 900)


def processor_time(pid: int) -> float:
    """Seconds of processor time of a process and of those that it has started and that still live."""
    ticks = os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0.0
    for each in (str(pid), *children):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def status(browser: Browser) -> dict[str, str]:
    """What the page says of the time that it took."""
    return json.loads(browser.run("JSON.stringify(document.querySelector('#status').dataset)"))


def main() -> None:
    began = time.monotonic()
    with Browser(*SIZE) as browser:
        print(f"a browser without a page: {time.monotonic() - began:.2f} s")
        began = time.monotonic()
        with Served() as served:
            print(f"command to address: {time.monotonic() - began:.2f} s")
            browser.go(served.address, "document.querySelector('#now canvas')?.dataset.bar")
            used = processor_time(served.pid)
            print(
                f"command to first picture: {time.monotonic() - began:.2f} s, processor time of the server {used:.2f} s"
            )
            for template, (path, values) in MOVED.items():
                first, full, used = [], [], []
                browser.run(
                    f"delete document.querySelector('#status').dataset.done, location.hash = 'template={template}'"
                )
                browser.wait("document.querySelector('#status').dataset.done")
                for value in values:
                    before = processor_time(served.pid)
                    browser.run(
                        f"delete document.querySelector('#status').dataset.done, document.getElementById('f-{path}').focus()"
                    )
                    browser.run(f"document.getElementById('f-{path}').select()")
                    browser.call("Input.insertText", text=str(value))
                    browser.press("Enter", 13)
                    browser.wait("document.querySelector('#status').dataset.done")
                    said = status(browser)
                    first.append(float(said["first"]))
                    full.append(float(said["full"]))
                    used.append(processor_time(served.pid) - before)
                middle = [statistics.median(each) for each in (first, full, used)]
                print(
                    f"{template}: move to numbers {middle[0]:.2f} s, to all of them {middle[1]:.2f} s; processor time {middle[2]:.2f} s"
                )
            if len(sys.argv) > 1:
                browser.run(f"delete document.querySelector('#status').dataset.done, location.hash = '{SHOWN}'")
                browser.wait(
                    "document.querySelector('#status').dataset.done && document.querySelector('#key .change').textContent"
                )
                browser.run("document.activeElement.blur()")
                time.sleep(0.5)
                Path(sys.argv[1]).write_bytes(browser.picture())


if __name__ == "__main__":
    main()
