"""-T: files and standard input that are sent, beside curl against the same server, and to nginx."""
import os
import re
import signal
import socket
import threading

from harness import Config, Peer, Skip, failure, line, read_file, response, run, start, temp_dir, wait_until, world, write_file
from test_answers import ENDLESS, large
from test_bodies import Recorder, compare, read_body
from test_limits import answers

CASES = [
    ["-T", "lines"], ["--upload-file", "lines", "{url}/there"], ["-T", "lines", "{url}/dir/"], ["-T", "lines", "{url}"],
    ["-T", "lines", "{url}/d/#f"], ["-T", "a b&ü%", "{url}/"], ["-T", "back\\slash", "{url}/"], ["-T", "sub/in it", "{url}/x/"],
    ["-T", "empty"], ["-T", "bytes", "-X", "POST"], ["-T", "lines", "-H", "Content-Type: a/b"], ["-T", "lines", "-H", "Expect:"],
    ["-T", "large", "{url}/x"], ["-T", "large", "-H", "Expect:", "{url}/x"], ["-T", "lines", "-H", "Transfer-Encoding: chunked"],
    ["-T", "lines", "-0"], ["-T", "lines", "--url-query", "a=b", "{url}/d/"],
    ["-T", "-", "{url}/d/"], ["-T", ".", "{url}/d/"], ["-T", "-", "-H", "Expect:", "{url}/x"], ["-T", "-", "-H", "Content-Type: x/y", "{url}/x"],
    ["-T", "/dev/null", "{url}/x"],
    # files and URLs in order
    ["-T", "lines", "-T", "bytes", "{url}/1", "{url}/2"], ["{url}/1", "-T", "lines", "{url}/2", "-T", "bytes"], ["-T", "lines", "{url}/1", "{url}/2"],
    ["-T", "lines", "{url}/[1-3]"], ["-T", "{lines,bytes}", "{url}/d/"], ["-T", "{lines,bytes}", "{url}/{a,b}/"], ["-g", "-T", "{x}", "{url}/d/"],
    ["-T", "{lines,bytes}", "{url}/1", "-T", "empty", "{url}/2/"],
]


def upload_folder():
    """What compare() makes, and odd names."""
    folder = temp_dir()
    os.mkdir(os.path.join(folder, "sub"))
    for name in ("a b&ü%", "back\\slash", "sub/in it", "{x}"):
        write_file(os.path.join(folder, name), b"what " + name.encode())
    return folder


def test_as_curl_sends_it():
    compare(CASES, folder=upload_folder(), options=["--sync"], less=b"\r\nExpect: 100-continue") # curl of old: always


def test_as_curl_8_sends_it():
    """A query keeps the name away; Expect is for what is large."""
    path = write_file(os.path.join(temp_dir(), "f"), b"abc")
    for args, target, expect in ((["-T", path, "/?q"], "/?q", []), (["-T", path, "?q"], "/?q", []), (["-T", path, "/"], "/f", []),
                                 (["-T", "", "/x/"], "/x/", []), (["-T", large(1 << 20)[1:], "/x"], "/x", []), (["-T", large((1 << 20) + 16)[1:], "/x"], "/x", ["100-continue"])):
        with Recorder() as p:
            run(*args[:-1], p.url(args[-1])).expect(out=[line(5, p.url("/f" if target == "/f" else args[-1]))])
            assert (p.seen[0].request.target, p.seen[0].request.get("Expect")) == (target, expect), (args, p.seen)


def test_to_nginx():
    """What is there afterwards is what was sent, whatever its size, over TLS too."""
    folder = temp_dir()
    sizes = (0, 1, 65536, 65537, 5_000_001)
    for mode in ([], ["--sync"], ["--threads"]):
        for server in ("http", "https"):
            args, out = [], []
            for size in sizes:
                write_file(os.path.join(folder, f"f{size}"), os.urandom(size))
                args += ["-T", os.path.join(folder, f"f{size}"), world.url(server, "/put/x/")]
                out.append(line(0, world.url(server, f"/put/x/f{size}")))
            run(*mode, "--cacert", world.ca, *args).expect(out=out)
            for size in sizes:
                path = os.path.join(world.www, "put", "x", f"f{size}")
                assert read_file(path) == read_file(os.path.join(folder, f"f{size}")), size
                os.unlink(path)


def test_from_standard_input_to_nginx():
    data = os.urandom(300_000)
    for mode in ([], ["--sync"], ["--threads"]):
        url = world.url(path="/put/stdin")
        run(*mode, "-T", "-", url, stdin=data).expect(out=[line(0, url)])
        assert read_file(os.path.join(world.www, "put", "stdin")) == data


def test_too_large_for_nginx():
    """Before the body (as it waits for a 100), and in its midst."""
    for options in ([], ["-H", "Expect:"]):
        url = world.url(path="/put/little/x")
        run(*options, "-T", large(ENDLESS)[1:], url).expect(code=22, err=[failure(url, ".*413 Request Entity Too Large")])


def test_standard_input_that_is_still_written():
    """What there is goes out while more is to come; an answer that comes before its end is read."""
    def serve(conn):
        request = conn.request()
        conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        while b"first" not in conn.buffer:
            conn.buffer += conn.sock.recv(100)
        got.set()
        body.append(read_body(conn, request).body)
        conn.send(response(b"hello"))

    for mode in ([], ["--sync"], ["--threads"]):
        got, body = threading.Event(), []
        with Peer(serve) as p:
            f = start(*mode, "-T", "-", p.url("/x"), stdin="open")
            f.write("first")
            assert got.wait(20)
            f.write("second")
            f.close()
            f.wait().expect(out=[line(5, p.url("/x"))])
            assert body == [b"firstsecond"]


def test_an_answer_before_the_end_of_standard_input():
    def serve(conn):
        conn.request()
        conn.send(response(b"no", status="403 Forbidden"))
        conn.await_end()

    with Peer(serve) as p:
        f = start("-T", "-", p.url("/x"), stdin="open")
        r = f.wait()
        r.expect(code=22, err=[failure(p.url("/x"), ".*403 Forbidden")])


def test_what_is_no_file():
    """Each is a failure of its URL alone; its name is told."""
    folder = temp_dir()
    there = write_file(os.path.join(folder, "there"), b"x")
    with Recorder() as p:
        for mode in ([], ["--sync"], ["--threads"]):
            r = run(*mode, "-T", folder + "/nowhere", p.url("/1"), "-T", there, p.url("/2"), "-T", folder, p.url("/3"))
            r.expect(code=26, out=[line(5, p.url("/2"))], err=[
                failure(p.url("/1"), "could not read: " + re.escape(folder) + "/nowhere cannot be opened: No such file or directory"),
                failure(p.url("/3"), "could not read: " + re.escape(folder) + " cannot be opened: Is a directory")])
        assert [s.request.target for s in p.seen] == ["/2"] * 3


def test_a_file_that_shrinks():
    """Less than was announced fails; the server does not get what is no whole body."""
    folder = temp_dir()
    path = write_file(os.path.join(folder, "f"), b"x" * 10_000_000)
    ended = []

    def serve(conn):
        request = conn.request()
        os.truncate(path, 5_000_000)
        conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            read_body(conn, request)
        except ConnectionError:
            ended.append(True)

    with Peer(serve) as p:
        r = run("-T", path, p.url("/f"))
        r.expect(code=26, err=[failure(p.url("/f"), "could not read: " + re.escape(path) + r" ended after \d+ of 10000000 bytes")])
    wait_until("the server", lambda: ended)


def test_a_file_that_grows():
    folder = temp_dir()
    path = write_file(os.path.join(folder, "f"), b"x" * 2_000_000)

    def serve(conn):
        request = conn.request()
        with open(path, "ab") as f:
            f.write(b"y" * 100_000)
        seen.append(read_body(conn, request).body)
        conn.send(response(b"hello"))

    seen = []
    with Peer(serve) as p:
        run("-T", path, p.url("/f")).expect(out=[line(5, p.url("/f"))])
    assert seen == [b"x" * 2_000_000]


def redirecting(status="307 Temporary"):
    return lambda seen: response(b"hello") if seen.request.target == "/end" else response(b"there", "Location: /end\r\n", status)


def test_redirects_and_tries_read_it_again():
    folder = temp_dir()
    path = write_file(os.path.join(folder, "f"), os.urandom(3_000_000))
    for mode in ([], ["--sync"], ["--threads"]):
        with Recorder(redirecting()) as p:
            run(*mode, "-T", path, p.url("/f")).expect(out=[line(5, p.url("/f"))])
            assert [(s.request.method, s.body == read_file(path)) for s in p.seen] == [("PUT", True)] * 2
        with Recorder(lambda seen: response(b"x", status="503 Busy") if len(p.seen) < 2 else response(b"hello")) as p:
            run(*mode, "--retry", "2", "--retry-delay", "0.01", "-T", path, p.url("/f")).expect(out=[line(5, p.url("/f"))])
            assert [s.body == read_file(path) for s in p.seen] == [True] * 2


def test_a_put_stays_one_at_redirects():
    """But for a 303, which asks for a GET."""
    for status, then in (("301 Moved", "PUT"), ("302 Found", "PUT"), ("303 See Other", "GET")):
        with Recorder(redirecting(status)) as p:
            run("-T", "-", p.url("/f"), stdin=b"").check(True, "") if then == "GET" else None
            run("-T", large(1 << 20)[1:], p.url("/f")).expect(out=[line(5, p.url("/f"))])
            assert p.seen[-1].request.method == then, p.seen


def test_standard_input_cannot_be_read_twice():
    """A redirect that wants it again fails with 65, a status that may pass is not tried again; what was not read yet is
    read after the redirect."""
    with Recorder(redirecting()) as p:
        r = run("-T", "-", p.url("/f"), stdin=b"abc")
        r.expect(code=65, err=[failure(p.url("/f"), "could not send the body again: - was read already")])
    with Recorder(lambda seen: response(b"x", status="503 Busy")) as p:
        r = run("--retry", "3", "--retry-delay", "0.01", "-T", "-", p.url("/f"), stdin=b"abc")
        r.expect(code=22, err=[failure(p.url("/f"), ".*503 Busy")])
        assert len(p.seen) == 1

    def serve(conn):
        request = conn.request()
        if request.target == "/f":
            conn.send(response(b"", "Location: /end\r\nConnection: close\r\n", "307 Temporary"))
            return
        bodies.append(read_body(conn, request).body)
        conn.send(response(b"hello"))

    bodies = []
    with Peer(serve) as p:
        run("-T", "-", p.url("/f"), stdin=b"abc").expect(out=[line(5, p.url("/f"))])
        assert bodies == [b"abc"]


def test_standard_input_for_one_url():
    with Recorder() as p:
        r = run("--sync", "-T", "-", p.url("/[1-2]"), stdin=b"abc")
        r.expect(code=26, out=[line(5, p.url("/1"))],
                 err=[failure(p.url("/2"), "could not read: standard input is sent to another URL already")])


def test_a_fifo():
    """It is sent as its writer writes; who has none holds up nobody, and Ctrl-C ends it."""
    if Config.mode == "--sync":
        raise Skip("one after another, it holds up all that follow")
    folder = temp_dir()
    path, idle = os.path.join(folder, "fifo"), os.path.join(folder, "idle")
    os.mkfifo(path)
    os.mkfifo(idle)
    other = write_file(os.path.join(folder, "other"), b"o")

    def write():
        with open(path, "wb") as f:
            f.write(b"through the pipe")

    with Recorder() as p:
        for mode in ([], ["--threads"]):
            threading.Thread(target=write, daemon=True).start()
            f = start(*mode, "-T", idle, p.url("/idle"), "-T", path, p.url("/fifo"), "-T", other, p.url("/other"))
            f.await_lines(2)
            f.signal(signal.SIGTERM)
            r = f.wait()
            r.check(r.code == 143 and sorted(r.lines) == [line(5, p.url("/fifo")), line(5, p.url("/other"))], "two lines, and 143")
            seen = {s.request.target: s for s in p.take()}
            assert seen["/fifo"].body == b"through the pipe" and seen["/fifo"].chunked, seen


def test_what_is_waited_for():
    """SIGUSR1 tells that it is standard input, or the server's word."""
    def serve(conn):
        conn.request()
        if conn.number == 1:
            conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        conn.await_end()

    with Peer(serve) as p:
        for n, what in enumerate(("feeding", "expecting")):
            f = start("--expect100-timeout", "100", "-T", "-", p.url("/x"), stdin="open")
            p.await_requests(n + 1)
            answers(f, rf"afetch: 1 \S+/x {what} \d")
            f.signal(signal.SIGTERM)
            f.wait()


def test_memory_is_constant():
    if Config.sanitized:
        raise Skip("memory is a sanitizer's")
    folder = temp_dir()
    path = os.path.join(folder, "huge")
    with open(path, "wb") as f:
        f.truncate(200 << 20)
    total = [0]

    def serve(conn):
        request = conn.request()
        conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        left = int(request.get("Content-Length")[0]) - len(conn.buffer)
        while left:
            left -= len(conn.sock.recv(1 << 20))
        total[0] = int(request.get("Content-Length")[0])
        peaks.append(f.peak_memory())
        conn.send(response(b"hello"))

    peaks = []
    with Peer(serve) as p:
        f = start("-T", path, p.url("/x"))
        f.wait().expect(out=[line(5, p.url("/x"))])
    assert total == [200 << 20] and peaks[0] < 24 << 20, peaks


def test_many_files_at_once():
    folder = temp_dir()
    args, urls, sent = [], [], {}
    with Recorder() as p:
        for i in range(100):
            sent[f"/f{i}"] = os.urandom(1000 * i)
            args += ["-T", write_file(os.path.join(folder, f"f{i}"), sent[f"/f{i}"]), p.url("/")]
            urls.append(p.url(f"/f{i}"))
        for mode in ([], ["--threads"]):
            run(*mode, "-P", "30", *args).expect(out=[line(5, u) for u in urls])
            assert {s.request.target: s.body for s in p.take()} == sent


def test_usage():
    for args, says in ((["-T", "a", "-d", "x"], "-T and -d contradict each other"), (["-I", "-T", "a"], "-T and -I contradict each other"),
                       (["-T", "a", "-T", "b"], "2 -T for 1 URL"), (["-T", "-", "-"], "reads standard input"),
                       (["-T"], "-T needs an argument"), (["--compare", "-T", "x"], "--upload-file does not go with --compare")):
        r = run(*args, *([] if args == ["-T"] else ["http://127.0.0.1:1/"]))
        r.check(r.code == 2 and says in r.err.decode(), f"exit status 2, and {says}")
    r = run("-0", "-T", "-", "http://127.0.0.1:1/x", stdin=b"")
    r.check(r.code == 7, "no connection")
    with Recorder() as p:
        r = run("-0", "-T", "-", p.url("/x"), stdin=b"")
        r.expect(code=25, err=[failure(p.url("/x"), "could not upload: HTTP/1.0 has no way to send what has no known length")])
