#!/usr/bin/env python3
"""usage: cookie_server.py FIELDS: an HTTP server on a free loopback port, which it prints. Its body is the Cookie field
of the request. For /set… it sends the Set-Cookie fields that the file FIELDS has for the request's host: lines of host,
TAB, value."""
import http.server
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = (self.headers["Cookie"] or "").encode("latin-1")
        self.send_response(200)
        if self.path.startswith("/set"):
            with open(sys.argv[1], encoding="latin-1") as f:
                for line in f:
                    host, value = line.rstrip("\n").split("\t", 1)
                    if host == self.headers["Host"]:
                        self.send_header("Set-Cookie", value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
