"""Who asks a proxy: Basic, Digest, and what the proxy chooses, for requests that it forwards and for tunnels; beside curl
where it has the same rules."""
import re

from harness import Failed, Peer, answering, by_path, failure, line, response, run, world
from proxies import OPEN, HttpProxy, curl, curl_version, some
from test_auth import DIGEST, basic, on_terminal, proof_holds, seen

SHA256 = DIGEST.replace('qop="auth"', 'qop="auth", algorithm=SHA-256')
BODY = "x" * 3000


def refused(*challenges, head="", body=BODY):
    return response(body, "".join(f"Proxy-Authenticate: {c}\r\n" for c in challenges) + head, "407 Prove it")


CHUNKED = "Transfer-Encoding: chunked\r\n"


def asking(request, conn):
    """Each host's way to ask, for requests and tunnels alike; never.test takes nothing."""
    host = (request.target if request.method == "CONNECT" else request.get("Host")[0]).split(":")[0]
    shown = request.get("Proxy-Authorization")
    ask = {"basic.test": refused('Basic realm="x"'), "digest.test": refused(DIGEST), "sha256.test": refused(SHA256),
           "all.test": refused('Basic realm="x"', DIGEST), "never.test": refused('Basic realm="x"', DIGEST),
           "unknown.test": refused("Hoba"), "chunked.test": response(
               b"5\r\nhello\r\n0\r\n\r\n", f"Proxy-Authenticate: {DIGEST}\r\n{CHUNKED}", "407 Prove it", length=False)}.get(host)
    if ask and not (shown and host != "never.test"):
        return ask
    if request.method == "CONNECT":
        return OPEN
    return response(b"" if request.method == "HEAD" else b"hello", length=request.method != "HEAD")


USER = ["-U", "a:b"]
CASES = [
    ([], "basic"), ([], "digest"), (USER, "basic"), (USER, "digest"), (USER, "never"), (USER, "unknown"), (USER, "open"),
    ([*USER, "--proxy-basic"], "basic"), ([*USER, "--proxy-digest"], "digest"), ([*USER, "--proxy-digest"], "open"),
    ([*USER, "--proxy-digest"], "sha256"), ([*USER, "--proxy-digest"], "all"), ([*USER, "--proxy-digest"], "basic"),
    ([*USER, "--proxy-digest"], "never"), ([*USER, "--proxy-digest"], "chunked"), ([*USER, "--proxy-anyauth"], "all"),
    ([*USER, "--proxy-anyauth"], "basic"), ([*USER, "--proxy-anyauth"], "digest"), ([*USER, "--proxy-anyauth"], "never"),
    ([*USER, "--proxy-anyauth"], "unknown"), ([*USER, "--proxy-anyauth"], "open"), (["--proxy-anyauth"], "all"),
    ([*USER, "--proxy-digest", "--proxy-basic"], "all"), ([*USER, "--proxy-anyauth", "--proxy-digest"], "basic"),
    ([*USER, "--proxy-digest", "-X", "PUT"], "digest"), ([*USER, "--proxy-digest", "-d", "data"], "digest"),
    ([*USER, "--proxy-anyauth", "-d", "data"], "open"), ([*USER, "--proxy-digest", "-I"], "digest"),
    ([*USER, "--proxy-digest", "-u", "c:d"], "digest"),
]
PROXY = "Proxy-Authorization"


def test_as_curl_asks():
    """What proxy and server get, and the exit status, with and without tunnels."""
    old = curl_version() < (8, 20)
    differ = []
    with Peer(answering(lambda q: response(b"" if q.method == "HEAD" else b"hello", length=q.method != "HEAD"))) as server, \
            HttpProxy(asking, server.port) as p:
        for options, host in some(CASES):
            for tunnel in ([], ["-p"]):
                args = [*options, *tunnel, "-x", p.proxy(), f"http://{host}.test/path?query"]
                status = curl(*([] if tunnel else ["-f"]), *args)  # which makes 22 of a refused tunnel, too
                theirs = seen(p, PROXY), seen(server, PROXY)
                r = run(*args)
                ours = seen(p, PROXY), seen(server, PROXY)
                if ours != theirs or r.code != (7 if status == 56 and tunnel and old else status):
                    differ.append(f"{args}: curl ({status}) sends {theirs}, afetch ({r.code}) {ours} {r.errors}")
    if differ:
        raise Failed("afetch and curl, with the same options", "the same heads and exit status", "\n".join(differ))


# ---- digests that are counted ---------------------------------------------------------------------------------------------

class Counting:
    """Answers as a proxy that gives each nonce once, and takes a proof that holds, with each count of a nonce once."""

    def __init__(self, password="secret", uses=1000000, head="", closes=False):
        self.password, self.uses, self.head, self.closes = password, uses, head, closes
        self.nonces, self.taken, self.refusals = 0, {}, 0

    def __call__(self, request, conn):
        with conn.peer.lock:
            stale = ""
            for value in request.get("Proxy-Authorization"):
                nonce, count = re.search(r'nonce="(\w+)"', value)[1], re.search(r"nc=(\w+)", value)[1]
                uses = self.taken.setdefault(nonce, set())
                if count not in uses and len(uses) < self.uses and proof_holds(value, request.method, self.password):
                    uses.add(count)
                    return OPEN if request.method == "CONNECT" else response(b"hello")
                stale = ", stale=true" if len(uses) >= self.uses else ""
            self.refusals += 1
            self.nonces += 1
            ask = f'Digest realm="r", nonce="n{self.nonces}", qop="auth", algorithm=SHA-256{stale}'
        data = refused(ask, head=self.head)
        if self.closes:
            conn.send(data)
            return None
        return data


def test_a_nonce_serves_many():
    """In turn, forwarded and in tunnels: what one was asked for the next ones show unasked."""
    with Peer(answering(by_path)) as server:
        for tunnel in ([], ["-p"]):
            with HttpProxy(Counting(), server.port) as p:
                urls = [f"http://h{i}.test/5" for i in range(8)]
                run("-P1", "--proxy-digest", *tunnel, "-x", p.proxy(user="me:secret"), *urls).expect(out=[line(5, u) for u in urls])
                assert p.answer.refusals == 1 and len(p.requests) == 9, (p.answer.refusals, len(p.requests))


def test_many_at_once():
    """Also where nonces wear out meanwhile, and where the proxy closes what it refuses on."""
    with Peer(answering(by_path)) as server:
        for tunnel in ([], ["-p"]):
            for how in ({}, {"uses": 3}, {"closes": True}, {"head": "Connection: close\r\n", "closes": True}):
                with HttpProxy(Counting(**how), server.port) as p:
                    urls = [f"http://h{i}.test/5" for i in range(20)]
                    run("-P4", "--proxy-anyauth", *tunnel, "-x", p.proxy(user="me:secret"), *urls).expect(out=[line(5, u) for u in urls])


def test_a_wrong_password():
    """Is not tried for ever."""
    for tunnel, code in (([], 22), (["-p"], 7)):
        with HttpProxy(Counting()) as p:
            url = "http://h.test/"
            run("--proxy-digest", *tunnel, "-x", p.proxy(user="me:wrong"), url).expect(code=code, err=[failure(url, ".*407.*")])
            assert len(p.requests) <= 3, p.requests


def test_challenges_without_end():
    """Each nonce is called stale."""
    for tunnel, code in (([], 22), (["-p"], 7)):
        with HttpProxy(Counting(uses=0)) as p:
            url = "http://h.test/"
            run("--proxy-digest", *tunnel, "-x", p.proxy(user="me:secret"), url).expect(code=code, err=[failure(url, ".*407.*")])
            assert len(p.requests) <= 7, len(p.requests)


def test_a_tunnel_is_asked_for_again_on_the_same_connection():
    with Peer(answering(by_path), tls=world.tls_context()) as server, HttpProxy(Counting(), server.port) as p:
        url = f"https://localhost:{server.port}/5"
        run("--cacert", world.ca, "--proxy-digest", "-x", p.proxy(user="me:secret"), url).expect(out=[line(5, url)])
        assert (p.accepts, len(p.requests)) == (1, 2), (p.accepts, len(p.requests))
    # or on another one, where the proxy says so
    counting = Counting(head="Connection: close\r\n", closes=True)
    with Peer(answering(by_path), tls=world.tls_context()) as server, HttpProxy(counting, server.port) as p:
        url = f"https://localhost:{server.port}/5"
        run("--cacert", world.ca, "--proxy-digest", "-x", p.proxy(user="me:secret"), url).expect(out=[line(5, url)])
        assert (p.accepts, len(p.requests)) == (2, 2), (p.accepts, len(p.requests))


def test_bodies_are_not_sent_in_vain():
    """A request with one is first sent without, and then whole."""
    with HttpProxy(Counting()) as p:
        url = "http://h.test/"
        run("--proxy-digest", "-x", p.proxy(user="me:secret"), "-d", "data", url).expect(out=[line(5, url)])
        assert [q.get("Content-Length") for q in p.requests] == [["0"], ["4"]], [q.fields for q in p.requests]


def test_both_ask():
    """The proxy, and the server behind it."""
    def server_asks(request):
        if not request.get("Authorization"):
            return response(b"no", f"WWW-Authenticate: {DIGEST}\r\n", "401 Unauthorized")
        return response(b"hello")

    def both(request, conn):
        return refused(DIGEST) if not request.get("Proxy-Authorization") else server_asks(request)

    args = ["--digest", "--proxy-digest", "-u", "c:d"]
    with HttpProxy(both) as p:
        url = "http://h.test/x"
        run(*args, "-x", p.proxy(user="a:b"), url).expect(out=[line(5, url)])
        assert proof_holds(p.requests[-1].get("Authorization")[0], "GET", "d"), p.requests[-1].fields
        assert proof_holds(p.requests[-1].get("Proxy-Authorization")[0], "GET", "b"), p.requests[-1].fields
    with Peer(answering(server_asks)) as server, HttpProxy(asking, server.port) as p:
        url = "http://digest.test/x"
        run("-p", *args, "-x", p.proxy(user="a:b"), url).expect(out=[line(5, url)])
        assert all(not q.get("Authorization") for q in p.requests) and len(p.requests) == 2
        assert all(not q.get("Proxy-Authorization") for q in server.requests) and len(server.requests) == 2


def test_a_server_that_plays_the_proxy():
    """Behind a tunnel, or without a proxy, 407 gets nothing."""
    with Peer(answering(lambda q: refused('Basic realm="x"', DIGEST))) as server, HttpProxy(port=server.port) as p:
        url = server.url("/x")
        for options in (["-p", "-x", p.proxy(user="a:b")], ["-p", "-x", p.proxy(), *USER, "--proxy-anyauth"], USER,
                        [*USER, "--proxy-digest"]):
            run(*options, url).expect(code=22, err=[failure(url, ".*407.*")])
        assert len(server.requests) == 4
        assert all(not q.get("Proxy-Authorization") for q in server.requests)


def test_a_password_is_asked_for():
    with HttpProxy(asking) as p:
        screen, code = on_terminal(["-U", "me", "-x", p.proxy(), "http://open.test/"], b"pass word\n")
        assert code == 0 and p.requests[0].get("Proxy-Authorization") == [basic("me:pass word")], (screen, code)
        assert screen.startswith("Enter proxy password for user 'me': ") and "pass word" not in screen, screen
