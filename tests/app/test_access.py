"""Who may ask the server: without its token, by a strange name, from another page, or with too much, nobody."""

from __future__ import annotations

import asyncio
import json

import pytest

from geom3d.app.access import MOST_BODY, Access
from geom3d.app.server import PARTS, application

HOST = "127.0.0.1:8765"


class Idle:
    """Stands for the processes: says what it is asked, and does nothing."""

    async def answer(self, job, *, tab="", turn=0, design=""):
        yield {"kind": "asked", **job}


@pytest.fixture
def access():
    return Access("127.0.0.1", 8765)


def ask(access, path="/", *, query="", method="GET", body=b"", chunks=None, **headers):
    """Status, headers and body of an answer."""
    sent, parts = [], list(chunks or [body])

    async def receive():
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    headers = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if method == "POST" and chunks is None:
        headers["content-length"] = str(len(body))
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "http_version": "1.1", "scheme": "http",
    }  # fmt: skip
    asyncio.run(application(access, Idle(), {"template": "pillars-coated"})(scope, receive, send))
    found = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])


def cookie(access):
    return f"{access.cookie}={access.token}"


@pytest.mark.parametrize("path", ["/", *PARTS, "/answer", "/nothing"])
def test_nothing_without_the_token(access, path):
    for headers in (
        {},
        {"cookie": f"{access.cookie}=x"},
        {"x_geom3d_token": ""},
        {"cookie": f"geom3d_1={access.token}"},
    ):
        status, found, body = ask(access, path, **headers)
        assert status == 403
        assert access.token not in body.decode()
        assert "set-cookie" not in found
    assert ask(access, path, query="token=wrong")[0] == 403
    assert ask(access, path, query="token=%ff%00")[0] == 403


@pytest.mark.parametrize("path", ["/", *PARTS])
def test_the_page_and_its_parts_with_the_cookie(access, path):
    status, headers, body = ask(access, path, cookie=cookie(access))
    assert status == 200
    assert body
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_the_token_in_the_address_becomes_a_cookie_that_scripts_and_other_sites_do_not_get(access):
    status, headers, _ = ask(access, query=f"token={access.token}")
    assert status == 200
    assert headers["set-cookie"] == f"{cookie(access)}; HttpOnly; SameSite=Strict; Path=/"
    assert headers["referrer-policy"] == "no-referrer"
    # Only the page itself is opened by its address.
    assert ask(access, "/app.js", query=f"token={access.token}")[0] == 403


def test_what_a_browser_is_opened_with_is_good_for_one_visit(access):
    ticket = access.ticket
    assert [ask(access, query=f"token={ticket}")[0] for _ in range(2)] == [200, 403]
    assert ask(access, query="token=")[0] == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [(HOST, 200), ("localhost:8765", 200), ("[::1]:8765", 200), ("127.0.0.1:80", 403), ("127.0.0.1", 403), ("evil.example:8765", 403),
     ("192.168.1.7:8765", 403), ("", 403), ("127.0.0.1:8765.evil.example", 403), ("[", 403)],
)  # fmt: skip
def test_a_name_that_was_bound_to_this_machine_is_refused(access, host, status):
    assert ask(access, host=host, cookie=cookie(access))[0] == status


def test_in_a_network_its_address_is_known_and_other_names_are_not():
    access = Access("0.0.0.0", 8765)  # noqa: S104
    assert access.names("192.168.1.7:8765")
    assert not access.names("evil.example:8765")
    assert Access("battery.local", 8765).names("battery.local:8765")
    assert not access.is_loopback


def posted(access, path, body, **headers):
    return ask(
        access, path, method="POST", body=body, cookie=cookie(access), **{"content_type": "application/json", **headers}
    )


def test_only_its_own_page_asks(access):
    body = json.dumps({"do": "design", "source": {"template": "x"}, "folder": "elsewhere"}).encode()
    status, _, answer = posted(access, "/answer", body, origin=f"http://{HOST}")
    assert status == 200
    assert json.loads(answer) == {
        "kind": "asked", "do": "design", "source": {"template": "x"}, "changes": None, "transport": None, "file": None, "against": None,
    }  # fmt: skip
    assert posted(access, "/answer", body, origin="http://evil.example")[0] == 403
    assert posted(access, "/answer", body, origin="null")[0] == 403
    assert posted(access, "/answer", body, content_type="text/plain")[0] == 415


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"do": "file"}', b'{"do": "_file"}', b"[" * 50_000])
def test_a_body_that_means_nothing(access, body):
    assert posted(access, "/answer", body)[0] == 400


def test_a_large_body_is_refused_whatever_it_says_of_itself(access):
    assert posted(access, "/answer", b" " * (MOST_BODY + 1))[0] == 413
    chunks = [b" " * (MOST_BODY // 2)] * 3
    headers = {"cookie": cookie(access), "content_type": "application/json"}
    assert ask(access, "/answer", method="POST", chunks=chunks, **headers)[0] == 413


def test_a_design_is_not_asked_for_by_a_mere_link(access):
    assert ask(access, "/answer", cookie=cookie(access))[0] == 405
