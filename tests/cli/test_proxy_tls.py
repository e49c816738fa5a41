"""TLS through proxies: within a tunnel, to the proxy itself, and both at once; beside curl where it has the same rules."""
from harness import Peer, answering, by_path, failure, line, response, run, world
from proxies import OPEN, HttpProxy, SocksProxy, curl


def hello(request, conn=None):
    return OPEN if request.method == "CONNECT" else response(b"hello")


def tls_proxy(cert="good", answer=hello, port=None, context=None):
    return HttpProxy(answer, port, tls=context or world.tls_context(cert))


def at(proxy, host="localhost"):
    return f"https://{host}:{proxy.port}"


TRUST = "--proxy-cacert"


def test_every_way():
    """Plain and https URLs through each kind of proxy, many at once, bodies whole."""
    urls = [world.url("http", f"/mega?{i}") for i in range(3)] + [world.url("https", f"/mega?{i}") for i in range(3)]
    urls += [world.url("tls12", "/page"), world.url("tls13", "/page")]
    expected = [line(1 << 20, u) for u in urls[:6]] + [line(25431, u) for u in urls[6:]]
    for kind in ("http", "https", "socks4", "socks4a", "socks5", "socks5h"):
        with (tls_proxy() if kind == "https" else HttpProxy() if kind == "http" else SocksProxy()) as p:
            name = "localhost" if kind == "https" else "127.0.0.1"
            for tunnel in (["-p"], []) if kind == "https" else (["-p"],):
                r = run("--cacert", world.ca, TRUST, world.ca, *tunnel, "-x", f"{kind}://{name}:{p.port}", *urls[0 if tunnel else 3:])
                r.expect(out=expected[0 if tunnel else 3:])


def test_forwarded_by_an_https_proxy():
    """The request goes to the proxy by TLS, which is not the server's."""
    with tls_proxy() as p:
        url = "http://target.test/"
        r = run("-v", TRUST, world.ca, "-x", at(p), url + "1", url + "2")
        assert r.code == 0 and sorted(r.lines) == [line(5, url + "1"), line(5, url + "2")], r
        assert p.requests[0].first.startswith("GET http://target.test/"), p.requests[0].first
        assert b"To the proxy: TLSv1." in r.err, r


def test_connections_are_used_again():
    with Peer(answering(by_path), tls=world.tls_context()) as server, tls_proxy(port=server.port) as p:
        urls = [f"https://localhost:{i}/{i}" for i in (1, 2) for _ in range(4)]
        for mode in ([], ["--sync"], ["--threads"]):
            r = run(*mode, "-P1", "--cacert", world.ca, TRUST, world.ca, "-x", at(p), *urls)
            r.expect(out=[line(int(u[-1]), u) for u in urls])
        assert (p.accepts, server.accepts, len(server.requests)) == (6, 6, 24), (p.accepts, server.accepts)


def test_tickets_of_proxy_and_server():
    """A second connection resumes with both, each with its own."""
    def once(request):
        return response(b"hello", "Connection: close\r\n")

    with Peer(answering(once), tls=world.tls_context()) as server, tls_proxy(port=server.port) as p:
        urls = [f"https://localhost:{server.port}/{i}" for i in range(3)]
        r = run("-v", "-P1", "--cacert", world.ca, TRUST, world.ca, "-x", at(p), *urls)
        assert sorted(r.lines) == [line(5, u) for u in urls], r
        resumed = [x for x in r.stderr if x.endswith(", resumed")]
        # Of the two later connections: a ticket may come too late for one of them.
        with_proxy = sum("To the proxy" in x for x in resumed)
        assert 1 <= with_proxy <= 2 and 1 <= len(resumed) - with_proxy <= 2, r


TRUSTS = [  # the proxy's certificate, options, exit status
    ("good", [TRUST, "{ca}"], 0),
    ("good", ["--cacert", "{ca}"], 60),      # that is for servers
    ("good", ["-k"], 60),                    # likewise
    ("good", ["--proxy-insecure"], 0),
    ("self", ["--proxy-insecure"], 0),
    ("self", [TRUST, "{ca}"], 60),
    ("expired", [TRUST, "{ca}"], 60),
    ("wrong", [TRUST, "{ca}"], 60),
    ("unknown", [TRUST, "{ca}"], 60),
    ("good", [TRUST, "/nonexistent.pem"], 77),
]


def test_the_proxys_certificate_as_curl_judges_it():
    for cert, options, code in TRUSTS:
        with tls_proxy(cert) as p:
            args = [x.format(ca=world.ca) for x in options] + ["-x", at(p), "http://target.test/"]
            r = run(*args)
            if code in (0, 77):
                r.check(r.code == code, f"exit status {code}")
            else:
                r.expect(code=code, err=[failure("http://target.test/", "certificate not accepted: .+, at the proxy")])
            assert curl(*args) == code, (cert, options, code)
            assert code == 0 or not p.requests


def test_the_servers_certificate_within():
    """What is for the proxy is not for the server."""
    with Peer(answering(by_path), tls=world.tls_context("good")) as server, tls_proxy(port=server.port) as p:
        url = f"https://localhost:{server.port}/5"
        for options, code in ((["--cacert", "{ca}", TRUST, "{ca}"], 0), ([TRUST, "{ca}"], 60), (["-k", "--proxy-insecure"], 0),
                              (["--proxy-insecure"], 60), (["--cacert", "{ca}", "--proxy-insecure"], 0)):
            args = [x.format(ca=world.ca) for x in options] + ["-x", at(p), url]
            r = run(*args)
            r.check(r.code == code, f"exit status {code}")
            assert curl(*args) in (code, 35), (options, code)  # old ones call it a failed handshake
        # the name is the server's, not the proxy's
        r = run("--cacert", world.ca, TRUST, world.ca, "-x", at(p), "https://other.test/5")
        r.expect(code=60, err=[failure("https://other.test/5", "certificate not accepted: .*other.test")])


def test_a_client_certificate_for_the_proxy():
    context = world.tls_context()
    context.load_verify_locations(world.ca)
    context.verify_mode = 2  # required
    cert, key = world.certs.path("client-ec.pem"), world.certs.path("client-ec.key")
    with tls_proxy(context=context) as p:
        url = "http://target.test/"
        run(TRUST, world.ca, "--proxy-cert", cert, "--proxy-key", key, "-x", at(p), url).expect(out=[line(5, url)])
        r = run(TRUST, world.ca, "-E", cert, "--key", key, "-x", at(p), url)
        r.check(r.code in (35, 55, 56), "a refusal: the server's certificate is not for the proxy")
        run(TRUST, world.ca, "--proxy-cert", "/nonexistent", "-x", at(p), url).expect(
            code=58, err=["afetch: client certificate not usable: .*"], total=False)


def test_proxies_that_do_not_speak_tls():
    def plain(conn):
        conn.sock.recv(1000)
        conn.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Peer(plain) as p:
        url = "http://target.test/"
        run("-x", f"https://127.0.0.1:{p.port}", url).expect(code=35, err=[failure(url, "TLS handshake failed.*, at the proxy")])
        assert curl("-x", f"https://127.0.0.1:{p.port}", url) == 35
    # and a target that does not, behind one that does
    with Peer(plain) as server, tls_proxy(port=server.port) as p:
        url = "https://target.test/"
        run(TRUST, world.ca, "-x", at(p), url).expect(code=35, err=[failure(url, "TLS handshake failed.*")])
        assert curl(TRUST, world.ca, "-x", at(p), url) == 35


def test_a_slow_handshake_counts():
    """Both handshakes are under the time-out for connecting."""
    from threading import Event
    hold = Event()
    with Peer(lambda conn: hold.wait(20)) as silent:
        url = "https://target.test/"
        run("--connect-timeout", "0.2", "-x", f"https://127.0.0.1:{silent.port}", url).expect(
            code=28, err=[failure(url, r"timed out: in the TLS handshake with the proxy, after 0\.2 s.*")])
        with tls_proxy(port=silent.port) as p:
            run("--connect-timeout", "0.3", TRUST, world.ca, "-x", at(p), url).expect(
                code=28, err=[failure(url, r"timed out: in the TLS handshake, after 0\.3 s.*")])
        hold.set()
