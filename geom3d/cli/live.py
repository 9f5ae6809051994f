"""The command that opens the live page."""

from __future__ import annotations

import threading
import webbrowser
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from geom3d.cli.tables import say

if TYPE_CHECKING:
    from geom3d.app.access import Access


def app(
    template: Annotated[
        str | None, Parameter(help="Path or name of a template to begin with; a shipped one if left out.")
    ] = None,
    *,
    host: Annotated[
        str,
        Parameter(help="Address to listen on. With any but the usual one, others in the network can reach the page."),
    ] = "127.0.0.1",
    port: Annotated[
        int | None, Parameter(help="Port to listen on, 0 for any free one; 8765, or any free one, where left out.")
    ] = None,
    no_browser: Annotated[bool, Parameter(help="Print the address and open nothing.")] = False,
) -> None:
    """Open a page in the browser: change a battery and see its model, section and numbers at once."""
    from geom3d.app.server import serve

    def on_ready(access: Access) -> None:
        print(access.address(access.token), flush=True)
        if not access.is_loopback:
            say("warning: others in the network can reach this page, unencrypted; whoever has the address can use it")
        say("Ctrl-C ends it")
        if not no_browser:
            # Of the process that opens a browser other users of the machine see the address: it is good for one visit.
            opening = threading.Thread(target=webbrowser.open, args=(access.address(access.ticket),), daemon=True)
            opening.start()

    serve(template, host=host, port=port, on_ready=on_ready)
    say("ended")
