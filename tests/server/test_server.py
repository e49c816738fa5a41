#!/usr/bin/env python3
"""Checks the demo server: every page, with peers that are not ours (curl, Python's sockets and ssl).

usage: test_server.py SERVER [CONNECTIONS]     SERVER: the program afetch-demo-server; CONNECTIONS: how many at once
Prints what failed, and at the end "N passed, N failed".
"""
import json, os, resource, shutil, signal, socket, ssl, subprocess, sys, tempfile, time

SERVER = sys.argv[1]
MANY = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
passed = failed = 0


def check(name, ok, seen=None):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {name}" + (f": {seen!r:.300}" if seen is not None else ""))


def pattern(n, start=0):
    return bytes(97 + i % 26 for i in range(start, start + n))


class Server:
    def __init__(self, folder, *options, **kw):
        self.ca = os.path.join(folder, "ca.pem")
        self.process = subprocess.Popen([SERVER, "--http", "0", "--https", "0", "--ca-out", self.ca, *options],
                                        stdout=subprocess.PIPE, text=True, **kw)
        self.told = json.loads(self.process.stdout.readline())

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.stdout.close()
        return self.process.wait(timeout=10)


class Peer:
    """A way to talk to the server: host, port, TLS or not."""

    def __init__(self, server, tls, host="127.0.0.1"):
        self.tls, self.host = tls, host
        self.port = server.told["https" if tls else "http"]
        self.ca = server.ca
        self.name = "https" if tls else "http"
        self.url = f"{self.name}://{'localhost' if host == '127.0.0.1' else '[' + host + ']'}:{self.port}"

    def open(self, timeout=10):
        s = socket.create_connection((self.host, self.port), timeout=timeout)
        if self.tls:
            context = ssl.create_default_context(cafile=self.ca)
            # Python before 3.11.4 (Debian 12's) asks OpenSSL to take a cut for an end, and has another error for it
            context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
            s = context.wrap_socket(s, server_hostname="localhost", suppress_ragged_eofs=False)
        return s

    def say(self, text, timeout=10):
        """Sends text and reads until the server closes: the bytes, and how it ended."""
        s = self.open(timeout)
        with s:
            s.sendall(text if isinstance(text, bytes) else text.encode())
            return read_all(s)

    def curl(self, path, *options):
        run = subprocess.run(["curl", "-sS", "--cacert", self.ca, "-m", "20", *options, self.url + path],
                             stdin=subprocess.DEVNULL, capture_output=True)
        return run.returncode, run.stdout


def read_all(s):
    got = b""
    try:
        while True:
            piece = s.recv(65536)
            if not piece:
                return got, "end"
            got += piece
    except ssl.SSLError as error:
        if error.reason != "UNEXPECTED_EOF_WHILE_READING" and not isinstance(error, ssl.SSLEOFError):
            raise
        return got, "cut"
    except ConnectionResetError:
        return got, "reset"
    except TimeoutError:
        return got, "timeout"


def get(path, *fields, method="GET", version="1.1", close=True):
    lines = [f"{method} {path} HTTP/{version}", "Host: x", *fields] + (["Connection: close"] if close else [])
    return "\r\n".join(lines) + "\r\n\r\n"


def split(response):
    head, _, body = response.partition(b"\r\n\r\n")
    return head.decode("latin-1"), body


def seconds(what):
    begin = time.monotonic()
    result = what()
    return time.monotonic() - begin, result


# ---- pages ---------------------------------------------------------------------------------------------------------

def test_pages(p):
    n = p.name
    rc, out = p.curl("/")
    check(f"{n} index", rc == 0 and b"/bytes/N" in out, out)
    for size in (0, 1, 26, 1000, 16384, 65536, 65537, 1000003):
        rc, out = p.curl(f"/bytes/{size}")
        check(f"{n} bytes/{size}", rc == 0 and out == pattern(size), (rc, len(out)))
    rc, out = p.curl("/bytes/50000000", "-o", "/dev/null", "-w", "%{size_download}")
    check(f"{n} 50 MB", rc == 0 and out == b"50000000", (rc, out))
    took, (rc, out) = seconds(lambda: p.curl("/delay/300/7"))
    check(f"{n} delay", rc == 0 and out == pattern(7) and 0.29 < took < 1.5, (rc, out, took))
    rc, out = p.curl("/delay/1")
    check(f"{n} delay with its default", rc == 0 and out == pattern(1000), (rc, len(out)))
    took, (rc, out) = seconds(lambda: p.curl("/slow/10/1/30"))
    check(f"{n} drip", rc == 0 and out == pattern(10) and 0.26 < took < 2, (rc, out, took))
    took, (rc, out) = seconds(lambda: p.curl("/slow/300000/100000/100"))
    check(f"{n} slow pieces", rc == 0 and out == pattern(300000) and 0.19 < took < 2, (rc, len(out), took))
    for path, size in (("/chunked/0", 0), ("/chunked/1", 1), ("/chunked/5000/1", 5000), ("/chunked/100000/777", 100000),
                       ("/chunked/300000/65536", 300000), ("/chunked/70000/9999999", 70000), ("/chunked/32768/64", 32768)):
        rc, out = p.curl(path)
        check(f"{n} {path}", rc == 0 and out == pattern(size), (rc, len(out)))
    got, end = p.say(get("/chunked/5/2"))
    check(f"{n} chunks and trailer", split(got)[1] == b"2\r\nab\r\n2\r\ncd\r\n1\r\ne\r\n0\r\nX-Trailer: 5 bytes\r\n\r\n", got)
    for status in (200, 204, 206, 304, 404, 500, 503, 999):
        rc, out = p.curl(f"/status/{status}", "-w", "%{response_code}")
        check(f"{n} status {status}", rc == 0 and out == str(status).encode(), (rc, out))
    rc, out = p.curl("/status/404/10")
    check(f"{n} status with a body", out == pattern(10), out)
    for target, location in (("/redirect/301/bytes/9", "/bytes/9"), ("/redirect/308/a?b=c", "/a?b=c"),
                             ("/redirect/302/http://x.test:8/y", "http://x.test:8/y"),
                             ("/redirect-to?url=http%3A%2F%2Fx.test%2Fa%20b", "http://x.test/a b")):
        rc, out = p.curl(target, "-i")
        check(f"{n} {target}", f"\r\nLocation: {location}\r\n".encode() in out, out)
    rc, out = p.curl("/redirect/302/bytes/9", "-L")
    check(f"{n} redirect followed", out == pattern(9), out)
    rc, out = p.curl("/redirect-to?url=a%0d%0aX:y", "-i")
    check(f"{n} no field can be smuggled in", out.startswith(b"HTTP/1.1 400 "), out)
    rc, out = p.curl("/inform/9/5", "-i")
    check(f"{n} inform", rc == 0 and out.count(b"HTTP/1.1 100") == 3 and out.count(b"HTTP/1.1 103") == 2
          and out.endswith(pattern(9)), (rc, out))
    rc, out = p.curl("/headers", "-H", "X-Mine: yes")
    check(f"{n} headers", rc == 0 and b"\r\nX-Mine: yes\r\n" in out and out.startswith(b"GET /headers HTTP/1.1\r\n"), out)
    for path, code in (("/nothing", b"404"), ("/bytes", b"400"), ("/bytes/x", b"400"), ("/bytes/1/2", b"400"),
                       ("/bytes/-1", b"400"), ("/bytes/9999999999999999999", b"400"), ("/status/100", b"400"),
                       ("/redirect/200/x", b"400"), ("/bytes/5?query", b"200"), ("/slow/1/1", b"400")):
        rc, out = p.curl(path, "-o", "/dev/null", "-w", "%{response_code}")
        check(f"{n} {path}", out == code, out)


def test_ends(p):
    n = p.name
    closed = "cut" if p.tls else "end"
    rc, out = p.curl("/close/100/40")
    check(f"{n} close", rc in (18, 56) and out == pattern(40), (rc, out))
    check(f"{n} close's end", p.say(get("/close/100/40"))[1] == closed)
    got, end = p.say(get("/reset/100/40"))
    # Python's ssl called a reset an end, too, until 3.12.3
    reset = "cut" if p.tls and sys.version_info < (3, 12, 3) else "reset"
    check(f"{n} reset", end == reset and split(got)[1] == pattern(40), (got, end))
    got, end = p.say(get("/eof/30", close=False))
    check(f"{n} eof", end == "end" and split(got)[1] == pattern(30) and "Content-Length" not in split(got)[0], (got, end))
    got, end = p.say(get("/cut/30"))
    check(f"{n} cut", end == closed and split(got)[1] == pattern(30), (got, end))
    got, end = p.say(get("/once/30", close=False))
    check(f"{n} once", end == closed and split(got)[1] == pattern(30) and "Connection: keep-alive" in got.decode(), (got, end))
    with p.open(0.3) as s:
        s.sendall(get("/stale/3", close=False).encode())
        got, end = read_all(s)
        check(f"{n} stale waits", end == "timeout" and got.endswith(b"abc"), (got, end))
        if not p.tls:
            s.sendall(get("/bytes/3", close=False).encode())
            check(f"{n} stale goes", read_all(s) == (b"", "end"))
    got, end = p.say(get("/garbage"))
    check(f"{n} garbage", not got.startswith(b"HTTP") and len(got) > 0 and end == "end", (got, end))


# ---- requests --------------------------------------------------------------------------------------------------------

def test_requests(p):
    n = p.name
    got, end = p.say(get("/bytes/3", close=False) * 50 + get("/bytes/4"))
    check(f"{n} pipelining", got.count(b"HTTP/1.1 200 OK") == 51 and got.count(b"\r\n\r\nabc") == 51
          and got.endswith(b"\r\n\r\nabcd") and end == "end", (len(got), end))
    with p.open() as s:
        for byte in get("/bytes/5"):
            s.sendall(byte.encode())
        got, end = read_all(s)
    check(f"{n} byte by byte", got.endswith(b"\r\n\r\nabcde"), got)
    got, end = p.say(get("/bytes/5", method="HEAD"))
    check(f"{n} HEAD", "Content-Length: 5" in split(got)[0] and split(got)[1] == b"" and end == "end", got)
    got, end = p.say(get("/chunked/5", method="HEAD"))
    check(f"{n} HEAD of chunked", "chunked" in split(got)[0] and split(got)[1] == b"", got)
    got, end = p.say(get("/bytes/5", version="1.0", close=False))
    check(f"{n} HTTP/1.0", got.endswith(b"abcde") and end == "end" and b"Connection: close" in got, got)
    got, end = p.say(get("/chunked/5", version="1.0", close=False))
    check(f"{n} HTTP/1.0 and no chunks", split(got)[1] == b"abcde" and end == "end", got)
    got, end = p.say(get("/bytes/5", "Connection: keep-alive", version="1.0", close=False) + get("/bytes/6"))
    check(f"{n} HTTP/1.0 kept", got.count(b" 200 ") == 2, got)
    got, end = p.say("\r\n\r\n" + get("/bytes/5"))
    check(f"{n} blank lines first", got.endswith(b"abcde"), got)
    got, end = p.say(get("http://any.test/bytes/5"))
    check(f"{n} absolute form", got.endswith(b"abcde"), got)
    rc, out = p.curl("/bytes/1", *[a for i in range(30) for a in (p.url + f"/bytes/{i}", "-o", "/dev/null")],
                     "-w", "%{num_connects}\n", "-o", "/dev/null")
    check(f"{n} keep-alive", sum(int(x) for x in out.split() if x.isdigit()) == 1, out)


def test_bodies(p, folder):
    n = p.name
    for size in (0, 1, 5000, 3000000):
        path = os.path.join(folder, "upload")
        with open(path, "wb") as f:
            f.write(os.urandom(size))
        with open(path, "rb") as f:
            data = f.read()
        for how in ([], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"]):
            rc, out = p.curl("/echo", "--data-binary", "@" + path, *how)
            check(f"{n} echo {size} {how}", rc == 0 and out == data, (rc, len(out)))
        rc, out = p.curl("/bytes/3", "--data-binary", "@" + path)
        check(f"{n} a body nobody wants, {size}", rc == 0 and out == b"abc", (rc, out))
    post = get("/echo", "Transfer-Encoding: chunked", method="POST", close=False) + "3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n"
    got, end = p.say(post + get("/bytes/4"))
    check(f"{n} chunked, and the next request", b"\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200" in got, got)
    got, end = p.say(get("/echo", "Content-Length: 3", "Expect: 100-continue", method="POST") + "xyz")
    check(f"{n} 100 (Continue)", got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200") and got.endswith(b"xyz"), got)
    got, end = p.say(get("/bytes/1", "Transfer-Encoding: chunked", method="POST") + "zz\r\n")
    check(f"{n} bad chunk", got.startswith(b"HTTP/1.1 400 ") and got.count(b"HTTP/1.1") == 1 and end == "end", got)


def test_bad_requests(p):
    n = p.name
    bad = {
        "nonsense": "nonsense\r\n\r\n", "no version": "GET /\r\n\r\n", "two spaces": "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        "no host": "GET / HTTP/1.1\r\n\r\n", "two hosts": "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "folded": get("/", "A: b\r\n c"), "space before colon": get("/", "A : b"), "no colon": get("/", "A"),
        "NUL": get("/", "A: \0"), "CR inside": get("/", "A: b\rc"), "empty name": get("/", ": x"),
        "bad length": get("/", "Content-Length: 1x"), "two lengths": get("/", "Content-Length: 1", "Content-Length: 2"),
        "list of lengths": get("/", "Content-Length: 1, 1"), "huge length": get("/", "Content-Length: " + "9" * 30),
        "negative": get("/", "Content-Length: -1"),
        "length and chunked": get("/", "Content-Length: 3", "Transfer-Encoding: chunked"),
        "method": get("/", method="G(T"), "empty target": "GET  HTTP/1.1\r\nHost: x\r\n\r\n",
    }
    for name, text in bad.items():
        got, end = p.say(text)
        check(f"{n} 400 for {name}", got.startswith(b"HTTP/1.1 400 ") and end == "end", (got, end))
    got, end = p.say(get("/", version="2.0"))
    check(f"{n} 505", got.startswith(b"HTTP/1.1 505 "), got)
    got, end = p.say(get("/", "Transfer-Encoding: gzip"))
    check(f"{n} 501", got.startswith(b"HTTP/1.1 501 "), got)
    got, end = p.say(get("/headers", "X: " + "y" * 60000))
    check(f"{n} large head", got.startswith(b"HTTP/1.1 200 ") and len(got) > 60000, (len(got), end))
    got, end = p.say(get("/headers", "X: " + "y" * 66000))
    check(f"{n} 431", got.startswith(b"HTTP/1.1 431 ") and end == "end", (got, end))
    with p.open() as s:
        s.sendall(b"G" * 300000)
        got, end = read_all(s)
        check(f"{n} 431 for a line without end", got.startswith(b"HTTP/1.1 431 "), (got, end))
    with p.open() as s:
        s.sendall(b"GET / HT")  # and gone
    rc, out = p.curl("/bytes/1")
    check(f"{n} lives on", rc == 0 and out == b"a", (rc, out))


# ---- many, and the end --------------------------------------------------------------------------------------------------

def test_many(p, count, delay):
    request = get(f"/delay/{delay}/10").encode()
    socks = []
    begin = time.monotonic()
    for _ in range(count):
        s = socket.create_connection((p.host, p.port), timeout=10)
        s.sendall(request)
        socks.append(s)
    good = sum(read_all(s)[0].endswith(b"\r\n\r\nabcdefghij") for s in socks)
    took = time.monotonic() - begin
    for s in socks:
        s.close()
    check(f"{count} at once", good == count and took < 5 + delay / 1000, (good, took))
    return took


def memory_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def test_engine(engine, folder):
    server = Server(folder, "--engine", engine)
    plain, secure = Peer(server, False), Peer(server, True)
    for p in plain, secure:
        test_pages(p)
        test_ends(p)
        test_requests(p)
        test_bodies(p, folder)
        test_bad_requests(p)
    before = memory_kb(server.process.pid)
    idle = [socket.create_connection((plain.host, plain.port)) for _ in range(MANY)]
    test_many(plain, MANY, 1000)
    each = (memory_kb(server.process.pid) - before) * 1024 / (2 * MANY)
    print(f"{engine}: {each:.0f} bytes a plain connection that waits, {MANY} idle and {MANY} delayed ones")
    busy = plain.open()
    busy.sendall(get("/delay/60000").encode())
    secure_idle = secure.open()
    check(f"{engine} ends on SIGTERM", server.stop() == 0)
    for s in idle + [busy, secure_idle]:
        s.close()


def test_life(folder):
    server = Server(folder)
    check("ends on SIGINT", server.stop(signal.SIGINT) == 0)
    server = Server(folder, "--until-eof", stdin=subprocess.PIPE)
    server.process.stdin.close()
    check("ends at the end of its input", server.process.wait(timeout=5) == 0)
    server.process.stdout.close()
    server = Server(folder, "--until-eof", stdin=subprocess.PIPE)
    check("ends before its input", server.stop() == 0)
    server.process.stdin.close()
    server = Server(folder, "--bind", "::1")
    for tls in False, True:
        rc, out = Peer(server, tls, "::1").curl("/bytes/3")
        check(f"IPv6, tls {tls}", rc == 0 and out == b"abc", (rc, out))
    server.stop()
    ports = os.path.join(folder, "ports")
    process = subprocess.Popen([SERVER, "--port-file", ports])
    while not os.path.exists(ports):
        time.sleep(0.01)
    with open(ports) as f:
        told = json.load(f)
    check("port file", list(told) == ["http"], told)
    process.terminate()
    check("without TLS", process.wait(timeout=5) == 0)
    for options in (["--http", "x"], ["--http", "70000"], ["--https", "0"], ["--engine", "epoll"], ["--nonsense"],
                    ["argument"], ["--cert", "bad"], ["--tls", "1.1"]):
        run = subprocess.run([SERVER, *options], capture_output=True)
        check(f"usage {options}", run.returncode == 2 and run.stderr != b"", run)
    run = subprocess.run([SERVER, "--http", "1", "--bind", "192.0.2.1"], capture_output=True)
    check("an address that is not ours", run.returncode == 7 and b"192.0.2.1" in run.stderr, run)
    check("help", b"/bytes/N" in subprocess.run([SERVER, "--help"], capture_output=True).stdout)


def test_tls(folder):
    for version in "1.2", "1.3":
        server = Server(folder, "--tls", version)
        with Peer(server, True).open() as s:
            check(f"TLS {version}", s.version() == "TLSv" + version, s.version())
        server.stop()
    for kind in "expired", "not-yet", "wrong-name", "unknown-issuer", "self-signed":
        server = Server(folder, "--cert", kind)
        rc, out = Peer(server, True).curl("/bytes/3")
        check(f"certificate {kind}", rc == 60, rc)
        server.stop()
    server = Server(folder)
    p = Peer(server, True)
    check("plain text to a TLS port", b"HTTP" not in Peer.say(
        type("P", (), {"open": lambda self, t: socket.create_connection((p.host, p.port), t)})(), get("/"))[0])
    with socket.create_connection((p.host, p.port)) as s:
        s.sendall(b"\x16\x03\x01")  # a handshake that stops
    rc, out = p.curl("/bytes/3")
    check("a broken handshake harms nobody", rc == 0 and out == b"abc", (rc, out))
    server.stop()


def test_few_descriptors(folder):
    server = Server(folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
    p = Peer(server, False)
    held = [socket.create_connection((p.host, p.port)) for _ in range(80)]
    time.sleep(0.2)
    for s in held:
        s.close()
    rc, out = p.curl("/bytes/3")
    check("goes on after it ran out of descriptors", rc == 0 and out == b"abc", (rc, out))
    check("and stops", server.stop() == 0)


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    folder = tempfile.mkdtemp()
    try:
        test_life(folder)
        test_tls(folder)
        test_few_descriptors(folder)
        for engine in "uv", "poll":
            test_engine(engine, folder)
    finally:
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
