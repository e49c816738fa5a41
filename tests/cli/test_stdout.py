"""-o -: bodies on standard output, whole and one after another, whatever the order in which they come; and --ordered."""
import itertools
import os
import re
import resource
import signal
import threading

from harness import (Config, Peer, answering, by_path, line, read_file, response, run, run_shell, start,
                     temp_dir, wait_until)

SIZE = 1_000_000


def body(i, size=SIZE):
    return (b"%08d" % i) * (size // 8)


def at_once():
    """The modes in which one need not wait for another."""
    return (["--threads"],) if Config.mode == "--sync" else ([], ["--threads"])


class Gate:
    """A peer whose /slow sends one half, and the other when told to go; /N/SIZE is body(N, SIZE), which others lets
    out."""

    def __init__(self):
        self.go, self.others = threading.Event(), threading.Event()
        self.answered = itertools.count(1)
        self.count = 0
        self.peer = Peer(self._serve)
        self.url = self.peer.url

    def _answer(self, request, conn):
        if request.target == "/slow":
            conn.send(response(b"S" * 100)[:-50])
            self.go.wait(20)
            conn.send(b"S" * 50)
            return
        self.others.wait(20)
        n, size = (int(x) for x in request.target[1:].split("/"))
        conn.send(response(body(n, size)))
        self.count = next(self.answered)

    def _serve(self, conn):
        while request := conn.request():
            self._answer(request, conn)

    def missing(self):
        """What another peer may answer by."""
        self.others.wait(20)
        return response(b"no", status="404 Not Found")

    def __enter__(self):
        self.peer.__enter__()
        return self

    def __exit__(self, *args):
        self.go.set()
        self.others.set()
        return self.peer.__exit__(*args)


def bodies_of(out, size):
    return [out[i:i + size] for i in range(0, len(out), size)]


def printed(r, data):
    """A success whose bodies are data."""
    r.check(r.code == 0 and r.out == data and r.errors == [], "success, and the bodies alone")


def test_one_body_after_another():
    with Peer(answering(by_path)) as p:
        printed(run("-o", "-", p.url("/5"), p.url("/7")), b"x" * 12)
        printed(run("-o", "-", "--ordered", p.url("/5"), p.url("/0"), p.url("/7")), b"x" * 12)
        printed(run("-s", "-o", "-", p.url("/70000")), b"x" * 70000)


class Printed:
    """A run whose output is large, or looked at while it comes."""

    def __init__(self, *args, **how):
        self.pipe, writing = os.pipe()
        self.out = bytearray()
        self.run = start(*args, stdout=writing, **how)
        os.close(writing)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while piece := os.read(self.pipe, 65536):
            self.out += piece
        os.close(self.pipe)

    def await_begun(self):
        wait_until("the first body has begun", lambda: self.out == b"S" * 50)

    def wait(self):
        r = self.run.wait()
        self.thread.join()
        r.out = bytes(self.out)
        return r


def test_a_slow_first_body_stalls_nobody():
    """The others are fetched meanwhile, and come behind it, whole."""
    for mode in at_once():
        with Gate() as g:
            f = start(*mode, "-o", "-", g.url("/slow"), *[g.url(f"/{i}/8000") for i in range(20)])
            f.await_output(b"^S{50}$")
            g.others.set()
            wait_until("all others are answered", lambda: g.count == 20)
            waiting = rb" \S+/8000 waiting for its turn on standard output \d+\.\d s\n"
            wait_until("it is told who waits",
                       lambda: f.signal(signal.SIGUSR1) or re.search(waiting, f.data["err"]))
            assert f.data["out"] == b"S" * 50
            g.go.set()
            r = f.wait()
        r.check(r.code == 0 and r.out[:100] == b"S" * 100, "the first whole")
        r.check(sorted(bodies_of(r.out[100:], 8000)) == [body(i, 8000) for i in range(20)], "each other whole")


def test_complete_ones_go_before_those_that_are_not():
    second = threading.Event()

    def answer(request, conn):
        g.others.wait(20)
        if request.target == "/late":
            conn.send(response(b"LLLL")[:-2])
            second.wait(20)
            return b"LL"
        return response(b"cc")

    with Gate() as g, Peer(answering(answer)) as p:
        f = start(*at_once()[0], "-o", "-", g.url("/slow"), p.url("/late"), p.url("/quick"))
        f.await_output(b"^S{50}$")
        g.others.set()
        # That it is complete is told by nothing but its coming first.
        wait_until("both were answered", lambda: len(p.requests) == 2)
        threading.Timer(0.2, g.go.set).start()
        f.await_output(b"^S{100}cc")
        second.set()
        printed(f.wait(), b"S" * 100 + b"ccLLLL")


def test_those_that_wait_keep_their_places():
    """And one more than -P allows is the most that is fetched meanwhile."""
    for mode in at_once():
        with Gate() as g:
            f = start(*mode, "-P", 4, "-o", "-", g.url("/slow"), *[g.url(f"/{i}/8") for i in range(40)])
            f.await_output(b"^S{50}$")
            g.others.set()
            wait_until("others were answered", lambda: g.count >= 3)
            threading.Event().wait(0.2)
            assert g.count <= 5, g.count
            g.go.set()
            r = f.wait()
        r.check(r.code == 0 and sorted(bodies_of(r.out[100:], 8)) == [body(i, 8) for i in range(40)], "all of them")


def test_what_waits_is_in_files_without_names():
    """60 MB behind a slow body: the memory is bounded, and nothing is left in the folder."""
    for mode in at_once():
        folder = temp_dir()
        with Gate() as g:
            f = Printed(*mode, "-o", "-", g.url("/slow"), *[g.url(f"/{i}/{SIZE}") for i in range(60)],
                        env={"TMPDIR": folder})
            f.await_begun()
            g.others.set()
            wait_until("all others are answered", lambda: g.count == 60, 20)
            if not Config.sanitized:
                assert f.run.peak_memory() < 52_000_000, f.run.peak_memory()
            assert os.listdir(folder) == []
            g.go.set()
            r = f.wait()
        r.check(r.code == 0 and r.out[:100] == b"S" * 100 and len(r.out) == 100 + 60 * SIZE, "all bytes")
        r.check(sorted(bodies_of(r.out[100:], SIZE)) == [body(i) for i in range(60)], "each body whole")


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def test_no_room_for_those_files():
    """A full disk, or a folder that is none: transfers pause, and nothing is lost."""
    for how, why in (({"preexec_fn": limit_files}, "File too large"),
                     ({"env": {"TMPDIR": "/nowhere"}}, "No such file or directory")):
        with Gate() as g:
            f = Printed(*at_once()[0], "-o", "-", g.url("/slow"), *[g.url(f"/{i}/{SIZE}") for i in range(40)], **how)
            f.await_begun()
            g.others.set()
            f.run.await_output(b"warning: ", "err")
            if not Config.sanitized:
                assert f.run.peak_memory() < 40_000_000, f.run.peak_memory()
            g.go.set()
            r = f.wait()
        r.check(r.code == 0 and len(r.errors) == 1 and f"({why}); they pause instead" in r.errors[0], "a warning")
        r.check(sorted(bodies_of(r.out[100:], SIZE)) == [body(i) for i in range(40)], "each body whole")


def test_a_reader_that_does_not_read_slows_transfers():
    size = 40_000_000
    for mode in ([], ["--sync"], ["--threads"]):
        sent = threading.Event()

        def serve(conn):
            while request := conn.request():
                conn.send(by_path(request))
                sent.set()

        with Peer(serve) as p:
            reading, writing = os.pipe()
            f = start(*mode, "-o", "-", p.url(f"/{size}"), stdout=writing)
            os.close(writing)
            begun = os.read(reading, 1)
            assert not sent.wait(0.2), "the server has not sent all"
            if not Config.sanitized:
                assert f.peak_memory() < 15_000_000, f.peak_memory()
            with os.fdopen(reading, "rb") as out:
                rest = out.read()
            f.wait().check(begun + rest == b"x" * size, "the body")


def test_a_reader_that_goes_away():
    for mode in ([], ["--sync"], ["--threads"]):
        with Peer(answering(by_path)) as p:
            reading, writing = os.pipe()
            f = start(*mode, "-o", "-", *[p.url(f"/{5_000_000 + i}") for i in range(5)], stdout=writing)
            os.close(writing)
            os.read(reading, 10)
            os.close(reading)
            r = f.wait()
            r.check(r.code == 141 and r.err == b"", "a quiet end with 141")


def test_standard_output_that_is_closed():
    with Peer(answering(by_path)) as p:
        r = run_shell('exec "$@" >&-', "-o", "-", p.url("/5"))
        r.check(r.code == 23 and "standard output is closed" in r.err.decode(), "23")
        r = run_shell('exec "$@" >/dev/full', "-o", "-", p.url("/500000"))
        r.check(r.code == 23 and "No space left" in r.err.decode(), "23")
        r = run_shell('exec "$@" >/dev/null', "-o", "-", p.url("/500000"), p.url("/5"))
        printed(r, b"")


def test_other_destinations_beside_it():
    with Peer(answering(by_path)) as p:
        folder = temp_dir()
        printed(run("-o", "-", "-o", folder + "/a", "-o", "-", p.url("/5"), p.url("/6"), p.url("/7")), b"x" * 12)
        assert read_file(folder + "/a") == b"x" * 6


def test_write_out_follows_its_body():
    """Also that of a URL without one, of a failure, and of one with a file: never within another's body."""
    for mode in at_once():
        with Gate() as g, Peer(answering(lambda r: g.missing())) as p:
            folder = temp_dir()
            f = start(*mode, "-o", "-", "-o", "-", "-o", "-", "-o", folder + "/a", "-w", "[%{http_code} %{urlnum}]",
                      g.url("/slow"), g.url("/1/8"), p.url("/"), g.url("/2/8"))
            f.await_output(b"^S{50}$")
            g.others.set()
            wait_until("others were answered", lambda: g.count == 2 and len(p.requests) == 1)
            g.go.set()
            r = f.wait()
            r.check(r.code == 22 and r.out.startswith(b"S" * 100 + b"[200 0]"), "the first, and what belongs to it")
            parts = re.findall(rb"0000000\d\[\d+ \d\]|\[\d+ \d\]", r.out[107:])
            r.check(sorted(parts) == [b"00000001[200 1]", b"[200 3]", b"[404 2]"], "the others likewise")
            assert read_file(folder + "/a") == body(2, 8)


def test_a_body_that_fails():
    """What was begun stays cut; what was not is not there."""
    cut = response(b"c" * 100)[:-60]
    begun, whole = threading.Event(), threading.Event()

    def answer(request, conn):
        if request.target == "/none":
            begun.wait(20)
        conn.send(cut)
        if request.target == "/cut":
            whole.wait(20)
        return None

    with Peer(answering(answer)) as p:
        f = start(*at_once()[0], "-o", "-", p.url("/cut"), p.url("/none"))
        f.await_output(b"^c{40}$")
        begun.set()
        f.await_output("/none: transfer ended early", "err")
        whole.set()
        r = f.wait()
        r.check(r.code == 18 and r.out == b"c" * 40, "the cut body alone")


def test_a_try_goes_on_only_where_it_can():
    """From a strong validator, by 206; what was not printed yet begins anew."""
    data = bytes(range(65, 91)) * 2000

    def tries(etag, partial=True):
        seen = []

        def answer(request, conn):
            seen.append(request.get("Range"))
            if len(seen) == 1:
                conn.send(response(data, head=etag)[:-20000])
                return None
            begin = int(request.get("Range")[0][6:-1]) if request.get("Range") and partial else 0
            if not begin:
                return response(data, head=etag)
            return response(data[begin:], status="206 Partial Content",
                            head=etag + f"Content-Range: bytes {begin}-{len(data) - 1}/{len(data)}\r\n")

        return answer

    options = ("-s", "--retry", "1", "--retry-all-errors", "--retry-delay", "0.01", "-o", "-")
    with Peer(answering(tries('ETag: "a"\r\n'))) as p:
        r = run(*options, p.url("/"))
        r.check(r.code == 0 and r.out == data, "one body, from two tries")
    for answer in (tries("",), tries('ETag: "a"\r\n', partial=False)):
        with Peer(answering(answer)) as p:
            r = run(*options, p.url("/"))
            r.check(r.code == 18 and r.out == data[:-20000], "the cut body")


def test_ordered():
    """Lines and bodies, whatever comes first; failures and bad lines at their place, too."""
    for mode in at_once():
        with Gate() as g, Peer(answering(lambda r: g.missing())) as p:
            folder = temp_dir()
            inputs = [g.url("/slow"), g.url("/1/8"), p.url("/"), "", "x://y", g.url("/2/80")]
            g.others.set()
            f = start(*mode, "--ordered", f"--jsonl={folder}/j", "-", stdin="\n".join(inputs))
            wait_until("others were answered", lambda: g.count == 2 and len(p.requests) == 1)
            assert read_file(folder + "/j") == b""
            g.go.set()
            r = f.wait()
            r.check(r.code == 123 and [re.sub(r": (the|unsupp).*", "", x) for x in r.errors] ==
                    ["afetch: " + p.url("/"), "afetch: line 5: x://y"], "two failures, in order")
            ns = [int(n) for n in re.findall(r'"n":(\d+)', read_file(folder + "/j").decode())]
            assert ns == [1, 2, 3, 4, 5], ns
        with Gate() as g:
            g.others.set()
            f = start(*mode, "--ordered", g.url("/slow"), *[g.url(f"/{i}/8") for i in range(20)])
            wait_until("others were answered", lambda: g.count == 20)
            g.go.set()
            f.wait().expect(out=[line(100, g.url("/slow")), *[line(8, g.url(f"/{i}/8")) for i in range(20)]],
                            ordered=True)
        with Gate() as g:
            g.others.set()
            f = start(*mode, "--ordered", "-o", "-", *[g.url(f"/{i}/80000") for i in range(100)])
            printed(f.wait(), b"".join(body(i, 80000) for i in range(100)))


def test_ordered_where_the_first_waits_for_its_next_try():
    """It holds no place meanwhile, and gets one although others wait in line."""
    count = itertools.count()

    def answer(request):
        if request.target == "/first" and next(count) == 0:
            return response(b"", status="503 Later")
        return response(request.target.encode())

    with Peer(answering(answer)) as p:
        r = run("-P", 2, "--ordered", "--retry", 1, "--retry-delay", "0.2", "-o", "-", p.url("/first"),
                *[p.url(f"/{i}") for i in range(10)])
        printed(r, ("/first" + "".join(f"/{i}" for i in range(10))).encode())


def test_with_a_journal():
    """What is recorded once it has its turn is told right behind its body all the same; what is recorded is not fetched
    again."""
    for mode in at_once():
        with Gate() as g:
            g.go.set()
            g.others.set()
            journal = temp_dir() + "/journal"
            urls = [g.url(f"/{i}/80") for i in range(30)]
            args = [*mode, "-s", "--ordered", "--journal", journal, "-o", "-", "-w", "[%{urlnum}]\n"]
            printed(run(*args, *urls), b"".join(body(i, 80) + b"[%d]\n" % i for i in range(30)))
            again = run(*args, *urls, g.url("/30/80"))
            again.check(again.code == 0 and again.out == body(30, 80) + b"[30]\n", "the last one's body alone")


def test_what_does_not_go_together():
    r = run("-o", "-", "--jsonl", "http://127.0.0.1:1/")
    r.check(r.code == 2 and "--jsonl=FILE" in r.err.decode(), "a usage error")
    with Peer(answering(by_path)) as p:
        folder = temp_dir()
        printed(run("-o", "-", f"--jsonl={folder}/j", p.url("/5")), b"xxxxx")
        assert read_file(folder + "/j").count(b"\n") == 1
