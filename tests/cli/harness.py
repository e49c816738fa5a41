"""What the end-to-end tests are made of: how to run the program and say what is expected of it, and the peers it talks
to. All peers listen on loopback, on free ports, with their files in one temporary folder; who starts a process ends it.
Standard library alone."""
import asyncio
import contextlib
import functools
import json
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

from certificates import Certificates

HERE = os.path.dirname(os.path.abspath(__file__))


class Skip(Exception):
    """This machine cannot run the case."""


class Failed(Exception):
    """What was run did not do what was expected: three texts."""

    def __init__(self, ran, expected, got):
        super().__init__(expected)
        self.ran, self.expected, self.got = ran, expected, got

    def __str__(self):
        return f"ran:      {self.ran}\nexpected: {self.expected}\ngot:      {self.got}"


class Config:
    """Set by run.py before any test."""
    afetch = None
    server = None
    folder = None      # of this run; removed at its end
    sanitized = False  # the program is built with a sanitizer: no bounds on its memory
    slow = 1           # time-outs are this much longer
    mode = None        # an option that every run gets that names no mode itself


def alone(test):
    """Marks a test that measures time: nothing runs beside it."""
    test.alone = True
    return test


def temp_dir(name="t"):
    return tempfile.mkdtemp(prefix=name + "-", dir=Config.folder)


def write_file(path, data, mode=None):
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    if mode is not None:
        os.chmod(path, mode)
    return path


def read_file(path):
    with open(path, "rb") as f:
        return f.read()


def wait_until(what, condition, timeout=10):
    """For what no event tells of."""
    end = time.monotonic() + timeout * Config.slow
    while not condition():
        if time.monotonic() > end:
            raise Failed(what, "to come true", f"not within {timeout * Config.slow} s")
        time.sleep(0.005)


# ---- running the program ---------------------------------------------------------------------------------------------

def shown(data, limit=3000):
    text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else str(data)
    return text if len(text) <= limit else text[:limit // 2] + f"\n… {len(text) - limit} more …\n" + text[-limit // 2:]


def line(size, url):
    """The line on standard output for a success."""
    return f"{size} bytes received from {url}"


TOTAL = re.compile(r"total: (\d+) bytes from (\d+) URLs in (\d+(?:\.\d+)?) s"
                   r"(?:, (\d+) failed)?(?:, (\d+) skipped)?(?:, waited for a place \d+(?:\.\d+)? s at most)?")
SANITIZER = re.compile(rb"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|MemorySanitizer|runtime error:)")


def without(some, others):
    """The elements of some that are not among others, each as often as it is too often there."""
    left = list(some)
    for x in others:
        if x in left:
            left.remove(x)
    return left


class Result:
    def __init__(self, args, code, out, err, seconds, usage):
        self.args, self.out, self.err, self.seconds = args, out, err, seconds
        # As a shell tells it.
        self.code = 128 - code if code < 0 else code
        self.cpu = usage.ru_utime + usage.ru_stime
        self.lines = out.decode("utf-8", "backslashreplace").splitlines()
        self.stderr = err.decode("utf-8", "backslashreplace").splitlines()
        self.total = None
        self.errors = []
        for text in self.stderr:
            m = TOTAL.fullmatch(text)
            if m and self.total is None:
                self.total = m
            else:
                self.errors.append(text)

    def __str__(self):
        return (f"exit status {self.code}, after {self.seconds:.2f} s\n--- standard output:\n{shown(self.out, 1500)}\n"
                f"--- standard error:\n{shown(self.err, 3000)}")

    def fail(self, expected):
        raise Failed(shown(" ".join(self.args), 800), expected, self)

    def check(self, condition, expected):
        if not condition:
            self.fail(expected)
        return self

    def expect(self, code=0, out=(), err=(), ordered=False, total=True):
        """Exit status; the very lines of standard output, in this order if ordered; a regular expression for each line
        of standard error but the total; and that the total fits all this (total=False: that there is none; None: it
        does not matter)."""
        problems = []
        if self.code != code:
            problems.append(f"exit status {code}")
        want, got = list(out), list(self.lines)
        if not ordered:
            want.sort()
            got.sort()
        if want != got:
            missing, extra = without(want, got), without(got, want)
            problems += [f"on standard output: {x}" for x in missing] + [f"not on standard output: {x}" for x in extra]
            if not missing and not extra:
                problems.append("on standard output, in this order:\n" + "\n".join(want))
        left = list(self.errors)
        for pattern in err:
            found = [x for x in left if re.fullmatch(pattern, x)]
            if found:
                left.remove(found[0])
            else:
                problems.append("on standard error a line that matches: " + pattern)
        problems += [f"not on standard error: {x}" for x in left]
        if problems:
            self.fail(shown("\n          ".join(problems)))
        if total is True:
            size = sum(int(x.split(" ", 1)[0]) for x in want)
            self.expect_total(size, len(want) + len(list(err)), len(list(err)))
        elif total is False:
            self.check(self.total is None, "no total on standard error")
        return self

    def expect_total(self, size, urls, failed=0):
        text = f"total: {size} bytes from {urls} URLs in … s" + (f", {failed} failed" if failed else "")
        self.check(self.total is not None and int(self.total[1]) == size and int(self.total[2]) == urls and
                   int(self.total[4] or 0) == failed, text)
        return self


def failure(url, sentence=".+"):
    """A pattern for the line on standard error about a URL."""
    return "afetch: " + re.escape(url) + ": " + sentence


def bad_line(n, sentence=".+"):
    return f"afetch: line {n}: {sentence}"


def environment(extra=None):
    """Without anything that the program obeys, save what a sanitizer is told."""
    env = {k: v for k, v in os.environ.items()
           if k.lower() not in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir",
                                "curl_ca_bundle", "sslkeylogfile", "no_color", "curl_home", "language")
           and not k.startswith("LC_")}
    home = os.path.join(Config.folder, "home")
    env.update(HOME=home, XDG_CONFIG_HOME=os.path.join(home, ".config"), LANG="C", LC_ALL="C")
    for name, value in (extra or {}).items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


live = set()  # processes of this test


def end_processes():
    """Ends, by their ids, what a test left running."""
    for process in list(live):
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                process.kill()
                process.returncode = os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1])
    live.clear()


class Running:
    """The program under test, started: its output can be awaited, its standard input written to."""

    def __init__(self, *args, env=None, cwd=None, timeout=60, stdin=None, stdout=None, stderr=None, command=None,
                 **more):
        """stdin: bytes to be given (then the end), None: nothing, a descriptor, or "open": by write() and close()."""
        self.args = [str(a) for a in args]
        self.command = command or [Config.afetch, *self.args]
        self.text = shown(" ".join(self.command), 1500)
        self.timeout = timeout * Config.slow
        self.begin = time.monotonic()
        feed = isinstance(stdin, (bytes, str))
        self.process = subprocess.Popen(
            self.command, env=environment(env), cwd=cwd, bufsize=0,
            stdin=subprocess.PIPE if feed else stdin if isinstance(stdin, int) else
            subprocess.PIPE if stdin == "open" else subprocess.DEVNULL,
            stdout=subprocess.PIPE if stdout is None else stdout, stderr=subprocess.PIPE if stderr is None else stderr,
            **more)
        if feed and stdin == "open":
            feed = False
        live.add(self.process)
        self.changed = threading.Condition()
        self.data = {"out": b"", "err": b""}
        self.open = set()
        self.threads = []
        for name, stream in (("out", self.process.stdout), ("err", self.process.stderr)):
            if stream is not None:
                self.open.add(name)
                self.threads.append(threading.Thread(target=self._read, args=(name, stream), daemon=True))
        if feed:
            data = stdin.encode() if isinstance(stdin, str) else stdin
            self.threads.append(threading.Thread(target=self._feed, args=(data,), daemon=True))
        for thread in self.threads:
            thread.start()

    def _read(self, name, stream):
        while True:
            piece = os.read(stream.fileno(), 65536)
            with self.changed:
                if not piece:
                    self.open.discard(name)
                self.data[name] += piece
                self.changed.notify_all()
            if not piece:
                return

    def _feed(self, data):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(data)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def write(self, data):
        self.process.stdin.write(data.encode() if isinstance(data, str) else data)

    def close(self):
        self.process.stdin.close()

    def signal(self, number):
        self.process.send_signal(number)

    def peak_memory(self):
        """Bytes, so far. (ru_maxrss counts what forked it, too.)"""
        status = read_file(f"/proc/{self.process.pid}/status").decode()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def await_output(self, pattern, name="out", timeout=20):
        """Until what came on a stream so far matches somewhere."""
        regex = re.compile(pattern.encode() if isinstance(pattern, str) else pattern)
        end = time.monotonic() + timeout * Config.slow
        with self.changed:
            while not regex.search(self.data[name]):
                left = end - time.monotonic()
                if left <= 0 or name not in self.open:
                    raise Failed(self.text, f"{pattern!r} on std{name} " + ("in time" if left <= 0 else "before its end"),
                                 f"--- standard output:\n{shown(self.data['out'])}\n--- standard error:\n"
                                 f"{shown(self.data['err'])}")
                self.changed.wait(left)

    def await_lines(self, n, timeout=20):
        """Until there are n lines on standard output."""
        end = time.monotonic() + timeout * Config.slow
        with self.changed:
            while self.data["out"].count(b"\n") < n:
                left = end - time.monotonic()
                if left <= 0 or "out" not in self.open:
                    raise Failed(self.text, f"{n} lines on standard output", f"{self.data['out'].count(10)} lines\n"
                                 f"--- standard error:\n{shown(self.data['err'])}")
                self.changed.wait(left)

    def wait(self):
        """Until it ends: the Result."""
        late = threading.Event()

        def too_late():
            late.set()
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGABRT)

        timer = threading.Timer(max(0.1, self.timeout - (time.monotonic() - self.begin)), too_late)
        timer.daemon = True
        timer.start()
        _, status, usage = os.wait4(self.process.pid, 0)
        seconds = time.monotonic() - self.begin
        timer.cancel()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        live.discard(self.process)
        for thread in self.threads:
            thread.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError, OSError):
                    stream.close()
        result = Result(self.command, self.process.returncode, self.data["out"], self.data["err"], seconds, usage)
        if late.is_set():
            result.fail(f"to end within {self.timeout} s")
        if SANITIZER.search(result.err):
            result.fail("no complaint of a sanitizer")
        if self.process.returncode in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL):
            result.fail("not to crash")
        return result


MODES = ("--sync", "--threads", "--compare")


def in_mode(args):
    """The arguments with run.py's --mode, unless they name one; without arguments there is nothing to fetch."""
    return [Config.mode, *args] if Config.mode and args and not any(m in args for m in MODES) else args


def start(*args, **how):
    return Running(*in_mode(args), **how)


def run(*args, **how):
    """Runs the program to its end."""
    return start(*args, **how).wait()


def run_shell(script, *args, **how):
    """The same by `sh -c SCRIPT`, in which "$@" is the program and args."""
    return Running(command=["sh", "-c", script, "sh", Config.afetch, *[str(a) for a in in_mode(args)]], **how).wait()


def free_port(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def refused_port(host="127.0.0.1"):
    """A bound socket that does not listen: a connect is refused as long as it is kept."""
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    s.bind((host, 0))
    return s


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def need_ipv6():
    if not has_ipv6():
        raise Skip("no IPv6 on loopback")


# ---- a peer of sockets and threads: does anything, for few connections ----------------------------------------------

class Request:
    def __init__(self, head):
        self.head = head
        first, *fields = head.decode("latin-1").split("\r\n")
        self.first = first
        parts = first.split(" ")
        self.method, self.target = parts[0], parts[1] if len(parts) > 1 else ""
        self.fields = [x for x in fields if x]

    def get(self, name):
        """The values of a field, in order."""
        return [x.split(":", 1)[1].strip() for x in self.fields if x.split(":", 1)[0].lower() == name.lower()]


class Conn:
    def __init__(self, peer, sock, number):
        self.peer, self.sock, self.number = peer, sock, number
        self.buffer = b""

    def request(self):
        """The next request, or None at the end."""
        while b"\r\n\r\n" not in self.buffer:
            piece = self.sock.recv(65536)
            if not piece:
                return None
            self.buffer += piece
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        request = Request(head)
        with self.peer.lock:
            self.peer.requests.append(request)
            self.peer.lock.notify_all()
        return request

    def send(self, data):
        self.sock.sendall(data)

    def drip(self, data, pause=0.0):
        """A byte a write."""
        for i in range(len(data)):
            self.sock.sendall(data[i:i + 1])
            if pause:
                time.sleep(pause)

    def await_end(self):
        while self.sock.recv(65536):
            pass

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close_notify(self):
        """TLS: says that it ends."""
        self.sock.settimeout(5)
        with contextlib.suppress(OSError, ValueError):
            self.sock.unwrap()


class Peer:
    """Listens; serve(conn) is called for each connection, in a thread of its own, and the connection closed after
    it. An exception other than the client's going away fails the test. path: listens at a Unix domain socket there."""

    def __init__(self, serve, tls=None, host="127.0.0.1", port=0, path=None, backlog=1024):
        self.serve, self.tls, self.host = serve, tls, host
        self.lock = threading.Condition()
        self.requests = []
        self.accepts = self.open = self.max_open = 0
        self.problems = []
        self.conns = set()
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.listener.listen(backlog)
        else:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self.listener = socket.create_server((host, port), family=family, backlog=backlog)
            self.port = self.listener.getsockname()[1]
        self.ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path="/", host=None):
        host = host or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.accepts += 1
                number = self.accepts
                self.open += 1
                self.max_open = max(self.max_open, self.open)
                self.conns.add(sock)
                self.lock.notify_all()
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock, number):
        raw = sock
        try:
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True, suppress_ragged_eofs=True)
                with self.lock:
                    self.conns.discard(raw)
                    self.conns.add(sock)
            self.serve(Conn(self, sock, number))
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass
        except OSError as e:
            if not self.ended and sock.fileno() != -1:
                self.problems.append(repr(e))
        except Exception as e:  # a mistake in the test
            self.problems.append(repr(e))
        finally:
            sock.close()
            with self.lock:
                self.open -= 1
                self.conns.discard(sock)
                self.lock.notify_all()

    def await_state(self, what, condition, timeout=20):
        """Until condition(self) holds; asked whenever a connection or a request came or went."""
        with self.lock:
            if not self.lock.wait_for(lambda: condition(self), timeout * Config.slow):
                raise Failed("a server waiting for " + what, "to see that",
                             f"{self.accepts} connections, {self.open} open, requests {[r.first for r in self.requests]}")

    def await_requests(self, n, timeout=20):
        self.await_state(f"{n} requests", lambda p: len(p.requests) >= n, timeout)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.ended = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            left = list(self.conns)
        for sock in left:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        if self.problems and kind is None:
            raise Failed("a server of the test", "no exception in it", self.problems)


def response(body=b"", head="", status="200 OK", length=True):
    if isinstance(body, str):
        body = body.encode()
    text = f"HTTP/1.1 {status}\r\n"
    if length:
        text += f"Content-Length: {len(body)}\r\n"
    return (text + head + "\r\n").encode() + body


def answering(answer):
    """A serve function: each request on a kept connection is answered with answer(request) or answer(request, conn):
    bytes, or None: no more on this connection."""
    arguments = answer.__code__.co_argcount

    def serve(conn):
        while True:
            request = conn.request()
            if request is None:
                return
            data = answer(request, conn) if arguments == 2 else answer(request)
            if data is None:
                return
            conn.send(data)
    return serve


def by_path(request):
    """/N: a body of N bytes."""
    return response(b"x" * int(request.target[1:].split("/")[0].split("?")[0] or 0))


# ---- a peer for thousands of connections ------------------------------------------------------------------------------

class Crowd:
    """Answers each request after a delay, by asyncio in a thread of its own."""

    def __init__(self, delay=0.0, body=b"hello", tls=None):
        self.delay, self.tls = delay, tls
        self.data = response(body)
        self.accepts = self.open = self.max_open = self.requests = 0
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self.thread.start()
        self.ready.wait()

    async def _main(self):
        self.loop = asyncio.get_running_loop()
        self.end = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=4096, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await self.end.wait()
        server.close()

    async def _serve(self, reader, writer):
        self.accepts += 1
        self.open += 1
        self.max_open = max(self.max_open, self.open)
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(self.data)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()

    def url(self, path="/", host="127.0.0.1"):
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join(10)


# ---- odd listeners ----------------------------------------------------------------------------------------------------

class BlackHole:
    """A listening socket whose backlog is full: a connect to it is never answered."""

    def __init__(self, host="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.host = host
        self.socks = []
        self.listener = socket.socket(family)
        self.listener.bind((host, port))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        for _ in range(20):
            s = socket.socket(family)
            self.socks.append(s)
            s.settimeout(0.15)
            try:
                s.connect((host, self.port))
            except TimeoutError:
                return
        raise Skip("a full backlog does not drop connects here")

    def url(self, path="/"):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in [self.listener, *self.socks]:
            s.close()


class Dns:
    """A name server. zone: {name: addresses}; an entry may also be "silent" (never answered), "servfail", or a
    function of the type ("A", "AAAA") that gives one of these. What is not in it does not exist. delay: seconds."""

    TYPES = {1: "A", 28: "AAAA"}

    def __init__(self, zone, delay=0.0, ttl=60):
        self.zone = {k.lower(): v for k, v in zone.items()}
        self.delay, self.ttl = delay, ttl
        self.queries = []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.bind(("127.0.0.1", 0))
        self.server = f"127.0.0.1:{self.sock.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def asked(self, name, kind=None):
        return sum(1 for n, k in self.queries if n == name and kind in (None, k))

    def _serve(self):
        while True:
            try:
                data, peer = self.sock.recvfrom(4096)
            except OSError:
                return
            if len(data) < 17:
                return
            answer = self._answer(data)
            if answer is None:
                continue
            if self.delay:
                timer = threading.Timer(self.delay, self._send, (answer, peer))
                timer.daemon = True
                timer.start()
            else:
                self._send(answer, peer)

    def _send(self, answer, peer):
        with contextlib.suppress(OSError):
            self.sock.sendto(answer, peer)

    def _answer(self, data):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
            at += 1 + data[at]
        name = ".".join(labels).lower()
        kind = struct.unpack(">H", data[at + 1:at + 3])[0]
        question = data[12:at + 5]
        text = self.TYPES.get(kind, str(kind))
        self.queries.append((name, text))
        found = self.zone.get(name)
        if callable(found):
            found = found(text)
        if found == "silent":
            return None
        code = 2 if found == "servfail" else 3 if found is None else 0
        answers = []
        for address in found if isinstance(found, (list, tuple)) else []:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            if (kind == 28) == (family == socket.AF_INET6) and kind in (1, 28):
                packed = socket.inet_pton(family, address)
                answers.append(struct.pack(">HHHIH", 0xc00c, kind, 1, self.ttl, len(packed)) + packed)
        flags = 0x8180 | code
        return data[:2] + struct.pack(">HHHHH", flags, 1, len(answers), 0, 0) + question + b"".join(answers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
        # The thread may be in recvfrom: a datagram wakes it.
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            host, port = self.server.split(":")
            s.sendto(b"end", (host, int(port)))


# ---- the peers that all tests share -------------------------------------------------------------------------------------

NGINX = """
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid {dir}/pid;
error_log {dir}/error.log error;
events {{ worker_connections 4096; }}
http {{
    log_format about '$connection $connection_requests $status $request';
    access_log off;
    default_type text/plain;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    keepalive_requests 1000000;
    keepalive_timeout 60;
    large_client_header_buffers 4 80k;
    server_tokens off;
    root {www};
    {servers}
}}
"""

NGINX_LOCATIONS = """
    location /chunked/ { alias %(www)s/; sub_filter_once off; sub_filter_types *; sub_filter zqzq zqzq; }
    location /status/204 { return 204; }
    location /status/403 { return 403; }
    location /status/500 { return 500 "broken"; }
    location /conn { return 200 "$connection $connection_requests\\n"; }
    location /tls { return 200 "$ssl_protocol $ssl_session_reused $ssl_server_name $ssl_alpn_protocol\\n"; }
    location /private/ { auth_basic "here"; auth_basic_user_file %(www)s/../users; alias %(www)s/; }
    location /put/ { alias %(www)s/put/; dav_methods PUT; create_full_put_path on; client_max_body_size 0; }
    location /put/little/ { alias %(www)s/put/; dav_methods PUT; client_max_body_size 1000; }
    location /client { return 200 "$ssl_client_verify $ssl_client_s_dn\\n"; }
"""


class World:
    """nginx, Python's http.server and the demo server, with their ports and files."""

    def __init__(self):
        self.folder = Config.folder
        self.processes = []
        os.makedirs(os.path.join(self.folder, "home"))
        self.certs = Certificates(os.path.join(self.folder, "certs"))
        self.ca = self.certs.path("ca.pem")
        self.www = os.path.join(self.folder, "www")
        os.makedirs(self.www)
        self.sizes = {"small": 5, "page": 25431, "mega": 1 << 20, "big": 20_000_003, "empty": 0}
        write_file(os.path.join(self.folder, "users"), "me:{PLAIN}secret word\n")
        for name, size in self.sizes.items():
            write_file(os.path.join(self.www, name), self.content(size))

    @staticmethod
    @functools.lru_cache(None)
    def content(size):
        return (b"0123456789abcdef" * (size // 16 + 1))[:size]

    def begin(self, *command, **how):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment(), **how)
        self.processes.append(process)
        return process

    def end(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # nginx: .http, .https and so on are ports
    NGINX_TLS = {"https": ("good", "TLSv1.2 TLSv1.3"), "tls12": ("rsa", "TLSv1.2"), "tls13": ("good", "TLSv1.3"),
                 "tls11": ("good", "TLSv1.1"), "rsa": ("rsa", "TLSv1.2 TLSv1.3"), "chained": ("chained", "TLSv1.2 TLSv1.3"),
                 "once12": ("good", "TLSv1.2"), "once13": ("good", "TLSv1.3"),
                 "client": ("good", "TLSv1.2 TLSv1.3"),
                 **{name: (name, "TLSv1.2 TLSv1.3")
                    for name in ("expired", "future", "wrong", "tld", "unknown", "self", "cn", "constrained")}}

    def start_nginx(self):
        folder = os.path.join(self.folder, "nginx")
        os.makedirs(folder)
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if not program:
            raise RuntimeError("nginx is not installed (tests/setup.sh installs it)")
        for attempt in range(3):
            ports = {name: free_port() for name in ("http", *self.NGINX_TLS)}
            if len(set(ports.values())) == len(ports) and self._try_nginx(program, folder, ports):
                self.nginx = ports
                return
        raise RuntimeError("nginx does not start: " + shown(read_file(os.path.join(folder, "out"))))

    def _try_nginx(self, program, folder, ports):
        locations = NGINX_LOCATIONS % {"www": self.www}
        v6 = has_ipv6()

        def server(port, tls=None):
            text = "server {\n"
            kind = " ssl" if tls else ""
            text += f"    listen 127.0.0.1:{port}{kind} backlog=4096;\n"
            if v6:
                text += f"    listen [::1]:{port}{kind} backlog=4096;\n"
            if tls:
                cert, protocols = self.NGINX_TLS[tls]
                text += (f"    ssl_certificate {self.certs.path(cert + '.pem')};\n"
                         f"    ssl_certificate_key {self.certs.path(cert + '.key')};\n    ssl_protocols {protocols};\n")
                if tls.startswith("once"):
                    text += "    keepalive_timeout 0;\n"
                if tls == "client":
                    text += f"    ssl_client_certificate {self.ca};\n    ssl_verify_client on;\n"
            return text + locations + "}\n"

        servers = server(ports["http"]) + "".join(server(ports[name], name) for name in self.NGINX_TLS)
        conf = write_file(os.path.join(folder, "conf"), NGINX.format(dir=folder, www=self.www, servers=servers))
        with open(os.path.join(folder, "out"), "wb") as out:
            process = self.begin(program, "-p", folder, "-c", conf, "-e", os.path.join(folder, "error.log"),
                                 stdout=out, stderr=out)
        for _ in range(500):
            if process.poll() is not None:
                self.processes.remove(process)
                return False
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports["http"]), 1):
                return True
            time.sleep(0.01)
        return False

    def url(self, server="http", path="/small", host="127.0.0.1"):
        return f"{'http' if server == 'http' else 'https'}://{host}:{self.nginx[server]}{path}"

    # Python's http.server: HTTP/1.0, a connection a request
    def start_python(self):
        script = ("import http.server, socketserver, functools, sys\n"
                  "class S(http.server.ThreadingHTTPServer):\n    request_queue_size = 1024\n"
                  "class H(http.server.SimpleHTTPRequestHandler):\n    def log_message(self, *a): pass\n"
                  "s = S(('127.0.0.1', 0), functools.partial(H, directory=sys.argv[1]))\n"
                  "print(s.server_port, flush=True)\ns.serve_forever()\n")
        process = self.begin(sys.executable, "-c", script, self.www, stdout=subprocess.PIPE)
        self.python_port = int(process.stdout.readline())

    def python(self, path="/small"):
        return f"http://127.0.0.1:{self.python_port}{path}"

    # the demo server
    def start_demo(self):
        self.demo_ports = None
        self.demo_ca = os.path.join(self.folder, "demo-ca.pem")
        port_file = os.path.join(self.folder, "demo-ports")
        if not Config.server or not os.access(Config.server, os.X_OK):
            return
        process = self.begin(Config.server, "--http", "0", "--https", "0", "--ca-out", self.demo_ca,
                             "--port-file", port_file)
        end = time.monotonic() + 20
        while not os.path.exists(port_file):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the demo server does not start")
            time.sleep(0.01)
        self.demo_ports = json.loads(read_file(port_file))

    def demo(self, path="/", tls=False):
        if not self.demo_ports:
            raise Failed(f"the demo server ({Config.server})", "to be there", "no such program")
        return f"{'https' if tls else 'http'}://127.0.0.1:{self.demo_ports['https' if tls else 'http']}{path}"

    def both_cas(self):
        """The tests' root and the demo server's in one file."""
        path = os.path.join(self.folder, "both.pem")
        if not os.path.exists(path):
            write_file(path + ".new", read_file(self.ca) + read_file(self.demo_ca))
            os.replace(path + ".new", path)
        return path

    def tls_context(self, cert="good", version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certs.path(cert + ".pem"), self.certs.path(cert + ".key"))
        if version:
            context.minimum_version = context.maximum_version = version
        return context


class WorldBox:
    """world.x: the attributes of the one World, which run.py makes."""
    it = None

    def __getattr__(self, name):
        return getattr(WorldBox.it, name)


world = WorldBox()


def s_server(*options, cert="good", cwd=None):
    """openssl s_server on a free port: (process, port)."""
    process = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", world.certs.path(cert + ".pem"),
                                "-key", world.certs.path(cert + ".key"), *options], cwd=cwd, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment())
    live.add(process)
    seen = b""
    while True:
        text = process.stdout.readline()
        seen += text
        if text.startswith(b"ACCEPT"):
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return process, int(text.rsplit(b":", 1)[1])
        if not text:
            raise RuntimeError("openssl s_server: " + shown(seen))


def raise_descriptor_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    if soft != resource.RLIM_INFINITY and soft < want:
        resource.setrlimit(resource.RLIMIT_NOFILE, (want, hard))
