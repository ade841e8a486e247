"""Sends `coldcase serve` what no client would send, and checks the answers' codes."""

import socket
import sys
from urllib.parse import urlsplit

server = urlsplit(sys.argv[1])


def ask(data, wanted):
    with socket.create_connection((server.hostname, server.port), timeout=10) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before all of it was sent
        answer = b""
        try:
            while b"\r\n" not in answer:
                part = connection.recv(4096)
                if not part:
                    break
                answer += part
        except ConnectionResetError:
            pass
    code = answer.split(b" ")[1].decode() if answer else "none"
    if code not in wanted.split("|"):
        sys.exit(f"{data[:60]!r}: {code}, not {wanted}")


def get(target, *headers):
    head = [f"GET {target} HTTP/1.1", *(headers or ["Host: localhost"]), "", ""]
    return "\r\n".join(head).encode()


ask(get("/version"), "200")
ask(get("/version", "Host: evil.example"), "403")
ask(get("/version", "Host: 127.0.0.1.evil.example:80"), "403")
ask(get("/" + "a" * 20000), "414")
ask(get("/version", "Host: localhost", "X: " + "a" * 100000), "431|none")
ask(get("/version", *["X: y"] * 200), "431")
ask(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400")
ask(b"GET /version\r\n\r\n", "400")
ask(b"\r\n" * 70000, "431|400|none")
ask(b"POST /api/v1/pods HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", "413")
ask(b"DELETE /api/v1/pods HTTP/1.1\r\nHost: localhost\r\n\r\n", "405")
ask(get("/api/v1/namespaces/../pods/%2e%2e/log?container=..%2f..%2fetc"), "400|403|404")
ask(get("/api/v1/pods?labelSelector=" + "%28" * 4000), "400")
ask(get("/api/v1/pods?limit=-1&continue=cc" + "ff" * 4000), "400")
ask(get("/api/v1/pods?limit=99999999999999999999"), "200")
for _ in range(50):
    socket.create_connection((server.hostname, server.port)).close()
