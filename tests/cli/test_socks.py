"""SOCKS proxies: what they are told beside curl, what they answer, and two real ones."""
import threading

from harness import Dns, Failed, Peer, answering, by_path, failure, has_ipv6, line, need_ipv6, run, s_server, world
from proxies import SocksProxy, curl, microsocks, some

KINDS = ("socks4", "socks4a", "socks5", "socks5h")
ADDRESS = ("socks4", "socks5")  # they are told an address

TALKS = [  # options, URL
    (["-x", "socks4://{at}"], "http://127.0.0.1:81/"),
    (["-x", "socks4://me@{at}"], "http://127.0.0.1/"),
    (["-x", "socks4a://{at}"], "http://target.test:81/"),
    (["-x", "socks4a://me:secret@{at}"], "http://target.test/"),
    (["-x", "socks4a://{at}"], "http://127.0.0.1/"),
    (["-x", "socks5h://{at}"], "http://target.test:81/"),
    (["-x", "socks5h://{at}"], "http://127.0.0.1/"),
    (["-x", "socks5h://{at}"], "http://[::1]/"),
    (["-x", "socks5://{at}"], "http://127.0.0.1/"),
    (["-x", "socks5://{at}"], "http://[::1]/"),
    (["--socks4", "{at}"], "http://127.0.0.1/"),
    (["--socks4a", "{at}", "-U", "me:"], "http://target.test/"),
    (["--socks5", "{at}"], "http://127.0.0.1/"),
    (["--socks5-hostname", "{at}"], "http://target.test/"),
    (["-p", "--socks5-hostname", "{at}"], "http://target.test/"),
    (["-x", "socks5h://me:se%3Acret@{at}"], "http://target.test/"),
    (["-x", "socks5h://me@{at}"], "http://target.test/"),
    (["-x", "socks5h://{at}", "-U", "me:se:cret"], "http://target.test/"),
    (["--socks5-hostname", "me:secret@{at}"], "http://target.test/"),
]


def told(proxy):
    """What each connection said, in one piece."""
    talks = [b"".join(t) for t in proxy.talks]
    del proxy.talks[:]
    return talks


def said(proxy, server):
    """To both. The methods of version 5 are left out: curl may offer one for Kerberos."""
    talks = [t[2 + t[1]:] if t[0] == 5 else t for t in told(proxy)]
    requests = [q.head.split(b"\r\nUser-Agent")[0] for q in server.requests]
    del server.requests[:]
    return talks, requests


def test_talks_as_curl_has_them():
    differ = []
    with Peer(answering(by_path)) as server, SocksProxy(port=server.port) as p:
        for options, url in some(TALKS):
            args = [x.format(at=f"127.0.0.1:{p.port}") for x in options] + [url + "5"]
            status = curl(*args)
            theirs = said(p, server)
            r = run(*args)
            ours = said(p, server)
            if ours != theirs or r.code != status:
                differ.append(f"{args}: curl ({status}) {theirs}, afetch ({r.code}) {ours} {r.errors}")
    if differ:
        raise Failed("afetch and curl, with the same options", "the same bytes to the proxy and exit status", "\n".join(differ))


def test_methods_of_version_5():
    """What needs no password offers none."""
    with Peer(answering(by_path)) as server, SocksProxy(port=server.port) as p:
        run("-x", p.proxy("socks5h"), "http://h.test/5")
        assert told(p) == [b"\5\1\0" + b"\5\1\0\3\6h.test\0\x50"]
        run("-x", p.proxy("socks5h", "me:pw"), "http://h.test/5")
        assert told(p) == [b"\5\2\0\2" + b"\1\2me\2pw" + b"\5\1\0\3\6h.test\0\x50"]


def test_names():
    """Looked up where the kind says so: by the proxy, and then here only the proxy's own; or here."""
    zone = {"proxy.test": ["127.0.0.1"], "target.test": ["127.0.0.1", "::1"], "six.test": ["::1"], "none.test": []}
    with Dns(zone) as dns, Peer(answering(by_path)) as server, SocksProxy(port=server.port) as p:
        for kind in KINDS:
            run("--dns-servers", dns.server, "-x", f"{kind}://proxy.test:{p.port}", "http://target.test/5").expect(
                out=[line(5, "http://target.test/5")])
            assert (dns.asked("target.test") > 0) == (kind in ADDRESS), (kind, dns.queries)
            assert dns.asked("proxy.test") > 0, dns.queries
            del dns.queries[:]
            (talk,) = told(p)
            assert (b"target.test" in talk) == (kind not in ADDRESS) and (b"\x7f\0\0\1" in talk) == (kind in ADDRESS), talk
        url = "http://six.test/5"
        run("--dns-servers", dns.server, "-x", p.proxy("socks5"), url).expect(out=[line(5, url)])
        assert b"\4" + bytes(15) + b"\1\0\x50" in told(p)[0]
        for kind, host, why in (("socks4", "six.test", "it has no IPv4 address, and SOCKS 4 reaches no other"),
                                ("socks5", "none.test", "it has no address"), ("socks5", "nosuch.test", "no such name"),
                                ("socks4", "nosuch.test", "no such name")):
            url = f"http://{host}/5"
            r = run("--dns-servers", dns.server, "-x", p.proxy(kind), url)
            r.expect(code=97, err=[failure(url, rf"proxy handshake failed: could not resolve {host} \({why}\)")])
        # as the user has it
        url = f"http://target.test:{server.port}/5"
        told(p)
        for kind, options, address in (
                ("socks5", ["-4"], b"\1\x7f\0\0\1"),
                ("socks5", ["--resolve", f"target.test:{server.port}:127.0.0.9"], b"\1\x7f\0\0\x09"),
                ("socks5", ["--resolve", f"target.test:{server.port}:[::2]"], b"\4" + bytes(15) + b"\2"),
                ("socks4", ["--resolve", f"target.test:{server.port}:[::2],127.0.0.8"], b"\x7f\0\0\x08"),
                ("socks5h", ["--resolve", f"target.test:{server.port}:127.0.0.9"], b"\3\x0btarget.test")):
            run("--dns-servers", dns.server, *options, "-x", p.proxy(kind), url).expect(out=[line(5, url)])
            (talk,) = told(p)
            assert address in talk, (kind, options, talk)
        args = ["--dns-servers", dns.server, "--resolve", f"target.test:{server.port}:[::2]", "-x", p.proxy("socks4"), url]
        run(*args).expect(code=97, err=[failure(url, ".*it has no IPv4 address, and SOCKS 4 reaches no other.*")])
        if has_ipv6():
            with SocksProxy(port=server.port, host="::1") as p6:
                args = ["--dns-servers", dns.server, "-6", "-x", f"socks5://[::1]:{p6.port}", url]
                run(*args).expect(out=[line(5, url)])
                assert b"\4" + bytes(15) + b"\1" in told(p6)[0]
    assert curl("--socks5", "127.0.0.1:1", "http://nosuch.invalid/") in (7, 97)


def test_an_ipv6_address_by_version_4():
    with SocksProxy() as p:
        run("-x", p.proxy("socks4"), "http://[::1]/").expect(code=97, err=[failure("http://[::1]/", ".*IPv4.*")])


def test_refusals():
    """Each code has its sentence; curl's exit status is the same."""
    cases = [("socks4a", {"reply": n}) for n in (91, 92, 93, 99)] + [("socks5h", {"reply": n}) for n in (1, 2, 3, 4, 5, 6, 7, 8, 77)]
    cases += [("socks5h", {"method": n}) for n in (255, 9, 2)] + [("me:pw@", {"login": 1}), ("me:pw@", {"method": 255})]
    sentences = set()
    for kind, how in cases:
        with SocksProxy(**how) as p:
            user, kind = ("me:pw", "socks5h") if "@" in kind else ("", kind)
            r = run("-x", p.proxy(kind, user), "http://target.test/")
            r.expect(code=97, err=[failure("http://target.test/", "proxy handshake failed: .+")])
            sentences.add(r.errors[0])
            if how != {"method": 2}:  # which was not offered; curl then tries with empty ones
                assert curl("-x", p.proxy(kind, user), "http://target.test/") == 97, (kind, how)
    assert len(sentences) == len(cases) - 1, sentences  # two of them want a password


def test_a_proxy_that_breaks_off():
    """At each byte of its answer; and one that speaks something else, or too much."""
    for kind, whole in (("socks4", 8), ("socks5h", 12), ("socks5", 12)):
        for drop in range(whole):
            with SocksProxy(drop=drop) as p:
                url = "http://127.0.0.1:1/"
                run("-x", p.proxy(kind), url).expect(code=97, err=[failure(url, ".*(closed the connection within the handshake|proxy broke.*)")])
    for kind in KINDS:
        with SocksProxy(extra=b"early") as p:
            url = "http://127.0.0.1:1/"
            run("-x", p.proxy(kind), url).expect(code=97, err=[failure(url, ".*sent more than its answer")])

        def http(conn):
            conn.sock.recv(100)
            conn.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with Peer(http) as p:
            run("-x", f"{kind}://127.0.0.1:{p.port}", url).expect(code=97, err=[failure(url, ".*does not answer as a SOCKS .*")])


def test_answers_in_pieces():
    with Peer(answering(by_path)) as server:
        class Pieces(SocksProxy):
            def say(self, conn, data):
                conn.drip(data)

        with Pieces(port=server.port) as p:
            urls = [f"http://127.0.0.1:{i}/{i}" for i in range(1, 5)]
            for kind, user in (("socks4", ""), ("socks5", ""), ("socks5h", "me:pw")):
                run("-x", p.proxy(kind, user), *urls).expect(out=[line(i, u) for i, u in enumerate(urls, 1)])


def test_a_proxy_that_does_not_answer():
    hold = threading.Event()
    with Peer(lambda conn: hold.wait(20)) as p:
        url = "http://target.test/"
        run("--connect-timeout", "0.2", "--socks5-hostname", f"127.0.0.1:{p.port}", url).expect(
            code=28, err=[failure(url, r"timed out: waiting for the proxy's answer, after 0\.2 s.*")])
        hold.set()


def test_tunnels_are_kept_for_their_host():
    with Peer(answering(by_path)) as server, SocksProxy(port=server.port) as p:
        urls = [f"http://{host}.test/{i}" for i in range(3) for host in "ab"]
        for mode in ([], ["--sync"], ["--threads"]):
            run(*mode, "-P1", "-x", p.proxy("socks5h"), *urls).expect(out=[line(int(u[-1]), u) for u in urls])
        assert (p.accepts, server.accepts, len(server.requests)) == (6, 6, 18), (p.accepts, server.accepts)


def test_texts_that_are_too_long():
    with SocksProxy() as p:
        for kind, user in (("socks5h", "u" * 256 + ":p"), ("socks5h", "u:" + "p" * 256), ("socks4a", "u" * 256)):
            run("-x", p.proxy(kind, user), "http://h.test/").expect(code=97, err=[failure("http://h.test/", ".*255 bytes")])


def test_microsocks():
    for options, user in ((), ""), (("-u", "me", "-P", "secret"), "me:secret@"):
        at = microsocks(*options)
        urls = [world.url("http", f"/page?{i}", "localhost") for i in range(3)]
        urls += [world.url("https", f"/page?{i}", "localhost") for i in range(3)]
        for kind in ("socks5", "socks5h"):
            run("--cacert", world.ca, "-P8", "-x", f"{kind}://{user}{at}", *urls).expect(out=[line(25431, u) for u in urls])
    run("-x", f"socks5h://{at}", urls[0]).expect(code=97, err=[failure(urls[0])])
    run("-x", f"socks5h://me:wrong@{at}", urls[0]).expect(code=97, err=[failure(urls[0])])


def test_microsocks_by_ipv6():
    need_ipv6()
    at = microsocks()
    url = world.url("http", "/small", "[::1]")
    for kind in ("socks5", "socks5h"):
        run("-x", f"{kind}://{at}", url).expect(out=[line(5, url)])


def test_a_second_try_with_tls_1_2():
    """A server that signs by RSA-PSS alone takes a second connection, and so a second tunnel."""
    at = microsocks()
    _, port = s_server("-www", "-tls1_2", "-serverpref", cert="rsa")
    url = f"https://127.0.0.1:{port}/"
    for kind in ("socks5", "socks5h"):
        r = run("--cacert", world.ca, "-x", f"{kind}://{at}", url)
        r.check(r.code == 0 and len(r.lines) == 1, f"success by {kind}")
