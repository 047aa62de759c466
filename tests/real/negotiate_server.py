"""A server that checks HTTP Negotiate with GSSAPI: python negotiate_server.py PORT KEYTAB [CERTIFICATE KEY]

    /piwebapi/…            who asked, when the login is good
    …/unproved             the same without the server's own proof
    …/status/503           that status, with Retry-After

With a certificate it speaks TLS, and demands channel bindings, as Windows' Extended Protection can.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import gssapi

#: GSS_C_CHANNEL_BOUND_FLAG: the client sent bindings, and they fit.
BOUND = 2048


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    keytab = ""
    bindings: Any = None
    seen = 0

    def do_GET(self) -> None:
        Handler.seen += 1
        kind, _, text = self.headers.get("Authorization", "").partition(" ")
        try:
            if kind != "Negotiate":
                raise ValueError("no login")
            user, proof = self.accept(base64.b64decode(text))
        except (ValueError, gssapi.exceptions.GSSError):
            self.answer(401, {"Message": "denied"}, None)
        except PermissionError as refusal:
            self.answer(401, {"Message": "denied"}, refusal.args[0])
        else:
            status = int(self.path.rpartition("/")[2]) if "/status/" in self.path else 200
            body = {"Errors": ["made to fail"]} if status > 200 else {"Name": user, "Seen": Handler.seen}
            self.answer(status, body, None if "unproved" in self.path else proof)

    def accept(self, token: bytes) -> tuple[str, bytes | None]:
        # No replay cache: it would write to disk for every request.
        store = {"keytab": self.keytab, "rcache": "none:"}
        login = gssapi.Credentials(usage="accept", store=store)
        context = gssapi.SecurityContext(usage="accept", creds=login, channel_bindings=self.bindings)
        proof = context.step(token)
        if not context.complete:
            # What is sent back says why.
            raise PermissionError(proof)
        if self.bindings is not None and not int(gssapi.raw.inquire_context(context).flags) & BOUND:
            raise ValueError("no channel bindings")
        return str(context.initiator_name), proof

    def answer(self, status: int, body: dict[str, Any], token: bytes | None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        if status == 401 or token:
            text = f" {base64.b64encode(token).decode()}" if token else ""
            self.send_header("WWW-Authenticate", f"Negotiate{text}")
        if status == 503:
            self.send_header("Retry-After", "3")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main(port: str, keytab: str, *tls: str) -> None:
    Handler.keytab = keytab
    server = Server(("127.0.0.1", int(port)), Handler)
    if tls:
        with open(tls[0]) as file:
            first = file.read().partition("-----END CERTIFICATE-----")
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first[0] + first[1])).digest()
        Handler.bindings = gssapi.raw.ChannelBindings(application_data=b"tls-server-end-point:" + digest)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
