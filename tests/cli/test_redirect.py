"""Redirects, beside curl where it has the same rules: the requests that a server sees, byte for byte but for the names
that the two give themselves."""
import os
import re
import subprocess
import threading

from harness import Peer, answering, by_path, environment, failure, line, need_ipv6, response, run, temp_dir, read_file, world

CODES = ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent")


def to(location, status="302 Found", body=b"elsewhere", head=""):
    return response(body, f"Location: {location}\r\n{head}", status)


def heads(peer):
    """What came: each request's first line and fields, less the client's name."""
    return [[r.first, *sorted(f for f in r.fields if not f.startswith(("User-Agent:", "Accept-Encoding:")))]
            for r in peer.requests]


def always(data):
    return answering(lambda q: data)


def escapes(text):
    """curl of old writes them in lower case."""
    return re.sub("%[0-9a-f]{2}", lambda m: m[0].upper(), text, flags=re.I)


def both(answer, args, url, tls=None):
    """What a server sees of curl -L and of afetch: two lists."""
    seen = []
    for program in ("curl", "afetch"):
        with Peer(answering(answer), tls=tls) as p:
            there = [a.format(port=p.port) for a in args]
            if program == "curl":
                subprocess.run(["curl", "-sL", "-o", "/dev/null", *there, p.url(url)], env=environment(), timeout=30, check=False)
            else:
                run(*there, p.url(url))
            seen.append([[escapes(part.replace(str(p.port), "PORT")) for part in head] for head in heads(p)])
    return seen


def chain(places):
    """answer(): /0 leads to the first of places, and so on; the last is a page."""
    def answer(request, conn):
        answer.count += 1
        if answer.count <= len(places):
            return to(places[answer.count - 1].format(port=conn.peer.port), answer.status)
        answer.count = 0
        return response(b"12345")
    answer.count = 0
    answer.status = "302 Found"
    return answer


PLACES = [
    "/abs", "/abs?q=1", "rel", "./rel", "../up", "../../../up", "a/b/../c", "?query", "http://127.0.0.1:{port}/whole",
    "//127.0.0.1:{port}/scheme-relative", "/sp ace/and more", "/%41%2e", "/ü/ñ?ä", "/x#fragment", "  /blank  ",
    "http://127.0.0.1:{port}", "/a//b", "/a/./b/../../c", "x;y=1", "/?a=b&c=http://x/y",
]


def test_where_it_leads_as_in_curl():
    for place in PLACES:
        curl, ours = both(chain([place]), [], "/dir/sub/page?old=1")
        assert curl == ours, (place, curl, ours)


def test_methods_as_in_curl():
    for status in CODES:
        for args in ([], ["-H", "X-Own: 1"]):
            answer = chain(["/next"])
            answer.status = status
            curl, ours = both(answer, args, "/first")
            assert curl == ours and len(ours) == 2, (status, args, curl, ours)


def test_secrets_stay_with_their_origin():
    """Authorization and Cookie of -H, and user info, are for the origin that was asked for; Host likewise."""
    for trusted in (False, True):
        with Peer(answering(lambda q: response(b"12345"))) as other, \
                Peer(answering(lambda q: to(other.url("/there")) if q.target == "/0" else to("/0"))) as first:
            args = ["-H", "Authorization: Bearer secret", "-H", "Cookie: a=b", "-H", "X-Own: 1"]
            r = run(*args, *(["--location-trusted"] if trusted else []), first.url("/start"))
            r.expect(out=[line(5, first.url("/start"))])
            for q in first.requests:
                assert q.get("Authorization") == ["Bearer secret"] and q.get("Cookie") == ["a=b"], q.fields
            (q,) = other.requests
            assert q.get("X-Own") == ["1"], q.fields
            assert q.get("Authorization") == (["Bearer secret"] if trusted else []), q.fields
            assert q.get("Cookie") == (["a=b"] if trusted else []), q.fields


def test_user_info_stays_with_its_origin():
    with Peer(answering(lambda q: response(b"12345"))) as other, \
            Peer(answering(lambda q: to(other.url("/there")))) as first:
        url = first.url("/start").replace("http://", "http://user:pw@")
        run(url).expect(out=[line(5, first.url("/start"))])
        assert first.requests[0].get("Authorization") and not other.requests[0].get("Authorization")


def test_back_at_the_first_origin():
    """curl gives the secrets there again."""
    with Peer(answering(lambda q: to(first.url("/back")))) as other, \
            Peer(answering(lambda q: response(b"12345") if q.target == "/back" else to(other.url("/x")))) as first:
        run("-H", "Authorization: Bearer s", first.url("/start")).expect(out=[line(5, first.url("/start"))])
        assert [q.get("Authorization") for q in first.requests] == [["Bearer s"], ["Bearer s"]]
        assert other.requests[0].get("Authorization") == []


def test_limits():
    def answer(request):
        n = int(request.target[1:])
        return to(f"/{n + 1}") if n < 12 else response(b"12345")

    for args, code in (([], 47), (["--max-redirs", "11"], 47), (["--max-redirs", "12"], 0), (["--max-redirs", "-1"], 0),
                       (["--max-redirs", "0"], 47)):
        with Peer(answering(answer)) as p:
            r = run(*args, p.url("/0"))
            if code:
                r.expect(code=47, err=[failure(p.url("/0"), "too many redirects.*")])
            else:
                r.expect(out=[line(5, p.url("/0"))])
            limit = int(args[1]) if args else 10
            assert len(p.requests) == (13 if limit in (12, -1) else limit + 1), len(p.requests)


def test_a_loop_ends():
    with Peer(answering(lambda q: to("/0"))) as p:
        run(p.url("/0")).expect(code=47, err=[failure(p.url("/0"), "too many redirects: over 10.*")])
        assert len(p.requests) == 11


def test_not_followed():
    """--no-location: the redirect is the answer. One without a place is, too."""
    with Peer(answering(lambda q: to("/1"))) as p:
        run("--no-location", p.url("/0")).expect(out=[line(9, p.url("/0"))])
        assert len(p.requests) == 1
    for head in ("", "Location:\r\n"):
        data = response(b"here", head, "302 Found")
        with Peer(always(data)) as p:
            run(p.url("/0")).expect(out=[line(4, p.url("/0"))])


def test_from_https_to_http():
    with Peer(answering(by_path)) as plain, Peer(answering(lambda q: to(plain.url("/5"))), tls=world.tls_context()) as p:
        run("--cacert", world.ca, p.url("/0")).expect(code=1, err=[failure(p.url("/0"), ".*from https to.*")])
        assert not plain.requests


def test_from_http_to_https():
    with Peer(answering(by_path), tls=world.tls_context()) as q, Peer(answering(lambda r: to(q.url("/5")))) as p:
        run("--cacert", world.ca, p.url("/0")).expect(out=[line(5, p.url("/0"))])


def test_places_that_are_none():
    for place, code in (("ftp://h/x", 1), ("http://", 3), ("http://h:99999/", 3), ("http://[::1/", 3)):
        with Peer(always(to(place))) as p:
            run(p.url("/0")).expect(code=code, err=[failure(p.url("/0"), ".*redirected to " + ".*")])


def test_the_connection_is_kept():
    """The body of a small redirect is read past; one of a large one is not waited for."""
    with Peer(answering(lambda q: to("/5", body=b"x" * 3000) if q.target == "/0" else by_path(q))) as p:
        run(p.url("/0")).expect(out=[line(5, p.url("/0"))])
        assert p.accepts == 1, p.accepts

    hold = threading.Event()

    def endless(conn):
        request = conn.request()
        if request and request.target == "/0":
            conn.send(b"HTTP/1.1 302 Found\r\nLocation: /5\r\nContent-Length: 1000000000\r\n\r\nabc")
            hold.wait(20)
        elif request:
            conn.send(response(b"12345"))
    with Peer(endless) as p:
        run(p.url("/0")).expect(out=[line(5, p.url("/0"))])
        hold.set()
        assert p.accepts == 2, p.accepts


def test_only_the_last_body_counts():
    folder = temp_dir()
    with Peer(answering(lambda q: to("/7", body=b"not this") if q.target == "/0" else by_path(q))) as p:
        run("-o", os.path.join(folder, "f"), p.url("/0")).expect(out=[line(7, p.url("/0"))])
    assert read_file(os.path.join(folder, "f")) == b"x" * 7


def test_time_is_for_all_hops_together():
    def answer(request):
        hold = threading.Event()
        hold.wait(0.25)
        return to("/x" + request.target)

    with Peer(answering(answer)) as p:
        run("-m", "0.6", "--max-redirs", "-1", p.url("/0")).expect(code=28, err=[failure(p.url("/0"), "timed out.*")])
        assert 2 <= len(p.requests) <= 3, len(p.requests)


def test_many_at_once_with_limits():
    """Redirects to and fro between two hosts that allow two connections each: nobody waits for himself."""
    def hop(other):
        def answer(request):
            n = int(request.target[1:].split("-")[0])
            return to(f"{other().url()}{n - 1}-{request.target.split('-')[1]}") if n else response(b"12345")
        return answer

    with Peer(answering(hop(lambda: q))) as p, Peer(answering(hop(lambda: p))) as q:
        urls = [p.url(f"/6-{i}") for i in range(60)]
        run("-P", "4", "--parallel-max-host", "2", *urls).expect(out=[line(5, u) for u in urls])
        assert p.max_open <= 2 and q.max_open <= 2, (p.max_open, q.max_open)


def test_to_an_address_of_the_other_family():
    need_ipv6()
    with Peer(answering(by_path), host="::1") as q, Peer(answering(lambda r: to(q.url("/5")))) as p:
        run(p.url("/0")).expect(out=[line(5, p.url("/0"))])
