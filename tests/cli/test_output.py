"""What is printed for whom: lines, total, -s, -S, -v, --help, --version; and that all at once is all at once."""
import re
import threading

from harness import (Config, Crowd, Peer, alone, answering, by_path, failure, line, refused_port, response, run, start,
                     world)


def three():
    return [(25431, world.url("https", "/page")), (5, world.url("http", "/small")), (0, world.url("tls12", "/empty"))]


def test_three_urls_at_once():
    wanted = three()
    r = run("--cacert", world.ca, *[u for _, u in wanted])
    r.expect(out=[line(n, u) for n, u in wanted])
    r.check(re.fullmatch(r"total: 25436 bytes from 3 URLs in \d+\.\d{3} s\n", r.err.decode()), "this total alone, in ms")
    r.check(r.out.endswith(b"\n"), "whole lines")


def test_three_urls_one_after_another():
    wanted = three()
    r = run("--sync", "--cacert", world.ca, *[u for _, u in wanted])
    r.expect(out=[line(n, u) for n, u in wanted], ordered=True)


def test_lines_come_as_transfers_complete():
    """The first URL is held back until the second one's line was seen."""
    go = threading.Event()

    def answer(request):
        if request.target == "/first":
            go.wait(20)
        return response(b"12345")

    with Peer(answering(answer)) as p:
        f = start(p.url("/first"), p.url("/second"))
        f.await_output("/second\n")
        go.set()
        f.wait().expect(out=[line(5, p.url("/second")), line(5, p.url("/first"))], ordered=True)


def test_sync_asks_one_at_a_time():
    """The second request is not sent before the first has its answer."""
    seen = []

    def answer(request):
        seen.append("asked " + request.target)
        seen.append("answered " + request.target)
        return response(b"x" * 100)

    with Peer(answering(answer)) as p:
        urls = [p.url(f"/{i}") for i in range(5)]
        run("--sync", *urls).expect(out=[line(100, u) for u in urls], ordered=True)
        order = [x for i in range(5) for x in (f"asked /{i}", f"answered /{i}")]
        assert seen == order, seen
        assert p.max_open == 1


@alone
def test_async_takes_as_long_as_one_sync_as_long_as_all():
    with Crowd(0.3) as p:
        urls = [p.url(f"/{i}") for i in range(10)]
        a = run(*urls).expect(out=[line(5, u) for u in urls])
        s = run("--sync", *urls).expect(out=[line(5, u) for u in urls], ordered=True)
    a.check(a.seconds < 1.5, "to take less than 1.5 s")
    s.check(s.seconds >= 3, "to take at least 3 s")
    s.check(s.seconds >= 2 * a.seconds, "to take more than twice as long as at once")
    assert float(a.total[3]) <= a.seconds and float(s.total[3]) >= 2.9, (a.total[0], s.total[0])


def test_two_hundred_urls_of_three_kinds():
    urls = [(25431, world.url("https", f"/page?{i}")) for i in range(67)]
    urls += [(25431, world.python(f"/page?{i}")) for i in range(67)]
    urls += [(1000 + i, world.demo(f"/bytes/{1000 + i}", tls=i % 2 == 0)) for i in range(66)]
    mixed = urls[0::3] + urls[1::3] + urls[2::3]
    for mode in ([], ["-P", "200"], ["--sync"]):
        r = run(*mode, "--cacert", world.both_cas(), *[u for _, u in mixed])
        r.expect(out=[line(n, u) for n, u in mixed], ordered=mode == ["--sync"])


def test_url_as_asked_less_user_info():
    with Peer(answering(by_path)) as p:
        port = p.port
        cases = {
            f"http://127.0.0.1:{port}/1#part": f"http://127.0.0.1:{port}/1#part",
            f"http://user:secret@127.0.0.1:{port}/2": f"http://127.0.0.1:{port}/2",
            f"http://user@127.0.0.1:{port}/3": f"http://127.0.0.1:{port}/3",
            f"127.0.0.1:{port}/4": f"127.0.0.1:{port}/4",
            f"HTTP://127.0.0.1:{port}/5?a=b": f"HTTP://127.0.0.1:{port}/5?a=b",
        }
        r = run(*cases)
        r.expect(out=[line(i + 1, shown) for i, shown in enumerate(cases.values())])
        r.check(b"secret" not in r.out + r.err, "no password to be shown")


def test_failure_shows_no_user_info():
    with refused_port() as s:
        url = f"http://127.0.0.1:{s.getsockname()[1]}/"
        r = run(url.replace("//", "//user:secret@"))
        r.expect(code=7, err=[failure(url, "could not connect.*")])
        r.check(b"secret" not in r.out + r.err, "no password to be shown")


def test_silent():
    with Peer(answering(by_path)) as p, refused_port() as s:
        good, bad = p.url("/7"), f"http://127.0.0.1:{s.getsockname()[1]}/"
        r = run("-s", good, bad).expect(code=7, out=[line(7, good)], total=None)
        r.check(r.err == b"", "nothing on standard error")
        run("-sS", good, bad).expect(code=7, out=[line(7, good)], err=[failure(bad)], total=False)
        run("-s", "--no-silent", good).expect(out=[line(7, good)])


def test_failure_is_told_beside_a_success():
    with Peer(answering(by_path)) as p, refused_port() as s:
        good, bad = p.url("/7"), f"http://127.0.0.1:{s.getsockname()[1]}/"
        r = run(bad, good).expect(code=7, out=[line(7, good)], err=[failure(bad, "could not connect.*refused.*")])
        r.check(", 1 failed" in r.total[0], "a total with , 1 failed")


def test_text_of_a_server_is_made_harmless():
    """Control characters of the reason phrase are shown as \\xNN."""
    with Peer(answering(lambda q: b"HTTP/1.1 404 no\x1b[31m\x07way\r\nContent-Length: 0\r\n\r\n")) as p:
        r = run(p.url("/"))
        r.check(r.code in (22, 8), "an error")
        r.check(b"\x1b" not in r.err and b"\x07" not in r.err, "no control characters")
        if r.code == 22:
            r.check(b"\\x1b[31m\\x07way" in r.err.lower(), "the characters as \\xNN")


def test_verbose_names_the_transfer():
    with Peer(answering(by_path)) as p:
        urls = [p.url("/5"), p.url("/6")]
        r = run("-v", *urls)
        r.check(r.code == 0 and sorted(r.lines) == sorted(line(5 + i, u) for i, u in enumerate(urls)),
                "success as without -v")
        for text in r.errors:
            r.check(re.search(r"\[\d+\]", text), f"a number in brackets in each line ({text!r})")
        for n, target in (("1", "/5"), ("2", "/6")):
            mine = [t for t in r.errors if f"[{n}]" in t]
            r.check(any(f"> GET {target} HTTP/1.1" in t for t in mine), f"[{n}] … > GET {target} HTTP/1.1")
            r.check(any("< HTTP/1.1 200 OK" in t for t in mine), f"[{n}] … < HTTP/1.1 200 OK")
            r.check(any(re.search(r"< Content-Length: \d", t) for t in mine), f"[{n}] … < Content-Length: …")


def test_verbose_masks_secrets():
    def answer(request):
        return response(b"x", "Set-Cookie: id=topsecret4\r\n")

    with Peer(answering(answer)) as p:
        r = run("-v", "-H", "Authorization: Bearer topsecret1", "-H", "Cookie: a=topsecret2", "-H",
                "Proxy-Authorization: Basic topsecret3", "-H", "X-Open: visible",
                p.url("/").replace("//", "//me:topsecret5@"))
        r.check(r.code == 0, "success")
        assert p.requests[0].get("Cookie") == ["a=topsecret2"], p.requests[0].fields
        r.check(b"topsecret" not in r.out + r.err, "no secret to be shown")
        r.check(re.search(rb"> Authorization:", r.err), "that the header is there to be shown")
        r.check(b"X-Open: visible" in r.err, "other headers to be shown")


def test_verbose_masks_secrets_in_any_case():
    with Peer(answering(by_path)) as p:
        r = run("-v", "-H", "aUTHORIZATION:Bearer topsecret1", p.url("/3"))
        r.check(r.code == 0 and b"topsecret" not in r.err, "no secret to be shown")


def test_version():
    for option in ("--version", "-V"):
        r = run(option)
        r.check(r.code == 0 and r.err == b"", "success, nothing on standard error")
        text = r.out.decode().lower()
        r.check(re.match(r"afetch \d+\.\d+", text), "afetch and its version first")
        for library in ("libuv", "llhttp", "mbed ?tls", "c-ares", "libidn2"):
            r.check(re.search(library + r"[ /]\d+\.\d+", text), f"{library} and its version")


def test_help():
    r = run("--help")
    r.check(r.code == 0 and r.err == b"", "success, nothing on standard error")
    for option in ("-o", "--output", "-s", "--silent", "-v", "-k", "--insecure", "-m", "--max-time", "-H", "-A", "-P",
                   "--parallel-max", "--parallel-max-host", "--cacert", "--sync", "--url", "--version"):
        r.check(re.search(r"(^|[\s,])" + re.escape(option) + r"\b", r.out.decode()), f"{option} in the help")
    everything = run("--help", "all")
    everything.check(everything.code == 0, "success")
    for option in ("--connect-timeout", "--dns-servers", "--show-error", "--cacert"):
        everything.check(option in everything.out.decode(), f"{option} in --help all")
    r.check(all(len(x) <= 80 for x in r.lines), "lines of at most 80 columns")


def test_waiting_costs_no_cpu():
    """A second of waiting for a server, on a loop and without, is no second of work."""
    with Crowd(1.0) as p:
        for mode in ([], ["--sync"]):
            r = run(*mode, p.url("/")).expect(out=[line(5, p.url("/"))])
            r.check(r.cpu < 0.4 if Config.sanitized else r.cpu < 0.2, f"little CPU time (it was {r.cpu:.2f} s)")
