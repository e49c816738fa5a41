"""Certificates: verified, refused, and what changes that; versions, SNI, ALPN, resumption, odd ends."""
import contextlib
import os
import ssl
import time

from harness import (Dns, Peer, answering, by_path, failure, line, need_ipv6, read_file, response, run, s_server, temp_dir,
                     world, write_file)

# what is refused: server, a pattern of the sentence
REFUSED = {
    "expired": r"certificate not accepted: .*expired.* 3 days ago.*",
    "future": r"certificate not accepted: .*not (yet )?valid.*",
    "wrong": r"certificate not accepted: .*is for other\.example.*, not 127\.0\.0\.1.*",
    "unknown": r"certificate not accepted: .*(issuer|issued by|trust).*",
    "self": r"certificate not accepted: .*self-signed.*",
    "constrained": r"certificate not accepted: .*constraints.*",
}


def test_verified():
    for name in ("https", "tls12", "tls13", "rsa", "chained"):
        for host in ("127.0.0.1", "localhost"):
            url = world.url(name, "/page", host)
            run("--cacert", world.ca, url).expect(out=[line(25431, url)])


def test_rsa_over_tls_1_2():
    """Whichever signature algorithm the server prefers: PSS comes first in OpenSSL's own order."""
    for options in ([], ["-serverpref"]):
        _, port = s_server("-www", "-tls1_2", *options, cert="rsa")
        url = f"https://127.0.0.1:{port}/"
        r = run("--cacert", world.ca, url)
        r.check(r.code == 0 and len(r.lines) == 1, "success" + (", by the server's preferences" if options else ""))


def test_verified_by_ipv6_address():
    need_ipv6()
    url = world.url("https", "/page", "[::1]")
    run("--cacert", world.ca, url).expect(out=[line(25431, url)])


def test_refused_each_beside_a_good_one():
    good = world.url("https", "/page")
    for name, sentence in REFUSED.items():
        for mode in ([], ["--sync"]):
            bad = world.url(name)
            run(*mode, "--cacert", world.ca, bad, good).expect(code=60, out=[line(25431, good)],
                                                              err=[failure(bad, sentence)])


def test_refused_name_in_cn_alone():
    bad, good = world.url("cn", host="localhost"), world.url("https", "/page", host="localhost")
    run("--cacert", world.ca, bad, good).expect(code=60, out=[line(25431, good)],
                                               err=[failure(bad, "certificate not accepted: .*")])


def test_refused_plaintext_on_a_tls_port():
    bad, good = f"https://127.0.0.1:{world.nginx['http']}/", world.url("https", "/page")
    for mode in ([], ["--sync"]):
        run(*mode, "--cacert", world.ca, bad, good).expect(
            code=35, out=[line(25431, good)], err=[failure(bad, "TLS handshake failed: .*does not speak TLS.*")])


def test_tls_on_a_plaintext_port():
    """http:// to a TLS port: nginx says 400, and that is what the user is told."""
    url = f"http://127.0.0.1:{world.nginx['https']}/"
    run(url).expect(code=22, err=[failure(url, ".*400.*")])


def test_refused_all_at_once():
    good = world.url("https", "/page")
    bad = [world.url(name) for name in REFUSED]
    r = run("--cacert", world.ca, *bad, good, f"https://127.0.0.1:{world.nginx['http']}/")
    r.expect(code=123, out=[line(25431, good)], err=[
        *(failure(world.url(name), sentence) for name, sentence in REFUSED.items()),
        failure(f"https://127.0.0.1:{world.nginx['http']}/", "TLS handshake failed: .*")])


def test_a_refused_server_gets_no_request():
    with Peer(answering(by_path), tls=world.tls_context("wrong")) as p:
        run("--cacert", world.ca, p.url("/3")).expect(code=60, err=[failure(p.url("/3"))])
        assert not p.requests


def test_old_versions_are_refused():
    url = world.url("tls11")
    run("--cacert", world.ca, url).expect(code=35, err=[failure(url, "TLS handshake failed: .*")])


def test_insecure():
    names = [*(n for n in REFUSED if n != "constrained"), "cn"]
    urls = [world.url(name) for name in names]
    for mode in ([], ["--sync"]):
        run(*mode, "-k", *urls).expect(out=[line(5, u) for u in urls])
    run("--insecure", urls[0]).expect(out=[line(5, urls[0])])
    run("-k", "--no-insecure", "--cacert", world.ca, urls[0]).expect(code=60, err=[failure(urls[0])])


def test_insecure_with_name_constraints():
    """mbedTLS cannot read such a chain, even if nobody wants it verified: refused, and said so."""
    url = world.url("constrained")
    run("-k", url).expect(code=60, err=[failure(url, "certificate not accepted: .*name constraints.*")])


def test_wildcards():
    """*.wild.test holds for one label; *.test for none, as one label alone follows the asterisk."""
    with Dns({n: ["127.0.0.1"] for n in ("a.wild.test", "b.a.wild.test", "wild.test", "x.test")}) as dns:
        def expect(server, host, code):
            url = world.url(server, "/small", host)
            r = run("--dns-servers", dns.server, "--cacert", world.ca, url)
            r.expect(code=code, out=[] if code else [line(5, url)], err=[failure(url)] if code else [])
        expect("https", "a.wild.test", 0)
        expect("https", "A.Wild.Test", 0)
        expect("https", "b.a.wild.test", 60)
        expect("https", "wild.test", 60)
        expect("tld", "x.test", 60)


def test_trust_from_the_environment():
    good = world.url("https")
    other = world.certs.path("other-ca.pem")
    ok = {"out": [line(5, good)]}
    refused = {"code": 60, "err": [failure(good)]}
    run(good, env={"SSL_CERT_FILE": world.ca}).expect(**ok)
    run(good, env={"CURL_CA_BUNDLE": world.ca}).expect(**ok)
    run(good, env={"SSL_CERT_FILE": other}).expect(**refused)
    # The first of --cacert, CURL_CA_BUNDLE, SSL_CERT_FILE.
    run(good, env={"CURL_CA_BUNDLE": world.ca, "SSL_CERT_FILE": other}).expect(**ok)
    run(good, env={"CURL_CA_BUNDLE": other, "SSL_CERT_FILE": world.ca}).expect(**refused)
    run("--cacert", world.ca, good, env={"CURL_CA_BUNDLE": other, "SSL_CERT_FILE": other}).expect(**ok)
    run("--cacert", other, good, env={"CURL_CA_BUNDLE": world.ca}).expect(**refused)
    # The system's store does not know the tests' root.
    run(good).expect(**refused)


def test_a_trust_store_with_much_in_it():
    """Comments, CRLF and other people's roots in a bundle."""
    bundle = write_file(os.path.join(temp_dir(), "bundle.pem"),
                        b"# a comment\r\n" + read_file(world.certs.path("other-ca.pem")).replace(b"\n", b"\r\n") +
                        b"\nMozilla says hello\n" + read_file(world.ca))
    run("--cacert", bundle, world.url("https")).expect(out=[line(5, world.url("https"))])


def test_trust_store_that_cannot_be_read():
    good, plain = world.url("https"), world.url("http")
    folder = temp_dir()
    none = os.path.join(folder, "none.pem")
    empty = write_file(os.path.join(folder, "empty.pem"), "")
    junk = write_file(os.path.join(folder, "junk.pem"), "this is no certificate\n")
    for path in (none, empty, folder):
        for urls in ([good], [good, plain], [plain]):
            r = run("--cacert", path, *urls)
            r.check(r.code == 77, "exit status 77, for the whole run")
            r.check(r.out == b"", "nothing fetched")
            r.check(any("could not load the trust store" in x and path in x for x in r.errors),
                    "one sentence that names the file")
            r.check(len(r.errors) == 1, "one line about it")
    # What is in it is known when it is needed: at the first https URL.
    r = run("--cacert", junk, good, plain)
    r.check(r.code == 77 and any("could not load the trust store" in x and junk in x for x in r.errors), "exit status 77")
    r.check(not any(good in x for x in r.lines), "nothing fetched over TLS")
    # From the environment it matters when it is needed.
    r = run(good, env={"SSL_CERT_FILE": none})
    r.check(r.code == 77 and r.out == b"" and any(none in x for x in r.errors), "exit status 77")
    run(plain, env={"SSL_CERT_FILE": none}).expect(out=[line(5, plain)])


def test_insecure_needs_no_trust_store():
    url = world.url("self")
    run("-k", url, env={"SSL_CERT_FILE": "/nowhere/at/all"}).expect(out=[line(5, url)])


def test_s_server():
    """openssl's own server: a page that ends with the connection."""
    for options in (["-tls1_2"], ["-tls1_3"]):
        _, port = s_server("-www", *options)
        url = f"https://127.0.0.1:{port}/"
        r = run("--cacert", world.ca, url)
        r.check(r.code == 0 and len(r.lines) == 1 and int(r.lines[0].split()[0]) > 500, "its page of statistics")
    _, port = s_server("-WWW", cwd=world.www)
    for name in ("page", "mega"):
        url = f"https://127.0.0.1:{port}/{name}"
        run("--cacert", world.ca, url).expect(out=[line(world.sizes[name], url)])


def test_versions_sni_and_alpn():
    folder = temp_dir()

    def told(server, host):
        run("--cacert", world.ca, "-o", folder + "/told", world.url(server, "/tls", host)).expect(
            out=[line(os.path.getsize(folder + "/told"), world.url(server, "/tls", host))])
        return read_file(folder + "/told").decode().rstrip("\n").split(" ")

    for server, version in (("https", "TLSv1.3"), ("tls12", "TLSv1.2"), ("tls13", "TLSv1.3")):
        # An address is no server name (RFC 6066 3).
        assert told(server, "127.0.0.1") == [version, ".", "", "http/1.1"], told(server, "127.0.0.1")
        assert told(server, "localhost") == [version, ".", "localhost", "http/1.1"], told(server, "localhost")


def test_sessions_are_resumed():
    """Connections are not kept here: the second one to a host and port resumes the first one's session."""
    for server in ("once12", "once13"):
        for mode in (["-P", "1"], ["--sync"]):
            folder = temp_dir()
            url = world.url(server, "/tls")
            r = run(*mode, "--cacert", world.ca, "-o", folder + "/{n}", url, url, url)
            told = [read_file(f"{folder}/{n}").decode().split(" ")[1] for n in (1, 2, 3)]
            r.check(told == [".", "r", "r"], f"a new session, then resumed ones (. r r, not {' '.join(told)})")


def test_resumption_does_not_cross_insecurity():
    """A session is of one host and port: another port of the same host is verified anew."""
    good, bad = world.url("once13"), world.url("expired")
    run("-P", "1", "--cacert", world.ca, good, bad, good, bad).expect(
        code=60, out=[line(5, good)] * 2, err=[failure(bad)] * 2)


def closing(notify, body=b"x" * 1000, length=False):
    def serve(conn):
        conn.request()
        conn.send(response(body, length=length))
        if notify:
            conn.close_notify()
        else:
            conn.sock.close()
    return serve


def test_ends_without_close_notify():
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = world.tls_context(version=version)
        for mode in ([], ["--sync"]):
            # The body ends with the connection: without a close_notify it may have been cut.
            with Peer(closing(False), tls=context) as p:
                run(*mode, "--cacert", world.ca, p.url()).expect(
                    code=18, err=[failure(p.url(), "transfer ended early: .*1000 bytes.*")])
            with Peer(closing(True), tls=context) as p:
                run(*mode, "--cacert", world.ca, p.url()).expect(out=[line(1000, p.url())])
            # Its length is known: how the connection ends does not matter.
            with Peer(closing(False, length=True), tls=context) as p:
                run(*mode, "--cacert", world.ca, p.url()).expect(out=[line(1000, p.url())])


def test_ends_in_the_handshake():
    def hang_up(conn):
        conn.sock.recv(10000)

    def reset(conn):
        conn.sock.recv(10000)
        conn.reset()

    for serve in (hang_up, reset):
        with Peer(serve) as p:
            url = p.url().replace("http:", "https:")
            run("--cacert", world.ca, url).expect(code=35, err=[failure(url, "TLS handshake failed.*")])


def test_alert_is_told():
    """A server that wants a client certificate."""
    context = world.tls_context(version=ssl.TLSVersion.TLSv1_2)
    context.load_verify_locations(world.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    with Peer(answering(by_path), tls=context) as p:
        r = run("--cacert", world.ca, p.url("/3"))
        r.check(r.code in (35, 56, 58), "a TLS error")
        r.check(any("alert" in x or "certificate" in x for x in r.errors), "what the server said")


def split_server():
    """TLS 1.3 over memory: what the server has to say after the handshake, tickets and response, is one string of
    bytes that is sent in two pieces, cut where the target tells."""
    def serve(conn):
        into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = conn.peer.context.wrap_bio(into, out, server_side=True)
        tickets = False

        def step(function):
            while True:
                try:
                    return function()
                except ssl.SSLWantReadError:
                    if not tickets:
                        conn.send(out.read())
                    piece = conn.sock.recv(65536)
                    if not piece:
                        raise ConnectionResetError
                    into.write(piece)

        # The handshake: its last step leaves the tickets in `out`.
        step(tls.do_handshake)
        tickets = True
        head = b""
        while b"\r\n\r\n" not in head:
            head += step(lambda: tls.read(65536))
        cut = int(head.split(b" ")[1][1:])
        tls.write(response(b"y" * 60, "Connection: close\r\n"))
        kept = out.read()
        conn.peer.flight = len(kept)
        conn.send(kept[:cut])
        if 0 < cut < len(kept):
            time.sleep(0.01)
        conn.send(kept[cut:])
        with contextlib.suppress(ssl.SSLError):
            tls.unwrap()
        conn.send(out.read())
        conn.await_end()
    return serve


def test_ticket_and_response_split_at_every_point():
    """A TLS 1.3 ticket and the response in one segment, and in two that are split after every byte."""
    context = world.tls_context(version=ssl.TLSVersion.TLSv1_3)
    context.num_tickets = 1
    p = Peer(split_server())
    p.context = context
    with p:
        url = f"https://127.0.0.1:{p.port}/"
        run("--cacert", world.ca, url + "0").expect(out=[line(60, url + "0")])
        assert p.flight > 250, "a ticket and a response"
        urls = [url + str(i) for i in range(p.flight + 1)]
        run("-P", "32", "--cacert", world.ca, *urls).expect(out=[line(60, u) for u in urls])
        some = urls[::17]
        run("--sync", "--cacert", world.ca, *some).expect(out=[line(60, u) for u in some], ordered=True)


def test_large_over_tls():
    folder = temp_dir()
    for server in ("tls12", "tls13"):
        url = world.url(server, "/big")
        run("--cacert", world.ca, "-o", folder + "/big", url).expect(out=[line(world.sizes["big"], url)])
        assert read_file(folder + "/big") == world.content(world.sizes["big"]), "the very bytes"


def test_demo_server_over_tls():
    urls = [(n, world.demo(f"/bytes/{n}", tls=True)) for n in (0, 1, 16384, 16385, 1 << 20)]
    run("--cacert", world.demo_ca, *[u for _, u in urls]).expect(out=[line(n, u) for n, u in urls])
    run("--cacert", world.ca, urls[0][1]).expect(code=60, err=[failure(urls[0][1])])
