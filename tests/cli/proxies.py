"""Proxies of sockets and threads for the end-to-end tests: they record what they are told, and lead every name to this
machine. And what else a test of proxies needs: tinyproxy and microsocks, and curl beside afetch."""
import contextlib
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import time

from harness import Config, Failed, Peer, Skip, environment, free_port, live, run, temp_dir, write_file


def relay(client, server):
    """Until one side ends."""
    while True:
        pending = [s for s in (client, server) if hasattr(s, "pending") and s.pending()]
        for side in pending or select.select([client, server], [], [])[0]:
            data = side.recv(65536)
            if not data:
                return
            (server if side is client else client).sendall(data)


def lead(sock, port):
    with socket.create_connection(("127.0.0.1", port)) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            relay(sock, server)


OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


class HttpProxy(Peer):
    """answer(request, conn): bytes for a request that is forwarded, or for a CONNECT; None: the connection is closed.
    A CONNECT that is answered with a 2xx is led to port (None: to the one that is asked for) of this machine."""

    def __init__(self, answer=lambda q, c: OPEN, port=None, **more):
        self.answer, self.lead_to = answer, port
        super().__init__(self.speak, **more)

    def speak(self, conn):
        while True:
            request = conn.request()
            if request is None:
                return
            data = self.answer(request, conn)
            if data is None:
                return
            conn.send(data)
            if request.method == "CONNECT" and data[9:10] == b"2":
                lead(conn.sock, self.lead_to or int(request.target.rsplit(":", 1)[1]))
                return

    def proxy(self, kind=None, user=""):
        """As a proxy's URL."""
        return f"{kind or ('https' if self.tls else 'http')}://{user and user + '@'}127.0.0.1:{self.port}"


class SocksProxy(Peer):
    """Speaks SOCKS 4, 4a and 5 and records the client's bytes, a list a connection. reply: the code of its answer;
    method: what version 5 chooses; accepts_login; drop: it closes after so many bytes of its own."""

    def __init__(self, reply=None, method=None, login=0, drop=None, extra=b"", port=None, **more):
        self.reply, self.method, self.login, self.drop, self.extra, self.lead_to = reply, method, login, drop, extra, port
        self.talks = []
        super().__init__(self.speak, **more)

    def speak(self, conn):
        talk = []
        with self.lock:
            self.talks.append(talk)
        self.left = self.drop
        with contextlib.suppress(EOFError):
            self.talk(conn, talk)

    @staticmethod
    def take(conn, talk, n):
        data = b""
        while len(data) < n:
            piece = conn.sock.recv(n - len(data))
            if not piece:
                raise EOFError
            data += piece
        talk.append(data)
        return data

    def take_text(self, conn, talk):
        data = b""
        while not data.endswith(b"\0"):
            data += self.take(conn, [], 1)
        talk.append(data)
        return data[:-1]

    def say(self, conn, data):
        if self.drop is not None:
            conn.send(data[:self.left])
            self.left -= len(data[:self.left])
            if self.left == 0:
                raise EOFError
        else:
            conn.send(data)

    def talk(self, conn, talk):
        version = self.take(conn, talk, 1)
        port = self.talk_4(conn, talk) if version == b"\4" else self.talk_5(conn, talk)
        if port:
            lead(conn.sock, self.lead_to or port)

    def talk_4(self, conn, talk):
        _, port, address = struct.unpack(">BH4s", self.take(conn, talk, 7))
        self.take_text(conn, talk)
        if address[:3] == b"\0\0\0" and address[3]:
            self.take_text(conn, talk)
        reply = 90 if self.reply is None else self.reply
        self.say(conn, struct.pack(">BBH4s", 0, reply, 0, b"\0\0\0\0") + self.extra)
        return port if reply == 90 else None

    def talk_5(self, conn, talk):
        methods = self.take(conn, talk, self.take(conn, talk, 1)[0])
        method = self.method if self.method is not None else 2 if 2 in methods else 0
        self.say(conn, bytes([5, method]))
        if method == 2:
            self.take(conn, talk, 1)
            self.take(conn, talk, self.take(conn, talk, 1)[0])
            self.take(conn, talk, self.take(conn, talk, 1)[0])
            self.say(conn, bytes([1, self.login]))
        if method not in (0, 2) or (method == 2 and self.login):
            return None
        kind = self.take(conn, talk, 4)[3]
        self.take(conn, talk, {1: lambda: 4, 4: lambda: 16, 3: lambda: self.take(conn, talk, 1)[0]}[kind]())
        port = struct.unpack(">H", self.take(conn, talk, 2))[0]
        reply = self.reply or 0
        self.say(conn, bytes([5, reply, 0, 1, 127, 0, 0, 1, 0, 80]) + self.extra)
        return port if reply == 0 else None

    def proxy(self, kind, user=""):
        return f"{kind}://{user and user + '@'}127.0.0.1:{self.port}"


# ---- programs ----------------------------------------------------------------------------------------------------------

def begin(command, port):
    """A process of this test that listens on port."""
    if not shutil.which(command[0]):
        raise Failed(command[0], "to be installed (tests/setup.sh installs it)", "no such program")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=environment())
    live.add(process)
    end = time.monotonic() + 10 * Config.slow
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.005)
    raise Failed(" ".join(command), f"to listen on port {port}", f"exit status {process.poll()}")


def tinyproxy(*lines):
    """Its address."""
    port = free_port()
    conf = write_file(os.path.join(temp_dir(), "conf"),
                      "\n".join([f"Port {port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "MaxClients 200", "LogLevel Critical",
                                 f"LogFile \"{temp_dir()}/log\"", *lines, ""]))
    begin(["tinyproxy", "-d", "-c", conf], port)
    return f"127.0.0.1:{port}"


def microsocks(*options):
    port = free_port()
    begin(["microsocks", "-i", "127.0.0.1", "-p", str(port), *options], port)
    return f"127.0.0.1:{port}"


def some(cases):
    """Of a table that is the same in every mode and build: all of it in one, a part in the others."""
    return cases[::5] if Config.mode else cases[::2] if Config.sanitized else cases


# ---- beside curl -------------------------------------------------------------------------------------------------------

def curl(*args, env=None):
    """curl's exit status, its bodies dropped, at most two."""
    return subprocess.run(["curl", "-sS", "-o", "/dev/null", "-o", "/dev/null", "-m", "20", *[str(a) for a in args]], env=environment(env),
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode


def heads(peer):
    """Every byte of the heads, but the client's name; then they are forgotten."""
    found = [re.sub(rb"\r\nUser-Agent: (curl|afetch)/[^\r]*", b"\r\nUser-Agent: NAME", q.head) for q in peer.requests]
    del peer.requests[:]
    return found


def curl_version():
    text = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(x) for x in re.match(r"curl (\d+)\.(\d+)", text).groups())


def need_curl(version):
    if curl_version() < version:
        raise Skip(f"curl {curl_version()} differs")
