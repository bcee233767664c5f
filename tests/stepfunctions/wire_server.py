"""A loopback server that answers each request as a script says: whole, cut, late, or not at all."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

REQUEST_ID = "11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True)
class Request:
    """What a client sent: the operation's name, its headers in lower case, and the body."""

    operation: str
    headers: dict[str, str]
    body: str


Act = Callable[[socket.socket], None]


@dataclass
class WireServer:
    """Plays its script, one act for each request; the last act is played for all that follow."""

    url: str
    script: list[Act] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def begin_anew(self) -> None:
        """Forget the last test and let go of the requests that it left stalled."""
        self.released.set()
        self.released = threading.Event()
        self.script, self.requests = [], []

    def play(self, *acts: Act) -> None:
        self.script = list(acts)

    @property
    def operations(self) -> list[str]:
        return [request.operation for request in self.requests]

    def next_act(self) -> Act:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def stall(self, _: socket.socket) -> None:
        """Take the request and say nothing until the test is over."""
        self.released.wait(30)


@contextmanager
def wire_server() -> Iterator[WireServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = WireServer(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=_accept, args=(listener, server), daemon=True).start()
        try:
            yield server
        finally:
            server.released.set()
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, server: WireServer) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, server), daemon=True).start()


def _serve(connection: socket.socket, server: WireServer) -> None:
    with connection:
        request = _receive(connection)
        if request is None:
            return
        server.requests.append(request)
        server.next_act()(connection)


def _receive(connection: socket.socket) -> Request | None:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk or chunk[:1] == b"\x16":  # the first byte of a TLS handshake
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" if chunk else b"")
            return None
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    lines = [line.partition(":") for line in head.decode().split("\r\n")[1:]]
    headers = {name.lower(): value.strip() for name, _, value in lines}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    target = headers.get("x-amz-target", "sts.AssumeRole")
    return Request(target.rpartition(".")[2], headers, body.decode())


def raw(content: bytes) -> Act:
    """Send these bytes and close."""
    return lambda connection: connection.sendall(content)


def reply(
    body: Any = None,
    *,
    status: int = 200,
    request_id: str | None = REQUEST_ID,
    length: int | None = None,
    date: str = "Wed, 25 Nov 2026 02:00:00 GMT",
) -> Act:
    """Answer as AWS does; `length` lies about the length of the body."""
    text = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    named = f"x-amzn-RequestId: {request_id}\r\n" if request_id else ""
    head = (
        f"HTTP/1.1 {status} Any\r\nDate: {date}\r\n{named}"
        f"Content-Type: application/x-amz-json-1.0\r\nConnection: close\r\n"
        f"Content-Length: {len(text) if length is None else length}\r\n\r\n"
    )
    return raw(head.encode() + text)


def error(code: str, message: str = "", *, status: int = 400, **more: Any) -> Act:
    """Answer with an error as AWS words it."""
    body = {"__type": f"com.amazonaws.swf.service.v2.model#{code}", "message": message}
    return reply(body, status=status, **more)


def assumed_role(key: str, *, expires: str) -> Act:
    """Answer AssumeRole with this access key."""
    body = (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
        f"<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        f"<SessionToken>t</SessionToken><Expiration>{expires}</Expiration></Credentials>"
        "</AssumeRoleResult></AssumeRoleResponse>"
    )
    return reply(body.encode())


def role_refused(code: str, *, status: int = 403, message: str = "no") -> Act:
    """Refuse AssumeRole in the XML of STS."""
    told = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return reply(f"<ErrorResponse>{told}</ErrorResponse>".encode(), status=status)


def close(_: socket.socket) -> None:
    """Take the request and close without a word."""


def reset(connection: socket.socket) -> None:
    """Take the request and cut the connection (RST)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


HTML = raw(
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n<html>Hello.</html>\n"
)
CUT_IN_HEADERS = raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-j")
CUT_AFTER_REQUEST_ID = raw(f"HTTP/1.1 200 OK\r\nx-amzn-RequestId: {REQUEST_ID}\r\nCon".encode())
CUT_IN_BODY = reply(b"{", length=2)
CUT_CHUNK = raw(
    f"HTTP/1.1 200 OK\r\nx-amzn-RequestId: {REQUEST_ID}\r\nTransfer-Encoding: chunked\r\n\r\n"
    "f\r\n{".encode()
)
NOT_UTF8 = reply(b"\xff\xfe{}")
