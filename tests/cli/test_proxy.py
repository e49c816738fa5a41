"""HTTP proxies: requests that they forward, and tunnels through them; beside curl where it has the same rules."""
import signal
import threading

from harness import Config, Dns, Failed, Peer, answering, by_path, failure, line, refused_port, response, run, start, world
from proxies import OPEN, HttpProxy, curl, curl_version, heads, lead, some, tinyproxy


def hello(request, conn=None):
    return OPEN if request.method == "CONNECT" else response(b"hello")


# ---- what proxies are told ----------------------------------------------------------------------------------------------

HEADS = [
    (["-x", "{p}"], "http://target.test/"),
    (["-x", "{p}"], "http://target.test"),
    (["-x", "{p}"], "http://target.test?q"),
    (["-x", "{p}"], "http://target.test:80/a/./b/../c?d=e#f"),
    (["-x", "{p}"], "http://target.test:81/x"),
    (["-x", "{p}"], "http://[::1]:81/x"),
    (["-x", "{p}"], "http://127.0.0.1:{port}/x"),
    (["-x", "{p}"], "http://me:secret@target.test/"),
    (["-x", "{host}"], "http://target.test/"),
    (["--proxy", "http://user:pa%3Ass@{host}"], "http://target.test/"),
    (["-x", "http://user@{host}"], "http://target.test/"),
    (["-x", "http://:pw@{host}"], "http://target.test/"),
    (["-x", "{p}", "-U", "user:pass:word"], "http://target.test/"),
    (["-x", "{p}", "--proxy-user", "user:"], "http://target.test/"),
    (["-x", "http://his:own@{host}", "-U", "user:pw"], "http://target.test/"),
    (["-x", "{p}", "-U", "a:b"], "http://c:d@target.test/"),
    (["-x", "{p}", "-H", "A: b", "--proxy-header", "P: q"], "http://target.test/"),
    (["-x", "{p}", "-H", "Proxy-Connection:"], "http://target.test/"),
    (["-x", "{p}", "--proxy-header", "Proxy-Connection:"], "http://target.test/"),
    (["-x", "{p}", "-H", "Proxy-Connection: close"], "http://target.test/"),
    (["-x", "{p}", "-H", "Host: other.test"], "http://target.test/"),
    (["-x", "{p}", "-H", "Proxy-Authorization: Mine x"], "http://target.test/"),
    (["-x", "{p}", "-U", "a:b", "--proxy-header", "Proxy-Authorization: Mine x"], "http://target.test/"),
    (["-x", "{p}", "--request-target", "/else?where"], "http://target.test/"),
    (["-x", "{p}", "-e", "http://from.test/", "-A", ""], "http://target.test/"),
    (["-x", "{p}", "-0"], "http://target.test/"),
    (["-x", "{p}", "-I"], "http://target.test/"),
    (["-x", "{p}", "-X", "DELETE"], "http://target.test/"),
    (["-x", "{p}", "-d", "a=b"], "http://target.test/"),
    # tunnels
    (["-x", "{p}", "-p"], "http://target.test/x"),
    (["-x", "{p}", "--proxytunnel", "--no-proxytunnel"], "http://target.test/x"),
    (["-x", "{p}", "-p"], "http://target.test:81/x?y"),
    (["-x", "{p}", "-p"], "http://[::1]:81/x"),
    (["-x", "http://a:b@{host}", "-p"], "http://c:d@target.test/"),
    (["-x", "{p}", "-p", "-U", "a:b", "-H", "A: b", "-H", "Authorization: c", "-H", "Cookie: d"], "http://target.test/"),
    (["-x", "{p}", "-p", "--proxy-header", "P: q", "--proxy-header", "Q;", "--proxy-header", "R:"], "http://target.test/"),
    (["-x", "{p}", "-p", "--proxy-header", "User-Agent: z"], "http://target.test/"),
    (["-x", "{p}", "-p", "--proxy-header", "User-Agent:", "--proxy-header", "Proxy-Connection:"], "http://target.test/"),
    (["-x", "{p}", "-p", "-A", "name"], "http://target.test/"),
    (["-x", "{p}", "-p", "--proxy-header", "Host:"], "http://target.test/"),
    (["-x", "{p}", "-p", "-H", "Proxy-Authorization: Mine x", "-H", "Proxy-Connection: y"], "http://target.test/"),
    (["-x", "{p}", "-p", "-U", "a:b", "--proxy-header", "Proxy-Authorization: Mine x"], "http://target.test/"),
    (["-x", "{p}", "-p", "--request-target", "/else"], "http://target.test/"),
    (["-x", "{p}", "-p", "-0"], "http://target.test/"),
    (["-x", "{p}", "-p", "-I"], "http://target.test/"),
    # where to connect
    (["-x", "{p}", "--connect-to", "target.test:80:other.test:81"], "http://target.test/x"),
    (["-x", "{p}", "--connect-to", "::[::2]:"], "http://target.test/x"),
    (["-x", "{p}", "--connect-to", "target.test:80:target.test:80"], "http://target.test/x"),
    (["-x", "{p}", "--connect-to", "else.test::other.test:"], "http://target.test/x"),
    (["-x", "{p}", "-p", "--connect-to", "target.test::other.test:"], "http://target.test:82/x"),
    (["-x", "{p}", "--connect-to", "127.0.0.1::127.0.0.9:"], "http://target.test/x"),
    (["-x", "{p}", "--resolve", "target.test:80:127.0.0.9"], "http://target.test/x"),
    (["-x", "http://proxy.test:{port}", "--resolve", "proxy.test:{port}:127.0.0.1"], "http://target.test/x"),
    (["-x", "{p}", "-p", "-d", "a=b", "-U", "a:b"], "http://target.test/"),
]


def test_heads_as_curl_sends_them():
    """To the proxy, and through it to the server."""
    differ = []
    with Peer(answering(lambda q: response(b"" if q.method == "HEAD" else b"hello", length=q.method != "HEAD"))) as server, \
            HttpProxy(lambda q, c: OPEN if q.method == "CONNECT" else response(b"", length=q.method != "HEAD"),
                      server.port) as p:
        for options, url in some(HEADS):
            host = f"127.0.0.1:{p.port}"
            args = [x.format(p=p.proxy(), host=host, port=p.port) for x in [*options, url]]
            status = curl(*args)
            theirs = heads(p), heads(server)
            r = run(*args)
            ours = heads(p), heads(server)
            if ours != theirs or r.code != status:
                differ.append(f"{args}: curl ({status}) sends {theirs}, afetch ({r.code}) {ours} {r.errors}")
    if differ:
        raise Failed("afetch and curl, with the same options", "the same heads and exit status", "\n".join(differ))


def test_heads_that_curl_sends_otherwise():
    """Host goes first (RFC 9110 section 7.2); a header for the proxy takes a default's place where it forwards, too; no
    empty User-Agent (the newest curl sends none)."""
    with Peer(answering(by_path)) as server, HttpProxy(hello, server.port) as p:
        run("-x", p.proxy(), "-p", "--proxy-header", "X: y", "--proxy-header", "Host: z", "-A", "", "http://target.test/5")
        assert heads(p) == [b"CONNECT target.test:80 HTTP/1.1\r\nHost: z\r\nProxy-Connection: Keep-Alive\r\nX: y"]
        run("-x", p.proxy(), "--proxy-header", "User-Agent: z", "http://target.test/5")
        assert p.requests[0].get("User-Agent") == ["z"], p.requests[0].fields


# ---- which proxy --------------------------------------------------------------------------------------------------------

CHOICES = [
    ({}, []),
    ({"http_proxy": "{a}"}, []),
    ({"HTTP_PROXY": "{a}"}, []),  # what a web server makes of a request's "Proxy:"
    ({"http_proxy": "", "all_proxy": "{a}"}, []),
    ({"https_proxy": "{a}"}, []),
    ({"HTTPS_PROXY": "{a}"}, []),
    ({"all_proxy": "{a}"}, []),
    ({"ALL_PROXY": "{a}"}, []),
    ({"http_proxy": "{a}", "https_proxy": "{b}"}, []),
    ({"http_proxy": "{a}", "all_proxy": "{b}"}, []),
    ({"https_proxy": "{a}", "HTTPS_PROXY": "{b}"}, []),
    ({"all_proxy": "{a}", "ALL_PROXY": "{b}"}, []),
    ({"http_proxy": "127.0.0.1:{a_port}"}, []),
    ({"http_proxy": "{a}"}, ["-x", "{b}"]),
    ({"all_proxy": "{a}"}, ["-x", ""]),
    ({"all_proxy": "{a}"}, ["--noproxy", "*"]),
    ({"all_proxy": "{a}"}, ["--noproxy", "127.0.0.1"]),
    ({"all_proxy": "{a}"}, ["--noproxy", "127.0.0.0/8"]),
    ({"all_proxy": "{a}"}, ["--noproxy", "127.0.0.2, 10.0.0.0/8"]),
    ({"all_proxy": "{a}", "no_proxy": "127.0.0.1"}, []),
    ({"all_proxy": "{a}", "NO_PROXY": "x.test,127.0.0.1"}, []),
    ({"all_proxy": "{a}", "no_proxy": "", "NO_PROXY": "127.0.0.1"}, []),
    ({"all_proxy": "{a}", "no_proxy": "127.0.0.1"}, ["--noproxy", ""]),
    ({"all_proxy": "{a}", "no_proxy": "localhost"}, []),
    ({"no_proxy": "*"}, ["-x", "{a}"]),
    ({}, ["-x", "{a}", "--noproxy", "127.0.0.1"]),
    ({}, ["-x", "{a}", "-x", "{b}"]),
]


def test_the_environment_as_curl_reads_it():
    differ = []
    def closing(conn):
        conn.sock.recv(1)

    with Peer(answering(by_path)) as server, Peer(closing) as tls, \
            HttpProxy(lambda q, c: None if q.method == "CONNECT" else response(b"hello")) as a, \
            HttpProxy(lambda q, c: None if q.method == "CONNECT" else response(b"hello")) as b:
        everybody = {"a": a, "b": b, "server": server}
        for env, options in some(CHOICES):
            names = {"a": a.proxy(), "b": b.proxy(), "a_port": a.port}
            env = {k: v.format(**names) for k, v in env.items()}
            options = [x.format(**names) for x in options]
            seen = []
            for program in (curl, run):
                program(*options, server.url("/5"), f"https://127.0.0.1:{tls.port}/", env=env)
                seen.append({name: sorted(x.split(b"\r\n")[0] for x in heads(peer)) for name, peer in everybody.items()})
                seen[-1]["tls"], tls.accepts = tls.accepts, 0
            if seen[0] != seen[1]:
                differ.append(f"{env} {options}: curl {seen[0]}, afetch {seen[1]}")
    if differ:
        raise Failed("afetch and curl, with the same environment", "the same proxies", "\n".join(differ))


def test_proxies_that_are_none():
    """A bad -x fetches nothing; what the environment has fails the URLs that it is for. curl has the same codes."""
    with Peer(answering(by_path)) as p:
        for proxy, code in (("http://h:99999", 5), ("http://", 5), ("h h", 5), ("ftp://h", 7), ("socks6://h", 7)):
            r = run("-x", proxy, p.url("/5"), p.url("/6"))
            r.expect(code=code, err=[r"afetch: (could not resolve proxy|could not connect): .+"], total=False)
            run(p.url("/5"), "https://localhost:1/", env={"https_proxy": proxy}).expect(
                code=code, out=[line(5, p.url("/5"))], err=[failure("https://localhost:1/")])
            assert curl("-x", proxy, p.url("/5")) == code, proxy
        assert "secret" not in str(run("-x", "http://me:secret@h:99999", p.url("/5")))


def test_a_proxy_that_is_not_there():
    with Dns({"proxy.test": ["127.0.0.1"]}) as dns:
        gone = refused_port()
        for kind in ("http", "https", "socks4", "socks5h"):
            r = run("--dns-servers", dns.server, "-x", f"{kind}://nosuch.test:1", "http://target.test/")
            r.expect(code=5, err=[failure("http://target.test/", r"could not resolve proxy: nosuch\.test \(no such name\)")])
            url = "http://target.test/"
            r = run("--dns-servers", dns.server, "-x", f"{kind}://proxy.test:{gone.getsockname()[1]}", url)
            r.expect(code=7, err=[failure(url, r"could not connect: proxy\.test .*\(Connection refused\)")])
        assert dns.asked("target.test") == 0
        r = run("-v", "--dns-servers", dns.server, "--retry", "1", "--retry-delay", "0.01", "-x", "nosuch.test", "http://h/")
        r.check(r.code == 5 and r.err.count(b"Trying again") == 1, "another try")


# ---- connections --------------------------------------------------------------------------------------------------------

def test_one_connection_for_every_host():
    """Of a proxy that forwards; but a tunnel for each."""
    with Peer(answering(by_path)) as server, HttpProxy(hello, server.port) as p:
        urls = [f"http://{host}.test/{i}" for i in range(3) for host in "abc"]
        for mode in ([], ["--sync"], ["--threads"]):
            run(*mode, "-P1", "-x", p.proxy(), *urls).expect(out=[line(5, u) for u in urls])
        assert (p.accepts, len(p.requests)) == (3, 27), (p.accepts, len(p.requests))
    with Peer(answering(by_path)) as server, HttpProxy(hello, server.port) as p:
        urls = [f"http://{host}.test/{i}" for i in range(3) for host in "abc"]
        for mode in ([], ["--sync"], ["--threads"]):
            run(*mode, "-P1", "-p", "-x", p.proxy(), *urls).expect(out=[line(int(u[-1]), u) for u in urls])
        assert (p.accepts, server.accepts, len(server.requests)) == (9, 9, 27), (p.accepts, server.accepts)
        hosts = {}
        for q in server.requests:
            hosts.setdefault(q.get("Host")[0], 0)
        assert len(hosts) == 3


def test_a_connection_that_the_proxy_says_it_closes():
    def answer(request, conn):
        return response(b"hello", "Proxy-Connection: close\r\n")

    with HttpProxy(answer) as p:
        urls = [f"http://h.test/{i}" for i in range(3)]
        run("-P1", "-x", p.proxy(), *urls).expect(out=[line(5, u) for u in urls])
        assert p.accepts == 3, p.accepts


def test_limits_of_hosts():
    """They hold for the host, whatever the way."""
    inside, most, lock, full = {}, {}, threading.Condition(), []

    def answer(request, conn):
        host = request.get("Host")[0]
        with lock:
            inside[host] = inside.get(host, 0) + 1
            most[host] = max(most.get(host, 0), inside[host])
            full.append(sum(inside.values()) == 4)
            lock.notify_all()
            lock.wait_for(lambda: any(full), 5)
            inside[host] -= 1
        return response(b"hello")

    with HttpProxy(answer) as p:
        urls = [f"http://{host}.test/{i}" for i in range(6) for host in "ab"]
        run(*(["--threads"] if Config.mode else []), "-P9", "--parallel-max-host", "2", "-x", p.proxy(), *urls).expect(out=[line(5, u) for u in urls])
        assert most == {"a.test": 2, "b.test": 2}, most


def test_holds_of_hosts():
    """Retry-After is the origin's: another one behind the same proxy goes on."""
    def answer(request, conn):
        if request.target.startswith("http://a.") and len(p.requests) == 1:
            return response(b"", "Retry-After: 1\r\n", "503 Busy")
        return response(b"hello")

    with HttpProxy(answer) as p:
        urls = ["http://a.test/1", "http://b.test/1", "http://b.test/2"]
        r = start("--retry", "1", "--retry-delay", "0.01", "-P1", "-x", p.proxy(), *urls)
        r.await_lines(2)
        r.signal(signal.SIGINT)
        r = r.wait()
        assert r.code == 130 and sorted(r.lines) == [line(5, u) for u in urls[1:]], r


REDIRECTS = [  # options, where it leads
    ([], "/next"), ([], "http://target.test/next"), ([], "http://target.test:82/next"), ([], "http://other.test/next"),
    ([], "//other.test:81/next"), ([], "https://other.test/next"), (["-p"], "/next"), (["-p"], "http://other.test/next"),
    (["-p"], "https://target.test/next"), (["-U", "a:b"], "http://other.test/next"), (["-U", "a:b"], "https://other.test/next"),
    (["-u", "a:b"], "http://other.test/next"), (["-u", "a:b"], "/next"), (["-H", "Proxy-Authorization: x"], "http://other.test/"),
    (["--proxy-header", "X: y"], "http://other.test/next"), (["--noproxy", "127.0.0.1"], "http://127.0.0.1:{port}/next"),
    (["-d", "data"], "http://other.test/next"), (["--location-trusted", "-u", "a:b"], "http://other.test/next"),
]


def test_redirects_as_curl_follows_them():
    """To other hosts by the same proxy, to a tunnel, past the proxy."""
    differ = []
    for options, place in some(REDIRECTS):
        def answer(request, conn=None):
            if request.method == "CONNECT":
                return response(b"no", status="403 No") if request.target.endswith(":443") else OPEN
            if request.target.endswith("/first"):
                return response(b"", f"Location: {place.format(port=server.port)}\r\n", "302 Found")
            return response(b"hello")

        with Peer(answering(lambda q: answer(q))) as server, HttpProxy(answer, server.port) as p:
            seen = []
            for program in (lambda *a: curl("-L", *a), run):
                program(*options, "-x", p.proxy(), "http://target.test/first")
                seen.append([[x.replace(str(server.port).encode(), b"PORT") for x in heads(peer)] for peer in (p, server)])
            if seen[0] != seen[1]:
                differ.append(f"{options} {place}: curl {seen[0]}, afetch {seen[1]}")
    if differ:
        raise Failed("afetch and curl -L, with the same options", "the same heads", "\n".join(differ))


# ---- refusals -----------------------------------------------------------------------------------------------------------

def curl_code(code):
    """For a refused tunnel: curl's before 8.20."""
    return 56 if code == 7 and curl_version() < (8, 20) else code


REFUSALS = [
    (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nabc", 7, "CONNECT tunnel failed: response 403 Forbidden"),
    (b"HTTP/1.1 502 Bad Gateway\r\n\r\nabc", 7, "CONNECT tunnel failed: response 502 Bad Gateway"),
    (b"HTTP/1.0 503\r\n\r\n", 7, "CONNECT tunnel failed: response 503"),
    (b"HTTP/1.1 407 Prove it\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", 7, ".*response 407 Prove it"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n", 7, ".*response 302 Found"),
    (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 7, ".*response 101 Switching"),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", None, ".*response 404 Not Found"),
    (b"", 56, "could not receive: the proxy's answer to CONNECT: empty reply.*"),
    (b"HTTP/1.1 200 OK\r\nA: b", 56, "could not receive: the proxy's answer to CONNECT: transfer ended early.*"),
    (b"SSH-2.0-x\r\n\r\n", None, "could not receive: the proxy's answer to CONNECT: weird server reply.*"),
    (OPEN + b"early", None, "could not receive: the proxy sent more than its answer to CONNECT"),
    (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 300_000, None, "could not receive: the proxy's answer to CONNECT: .*over 256 KiB"),
]


def test_refusals():
    def serve(conn):
        if conn.request():
            conn.send(serve.data)

    for serve.data, code, sentence in REFUSALS:
        with Peer(serve) as p:
            for url in ("https://target.test/", "http://target.test/"):
                r = run("-p", "-x", f"127.0.0.1:{p.port}", url)
                r.expect(code=code or r.code, err=[failure(url, sentence)])
                r.check(r.code in (7, 56), "exit status 7 or 56")
            if code:
                assert curl("-p", "-x", f"127.0.0.1:{p.port}", url) == curl_code(code), (serve.data, code)


def test_answers_that_are_a_tunnel():
    """Whatever the 2xx, and whatever lengths it names; in pieces; after others."""
    answers = [b"HTTP/1.1 204 No\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200\nA: b\n\n",
               b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"]
    with Peer(answering(by_path)) as server:
        class Pieces(HttpProxy):
            def speak(self, conn):
                request = conn.request()
                if request:
                    conn.drip(answers[int(request.target[1:2])])
                    lead(conn.sock, server.port)

        with Pieces() as p:
            urls = [f"http://h{i}.test/7" for i in range(len(answers))]
            run("-p", "-x", p.proxy(), *urls).expect(out=[line(7, u) for u in urls])


def test_a_proxy_that_does_not_answer():
    hold = threading.Event()

    def serve(conn):
        conn.request()
        hold.wait(20)

    with Peer(serve) as p:
        for url in ("https://target.test/", "http://target.test/"):
            r = run("--connect-timeout", "0.2", "-p", "-x", f"127.0.0.1:{p.port}", url)
            r.expect(code=28, err=[failure(url, r"timed out: waiting for the proxy's answer, after 0\.2 s.*")])
            r = run("-m", "0.2", "-p", "-x", f"127.0.0.1:{p.port}", url)
            r.expect(code=28, err=[failure(url, r"timed out: after 0\.2 s.*")])
        hold.set()


def test_a_refused_request():
    """Of a proxy that forwards it is the response."""
    with HttpProxy(lambda q, c: response(b"no", status="407 Prove it")) as p:
        url = "http://target.test/"
        run("-x", p.proxy(), url).expect(code=22, err=[failure(url, ".*407 Prove it")])
        run("-x", p.proxy(), "--no-fail", url).expect(out=[line(2, url)])


# ---- secrets -----------------------------------------------------------------------------------------------------------

def test_secrets_stay_where_they_belong():
    """Also with redirects from a forwarded request to a tunnel."""
    def tell(request):
        return response(b"hello")

    with Peer(answering(tell), tls=world.tls_context()) as server:
        def answer(request, conn):
            if request.method == "CONNECT":
                return OPEN
            return response(b"", f"Location: https://127.0.0.1:{server.port}/x\r\n", "302 Found")

        with HttpProxy(answer) as p:
            url = "http://me:secret@target.test/"
            r = run("-v", "--cacert", world.ca, "-x", p.proxy(user="proxy:hidden"), "--proxy-header", "P: q", "-H", "A: b", url)
            assert r.code == 0 and r.lines == [line(5, "http://target.test/")], r
            forwarded, connect = p.requests
            assert forwarded.get("Proxy-Authorization") and forwarded.get("Authorization") and forwarded.get("P")
            assert connect.get("Proxy-Authorization") and not connect.get("Authorization")
            assert connect.get("P") and not connect.get("A")
            (q,) = server.requests
            assert q.get("A") and not q.get("P") and not q.get("Proxy-Authorization") and not q.get("Authorization"), q.fields
            assert not q.get("Proxy-Connection")
            text = (r.out + r.err).decode()
            assert "> CONNECT 127.0.0.1" in text and "< HTTP/1.1 200 Connection established" in text, text
            for secret in ("hidden", "secret", "cHJveHk6aGlkZGVu", "bWU6c2VjcmV0"):
                assert secret not in text, text


# ---- tinyproxy ----------------------------------------------------------------------------------------------------------

def test_tinyproxy():
    for lines, user in ([], ""), (["BasicAuth me secret"], "me:secret@"):
        proxy = tinyproxy(*lines)
        urls = [world.url("http", f"/page?{i}") for i in range(6)] + [world.url("https", f"/page?{i}") for i in range(6)]
        r = run("--cacert", world.ca, "-P8", "-x", f"http://{user}{proxy}", *urls)
        r.expect(out=[line(25431, u) for u in urls])
        r = run("--cacert", world.ca, "-P8", "-p", "-x", proxy, *(["-U", user[:-1]] if user else []), *urls)
        r.expect(out=[line(25431, u) for u in urls])
    urls = [world.url("http"), world.url("https")]
    run("--cacert", world.ca, "-x", proxy, urls[0]).expect(code=22, err=[failure(urls[0], ".*407.*")])
    run("--cacert", world.ca, "-x", proxy, urls[1]).expect(code=7, err=[failure(urls[1], ".*response 407.*")])
