"""Connections: kept, limited, found stale, and never used where a response left doubt. And limits of time."""
import threading
import time

from harness import (BlackHole, Config, Crowd, Peer, alone, answering, by_path, failure, line, response, run, start,
                     world)

ONE_AT_A_TIME = (["-P", "1"], ["--sync"])


def test_one_connection_for_all():
    for mode in ONE_AT_A_TIME:
        with Peer(answering(by_path)) as p:
            urls = [p.url(f"/{i}") for i in range(50)]
            run(*mode, *urls).expect(out=[line(i, u) for i, u in enumerate(urls)], ordered=True)
            assert p.accepts == 1, p.accepts


def test_one_connection_for_all_over_tls():
    for mode in ONE_AT_A_TIME:
        with Peer(answering(by_path), tls=world.tls_context()) as p:
            urls = [p.url(f"/{i}") for i in range(20)]
            run(*mode, "--cacert", world.ca, *urls).expect(out=[line(i, u) for i, u in enumerate(urls)], ordered=True)
            assert p.accepts == 1, p.accepts


def test_kept_after_every_kind_of_length():
    kinds = {
        "length": response(b"12345"),
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\nX-T: 1\r\n\r\n",
        "204": b"HTTP/1.1 204 No\r\n\r\n",
        "304": b"HTTP/1.1 304 No\r\nContent-Length: 500\r\n\r\n",
        "103": b"HTTP/1.1 103 Hint\r\n\r\n" + response(b"12345"),
        "10": b"HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
    }
    for mode in ONE_AT_A_TIME:
        with Peer(answering(lambda q: kinds[q.target[1:]])) as p:
            urls = [p.url("/" + k) for k in kinds] * 2
            sizes = [5, 5, 0, 0, 5, 0] * 2
            run(*mode, *urls).expect(out=[line(n, u) for n, u in zip(sizes, urls)], ordered=True)
            assert p.accepts == 1, p.accepts


def test_kept_after_a_small_error_page():
    with Peer(answering(lambda q: response(b"no", status="404 No") if q.target == "/0" else by_path(q))) as p:
        run("-P", "1", p.url("/0"), p.url("/1")).expect(code=22, out=[line(1, p.url("/1"))], err=[failure(p.url("/0"))])
        assert p.accepts == 1, p.accepts


# What is answered to the first request; the second one must come on a new connection.
NOT_KEPT = {
    "Connection: close": response(b"12345", "Connection: close\r\n"),
    "Connection: x, Close": response(b"12345", "Connection: x, Close\r\n"),
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n12345",
    "length beside chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                             b"5\r\n12345\r\n0\r\n\r\n",
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 5\n\n12345",
    "bytes behind the response": response(b"12345") + response(b"EVIL"),
    "junk behind the response": response(b"12345") + b"?",
}


def test_not_kept():
    for name, data in NOT_KEPT.items():
        for mode in ONE_AT_A_TIME:
            def answer(request, conn):
                return data if request.target == "/first" else response(b"1234567")
            with Peer(answering(answer)) as p:
                r = run(*mode, p.url("/first"), p.url("/second"))
                r.expect(out=[line(5, p.url("/first")), line(7, p.url("/second"))], ordered=True)
                r.check(p.accepts == 2, f"a new connection after {name} (there were {p.accepts})")


def test_an_answer_nobody_asked_for():
    """It comes on the idle connection, before the next request: that request is sent on another one."""
    sent = threading.Event()

    def serve(conn):
        while conn.request() is not None:
            conn.send(response(b"12345"))
            if conn.number == 1:
                conn.send(response(b"EVIL"))
                sent.set()

    with Peer(serve) as p:
        f = start("-P", "1", "-", stdin="open")
        f.write(p.url("/first") + "\n")
        f.await_output("/first\n")
        sent.wait(10)
        time.sleep(0.05)  # let the idle connection have it
        f.write(p.url("/second") + "\n")
        f.close()
        f.wait().expect(out=[line(5, p.url("/first")), line(5, p.url("/second"))])
        assert p.accepts == 2, p.accepts


def closes_when(moment):
    """Serves one request a connection and closes it: at once, or when the next request has come (by FIN or reset)."""
    def serve(conn):
        q = conn.request()
        if q is None:
            return
        conn.send(response(b"12345"))
        if moment == "at once":
            return
        if conn.request() is None:
            return
        if moment == "reset":
            conn.reset()
    return serve


def test_stale_connections_are_replaced():
    for moment in ("at once", "next request", "reset"):
        for tls in (None, world.tls_context()):
            for mode in ONE_AT_A_TIME:
                with Peer(closes_when(moment), tls=tls) as p:
                    urls = [p.url(f"/{i}") for i in range(4)]
                    r = run(*mode, "-v", "--cacert", world.ca, *urls)
                    r.check(r.code == 0 and sorted(r.lines) == sorted(line(5, u) for u in urls),
                            f"all fetched, though a server closes: {moment}")
                    r.check(p.accepts == 4, f"a connection each (there were {p.accepts})")


def test_stale_connections_of_the_demo_server():
    urls = [world.demo("/stale/9", tls) + f"?{i}" for i in range(4) for tls in (False, True)]
    for mode in ONE_AT_A_TIME:
        run(*mode, "--cacert", world.demo_ca, *urls).expect(out=[line(9, u) for u in urls], ordered=True)


def test_a_stale_idle_connection_is_seen():
    """The server closes an idle connection while nothing is asked; later requests do not suffer."""
    def serve(conn):
        conn.request()
        conn.send(response(b"12345"))

    with Peer(serve) as p:
        f = start("-", stdin="open")
        for i in range(3):
            f.write(p.url(f"/{i}") + "\n")
            f.await_output(f"/{i}\n")
            p.await_state("its connections to end", lambda p: p.open == 0)
        f.close()
        f.wait().expect(out=[line(5, p.url(f"/{i}")) for i in range(3)])
        assert [r.target for r in p.requests] == ["/0", "/1", "/2"], "each was asked once"


def test_a_new_connection_is_not_tried_again():
    def serve(conn):
        conn.request()

    for mode in ONE_AT_A_TIME:
        with Peer(serve) as p:
            run(*mode, p.url()).expect(code=52, err=[failure(p.url(), "empty reply.*")])
            assert p.accepts == 1 and len(p.requests) == 1


def test_tried_again_once_only():
    """The reused connection was stale, and the new one gives nothing either: that is the server's answer."""
    def serve(conn):
        if conn.number == 1:
            conn.request()
            conn.send(response(b"12345"))
        conn.request()

    for mode in ONE_AT_A_TIME:
        with Peer(serve) as p:
            run(*mode, p.url("/0"), p.url("/1")).expect(code=52, out=[line(5, p.url("/0"))], err=[failure(p.url("/1"))])
            assert [r.target for r in p.requests] == ["/0", "/1", "/1"], [r.target for r in p.requests]


def test_not_tried_again_once_an_answer_began():
    def serve(conn):
        conn.request()
        conn.send(response(b"12345"))
        if conn.request() is not None:
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    for mode in ONE_AT_A_TIME:
        with Peer(serve) as p:
            run(*mode, p.url("/0"), p.url("/1")).expect(code=18, out=[line(5, p.url("/0"))], err=[failure(p.url("/1"))])
            assert p.accepts == 1


def test_parallel_max():
    """No more than -P at once; and as many as that."""
    for limit in (1, 3, 8):
        with Crowd(0.05) as p:
            urls = [p.url(f"/{i}") for i in range(4 * limit)]
            run("-P", limit, *urls).expect(out=[line(5, u) for u in urls])
            assert p.max_open == limit, (limit, p.max_open)


def test_parallel_max_default_is_64():
    with Crowd(0.3) as p:
        urls = [p.url(f"/{i}") for i in range(130)]
        run(*urls).expect(out=[line(5, u) for u in urls])
        assert p.max_open == 64, p.max_open


def test_parallel_max_host():
    """Two connections to one host at once at most, whatever -P; two hosts have two each."""
    def answer(request):
        time.sleep(0.02)
        return response(b"12345")

    with Peer(answering(answer)) as p, Peer(answering(answer)) as q:
        urls = [s.url(f"/{i}") for i in range(12) for s in (p, q)]
        run("--parallel-max-host", "2", *urls).expect(out=[line(5, u) for u in urls])
        assert p.accepts == 2 and q.accepts == 2, (p.accepts, q.accepts)


def test_a_full_host_does_not_hold_up_another():
    """The first host has no answer for anyone until all of the second, which come last in the input, are done."""
    go = threading.Event()

    def held(request):
        go.wait(30)
        return response(b"12345")

    with Peer(answering(held)) as p, Peer(answering(by_path)) as q:
        first, second = [p.url(f"/{i}") for i in range(40)], [q.url(f"/{i}") for i in range(20)]
        f = start("-P", "4", "--parallel-max-host", "2", *first, *second)
        for u in second:
            f.await_output(u + "\n")
        p.await_requests(2)
        assert len(p.requests) == 2, len(p.requests)
        go.set()
        f.wait().expect(out=[*(line(5, u) for u in first), *(line(i, u) for i, u in enumerate(second))])
        assert p.accepts == 2 and q.accepts <= 2, (p.accepts, q.accepts)


def test_waiting_is_in_input_order():
    with Peer(answering(by_path)) as p:
        urls = [p.url(f"/{i}") for i in range(100)]
        run("-P", "8", "--parallel-max-host", "1", *urls).expect(out=[line(i, u) for i, u in enumerate(urls)], ordered=True)
        assert [q.target for q in p.requests] == [f"/{i}" for i in range(100)]


def test_an_idle_connection_makes_room():
    """-P 1 and two hosts in turn: idle connections are no reason to wait."""
    with Peer(answering(by_path)) as p, Peer(answering(by_path)) as q:
        urls = [s.url(f"/{i}") for i in range(10) for s in (p, q)]
        run("-P", "1", *urls).expect(out=[line(i, s.url(f"/{i}")) for i in range(10) for s in (p, q)], ordered=True)


def test_schemes_and_ports_are_apart():
    """A connection is of one scheme, host and port."""
    with Peer(answering(by_path)) as p, Peer(answering(by_path)) as q:
        run("-P", "1", p.url("/1"), q.url("/2"), p.url("/3", host="localhost")).check(True, "")
        assert len(p.requests) == 2 and len(q.requests) == 1
        assert p.accepts == 2, "localhost and 127.0.0.1 are not the same host"


# ---- time ---------------------------------------------------------------------------------------------------------------

def never(conn):
    conn.request()
    conn.await_end()


def test_max_time():
    """A server that is silent, one that stops in the head, and one in the body; others are unharmed."""
    def stops(conn):
        q = conn.request()
        if q is None:
            return
        if q.target == "/head":
            conn.send(b"HTTP/1.1 200 OK\r\nContent-")
        elif q.target == "/body":
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        conn.await_end()

    with Peer(stops) as p, Peer(answering(by_path)) as q:
        bad = [p.url("/"), p.url("/head"), p.url("/body")]
        for mode in ([], ["--sync"]):
            r = run(*mode, "-m", "0.4", *bad, q.url("/9")).expect(
                code=28, out=[line(9, q.url("/9"))], err=[failure(u, r"timed out.*0\.4.*") for u in bad])
            r.check(0.4 <= r.seconds < (1.2 if mode else 0.4) + 3 * Config.slow, "the time that was given")
        r = run("-m", "0.3", bad[2])
        r.expect(code=28, err=[failure(bad[2], ".*3 bytes.*")])


def test_max_time_in_a_drip():
    """It is for the whole transfer: bytes that come do not prolong it."""
    url = world.demo("/slow/1000/1/50")
    r = run("-m", "0.5", url).expect(code=28, err=[failure(url, "timed out.*")])
    r.check(r.seconds < 2 * Config.slow, "no longer than given")


def test_max_time_does_not_count_waiting():
    with Crowd(0.4) as p:
        urls = [p.url(f"/{i}") for i in range(5)]
        run("-P", "1", "-m", "1", *urls).expect(out=[line(5, u) for u in urls])
        run("--sync", "-m", "1", *urls).expect(out=[line(5, u) for u in urls])


def test_connect_timeout():
    with BlackHole() as hole, Peer(answering(by_path)) as q:
        for mode in ([], ["--sync"]):
            r = run(*mode, "--connect-timeout", "0.5", hole.url(), q.url("/9")).expect(
                code=28, out=[line(9, q.url("/9"))], err=[failure(hole.url(), "timed out.*")])
            r.check(0.5 <= r.seconds < 1.5 * Config.slow, "the time that was given")


def test_connect_timeout_in_the_tls_handshake():
    with Peer(never) as p:
        url = p.url().replace("http:", "https:")
        for mode in ([], ["--sync"]):
            run(*mode, "--cacert", world.ca, "--connect-timeout", "0.5", url).expect(
                code=28, err=[failure(url, "timed out.*")])


def test_connect_timeout_ends_with_the_connection():
    """A slow answer is no slow connection."""
    with Crowd(0.7) as p:
        run("--connect-timeout", "0.4", p.url()).expect(out=[line(5, p.url())])


@alone
def test_max_time_for_many():
    with Peer(never) as p:
        urls = [p.url(f"/{i}") for i in range(200)]
        r = run("-P", "200", "-m", "0.5", *urls).expect(code=28, err=[failure(u, "timed out.*") for u in urls])
        r.check(r.seconds < 2.5 * Config.slow, "all at the same time")
