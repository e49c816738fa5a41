"""Answers that come before a body is sent whole, and the 100 (Continue) that is waited for, beside curl where it has the
same rules."""
import contextlib
import os
import random
import signal
import socket
import threading
import time

from harness import Config, Peer, answering, failure, line, response, run, start, temp_dir, wait_until, world, write_file
from test_bodies import read_body, read_exactly

LARGE = 2 << 20  # over what is announced by Expect
ENDLESS = 12 << 20  # over what kernels take of it while nobody reads


def large(size=LARGE):
    path = os.path.join(Config.folder, f"large-{size}")
    if not os.path.exists(path):
        part = write_file(os.path.join(temp_dir(), "part"), b"0123456789abcdef" * (size // 16))
        os.replace(part, path)
    return "@" + path


def body_of(conn, request):
    return read_exactly(conn, int(request.get("Content-Length")[0]))


def test_a_100_is_waited_for():
    """Nothing of the body comes before it."""
    def serve(conn):
        request = conn.request()
        assert request.get("Expect") == ["100-continue"]
        conn.sock.settimeout(0.05)
        try:
            early.append(conn.sock.recv(10))
        except TimeoutError:
            pass
        conn.sock.settimeout(None)
        conn.send(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        assert len(body_of(conn, request)) == LARGE
        conn.send(response(b"hello"))

    for mode in ([], ["--sync"], ["--threads"]):
        early = []
        with Peer(serve) as p:
            run(*mode, "--expect100-timeout", "100", "--data-binary", large(), p.url()).expect(out=[line(5, p.url())])
        assert not early, early


def test_a_100_that_does_not_come():
    def serve(conn):
        request = conn.request()
        before = time.monotonic()
        conn.buffer += conn.sock.recv(65536)
        waited.append(time.monotonic() - before)
        assert len(body_of(conn, request)) == LARGE
        conn.send(response(b"hello"))

    for options, low, high in ((["--expect100-timeout", "0.15"], 0.1, 0.9), (["-H", "Expect:"], 0, 0.9), (["-0"], 0, 0.9)):
        waited = []
        with Peer(serve) as p:
            run(*options, "--data-binary", large(), p.url()).expect(out=[line(5, p.url())])
        assert low <= waited[0] <= high, (options, waited)


def test_a_417_is_tried_again_without():
    """Nothing was sent of the body, and then all of it. An Expect by hand is sent again; its 417 is the answer."""
    def serve(conn):
        request = conn.request()
        if request is None:
            return
        if request.get("Expect"):
            conn.send(response(b"no", status="417 Expectation Failed"))
            conn.await_end()
        else:
            bodies.append(body_of(conn, request))
            conn.send(response(b"hello"))

    bodies = []
    with Peer(serve) as p:
        run("--data-binary", large(), p.url()).expect(out=[line(5, p.url())])
        assert [len(b) for b in bodies] == [LARGE] and len(p.requests) == 2
    with Peer(serve) as p:
        r = run("-d", "abc", "-H", "Expect: 100-continue", p.url())
        r.expect(code=22, err=[failure(p.url(), ".*417 Expectation Failed")])
        assert len(p.requests) == 2


def refusing(status, after, then, head=""):
    """serve(): reads so many bytes of the body, answers, and then does what then(conn) says."""
    def serve(conn):
        request = conn.request()
        if request is None:
            return
        serve.got = read_exactly(conn, after)
        conn.send(response(b"no, as was said early", head, status))
        then(conn)
    return serve


def drain(conn):
    conn.await_end()


def close(conn):
    """With bytes unread: the kernel resets the connection."""
    conn.sock.close()


def half(conn):
    conn.sock.shutdown(socket.SHUT_WR)
    conn.await_end()


def test_a_refusal_ends_the_sending():
    """Whatever the server does after its answer, the answer is what is told: in every mode, over TLS too."""
    for tls in (None, world.tls_context()):
        for mode in ([], ["--sync"], ["--threads"])[:1 if tls else 3]:
            for then in (drain, close, half):
                for options, after in ((["-H", "Expect:"], 100_000), (["--expect100-timeout", "100"], 0)):
                    with Peer(refusing("413 Too Large", after, then), tls=tls) as p:
                        r = run(*mode, *options, "--cacert", world.ca, "--data-binary", large(ENDLESS), p.url(), timeout=20)
                        r.expect(code=22, err=[failure(p.url(), ".*413 Too Large")])


def test_its_body_is_kept():
    folder = temp_dir()
    with Peer(refusing("413 Too Large", 100_000, drain)) as p:
        run("--fail-with-body", "-o", folder + "/f", "-H", "Expect:", "--data-binary", large(ENDLESS), p.url()).expect(
            code=22, err=[failure(p.url(), ".*413 Too Large")])
        with open(folder + "/f", "rb") as f:
            assert f.read() == b"no, as was said early"


def test_a_success_that_comes_early():
    """The rest is sent all the same, as by curl, and the connection used again; unless the server is to close it."""
    size = ENDLESS
    for head, whole in (("", True), ("Connection: close\r\n", False)):
        got = []

        def serve(conn):
            for _ in range(2):
                request = conn.request()
                if request is None:
                    return
                length = int(request.get("Content-Length")[0])
                read_exactly(conn, 1000)
                conn.send(response(b"early", head))
                time.sleep(0.05)
                read_exactly(conn, length - 1000)
                got.append(length)

        with Peer(serve) as p:
            run("--sync", "-H", "Expect:", "--data-binary", large(size), p.url("/1"), p.url("/2")).expect(
                out=[line(5, p.url("/1")), line(5, p.url("/2"))])
        if whole:
            wait_until("the server", lambda: got == [size] * 2)
        else:
            assert not got, got
        assert p.accepts == (1 if whole else 2), p.accepts


def test_no_answer():
    """The connection breaks while the body is sent: it could not be sent. One that ends orderly gave no answer."""
    def serve(conn):
        conn.request()
        read_exactly(conn, 100_000)
        conn.reset()

    for mode in ([], ["--sync"], ["--threads"]):
        with Peer(serve) as p:
            r = run(*mode, "-H", "Expect:", "--data-binary", large(ENDLESS), p.url())
            r.check(r.code in (55, 56), "exit status 55 or 56")


def test_time_runs_out_while_sending():
    stop = threading.Event()

    def serve(conn):
        conn.request()
        stop.wait(20)

    with Peer(serve) as p:
        for mode in ([], ["--sync"], ["--threads"]):
            r = run(*mode, "-m", "0.2", "-H", "Expect:", "--data-binary", large(ENDLESS), p.url())
            r.expect(code=28, err=[failure(p.url(), ".*timed out: after 0.2 s.*")])
        r = run("-m", "0.1", "--data-binary", large(), p.url())
        r.expect(code=28, err=[failure(p.url(), ".*timed out: after 0.1 s.*")])
        stop.set()


def test_what_is_left_to_send_at_a_redirect():
    """A small rest is sent, so that the connection lives; a large one is not."""
    for size, accepts in ((101_500, 1), (ENDLESS, 2)):
        def serve(conn):
            while True:
                request = conn.request()
                if request is None:
                    return
                if request.target == "/":
                    read_exactly(conn, 100_000)
                    conn.send(response(b"", "Location: /there\r\n", "303 See Other"))
                    conn.sock.settimeout(1)
                    read_exactly(conn, int(request.get("Content-Length")[0]) - 100_000)
                else:
                    conn.send(response(b"hello"))

        with Peer(serve) as p:
            run("-H", "Expect:", "--data-binary", large(size - size % 16), p.url()).expect(out=[line(5, p.url())])
            assert [q.method for q in p.requests] == ["POST", "GET"] and p.accepts == accepts, (p.accepts, p.requests)


def test_a_busy_server_is_tried_again():
    def serve(conn):
        request = conn.request()
        if request is None:
            return
        if len(p.requests) < 3:
            read_exactly(conn, 1000)
            conn.send(response(b"later", status="503 Busy"))
            close(conn)
        else:
            sizes.append(len(body_of(conn, request)))
            conn.send(response(b"hello"))

    sizes = []
    with Peer(serve) as p:
        run("--retry", "5", "--retry-delay", "0.01", "-H", "Expect:", "--data-binary", large(ENDLESS), p.url()).expect(
            out=[line(5, p.url())])
        assert sizes == [ENDLESS]


def test_many_at_once():
    """Refused or not, each gets its own answer."""
    def answer(request, conn):
        if request.target.startswith("/no"):
            conn.send(response(b"x", "Connection: close\r\n", "403 Forbidden"))
            return None
        read_body(conn, request)
        return response(b"hello")

    with Peer(answering(answer)) as p:
        urls = [p.url(f"/{'no' if i % 3 == 0 else 'yes'}/{i}") for i in range(60)]
        for mode in ([], ["--threads"]):
            r = run(*mode, "-P", "20", "-H", "Expect:", "--data-binary", large(1 << 20), *urls, timeout=30)
            r.expect(code=22, out=[line(5, u) for u in urls if "/yes/" in u],
                     err=[failure(u, ".*403 Forbidden") for u in urls if "/no/" in u])


def test_stopped_while_sending():
    stop = threading.Event()

    def serve(conn):
        conn.request()
        stop.wait(20)

    for mode in ([], ["--sync"], ["--threads"]):
        with Peer(serve) as p:
            f = start(*mode, "-H", "Expect:", "--data-binary", large(ENDLESS), p.url("/1"), p.url("/2"))
            p.await_requests(1)
            f.signal(signal.SIGINT)
            r = f.wait()
            r.check(r.code == 130 and r.lines == [], "exit status 130")
    stop.set()


def behaving(seed):
    """serve(): reads some of each body, and then does anything."""
    def serve(conn):
        rng = random.Random(f"{seed} {conn.number}")
        while (request := conn.request()) is not None:
            if request.get("Expect") and rng.random() < 0.7:
                conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            if request.target == "/end" or rng.random() < 0.3:
                read_body(conn, request)
                conn.send(response(b"hello"))
                continue
            conn.sock.settimeout(0.1)
            with contextlib.suppress(TimeoutError):
                read_exactly(conn, rng.choice([0, 1, 1000, 70000, 300000]))
            what = rng.choice(["200", "413", "307", "303", "417", "503", "reset", "nothing", "garbage", "a part"])
            if what == "garbage":
                conn.send(b"\1\2what\r\n\r\n")
            elif what == "a part":
                conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc")
            elif what[0] in "2345":
                conn.send(response(b"x", ("Location: /end\r\n" if what[0] == "3" else "") +
                                   rng.choice(["", "Connection: close\r\n"]), what + " X"))
                if rng.random() < 0.5:
                    conn.sock.shutdown(socket.SHUT_WR)
                if rng.random() < 0.5:
                    conn.await_end()
            return conn.reset() if rng.random() < 0.5 else None
    return serve


def test_peers_that_do_anything():
    """Whatever they do, each URL has its one result, in time."""
    forms = (["-d", large(3 << 20)], ["-F", "a=" + large(3 << 20), "-F", "b=c"], ["-d", large(1 << 15)],
             ["--data-binary", large(3 << 20), "-H", "Transfer-Encoding: chunked"])
    for seed in range(6):
        rng = random.Random(seed)
        mode = rng.choice([[], [], ["--threads"]])
        tls = world.tls_context() if rng.random() < 0.5 else None
        options = ["--expect100-timeout", "0.05", "-m", "3", *rng.choice([[], ["--retry", "2", "--retry-delay", "0.01"], ["-P", "3"]])]
        with Peer(behaving(seed), tls=tls) as p:
            urls = [p.url(f"/{i}") for i in range(15)]
            r = run(*mode, *options, "--cacert", world.ca, *rng.choice(forms), *urls, timeout=60)
            results = [x.split(" received from ")[-1] for x in r.lines] + [x.split(": ")[1] for x in r.errors]
            r.check(sorted(results) == sorted(urls), "one result for each URL")
