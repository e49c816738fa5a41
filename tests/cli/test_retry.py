"""Trying again: what for, when, from where, and what a try that waits does not hold."""
import email.utils
import os
import time

from harness import (Config, Dns, Peer, answering, by_path, failure, free_port, line, read_file, response, run, start,
                     temp_dir)

FAST = ["--retry-delay", "0.02"]


def failing(times, status="503 Busy", head="", body=b"no"):
    """answer(): so often status, then a page of five bytes; counted for each target."""
    seen = {}

    def answer(request):
        n = seen[request.target] = seen.get(request.target, 0) + 1
        return response(body, head, status) if n <= times else response(b"12345")
    return answer


def test_statuses():
    transient = (408, 429, 500, 502, 503, 504, 522, 524)
    for status in (*transient, 400, 401, 404, 501, 505):
        with Peer(answering(failing(2, f"{status} X"))) as p:
            r = run("--retry", "3", *FAST, p.url("/x"))
            if status in transient:
                r.expect(out=[line(5, p.url("/x"))])
                assert len(p.requests) == 3, (status, len(p.requests))
            else:
                r.expect(code=22, err=[failure(p.url("/x"), f".*{status}.*")])
                assert len(p.requests) == 1, (status, len(p.requests))


def test_named_statuses():
    for status, args, tries in ((404, ["--retry-on-http-error", "404"], 3), (404, ["--retry-on-http-error", "400-403,405"], 1),
                                (418, ["--retry-on-http-error", "404,410-420"], 3), (404, ["--retry-all-errors"], 1),
                                (505, ["--retry-all-errors"], 3)):
        with Peer(answering(failing(9, f"{status} X"))) as p:
            run("--retry", "2", *FAST, *args, p.url("/x")).expect(code=22, err=[failure(p.url("/x"))])
            assert len(p.requests) == tries, (status, args, len(p.requests))


def test_tries_run_out():
    with Peer(answering(failing(9))) as p:
        run("--retry", "2", *FAST, p.url("/x")).expect(code=22, err=[failure(p.url("/x"), ".*503 Busy")])
        assert len(p.requests) == 3


def test_no_tries_by_default():
    with Peer(answering(failing(1))) as p:
        run(p.url("/x")).expect(code=22, err=[failure(p.url("/x"))])
        assert len(p.requests) == 1


def test_errors():
    """A connection that breaks is tried again only with --retry-all-errors; a refused one, with --retry-connrefused."""
    def breaks(conn):
        q = conn.request()
        if q is None:
            return
        if conn.number <= 2:
            conn.reset()
        else:
            conn.send(response(b"12345"))

    with Peer(breaks) as p:
        run("--retry", "3", *FAST, p.url("/x")).expect(code=56, err=[failure(p.url("/x"))])
        assert p.accepts == 1
    with Peer(breaks) as p:
        run("--retry", "3", *FAST, "--retry-all-errors", p.url("/x")).expect(out=[line(5, p.url("/x"))])
        assert p.accepts == 3
    url = f"http://127.0.0.1:{free_port()}/"
    run("--retry", "2", *FAST, url).expect(code=7, err=[failure(url)])


def test_a_server_that_comes_late():
    port = free_port()
    url = f"http://127.0.0.1:{port}/5"
    f = start("--retry", "100", "--retry-delay", "0.1", "--retry-connrefused", "-v", url)
    f.await_output("Trying again", "err")
    with Peer(answering(by_path), port=port):
        f.wait().check(f.data["out"].decode() == line(5, url) + "\n", "fetched once the server is there")


def test_look_ups():
    zone = {"late.test": lambda kind: "servfail" if dns.asked("late.test") <= 4 else ["127.0.0.1"]}
    with Dns(zone, ttl=0) as dns, Peer(answering(by_path)) as p:
        url = p.url("/5", host="late.test")
        run("--retry", "5", "--retry-delay", "1.1", "--dns-servers", dns.server, url).expect(out=[line(5, url)])


def test_time_outs():
    def slow_first(conn):
        q = conn.request()
        if q is not None and conn.number > 1:
            conn.send(response(b"12345"))
        conn.await_end()

    with Peer(slow_first) as p:
        run("--retry", "2", *FAST, "-m", "0.3", p.url("/x")).expect(out=[line(5, p.url("/x"))])
        assert p.accepts == 2


def test_backoff_doubles():
    """1 s and 2 s, each up to a quarter less."""
    times = []

    def answer(request):
        times.append(time.monotonic())
        return response(b"", status="503 X") if len(times) < 3 else response(b"12345")

    with Peer(answering(answer)) as p:
        run("--retry", "2", p.url("/x")).expect(out=[line(5, p.url("/x"))])
    first, second = times[1] - times[0], times[2] - times[1]
    assert 0.74 < first < 1 + 0.5 * Config.slow and 1.49 < second < 2 + 0.5 * Config.slow, (first, second)


def test_retry_after():
    """In both forms, and never sooner; with a delay of our own that is shorter."""
    forms = ("1", lambda: email.utils.formatdate(time.time() + 2, usegmt=True))
    for form in forms:
        times = []

        def answer(request, form=form, times=times):
            times.append(time.monotonic())
            after = form() if callable(form) else form
            return response(b"", f"Retry-After: {after}\r\n", "503 X") if len(times) == 1 else response(b"12345")

        with Peer(answering(answer)) as p:
            run("--retry", "1", *FAST, p.url("/x")).expect(out=[line(5, p.url("/x"))])
        assert 0.95 < times[1] - times[0] < 2.5 * Config.slow, times[1] - times[0]


def test_retry_after_holds_back_the_origin():
    """The others to that origin wait, too, without --retry; another origin does not."""
    times = {}

    def answer(request):
        times[request.target] = time.monotonic()
        if request.target == "/first":
            return response(b"", "Retry-After: 1\r\n", "429 X")
        return response(b"12345")

    with Peer(answering(answer)) as p, Peer(answering(by_path)) as q:
        f = start("-P", "1", "-", stdin="open")
        f.write(p.url("/first") + "\n")
        f.await_output("429", "err")
        begin = time.monotonic()
        f.write(p.url("/second") + "\n" + q.url("/9") + "\n" + p.url("/third") + "\n")
        f.await_output(q.url("/9") + "\n")
        assert time.monotonic() - begin < 0.8, "the other origin does not wait"
        f.close()
        f.wait().check(f.data["out"].count(b"\n") == 3, "all others are fetched")
    assert times["/second"] - times["/first"] > 0.95 and times["/third"] - times["/first"] > 0.95, times


def test_a_try_that_waits_holds_no_place():
    """With one place, the others go on while the first waits for its second try."""
    with Peer(answering(failing(1))) as p, Peer(answering(by_path)) as q:
        urls = [p.url("/x"), *(q.url(f"/{i}") for i in range(30))]
        r = run("-P", "1", "--retry", "1", "--retry-delay", "1", *urls)
        r.expect(out=[*(line(i, q.url(f"/{i}")) for i in range(30)), line(5, p.url("/x"))], ordered=True)


def test_many_retries_in_parallel_end():
    """(curl's issues 5905 and 20669.)"""
    with Peer(answering(failing(2))) as p:
        urls = [p.url(f"/{i}") for i in range(200)]
        run("--retry", "2", *FAST, "-P", "20", *urls).expect(out=[line(5, u) for u in urls])
        assert len(p.requests) == 600


def test_max_time_of_all_tries():
    with Peer(answering(failing(99))) as p:
        r = run("--retry", "50", "--retry-delay", "0.2", "--retry-max-time", "1", p.url("/x"))
        r.expect(code=22, err=[failure(p.url("/x"))])
        assert 3 <= len(p.requests) <= 6, len(p.requests)


def test_what_is_final():
    """--retry-all-errors tries again what a server, a network or luck may mend; not what was asked for."""
    with Peer(answering(lambda q: response(b"", "Location: ftp://h/\r\n", "302 Found"))) as p:
        begin = time.monotonic()
        r = run("--retry", "5", "--retry-delay", "1", "--retry-all-errors", "--disallow-username-in-url", "http://", "gopher://h/",
                "http://u@127.0.0.1/", p.url("/x"))
        r.check(r.code == 123 and len(r.errors) == 4, "four failures")
        assert time.monotonic() - begin < 0.9 * Config.slow and len(p.requests) == 1


def test_the_last_body_is_kept():
    """--fail-with-body: where --retry-max-time lets no further try begin, that is known before the body is dropped."""
    path = os.path.join(temp_dir(), "f")
    with Peer(answering(failing(99, body=b"why"))) as p:
        r = run("--retry", "50", "--retry-delay", "0.2", "--retry-max-time", "0.5", "--fail-with-body", "-o", path, p.url("/x"))
        r.expect(code=22, err=[failure(p.url("/x"), ".*503 Busy")])
        assert read_file(path) == b"why" and 2 <= len(p.requests) <= 3, len(p.requests)


def breaking(etag, changes=False, ranges=True):
    """The first try breaks after 4000 of 10000 bytes; the second is answered by range, if it asks for one."""
    data = b"".join(b"%09d\n" % i for i in range(1000))
    new = data.swapcase() if not changes else data[::-1]

    def serve(conn):
        q = conn.request()
        if q is None:
            return
        if conn.number == 1:
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n" + etag + b"\r\n" + data[:4000])
            return
        asked = q.get("Range")
        if asked and ranges and not changes:
            first = int(asked[0].split("=")[1].rstrip("-"))
            conn.send(b"HTTP/1.1 206 Partial\r\nContent-Length: %d\r\nContent-Range: bytes %d-9999/10000\r\n%s\r\n" %
                      (10000 - first, first, etag) + data[first:])
        else:
            conn.send(response(new))
    serve.data, serve.new = data, new
    return serve


def test_goes_on_where_it_broke():
    for etag, ranged in ((b'ETag: "abc"\r\n', True), (b'ETag: W/"abc"\r\n', False), (b"", False)):
        serve = breaking(etag)
        path = os.path.join(temp_dir(), "f")
        with Peer(serve) as p:
            run("--retry", "1", *FAST, "--retry-all-errors", "-o", path, p.url("/x")).expect(out=[line(10000, p.url("/x"))])
            second = p.requests[1]
            assert second.get("Range") == (["bytes=4000-"] if ranged else []), second.fields
            assert second.get("If-Range") == (['"abc"'] if ranged else []), second.fields
        assert read_file(path) == serve.data


def test_two_versions_are_never_glued():
    for changes, ranges in ((True, True), (False, False)):
        serve = breaking(b'ETag: "abc"\r\n', changes, ranges)
        path = os.path.join(temp_dir(), "f")
        with Peer(serve) as p:
            run("--retry", "1", *FAST, "--retry-all-errors", "-o", path, p.url("/x")).expect(out=[line(10000, p.url("/x"))])
            assert p.requests[1].get("If-Range") == ['"abc"']
        assert read_file(path) == serve.new


def test_two_resources_are_never_glued():
    """A validator tells apart versions of one resource alone: a redirect may lead to another one the next time."""
    seen = []

    def serve(conn):
        for q in iter(conn.request, None):
            seen.append((q.target, q.get("Range")))
            tries = [t for t, _ in seen].count("/r")
            if q.target == "/r":
                conn.send(response(b"", "Location: /%s\r\n" % "ab"[tries - 1], "302 Found"))
            elif q.target == "/a":
                conn.send(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 20\r\n\r\n' + b"A" * 10)
                return
            else:
                conn.send(response(b"B" * 20, 'ETag: "1"\r\n'))

    path = os.path.join(temp_dir(), "f")
    with Peer(serve) as p:
        run("--retry", "1", *FAST, "--retry-all-errors", "-o", path, p.url("/r")).expect(out=[line(20, p.url("/r"))])
    assert read_file(path) == b"B" * 20 and seen[-1] == ("/b", []), seen


def test_what_cannot_be_taken_back():
    """A FIFO has had bytes: only the rest can follow."""
    folder = temp_dir()
    for etag, ranges, code in ((b'ETag: "abc"\r\n', True, 0), (b'ETag: "abc"\r\n', False, 18), (b"", True, 18)):
        fifo = os.path.join(folder, f"fifo{code}{ranges}")
        os.mkfifo(fifo)
        reader = start(command=["cat", fifo])
        held = os.open(fifo, os.O_RDWR)  # it may never be written to
        serve = breaking(etag, False, ranges)
        with Peer(serve) as p:
            r = run("--retry", "1", *FAST, "--retry-all-errors", "-o", fifo, p.url("/x"))
            r.check(r.code == code, f"status {code} ({etag}, {ranges})")
            os.close(held)
            got = reader.wait().out
            assert got == serve.data if code == 0 else serve.data[:4000].startswith(got), (etag, ranges, len(got))


def test_a_redirect_begins_anew():
    """A try after a redirect starts where the URL began, as in curl."""
    seen = []

    def answer(request):
        seen.append(request.target)
        if request.target == "/a":
            return response(b"", "Location: /b\r\n", "302 Found")
        return response(b"", status="503 X") if seen.count("/b") == 1 else response(b"12345")

    with Peer(answering(answer)) as p:
        run("--retry", "1", *FAST, p.url("/a")).expect(out=[line(5, p.url("/a"))])
    assert seen == ["/a", "/b", "/a", "/b"], seen


def test_sync():
    """While a try waits, there is nothing else to do but to wait; then the next URL."""
    with Peer(answering(failing(1))) as p:
        urls = [p.url(f"/{i}") for i in range(5)]
        run("--sync", "--retry", "1", *FAST, *urls).expect(out=[line(5, u) for u in urls])
