"""The command line. Data goes to stdout, words and progress to stderr; no geometry here.

Exit codes: 0 done, 1 the design is invalid or the work failed, 2 wrong usage, 3 what is checked cannot be made.
"""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper
from pathlib import Path

from cyclopts import App, CycloptsError, Parameter

from geom3d._version import __version__
from geom3d.cli.tables import say
from geom3d.core.errors import Geom3dError, GeometryError, MissingOptionError
from geom3d.core.heap import keep_memory
from geom3d.core.memory import limited
from geom3d.core.threads import use_one_thread

#: The commands by the file in which they stand, which is read when one of its own is asked for.
COMMANDS = {
    "look_up": ("list_", "describe", "show", "new", "schema", "cite"),
    "measuring": ("measure", "check", "coverage", "verify"),
    "making": ("build", "compare", "render", "gallery"),
    "studies": ("solve", "sweep", "optimize"),
    "live": ("app",),
}

app = App(
    name="geom3d",
    version=__version__,
    default_parameter=Parameter(negative=()),  # no --no-json, no --empty-size
    suppress_keyboard_interrupt=False,  # run() says that unfinished files are gone
    help="Exact geometry, files and figures of merit of 3D solid-state microbatteries.",
    help_epilogue="TEMPLATE is a path or the name of a shipped template (`geom3d list`). Lengths are in µm, or text with a unit.",
)

app.register_install_completion_command(help="Install completion of commands and options for the shell in use.")

for file, names in COMMANDS.items():
    for function in names:
        app.command(f"{__package__}.{file}:{function}", name=function.rstrip("_"))


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    use_one_thread()
    keep_memory()
    # A request to end takes the same way as Ctrl-C, which removes unfinished files.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without µ or Ω shows a question mark
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command.

    Returns:
        the exit code.
    """
    if sys.stdout is None:  # closed by the caller: there is nobody to write for
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    try:
        with limited(None):  # until the command has ended, whatever it sets
            code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except CycloptsError as error:
        say(f"{error}\nTry `{' '.join(['geom3d', *(error.command_chain or ())])} --help`.")
        return 2
    except GeometryError as error:
        say(str(error))
        if error.walls is not None:
            say("`geom3d build` of it writes the mesh that failed into its output folder, for inspection")
        return 1
    except MissingOptionError as error:
        say(f"{error}: --{error.key.replace('_', '-')} {error.proposal:.6g}")
        return 1
    except Geom3dError as error:
        say(str(error))
        return 1
    except BrokenPipeError:
        # The reader of stdout has gone (`geom3d … | head`); a second error at exit would only repeat that.
        sys.stdout = None
        return 1
    except OSError as error:
        # Files report as OutputError, so this is stdout itself.
        say(f"cannot write to standard output: {error.strerror or error}")
        sys.stdout = None
        return 1
    except KeyboardInterrupt:
        say("interrupted; unfinished files were removed")
        return 130
