"""Which URLs may be fetched: --proto, --proto-redir, --disallow-username-in-url, beside curl."""
import subprocess

from harness import Peer, answering, environment, failure, line, response, run, world

MODES = ([], ["--sync"], ["--threads"])


def page(request):
    return response(b"hello")


def test_exit_status_as_curls():
    with Peer(answering(page)) as plain, Peer(answering(page), tls=world.tls_context()) as secure:
        for options in ([], ["--proto", "=https"], ["--proto", "-http"], ["--proto", "=http"], ["--proto", "-all,http"],
                        ["--proto", "-all,https"], ["--proto", "http"], ["--proto", "=HTTP"], ["--proto", "=http,https"],
                        ["--proto", "=http", "--proto", "=https"], ["--proto", "=http,=https"], ["--proto-default", "https"],
                        ["--proto", "=https", "--proto-default", "https"], ["--proto-redir", "=https"],
                        ["--disallow-username-in-url"], ["--disallow-username-in-url", "--no-disallow-username-in-url"]):
            for url in (plain.url(), secure.url(), plain.url().replace("//", "//me:secret@"), plain.url().replace("//", "//@")):
                args = ["--cacert", world.ca, *options, url]
                curl = subprocess.run(["curl", "-s", *args], env=environment(), capture_output=True).returncode
                asked = len(plain.requests) + len(secure.requests)
                r = run(*args)
                assert r.code == curl, (args, curl, str(r))
                assert len(plain.requests) + len(secure.requests) - asked == (r.code == 0), "what is refused is not asked for"
                r.check("secret" not in r.err.decode(), "no user info")


def test_sentences():
    with Peer(answering(page)) as p:
        for mode in MODES:
            run(*mode, "--proto", "=https", p.url("/1"), p.url("/2")).expect(
                code=1, err=[failure(p.url(x), r"unsupported scheme: http is not allowed \(--proto\)") for x in ("/1", "/2")])
            run(*mode, "--disallow-username-in-url", p.url("/1").replace("//", "//me:secret@"), p.url("/2")).expect(
                code=67, out=[line(5, p.url("/2"))],
                err=[failure(p.url("/1"), r"login denied: .*\(--disallow-username-in-url\)")])
        assert len(p.requests) == 3
        run("--disallow-username-in-url", "-", stdin=p.url("/1").replace("//", "//me@")).expect(code=67, err=[failure(p.url("/1"))])


def test_a_scheme_that_is_none_of_ours():
    with Peer(answering(page)) as p:
        run("--proto", "=http,ftp", p.url()).expect(
            out=[line(5, p.url())], err=['afetch: warning: --proto: "ftp" is none of http, https and all'], total=None)
        r = run("--proto", "=ftp", p.url())
        r.check(r.code == 2 and "leaves neither http nor https" in r.err.decode(), "a usage error")


def test_redirects():
    """What --proto forbids no redirect leads to, whatever --proto-redir; and only with both of these from https to http."""
    with Peer(answering(page)) as plain, Peer(answering(page), tls=world.tls_context()) as secure:
        def leads(peer, to):
            return Peer(answering(lambda q: response(b"", f"Location: {to.url('/x')}\r\n", "302 There")),
                        tls=world.tls_context() if peer is secure else None)

        def check(start, to, options, code):
            with leads(start, to) as p:
                for mode in MODES:
                    before = len(to.requests)
                    r = run(*mode, "--cacert", world.ca, *options, p.url())
                    if code == 0:
                        r.expect(out=[line(5, p.url())])
                    else:
                        r.expect(code=code, err=[failure(p.url(), r"unsupported scheme: .*" + to.url("/x") + ".*")])
                    assert len(to.requests) - before == (code == 0)

        check(plain, plain, [], 0)
        check(plain, secure, [], 0)
        check(secure, plain, [], 1)
        check(secure, plain, ["--proto-redir", "=http,https"], 0)
        check(secure, plain, ["--proto-redir", "+all"], 0)
        check(secure, plain, ["--proto-redir", "=https"], 1)
        check(plain, plain, ["--proto-redir", "=https"], 1)
        check(plain, secure, ["--proto-redir", "-http"], 0)
        check(plain, secure, ["--proto", "=http"], 1)
        check(plain, secure, ["--proto", "=http", "--proto-redir", "=http,https"], 1)
        check(secure, plain, ["--proto", "=https", "--proto-redir", "=http,https"], 1)


def test_a_user_name_in_a_redirect():
    def answer(request):
        to = p.url("/x").replace("//", "//me:secret@")
        return response(b"", f"Location: {to}\r\n", "302 There") if request.target == "/" else page(request)

    with Peer(answering(answer)) as p:
        r = run("--disallow-username-in-url", p.url()).expect(code=67, err=[failure(p.url(), "login denied: .*")])
        r.check("secret" not in r.err.decode(), "no user info")
        assert len(p.requests) == 1
        run(p.url()).expect(out=[line(5, p.url())])
