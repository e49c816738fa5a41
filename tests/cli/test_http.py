"""Responses of every form, whole and broken, and the request as the server sees it."""
import email.utils
import os
import re
import subprocess
import time

from harness import (Config, Crowd, Dns, Failed, Peer, alone, answering, by_path, environment, failure, line, response,
                     run, start, temp_dir, world, write_file)

CUT, RESET = "cut", "reset"
OK_LINE = b"HTTP/1.1 200 OK\r\n"
BIG_FIELD = b"X-Filler: " + b"a" * 1000 + b"\r\n"

# path: (what is sent, how it ends (None: stays open), bytes of a success, or (exit code, pattern of the sentence))
RESPONSES = {
    "length": (response(b"x" * 1000), None, 1000),
    "length-then-close": (response(b"x" * 1000), CUT, 1000),
    "empty": (response(b""), None, 0),
    "http10": (b"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n1234567", CUT, 7),
    "no-reason": (b"HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc", None, 3),
    "close-delimited": (OK_LINE + b"\r\n" + b"x" * 5000, CUT, 5000),
    "close-delimited-empty": (OK_LINE + b"\r\n", CUT, 0),
    "chunked": (OK_LINE + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n10\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n", None, 21),
    "chunked-empty": (OK_LINE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", None, 0),
    "chunked-case": (OK_LINE + b"transfer-encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", None, 10),
    "chunked-extension": (OK_LINE + b"Transfer-Encoding: chunked\r\n\r\n3;a=b;c=\"d\"\r\nabc\r\n0;e\r\n\r\n", None, 3),
    "trailers": (OK_LINE + b"Transfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n3\r\nabc\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n",
                 None, 3),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", None, 0),
    "204-with-length": (b"HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n", None, 0),
    "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"a\"\r\n\r\n", None, 0),
    "100": (b"HTTP/1.1 100 Continue\r\n\r\n" + response(b"abc"), None, 3),
    "103-twice": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 2 + response(b"abc"), None, 3),
    "102-chunked": (b"HTTP/1.1 102 Processing\r\n\r\n" + OK_LINE +
                    b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", None, 3),
    "status-201": (response(b"abcd", status="201 Created"), None, 4),
    # What RFC 9112 lets a client read, and curl reads.
    "bare-lf": (b"HTTP/1.1 200 OK\nContent-Length: 4\n\nabcd", None, 4),
    "obs-fold": (OK_LINE + b"X-Folded: one\r\n  two\r\nContent-Length: 4\r\n\r\nabcd", None, 4),
    "length-twice": (OK_LINE + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", None, 4),
    "length-list": (OK_LINE + b"Content-Length: 4, 4\r\n\r\nabcd", None, 4),
    "length-and-chunked": (OK_LINE + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
                           None, 5),
    "big-head": (OK_LINE + BIG_FIELD * 200 + b"Content-Length: 2\r\n\r\nab", None, 2),
    # Broken ones.
    "short-length": (OK_LINE + b"Content-Length: 1000\r\n\r\n" + b"x" * 400, CUT,
                     (18, "transfer ended early: 400 of 1000 bytes.*")),
    "short-length-nothing": (OK_LINE + b"Content-Length: 1000\r\n\r\n", CUT, (18, "transfer ended early.*")),
    "short-chunk": (OK_LINE + b"Transfer-Encoding: chunked\r\n\r\n10\r\nabc", CUT, (18, "transfer ended early.*")),
    "no-last-chunk": (OK_LINE + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", CUT, (18, "transfer ended early.*")),
    "short-trailer": (OK_LINE + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-A: 1\r\n", CUT,
                      (18, "transfer ended early.*")),
    "short-head": (OK_LINE + b"Content-Le", CUT, (18, "transfer ended early.*")),
    "reset-in-body": (OK_LINE + b"Content-Length: 1000\r\n\r\n" + b"x" * 400, RESET, (56, "could not receive.*")),
    "nothing": (b"", CUT, (52, "empty reply from server.*")),
    "garbage": (b"220 mail.example ESMTP\r\n", CUT, (8, "weird server reply.*")),
    "garbage-binary": (b"\x00\x01\x02\x03" * 100, None, (8, "weird server reply.*")),
    "bad-length": (OK_LINE + b"Content-Length: -4\r\n\r\nabcd", CUT, (8, "weird server reply.*")),
    "lengths-differ": (OK_LINE + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", CUT, (8, "weird server reply.*")),
    "length-overflow": (OK_LINE + b"Content-Length: 99999999999999999999999\r\n\r\n", CUT, (8, "weird server reply.*")),
    "bad-chunk": (OK_LINE + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", CUT, (56, ".+")),
    "huge-head": (OK_LINE + BIG_FIELD * 300, None, (56, "could not receive.*256 KiB.*")),
    "endless-field": (OK_LINE + b"X-Filler: " + b"a" * 300_000, None, (56, "could not receive.*256 KiB.*")),
    "endless-100": (b"HTTP/1.1 100 Continue\r\nX-Filler: 1234567890\r\n\r\n" * 8000, None, (56, "could not receive.*256 KiB.*")),
    "many-fields": (OK_LINE + b"A:\r\n" * 6000 + b"\r\n", None, (56, "could not receive.*5,?000.*")),
    "many-trailers": (OK_LINE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + BIG_FIELD * 300, None, (56, "could not receive.*256 KiB.*")),
    "long-chunk-extension": (OK_LINE + b"Transfer-Encoding: chunked\r\n\r\n5;a=" + b"b" * 300_000, None,
                             (56, "could not receive.*256 KiB.*")),
    "404": (response(b"not here", status="404 Not Found"), None, (22, ".*404 Not Found.*")),
    "500-close": (b"HTTP/1.1 500 Oh\r\n\r\nbroken", CUT, (22, ".*500 Oh.*")),
    "401-unending": (b"HTTP/1.1 401 Who\r\nContent-Length: 1000000\r\n\r\n", None, (22, ".*401 Who.*")),
    "101": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", None,
            (8, "weird server reply.*")),
}


def canned(table, how="all"):
    """Serves the table: /NAME. how: a byte a write ("bytes"), or all of it at once."""
    def serve(conn):
        end = None
        while end is None:
            request = conn.request()
            if request is None:
                return
            data, end, _ = table[request.target[1:]]
            if how == "bytes":
                conn.drip(data[:3000])
                data = data[3000:]
            conn.send(data)
        if end == RESET:
            time.sleep(0.05)  # what was sent should have been read: a reset discards the rest
            conn.reset()
    return serve


def check_responses(table, mode, tls=None, how="all"):
    with Peer(canned(table, how), tls=tls) as p:
        urls = {name: p.url("/" + name) for name in table}
        r = run(*mode, *urls.values())
        codes = {wanted[0] for _, _, wanted in table.values() if isinstance(wanted, tuple)}
        r.expect(code=codes.pop() if len(codes) == 1 else 123 if codes else 0,
                 out=[line(w, urls[n]) for n, (_, _, w) in table.items() if isinstance(w, int)],
                 err=[failure(urls[n], w[1]) for n, (_, _, w) in table.items() if isinstance(w, tuple)])


def test_responses():
    check_responses(RESPONSES, [])


def test_responses_sync():
    check_responses(RESPONSES, ["--sync"])


def test_responses_a_byte_at_a_time():
    check_responses(RESPONSES, [], how="bytes")


def test_responses_over_tls():
    # What ends with a reset, or without saying so, has its own tests in test_tls.py.
    table = {n: x for n, x in RESPONSES.items() if x[1] is None or isinstance(x[2], tuple) and x[1] != RESET and x[2][0] != 18}
    check_responses(table, ["--cacert", world.ca], tls=world.tls_context())


def test_exit_code_of_each_response():
    """Alone, each broken response has its own exit code."""
    with Peer(canned(RESPONSES)) as p:
        for name, (_, _, wanted) in RESPONSES.items():
            if isinstance(wanted, tuple):
                url = p.url("/" + name)
                run(url).expect(code=wanted[0], err=[failure(url, wanted[1])])


def test_nothing_but_100():
    """An interim response is no reply."""
    check_responses({"100": (b"HTTP/1.1 100 Continue\r\n\r\n", CUT, (52, "empty reply from server.*"))}, [])


def test_reset_before_the_head():
    def serve(conn):
        conn.request()
        conn.reset()

    for mode in ([], ["--sync"]):
        with Peer(serve) as p:
            run(*mode, p.url()).expect(code=56, err=[failure(p.url(), "could not receive.*reset.*")])
            assert len(p.requests) == 1, "a request on a new connection is not repeated"


def test_slow_drip():
    """A byte a write, with a pause after each."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    data = head + b"".join(b"1\r\nx\r\n" for _ in range(30)) + b"0\r\n\r\n"

    def serve(conn):
        conn.request()
        conn.drip(data, 0.002)

    for tls, options in ((None, []), (world.tls_context(), ["--cacert", world.ca])):
        for mode in ([], ["--sync"]):
            with Peer(serve, tls=tls) as p:
                run(*mode, *options, p.url()).expect(out=[line(30, p.url())])


def test_statuses():
    with Peer(answering(lambda q: response(b"body", status=f"{q.target[1:]} Whatever"))) as p:
        bad = [p.url(f"/{c}") for c in (400, 404, 410, 429, 500, 503, 599)]
        good = [p.url(f"/{c}") for c in (200, 201, 206, 226)]
        run(*bad, *good).expect(code=22, out=[line(4, u) for u in good],
                                err=[failure(u, f".*{u[-3:]} Whatever.*") for u in bad])
        run("--no-fail", *bad).expect(out=[line(4, u) for u in bad])
        run("-f", "-L", bad[0]).expect(code=22, err=[failure(bad[0])])


def test_nginx_pages():
    sizes = {"/small": 5, "/page": 25431, "/empty": 0, "/big": world.sizes["big"], "/chunked/page": 25431,
             "/chunked/mega": 1 << 20, "/status/204": 0}
    urls = {world.url("http", path): size for path, size in sizes.items()}
    for mode in ([], ["--sync"]):
        run(*mode, *urls).expect(out=[line(n, u) for u, n in urls.items()], ordered=bool(mode))
    bad = [world.url("http", p) for p in ("/none", "/status/403", "/status/500")]
    run(*bad).expect(code=22, err=[failure(bad[0], ".*404 Not Found.*"), failure(bad[1], ".*403.*"), failure(bad[2], ".*500.*")])


def test_not_modified():
    url = world.url("http", "/page")
    date = email.utils.formatdate(os.path.getmtime(world.www + "/page"), usegmt=True)
    run("-H", "If-Modified-Since: " + date, url).expect(out=[line(0, url)])


def test_python_server():
    urls = [world.python("/page"), world.python("/mega"), world.python("/empty")]
    run(*urls).expect(out=[line(25431, urls[0]), line(1 << 20, urls[1]), line(0, urls[2])])


def test_demo_server():
    good = {"/bytes/0": 0, "/bytes/1000000": 1000000, "/delay/50/77": 77, "/slow/30/7/5": 30, "/chunked/12345": 12345,
            "/eof/999": 999, "/inform/55": 55, "/once/44": 44, "/status/204": 0}
    bad = {"/close/1000/500": (18, "transfer ended early: 500 of 1000.*"), "/garbage": (8, "weird server reply.*"),
           "/status/503": (22, ".*503.*"), "/reset/1000/10": (56, "could not receive.*")}
    for tls in (False, True):
        urls = {world.demo(path, tls): path for path in (*good, *bad)}
        r = run("--cacert", world.demo_ca, *urls)
        r.expect(code=123, out=[line(good[path], u) for u, path in urls.items() if path in good],
                 err=[failure(u, bad[path][1]) for u, path in urls.items() if path in bad])


@alone
def test_a_thousand_one_second_responses_at_once():
    with Crowd(1.0) as p:
        urls = [p.url(f"/{i}") for i in range(1000)]
        r = run("-P", "1000", "-", stdin="\n".join(urls) + "\n").expect(out=[line(5, u) for u in urls])
        r.check(r.seconds < 3, "to take less than 3 s")
        assert p.max_open == 1000, p.max_open


@alone
def test_a_thousand_one_second_responses_of_the_demo_server():
    urls = [world.demo(f"/delay/1000/{i}") for i in range(1000)]
    r = run("-P", "1000", "-", stdin="\n".join(urls) + "\n").expect(out=[line(i, u) for i, u in enumerate(urls)])
    r.check(r.seconds < 3, "to take less than 3 s")


@alone
def test_ten_thousand_urls():
    urls = [world.url("http", f"/small?{i}") for i in range(10_000)]
    f = start("-P", "64", "-", stdin="open", timeout=100)
    f.write("\n".join(urls[:-1]) + "\n")
    f.await_lines(len(urls) - 1, timeout=90)
    peak = f.peak_memory()
    f.write(urls[-1])
    f.close()
    r = f.wait().expect(out=[line(5, u) for u in urls])
    if not Config.sanitized:
        r.check(peak < 24 << 20, f"to take less than 24 MB (it took {peak >> 20})")
    run("-s", "--sync", "-", stdin="\n".join(urls[:3000]) + "\n").expect(out=[line(5, u) for u in urls[:3000]],
                                                                       ordered=True, total=False)


# ---- requests -----------------------------------------------------------------------------------------------------------

def asked(*args, url="/3", **how):
    """The request that the server sees."""
    with Peer(answering(lambda q: response(b"abc"))) as p:
        r = run(*args, p.url(url), **how)
        r.expect(out=[line(3, p.url(url))])
        return p.requests[0]


def test_default_request():
    with Peer(answering(by_path)) as p:
        run(p.url("/3")).expect(out=[line(3, p.url("/3"))])
        q = p.requests[0]
        assert q.first == "GET /3 HTTP/1.1", q.first
        assert q.get("Host") == [f"127.0.0.1:{p.port}"], q.fields
        assert q.get("Accept") == ["*/*"], q.fields
        assert re.fullmatch(r"afetch/\d+\.\d+.*", q.get("User-Agent")[0]), q.fields
        assert len(q.fields) == 3, q.fields


def test_headers():
    q = asked("-H", "X-One: 1", "-H", "X-Two:2", "-H", "accept: text/html", "-H", "Host: other.example", "-H",
              "User-Agent;", "-H", "X-Empty;", "-H", "X-Gone:", "-A", "ignored")
    assert q.get("X-One") == ["1"] and q.get("X-Two") == ["2"], q.fields
    assert q.get("Accept") == ["text/html"], q.fields
    assert q.get("Host") == ["other.example"], q.fields
    assert q.get("X-Empty") == [""] and "X-Gone" not in str(q.fields), q.fields
    q = asked("-H", "Accept:", "-H", "User-Agent:")
    assert not q.get("Accept") and not q.get("User-Agent"), q.fields
    q = asked("-H", "X-A: 1", "-H", "X-A: 2")
    assert q.get("X-A") == ["1", "2"], q.fields


def test_user_agent():
    assert asked("-A", "Mozilla/5.0 (me)").get("User-Agent") == ["Mozilla/5.0 (me)"]
    assert asked("--user-agent=x").get("User-Agent") == ["x"]
    assert asked("-A", "").get("User-Agent") == []
    assert asked("-A", "x", "-H", "User-Agent: y").get("User-Agent") == ["y"]


def test_headers_from_a_file():
    path = write_file(os.path.join(temp_dir(), "headers"), "X-One: 1\nX-Two: 2\r\n")
    q = asked("-H", "@" + path)
    assert q.get("X-One") == ["1"] and q.get("X-Two") == ["2"], q.fields


def test_header_with_a_line_end_is_refused():
    """No request can be smuggled into another."""
    with Peer(answering(by_path)) as p:
        r = run("-H", "X: 1\r\nX-Evil: 2", p.url("/3"))
        if r.code == 0:
            assert not p.requests[0].get("X-Evil"), p.requests[0].fields
        else:
            r.check(r.code == 2, "a usage error")
            assert p.accepts == 0


HEADERS = [
    [], ["-H", "Accept: a/b"], ["-H", "Accept:"], ["-H", "X-Empty;"], ["-H", "X-None:"], ["-H", "X-Space:   a  b  "],
    ["-H", "Host: elsewhere:1"], ["-A", ""], ["-A", "me"], ["-H", "user-agent: me too"], ["-H", "X-a: 1", "-H", "x-a: 2"],
    ["-H", "X-Colon: a:b:c"], ["-H", "Cookie: a=b"], ["-H", "Accept;"], ["-H", "Connection: close"],
]


def normal(request):
    """A request's fields but the User-Agent's value, in no order."""
    return sorted(re.sub(r"^(User-Agent: )(curl|afetch)/\S+$", r"\1…", x) for x in request.fields)


def test_headers_as_curl_sends_them():
    differ = []
    with Peer(answering(lambda q: response(b"abc", "Connection: close\r\n"))) as p:
        for options in HEADERS:
            del p.requests[:]
            curl = subprocess.run(["curl", "-s", "-o", "/dev/null", *options, p.url("/x")], env=environment()).returncode
            theirs = [normal(q) for q in p.requests]
            del p.requests[:]
            r = run(*options, p.url("/x"))
            ours = [normal(q) for q in p.requests]
            if ours != theirs or r.code != curl:
                differ.append(f"{options}: curl ({curl}) sends {theirs}, afetch ({r.code}) {ours} {r.errors}")
    if differ:
        raise Failed("afetch and curl, with the same -H and -A", "the same fields", "\n".join(differ))


# %p is the port; names are of the test's own DNS.
URLS = [
    "http://127.0.0.1:%p", "http://127.0.0.1:%p/", "http://127.0.0.1:%p?q", "http://127.0.0.1:%p/?q", "http://127.0.0.1:%p#f",
    "http://127.0.0.1:%p/a?b#c", "http://127.0.0.1:%p/a#b?c", "HTTP://127.0.0.1:%p/A", "127.0.0.1:%p/bare",
    "http://127.0.0.1:%p/%41%7e%2F%zz%", "http://127.0.0.1:%p/%E4%BD%A0", "http://127.0.0.1:%p/ä/ö?ü=ß",
    "http://127.0.0.1:%p/a/./b", "http://127.0.0.1:%p/a/../b", "http://127.0.0.1:%p/../../b", "http://127.0.0.1:%p/a/b/..",
    "http://127.0.0.1:%p/a/b/.", "http://127.0.0.1:%p/.", "http://127.0.0.1:%p/..", "http://127.0.0.1:%p/a//b",
    "http://127.0.0.1:%p//a", "http://127.0.0.1:%p/%2e%2e/a", "http://127.0.0.1:%p/a/%2E/b", "http://127.0.0.1:%p/...",
    "http://127.0.0.1:%p/?a=../b", "http://127.0.0.1:%p/a?b?c", "http://127.0.0.1:%p/a;b,c&d=e+f!g*h(i)'j@k:l$m",
    "http://127.0.0.1:%p/\"<>\\^`|~", "http://127.0.0.1:%p/?\"<>\\^`|~'", "http://127.0.0.1:%p/a b", "http://127.0.0.1:%p/?a b",
    "http://user:pass@127.0.0.1:%p/auth", "http://user@127.0.0.1:%p/auth", "http://us%65r:p%40ss@127.0.0.1:%p/auth",
    "http://:pass@127.0.0.1:%p/auth", "http://a:b@c@127.0.0.1:%p/", "http://@127.0.0.1:%p/",
    "http://127.1:%p/", "http://0x7f.0.0.1:%p/", "http://2130706433:%p/", "http://0177.0.0.1:%p/", "http://127.0.0.1.:%p/",
    "http://Host.Test:%p/", "http://host.test.:%p/", "http://host.test:0%p/", "http://bücher.test:%p/", "http://BÜCHER.test:%p/",
    "http://xn--bcher-kva.test:%p/", "http://faß.test:%p/", "http://h%6fst.test:%p/", "http://under_score.test:%p/",
    "http:/127.0.0.1:%p/one-slash", "http:///127.0.0.1:%p/three", "http:127.0.0.1:%p/none", "http:////127.0.0.1:%p/four",
    "http://127.0.0.1:%p\\a", "http://[::1]:%p/six", "http://127.0.0.1:%p/\u200b",
    # What is refused.
    "http://", "http:///", "http://:%p/", "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://127.0.0.1:x/",
    "http://127.0.0.1:%px/", "http://[::1/", "http://[:::1]:%p/", "http://[]:%p/", "http://ho st.test:%p/", "http://host.test%00:%p/",
    "http://host.test%0a:%p/", "http://a..test:%p/", "gopherx://127.0.0.1:%p/", "://127.0.0.1:%p/", "http://ho<st.test:%p/",
    "http://127.0.0.1:%p\t/", "http://127.0.0.1:%p/a\tb",
]

# Where a URL is read otherwise than by the curl at hand: request target, Host, exit status.
LOCAL = "127.0.0.1:%p"
OURS = {
    # As curl 8.22 does: dots that are encoded are dots, a query is encoded as the path is, one dot may follow an address.
    "http://127.0.0.1:%p/%2e%2e/a": ("/a", LOCAL, 0),
    "http://127.0.0.1:%p/a/%2E/b": ("/a/b", LOCAL, 0),
    "http://127.0.0.1:%p/ä/ö?ü=ß": ("/%C3%A4/%C3%B6?%C3%BC=%C3%9F", LOCAL, 0),
    "http://127.0.0.1.:%p/": ("/", LOCAL, 0),
    # As browsers do, where curl refuses: a space is encoded, a user info ends at the last @.
    "http://127.0.0.1:%p/a b": ("/a%20b", LOCAL, 0),
    "http://127.0.0.1:%p/?a b": ("/?a%20b", LOCAL, 0),
    "http://a:b@c@127.0.0.1:%p/": ("/", LOCAL, 0),
    # Malformed, where curl asks for the name first.
    "http://a..test:%p/": (None, None, 3),
}


def upper_hex(target):
    return re.sub(r"%[0-9a-fA-F]{2}", lambda m: m[0].upper(), target)


def test_request_lines_as_curl_sends_them():
    """Request line and Host of curl and of afetch, for a table of URLs; and the same exit status."""
    names = ["host.test", "xn--bcher-kva.test", "xn--fa-hia.test", "fass.test", "under_score.test"]
    differ = []
    with Dns({n: ["127.0.0.1"] for n in names}) as dns, \
            Peer(answering(lambda q: response(b"abc", "Connection: close\r\n"))) as p:
        try:
            six = Peer(p.serve, host="::1", port=p.port)
        except OSError:
            six = None
        resolve = []
        for n in [*names, "host.test."]:
            resolve += ["--resolve", f"{n}:{p.port}:127.0.0.1"]

        def seen():
            requests = p.requests + (six.requests if six else [])
            return [(upper_hex(q.first), [h.lower() for h in q.get("Host")]) for q in requests]

        def forget():
            for peer in (p, six):
                if peer:
                    del peer.requests[:]

        for template in URLS:
            url = template.replace("%p", str(p.port))
            if "[::1]" in url and not six:
                continue
            forget()
            if template in OURS:
                target, host, code = OURS[template]
                theirs = [(f"GET {target} HTTP/1.1", [host.replace("%p", str(p.port))])] if target else []
            else:
                env = {**environment(), "LC_ALL": "C.UTF-8"}
                code = subprocess.run(["curl", "-s", "-g", "-m", "5", "-o", "/dev/null", *resolve, url], env=env).returncode
                theirs = seen()
            forget()
            r = run("-g", "-m", "5", "--dns-servers", dns.server, "--", url)
            ours = seen()
            if ours != theirs or r.code != code:
                differ.append(f"{template!r}: wanted ({code}) {theirs}, afetch ({r.code}) {ours} {r.errors}")
        if six:
            six.__exit__(None)
    if differ:
        raise Failed("afetch and curl, with the same URLs", "the same request line, Host and exit status",
                     "\n".join(differ))


def test_user_info_is_sent_as_curl_sends_it():
    """Basic credentials (RFC 7617), percent-decoded."""
    for user_info, sent in (("user:pass", "dXNlcjpwYXNz"), ("us%65r:p%40ss", "dXNlcjpwQHNz"), ("user", "dXNlcjo="),
                            ("user:", "dXNlcjo="), (":pass", "OnBhc3M=")):
        with Peer(answering(by_path)) as p:
            r = run(p.url("/3").replace("//", f"//{user_info}@")).expect(out=[line(3, p.url("/3"))])
            r.check(p.requests[0].get("Authorization") == ["Basic " + sent],
                    f"Authorization: Basic {sent} for {user_info} (there was {p.requests[0].fields})")


def test_proto_default():
    with Peer(answering(by_path), tls=world.tls_context()) as p:
        url = f"127.0.0.1:{p.port}/6"
        run("--proto-default", "https", "--cacert", world.ca, url).expect(out=[line(6, url)])
        run("--proto-default=https", "--proto-default=http", url).check(
            run("--proto-default=https", "--proto-default=http", url).code != 0, "plain HTTP to fail at a TLS server")


def test_odd_urls_as_arguments():
    with Peer(answering(by_path)) as p:
        good = p.url("/4")
        run("ftp://127.0.0.1/x", good).expect(code=1, out=[line(4, good)],
                                            err=[failure("ftp://127.0.0.1/x", "unsupported scheme.*")])
        run("http://[::1", good).expect(code=3, out=[line(4, good)], err=[failure("http://[::1", "malformed URL.*")])
