"""Sets everything up and runs one command in it: `python3 .ci/start.py geom3d list`, `python3 .ci/start.py pytest`.

Makes a virtual environment (`.venv`, or where GEOM3D_VENV says), installs this checkout into it with the tested versions
of all dependencies, adds the two system packages that drawing needs where this is Debian and we may, and runs the
command. Needs nothing but Python 3.11 with its venv and pip.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Debian's names of what VTK needs to draw without a screen.
SYSTEM_PACKAGES = ("libegl1", "libgl1-mesa-dri")


def main(command: list[str]) -> int:
    """Sets up and runs; returns the command's exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is how a user with an old Python is told
        sys.exit(f"geom3d needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    if not command:
        sys.exit(__doc__)
    folder = Path(os.environ.get("GEOM3D_VENV", ROOT / ".venv")).resolve()
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = programs / ("python.exe" if os.name == "nt" else "python")
    new = not python.exists()
    if new:
        say(f"making a virtual environment in {folder}")
        venv.create(folder, with_pip=True)
    extra = "[test]" if command[0] == "pytest" else ""
    say("installing geom3d and what it needs; the first time takes a minute or two")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
    install += ["--no-compile", "--constraint", ROOT / "constraints.txt"]
    subprocess.run([*install, f"{ROOT}{extra}"], check=True)
    if new:  # pip compiles on one core; some files of others are for another Python and cannot be compiled
        subprocess.run([python, "-m", "compileall", "-qq", "-j", "0", folder], check=False)
    add_system_packages()
    paths = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    program = shutil.which(command[0], path=paths)
    if program is None:
        sys.exit(f"no such command: {command[0]}")
    environment = {**os.environ, "PATH": paths, "VIRTUAL_ENV": str(folder)}
    return subprocess.run([program, *command[1:]], check=False, env=environment).returncode


def say(text: str) -> None:
    """Says on a terminal what is being done."""
    if sys.stderr.isatty():
        print(f"{text} …", file=sys.stderr)


def add_system_packages() -> None:
    """Installs what drawing needs; without it geom3d does everything else and says so."""
    missing = ctypes.util.find_library("EGL") is None
    apt = shutil.which("apt-get")
    if not missing or apt is None or os.geteuid() != 0:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say(f"installing {' and '.join(SYSTEM_PACKAGES)}, for pictures without a screen")
    subprocess.run([apt, "update"], env=environment, capture_output=True, check=False)
    options = ["install", "--yes", "--no-install-recommends"]
    done = subprocess.run([apt, *options, *SYSTEM_PACKAGES], env=environment, capture_output=True, check=False)
    if done.returncode:
        print(f"could not install {' '.join(SYSTEM_PACKAGES)}: pictures will not be drawn", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
