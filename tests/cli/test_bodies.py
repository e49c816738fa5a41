"""What is sent: -d and its like, --json, -G, --url-query, beside curl against the same server."""
import os
import re
import subprocess

from harness import (Config, Failed, Peer, Skip, environment, failure, line, read_file, response, run,
                     temp_dir, write_file)


class Seen:
    """A request with its body, as the server got them."""

    def __init__(self, request, body, chunked):
        self.request, self.body, self.chunked = request, body, chunked

    def head(self):
        """Every byte, but the client's name; curl of old has escapes in lower case."""
        head = re.sub(rb"\r\nUser-Agent: (curl|afetch)/[^\r]*", b"", self.request.head)
        return re.sub(rb"%[0-9a-f]{2}", lambda m: m[0].upper(), head, flags=re.I)

    def __repr__(self):
        body = self.body if len(self.body) < 100 else self.body[:40] + b"...%d bytes" % len(self.body)
        return f"{self.head()!r} {body!r}{' in chunks' if self.chunked else ''}"


def read_more(conn):
    piece = conn.sock.recv(1 << 20)
    if not piece:
        raise ConnectionError("the body ended early")
    conn.buffer += piece


def read_exactly(conn, n):
    pieces, conn.buffer = [conn.buffer[:n]], conn.buffer[n:]
    left = n - len(pieces[0])
    while left:
        piece = conn.sock.recv(min(left, 1 << 20))
        if not piece:
            raise ConnectionError("the body ended early")
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def read_line(conn):
    while b"\r\n" not in conn.buffer:
        read_more(conn)
    text, conn.buffer = conn.buffer.split(b"\r\n", 1)
    return text


def read_chunks(conn):
    body = b""
    while True:
        size = int(read_line(conn), 16)
        body += read_exactly(conn, size)
        assert read_line(conn) == b""
        if size == 0:
            return body


def read_body(conn, request):
    chunked = "chunked" in "".join(request.get("Transfer-Encoding")).lower()
    if "100-continue" in request.get("Expect"):
        conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    length = request.get("Content-Length")
    return Seen(request, read_chunks(conn) if chunked else read_exactly(conn, int(length[0]) if length else 0), chunked)


class Recorder(Peer):
    """Keeps what comes, in .seen, and answers each request with answer(seen): 200 by default."""

    def __init__(self, answer=lambda seen: response(b"hello"), **how):
        self.seen = []

        def serve(conn):
            while True:
                request = conn.request()
                if request is None:
                    return
                seen = read_body(conn, request)
                with self.lock:
                    self.seen.append(seen)
                    self.lock.notify_all()
                data = answer(seen)
                if request.method == "HEAD":
                    data = data[:data.index(b"\r\n\r\n") + 4]
                conn.send(data)
        super().__init__(serve, **how)

    def take(self):
        with self.lock:
            seen, self.seen = self.seen, []
        return seen


def by_curl(*args, stdin=None, cwd=None):
    return subprocess.run(["curl", "-s", "-o", "/dev/null", *args], env=environment(), cwd=cwd, timeout=30, check=False,
                          input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def compare(cases, folder=None, options=(), less=b"", view=lambda seen: seen):
    """Each case's arguments by both: the same heads and bodies. {url}: the server's. A case may have standard input.
    options: afetch's alone; less: what does not count in heads; view: of each request."""
    if Config.mode or Config.sanitized:
        raise Skip("run once, in the plain build and mode")
    folder = folder or temp_dir()
    write_file(os.path.join(folder, "lines"), b"one\r\ntwo\nthree\n")
    write_file(os.path.join(folder, "bytes"), bytes(range(256)))
    write_file(os.path.join(folder, "empty"), b"")
    write_file(os.path.join(folder, "json"), b'{"a":\n1}\n')
    write_file(os.path.join(folder, "large"), b"0123456789abcdef" * 70000)
    differ = []
    with Recorder() as p:
        for case in cases:
            stdin = b"from\r\nstdin\n" if any(re.fullmatch(r"(.*[@<])?-|\\.", x) for x in case) else None
            args = [x.replace("{url}", p.url("")) for x in case] + ([] if any("{url}" in x for x in case) else [p.url()])
            code = by_curl(*args, stdin=stdin, cwd=folder)
            theirs = [view(s) for s in p.take()]
            r = run(*options, *args, stdin=stdin, cwd=folder)
            ours = [view(s) for s in p.take()]
            both = [[(s.head().replace(less, b""), s.body, s.chunked) for s in x] for x in (ours, theirs)]
            if both[0] != both[1] or r.code != code:
                differ.append(f"{case}: curl ({code}) sends {theirs},\n afetch ({r.code}) {ours} {r.errors}")
    if differ:
        raise Failed("afetch and curl, with the same options", "the same requests and exit status", "\n".join(differ))


DATA = [
    ["-d", "a=b"], ["--data", "a=b", "--data-ascii", "c=d"], ["-da=b"], ["-d", ""], ["-d", "x", "-d", ""],
    ["-d", "ü & <"], ["-d", "@lines"], ["-d", "@lines", "-d", "@lines"], ["-d", "@empty"],
    ["-d", "@-"], ["--data-binary", "@-"], ["--json", "@-"], ["--data-urlencode", "@-"], ["--data-urlencode", "n@-"],
    ["--data-binary", "@lines"], ["--data-binary", "@bytes"], ["--data-binary", "x\r\ny"], ["--data-raw", "@lines"],
    ["--data-binary", "a", "-d", "@lines", "--data-raw", "@b"],
    ["--data-urlencode", "a b&c"], ["--data-urlencode", "=a=b"], ["--data-urlencode", "n=a b/?%+~ü"], ["--data-urlencode", "n@lines"],
    ["--data-urlencode", "@bytes"], ["--data-urlencode", "@empty"], ["--data-urlencode", "n@empty"], ["--data-urlencode", ""],
    ["--data-urlencode", "n=@x"], ["-d", "a", "--data-urlencode", "b c"],
    ["--json", "{}"], ["--json", "{", "--json", "}"], ["--json", "@json"], ["--json", "{}", "-d", "x"], ["-d", "x", "--json", "{}"],
    ["--json", "{}", "-H", "Content-Type: a/b"], ["--json", "{}", "-H", "accept: c/d"], ["--json", "{}", "-H", "X: y"],
    ["--json", "{}", "-H", "Content-Type:"], ["--json", "{}", "-A", "me", "-e", "x"],
    ["-d", "x", "-X", "PUT"], ["-d", "x", "-X", "DELETE"], ["-d", "x", "-X", "GET"], ["-X", "POST"], ["-d", "x", "-0"],
    ["-d", "x", "-H", "Content-Type: text/plain"], ["-d", "x", "-H", "Content-Type:"], ["-d", "x", "-H", "Content-Type;"],
    ["-d", "xyz", "-H", "Content-Length: 3"], ["-d", "x", "-H", "Transfer-Encoding: chunked"],
    ["-d", "", "-H", "Transfer-Encoding: chunked"], ["-d", "@large", "-H", "transfer-encoding:chunked"],
    ["-d", "@large"], ["-d", "@large", "-H", "Expect:"], ["-d", "@large", "-0"], ["-d", "x", "-H", "Expect: 100-continue"],
    ["--data-binary", "@large", "-H", "Content-Type: x/y", "-H", "X: z"],
    ["-d", "x", "-H", "X-A: 1", "-H", "Content-Type: a/b", "-H", "X-B: 2"],
    ["-d", "x", "--compressed", "-e", "from", "-A", ""],
    # put into the URL
    ["-G"], ["-G", "-d", "a=b"], ["-G", "-d", "a=b", "-d", "c"], ["-G", "-d", ""], ["-G", "-I", "-d", "a=b"], ["-G", "-X", "PUT", "-d", "a=b"],
    ["-G", "--data-urlencode", "n=a b"], ["-G", "-d", "@lines"], ["-G", "--json", "1"], ["--get", "--data-raw", "@x"],
    ["-G", "-d", "a", "{url}/?b"], ["-G", "-d", "a", "{url}/?"], ["-G", "-d", "a", "{url}/?b&"], ["-G", "-d", "a", "{url}"],
    ["-G", "-d", "a", "{url}/p#f"], ["-G", "-d", "a", "{url}?q#f?g"], ["-G", "-d", "a", "{url}/x"],
    ["--url-query", "a=b c"], ["--url-query", "a b"], ["--url-query", "=a=b"], ["--url-query", "@lines"], ["--url-query", "n@lines"],
    ["--url-query", "+a=%20b"], ["--url-query", "a=1", "--url-query", "b=2"], ["--url-query", "a=1", "{url}/?b#c"],
    ["--url-query", "a=1", "-d", "x=y"], ["--url-query", "a=1", "-I"], ["--url-query", "n@-"],
]


def test_data_as_curl_sends_it():
    compare(DATA)


def test_data_as_curl_8_sends_it():
    """Older ones put an & behind nothing, too, and read text up to a NUL."""
    folder = temp_dir()
    write_file(os.path.join(folder, "nul"), b"a\0b\n")
    for options, body in ((["-d", "", "-d", "x"], b"x"), (["-d", "@/dev/null", "-d", "x", "-d", "", "-d", "y"], b"x&&y"),
                          (["-d", "@nul"], b"ab"), (["--data-binary", "@nul"], b"a\0b\n")):
        with Recorder() as p:
            run(*options, p.url(), cwd=folder).expect(out=[line(5, p.url())])
            assert p.seen[0].body == body, (options, p.seen)


def test_a_get_without_a_body_that_says_it_is_chunked():
    """curl 8 ends the body that was promised; older ones keep the server waiting."""
    with Recorder() as p:
        run("-H", "Transfer-Encoding: chunked", p.url()).expect(out=[line(5, p.url())])
        (seen,) = p.take()
        assert (seen.request.method, seen.body, seen.chunked) == ("GET", b"", True), seen


def test_every_url_gets_the_data():
    """Held once, however many send it: in every mode."""
    for mode in ([], ["--sync"], ["--threads"]):
        folder = temp_dir()
        data = write_file(os.path.join(folder, "f"), os.urandom(300_000))
        with Recorder() as p:
            urls = [p.url(f"/{i}") for i in range(20)]
            run(*mode, "--data-binary", "@" + data, *urls).expect(out=[line(5, u) for u in urls])
            assert {s.request.target for s in p.seen} == {f"/{i}" for i in range(20)}
            assert all(s.body == read_file(data) for s in p.seen)


def test_lists_of_urls_too():
    with Recorder() as p:
        urls = [p.url("/a"), p.url("/b?c")]
        run("-G", "-d", "x=1", "-", stdin="\n".join(urls)).expect(out=[line(5, p.url("/a?x=1")), line(5, p.url("/b?c&x=1"))])
        run("-d", "x=1", "-", stdin="\n".join(urls)).expect(out=[line(5, u) for u in urls])
        assert [s.body for s in p.seen] == [b"", b"", b"x=1", b"x=1"]


def redirects(status):
    return lambda seen: response(b"hello") if seen.request.target == "/end" else \
        response(b"there", "Location: /end\r\n", status)


def test_redirects_as_in_curl():
    differ = []
    for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
        for options in (["-d", "abc"], ["--json", "{}"], ["-d", "abc", "--post301"], ["-d", "abc", "--post302"], ["-d", "abc", "--post303"],
                        ["-d", "abc", "-H", "Content-Type: a/b"], ["-d", "x" * 3000]):
            seen = []
            for program in ("curl", "afetch"):
                with Recorder(redirects(status)) as p:
                    code = by_curl("-L", *options, p.url()) if program == "curl" else run(*options, p.url()).code
                    seen.append((code, p.accepts, [(s.head().replace(b"%d" % p.port, b"PORT"), s.body) for s in p.seen]))
            if seen[0] != seen[1]:
                differ.append(f"{status} {options}: curl {seen[0]}, afetch {seen[1]}")
    if differ:
        raise Failed("afetch and curl -L", "the same requests, over as many connections", "\n".join(differ))


def test_what_framed_a_body_goes_with_it():
    """curl leaves these to the GET that it makes of the POST, which then has no end."""
    with Recorder(redirects("303 See Other")) as p:
        run("-d", "abc", "-H", "Transfer-Encoding: chunked", p.url()).expect(out=[line(5, p.url())])
        first, second = p.take()
        assert first.body == b"abc" and first.chunked and second.request.method == "GET", (first, second)
        assert not second.request.get("Transfer-Encoding") and not second.request.get("Content-Length"), second


def test_a_method_by_hand_at_redirects():
    """As curl --follow: what was filled in becomes a GET, whatever the method was called."""
    for status, then in (("301 Moved", ("GET", b"")), ("307 Temporary", ("PATCH", b"abc"))):
        with Recorder(redirects(status)) as p:
            run("-X", "PATCH", "-d", "abc", p.url()).expect(out=[line(5, p.url())])
            assert (p.seen[1].request.method, p.seen[1].body) == then, p.seen


def test_retries_send_it_again():
    with Recorder(lambda seen: response(b"no", status="503 Busy") if len(p.seen) < 3 else response(b"hello")) as p:
        run("--retry", "5", "--retry-delay", "0.01", "-d", "abc", p.url()).expect(out=[line(5, p.url())])
        assert [s.body for s in p.seen] == [b"abc"] * 3


def test_a_connection_that_was_closed_meanwhile():
    """What may be sent twice is sent again on a new one; a POST is not."""
    def serve(conn):
        seen = read_body(conn, conn.request())
        bodies.append(seen.body)
        conn.send(response(b"hello"))
        if conn.number == 1: # the next request comes to nothing
            conn.request()

    for method, code in (("PUT", 0), ("POST", 52)):
        bodies = []
        with Peer(serve) as p:
            r = run("--sync", "-X", method, "-d", "abc", p.url("/1"), p.url("/2"))
            r.check(r.code == code, f"exit status {code}")
            assert bodies == ([b"abc"] * 2 if code == 0 else [b"abc"]), bodies


def test_what_cannot_be_read():
    for option in ("-d", "--data-binary", "--json"):
        r = run(option, "@/nonexistent/x", "http://127.0.0.1:1/")
        r.expect(code=26, err=[r"afetch: .*" + option + r": /nonexistent/x cannot be read: No such file.*"], total=False)


def test_usage():
    for args, says in ((["-I", "-d", "x"], "-I asks for a head alone"), (["-d", "@-", "-"], "reads standard input"),
                       (["-d", "@-", "--json", "@-"], "--json reads standard input, but -d does so already"),
                       (["-d"], "-d needs an argument"), (["--no-data"], "not a switch"),
                       (["--compare", "-d", "x"], "--data does not go with --compare"),
                       (["--compare", "--json", "x"], "--json does not go with --compare")):
        r = run(*args, *([] if args == ["-d"] else ["http://127.0.0.1:1/"]))
        r.check(r.code == 2 and says in r.err.decode(), f"exit status 2, and {says}")


def test_verbose_tells_when_all_is_sent():
    with Recorder() as p:
        r = run("-v", "-d", "abc", p.url())
        assert "[1] * Upload completely sent off: 3 bytes" in r.err.decode(), r


def test_what_was_sent_is_reported():
    """As curl counts it."""
    with Recorder() as p:
        for args in (["-d", "abc"], ["-d", ""], [], ["-F", "a=b"], ["-d", "@/dev/null"]):
            r = run("-w", "%{size_upload}\n", *args, p.url())
            (seen,) = p.take()
            assert r.lines == [str(len(seen.body))], (args, r.lines, seen)
