"""Who asks: -u, --basic, --digest, --anyauth, --oauth2-bearer, .netrc files and user info of URLs, beside curl where it has
the same rules; and servers of other makes, which count what is answered."""
import base64
import contextlib
import hashlib
import os
import pty
import re
import shutil
import subprocess
import threading

from harness import (Config, Failed, Peer, answering, environment, failure, free_port, in_mode, line, live, read_file, response,
                     run, shown, start, temp_dir, wait_until, world, write_file)
from test_bodies import Recorder


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


def refused(*challenges, body=b"no", head=""):
    return response(body, "".join(f"WWW-Authenticate: {c}\r\n" for c in challenges) + head, "401 Unauthorized")


# ---- beside curl -------------------------------------------------------------------------------------------------------

DIGEST = 'Digest realm="a", nonce="b", qop="auth"'


def by_target(request):
    """/basic, /digest and /all ask for what they say and take anything; /never takes nothing; /to/URL leads there."""
    asked = {"/basic": ['Basic realm="x"'], "/digest": [DIGEST], "/all": ['Basic realm="x"', "Bearer", DIGEST],
             "/tokens": ['Basic realm="x", Bearer'],  "/never": ['Basic realm="x"', DIGEST], "/unknown": ['Hoba x="y"']}
    if request.target.startswith("/to/"):
        return response(b"", f"Location: {request.target[4:]}\r\n", "302 Found")
    challenges = asked.get(request.target.split("?")[0])
    if challenges and (not request.get("Authorization") or request.target == "/never"):
        return refused(*challenges)
    return response(b"hello")


# {1} and {2} are two servers. In user info "@" stands for that of the first URL.
CASES = [
    ["-u", "a:b", "{1}/"], ["-u", "a:", "{1}/"], ["-u", ":b", "{1}/"], ["-u", ":", "{1}/"], ["-u", "a:b:c", "{1}/"],
    ["-u", "é:ü", "{1}/"], ["--user", "a:b", "{1}/"], ["-u", "x:y", "-u", "a:b", "{1}/"], ["--basic", "{1}/"],
    ["-u", "a:b", "{me:pw@1}/"], ["-u", "a:b", "{me@1}/"], ["{me:pw@1}/"], ["{me@1}/"], ["{m%65:p%3aw@1}/"],
    ["-u", "a:b", "-H", "Authorization: mine", "{1}/"], ["-u", "a:b", "-H", "Authorization:", "{1}/"],
    ["-u", "a:b", "--digest", "{1}/"], ["-u", "a:b", "--anyauth", "{1}/"], ["-u", "a:b", "--digest", "--basic", "{1}/"],
    ["-u", "a:b", "--digest", "--no-digest", "{1}/"], ["-u", "a:b", "--anyauth", "--no-digest", "--no-basic", "{1}/all"],
    ["-u", "a:b", "{1}/basic"], ["-u", "a:b", "{1}/digest"], ["-u", "a:b", "{1}/never"], ["{1}/never"], ["{1}/all"],
    ["-u", "a:b", "--digest", "{1}/digest"], ["-u", "a:b", "--digest", "{1}/basic"], ["-u", "a:b", "--digest", "{1}/never"],
    ["-u", "a:b", "--digest", "{1}/digest?q=%41&r"], ["-u", "a:b", "--digest", "--basic", "{1}/all"],
    ["-u", "a:b", "--anyauth", "{1}/all"], ["-u", "a:b", "--anyauth", "{1}/basic"],
    ["-u", "a:b", "--anyauth", "{1}/never"], ["-u", "a:b", "--anyauth", "{1}/unknown"], ["--anyauth", "{1}/all"],
    ["--anyauth", "{me:pw@1}/all"], ["--digest", "{me:pw@1}/digest"], ["-u", "a:b", "--digest", "-X", "PUT", "{1}/digest"],
    ["-u", "a:b", "--digest", "-I", "{1}/digest"], ["-u", "a:b", "--digest", "--request-target", "/x", "{1}/digest"],
    ["--oauth2-bearer", "T", "{1}/"], ["--oauth2-bearer", "T", "-u", "a:b", "{1}/"], ["--oauth2-bearer", "a b", "{1}/"],
    ["--oauth2-bearer", "", "{1}/"], ["--oauth2-bearer", "T", "{me:pw@1}/"], ["--oauth2-bearer", "T", "{1}/never"],
    ["--oauth2-bearer", "T", "--basic", "-u", "a:b", "{1}/"], ["--oauth2-bearer", "T", "--basic", "-u", "a:b", "{1}/tokens"],
    ["--oauth2-bearer", "T", "--anyauth", "-u", "a:b", "{1}/all"],
    # Redirects: within the origin, and to another one.
    ["-u", "a:b", "{1}/to//x"], ["{me:pw@1}/to//x"], ["{me:pw@1}/to/{1}/x"], ["{me:pw@1}/to/{n:m@1}/x"], ["{1}/to/{n:m@1}/x"],
    ["-u", "a:b", "{1}/to/{n:m@1}/x"], ["-u", "a:b", "{1}/to/{2}/x"], ["{me:pw@1}/to/{2}/x"], ["{1}/to/{n:m@2}/x"],
    ["{me:pw@1}/to/{n:m@2}/x"], ["-u", "a:b", "{1}/to/{n:m@2}/x"], ["--oauth2-bearer", "T", "{1}/to/{2}/x"],
    ["--oauth2-bearer", "T", "{1}/to//x"], ["-u", "a:b", "--digest", "{1}/to//digest"],
    ["-u", "a:b", "--anyauth", "{1}/to/{2}/all"],
    ["--location-trusted", "-u", "a:b", "{1}/to/{2}/x"], ["--location-trusted", "{me:pw@1}/to/{2}/x"],
    ["--location-trusted", "{1}/to/{n:m@2}/x"], ["--location-trusted", "{me:pw@1}/to/{n:m@2}/x"],
    ["--location-trusted", "-u", "a:b", "{1}/to/{n:m@2}/x"], ["--location-trusted", "-u", "a:b", "--anyauth", "{1}/to/{2}/all"],
    # .netrc: of this host, of others, and none.
    ["-n", "{1}/"], ["-n", "{me:pw@1}/"], ["-n", "{me@1}/"], ["-n", "-u", "a:b", "{1}/"], ["-n", "--no-netrc", "{1}/"],
    ["-n", "{1}/to/{2}/x"], ["-n", "{me:pw@1}/to/{2}/x"], ["-n", "{1}/to/{localhost@2}/x"], ["-n", "-u", "a:b", "{1}/to/{2}/x"],
    ["-n", "--digest", "{1}/digest"], ["-n", "--oauth2-bearer", "T", "{1}/"],
    ["--netrc-optional", "{1}/"], ["--netrc-optional", "{me:pw@1}/"], ["--netrc-optional", "{me@1}/"],
    ["--netrc-optional", "{1}/to/{2}/x"], ["--netrc-optional", "{me:pw@1}/to/{2}/x"], ["--netrc-optional", "-u", "a:b", "{1}/"],
    ["-n", "--netrc-optional", "{me:pw@1}/"], ["--netrc-optional", "--netrc-file", "none", "{me:pw@1}/"],
    ["--netrc-optional", "--netrc-file", "none", "{1}/"], ["--netrc-file", "other", "{1}/"], ["--netrc-file", "other", "{me:pw@1}/"],
    ["--netrc-file", "other", "{1}/to/{localhost@2}/x"], ["--netrc-optional", "--netrc-file", "other", "{me@1}/"],
]


def seen(peer, field="Authorization"):
    """Every byte of the heads, but names and what is random; a digest's proof by whether it is right."""
    found = []
    for q in peer.requests:
        head = re.sub(r"\r\nUser-Agent: (curl|afetch)/[^\r]*", "", q.head.decode("latin-1"))
        for value in q.get(field):
            if value.startswith("Digest "):
                head = head.replace(value, re.sub('(cnonce|response)="[^"]*"', r"\1", value) + str(proof_holds(value, q.method, "b")))
        found.append(head)
    del peer.requests[:]
    return found


def parameters(value):
    return {k.lower(): re.sub(r"\\(.)", r"\1", q) if q else t
            for k, q, t in re.findall(r'([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))', value)}


def proof_holds(value, method, password, user=None):
    """RFC 7616 section 3.4.1."""
    p = parameters(value)
    algorithm = p.get("algorithm", "MD5").upper()
    hash_of = lambda *parts: getattr(hashlib, "sha256" if algorithm.startswith("SHA-256") else "md5")(
        ":".join(parts).encode()).hexdigest()
    a1 = hash_of(user or p["username"], p["realm"], password)
    if algorithm.endswith("-SESS"):
        a1 = hash_of(a1, p["nonce"], p["cnonce"])
    qop = p.get("qop")
    a2 = hash_of(method, p["uri"], hash_of("")) if qop == "auth-int" else hash_of(method, p["uri"])
    return p["response"] == (hash_of(a1, p["nonce"], p["nc"], p["cnonce"], qop, a2) if qop else hash_of(a1, p["nonce"], a2))


def test_as_curl_asks():
    """The bytes of every request and the exit status. (curl 7.88 sends user info that a .netrc knows nothing of.)"""
    folder = temp_dir()
    write_file(folder + "/.netrc", "machine 127.0.0.1 login nl password np\nmachine 127.0.0.1 login me password npme\n")
    write_file(folder + "/other", "machine localhost login ol password op\n")
    env = {"HOME": folder}
    differ = []
    with Peer(answering(by_target)) as one, Peer(answering(by_target)) as two:
        ports = {"1": one.port, "2": two.port}

        def url(m):
            info, at, number = m[1].rpartition("@")
            host = "localhost" if info == "localhost" else "127.0.0.1"
            return f"http://{info + at if host != 'localhost' else ''}{host}:{ports[number]}"
        for case in CASES:
            args = [re.sub(r"\{([^{}]*)\}", url, a) for a in case]
            curl = subprocess.run(["curl", "-sfLg", "-o", "/dev/null", *args], env=environment(env), cwd=folder, timeout=30).returncode
            theirs = [seen(one), seen(two)]
            r = run("-g", *args, env=env, cwd=folder)
            ours = [seen(one), seen(two)]
            if ours != theirs or r.code != curl:
                differ.append(f"{case}: curl ({curl}) sends {theirs}, afetch ({r.code}) {ours} {r.errors}")
    if differ:
        raise Failed("afetch and curl, with the same options", "the same heads and exit status", "\n".join(differ))


# ---- servers of other makes ----------------------------------------------------------------------------------------------

def test_nginx_basic():
    ok, wrong = world.url(path="/private/small"), world.url(path="/private/page")
    for options in (["-u", "me:secret word"], ["--anyauth", "-u", "me:secret word"]):
        run(*options, ok, ok).expect(out=[line(5, ok)] * 2)
    run(ok.replace("//", "//me:secret%20word@"), wrong.replace("//", "//me:wrong@"), wrong).expect(
        code=22, out=[line(5, ok)], err=[failure(wrong, ".*401 Unauthorized")] * 2)


HTTPD = """
ServerRoot {dir}
PidFile {dir}/pid
ErrorLog {dir}/error.log
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
Mutex file:{dir}
DocumentRoot {www}
{modules}
StartServers 1
{digest}
{basic}
KeepAlive On
MaxKeepAliveRequests 0
"""


@contextlib.contextmanager
def httpd():
    """Apache httpd: its URL. /md5/ and /short/ (whose nonces live for a second) ask for Digest, /basic/ for Basic."""
    program = shutil.which("apache2", path=os.environ.get("PATH", "") + ":/usr/sbin") or shutil.which("httpd")
    if not program:
        raise RuntimeError("Apache httpd is not installed (tests/setup.sh installs it)")
    folder = temp_dir("httpd")
    modules = "\n".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in (
        "mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "auth_digest", "alias"))
    proof = hashlib.md5(b"me:the realm:secret word").hexdigest()
    write_file(folder + "/digests", f"me:the realm:{proof}\n")
    write_file(folder + "/users", "me:{SHA}" + base64.b64encode(hashlib.sha1(b"secret word").digest()).decode() + "\n")
    digest = "\n".join(f"""Alias /{name}/ {world.www}/
        <Location /{name}/>
        AuthType Digest
        AuthName "the realm"
        AuthDigestDomain /{name}/
        AuthUserFile {folder}/digests
        {more}
        Require valid-user
        </Location>""" for name, more in (("md5", ""), ("short", "AuthDigestNonceLifetime 1")))
    basic_part = f"""Alias /basic/ {world.www}/
        <Location /basic/>
        AuthType Basic
        AuthName "the realm"
        AuthUserFile {folder}/users
        Require valid-user
        </Location>"""
    port = free_port()
    conf = write_file(folder + "/conf", HTTPD.format(dir=folder, port=port, www=world.www, modules=modules, digest=digest,
                                                     basic=basic_part))
    with open(folder + "/out", "wb") as out:
        process = subprocess.Popen([program, "-f", conf, "-D", "FOREGROUND"], env=environment(), stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=out)
    live.add(process)
    try:
        wait_until("httpd's start", lambda: process.poll() is not None or os.path.exists(folder + "/pid"))
        if process.poll() is not None:
            raise RuntimeError("httpd does not start: " + shown(read_file(folder + "/out")))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
        live.discard(process)


def test_apache_httpd():
    with httpd() as base:
        for options in (["--digest"], ["--anyauth"]):
            urls = [f"{base}/{where}/{file}" for where in ("md5", "short") for file in ("small", "page")] * 5
            sizes = {"small": 5, "page": 25431}
            run(*options, "-u", "me:secret word", "-P8", *urls).expect(out=[line(sizes[u.rsplit("/", 1)[1]], u) for u in urls])
        run("--anyauth", "-u", "me:secret word", base + "/basic/small", base + "/md5/small").expect(
            out=[line(5, base + "/basic/small"), line(5, base + "/md5/small")])
        for options in (["--digest"], ["--anyauth"], []):
            run(*options, "-u", "me:wrong", base + "/md5/small").expect(
                code=22, err=[failure(base + "/md5/small", ".*401 Unauthorized")])
        r = run("-v", "--digest", "-u", "me:secret word", base + "/md5/small")
        r.check(r.code == 0 and b"response=" not in r.err and b"> Authorization: (masked)" in r.err, "masked")


# ---- Digest: what a server may ask ---------------------------------------------------------------------------------------

class Digests:
    """answer(): a server that checks every proof and counts each nonce."""

    def __init__(self, params='qop="auth"', before="", after="", password="b", serves=10 ** 9, stale="true", fresh=True,
                 user=None):
        self.params, self.before, self.after, self.password = params, before, after, password
        self.serves, self.stale, self.fresh, self.user = serves, stale, fresh, user
        self.counts, self.asked, self.problems, self.lock = {}, 0, [], threading.Lock()

    def challenge(self, stale=""):
        self.asked += 1
        nonce = f"n{self.asked if self.fresh else 0}"
        self.counts.setdefault(nonce, [])
        value = f'{self.before}Digest realm="r", nonce="{nonce}"' + (f", {self.params}" if self.params else "")
        return refused(value + (f", stale={stale}" if stale else "") + self.after, body=b"x" * 3000)

    def __call__(self, request):
        with self.lock:
            values = request.get("Authorization")
            if not values:
                return self.challenge()
            if len(values) != 1 or not proof_holds(values[0], request.method, self.password, self.user):
                return self.challenge()
            p = parameters(values[0])
            if p["uri"] != request.target or p["nonce"] not in self.counts:
                self.problems.append(values[0])
            counts = self.counts[p["nonce"]]
            if len(counts) >= self.serves:
                return self.challenge(self.stale)
            counts.append(int(p.get("nc", "0"), 16))
            return response(b"hello")


def test_digest_challenges():
    """Each way to ask for it, and how often it was asked for by three requests in turn."""
    rows = [
        (Digests(), 1), (Digests(""), 1), (Digests("algorithm=MD5"), 1), (Digests("algorithm=MD5-sess, qop=auth"), 1),
        (Digests('algorithm=SHA-256, qop="auth"'), 1), (Digests('algorithm=SHA-256-sess, qop="auth, auth-int", opaque="o\\"p"'), 1),
        (Digests('qop="auth-int"'), 1), (Digests('qop="auth,new"'), 1),
        (Digests(before='Basic realm="x, y", '), 1), (Digests(after=', Basic realm="x"'), 1),
        (Digests(before='Negotiate, NTLM abc==, Digest realm="r", nonce="no", algorithm=SHA-512-256, qop="auth", '), 1),
        (Digests(before='Digest realm="r", nonce="no", qop="new", '), 1),
        (Digests("userhash=true, algorithm=SHA-256, qop=auth", user="a"), 1),
        # one nonce a request: the first proof with a nonce of another request's is refused
        (Digests(serves=1), 3), (Digests(serves=1, stale="", ), 3), (Digests(serves=2), 2),
    ]
    for server, asked in rows:
        with Peer(answering(lambda q: server(q))) as p:
            urls = [p.url(f"/{i}?x=%20") for i in range(3)]
            run("-P1", "--anyauth", "-u", "a:b", *urls).expect(out=[line(5, u) for u in urls])
            assert server.asked == asked and not server.problems, (server.params, server.asked, server.problems)
            assert p.accepts == 1, "one connection for all"


def test_digest_that_cannot_be_answered():
    for server, asked in ((Digests(password="c"), 2), (Digests('algorithm=SHA-512-256, qop="auth"'), 1), (Digests('qop="new"'), 1),
                          (Digests("algorithm=MD5-sess"), 1), (Digests(serves=0), 6), (Digests(serves=0, stale=""), 2)):
        with Peer(answering(lambda q: server(q))) as p:
            run("--digest", "-u", "a:b", p.url()).expect(code=22, err=[failure(p.url(), ".*401 Unauthorized")])
            assert server.asked == asked, (server.params, server.asked)


def test_many_at_once_share_a_nonce():
    """Every request is counted once, and none is left out."""
    for fresh in (True, False):
        server = Digests(fresh=fresh)
        with Peer(answering(lambda q: server(q))) as p:
            urls = [p.url(f"/{i}") for i in range(120)]
            run("-P", "16", "--digest", "-u", "a:b", *urls).expect(out=[line(5, u) for u in urls])
            used = {n: sorted(c) for n, c in server.counts.items() if c}
            assert len(used) == 1 and list(used.values())[0] == list(range(1, 121)), used
            assert 1 <= server.asked <= 16 and p.max_open <= 16, (server.asked, p.max_open)


def test_a_nonce_that_ends_while_many_use_it():
    server = Digests(serves=7)
    with Peer(answering(lambda q: server(q))) as p:
        urls = [p.url(f"/{i}") for i in range(60)]
        run("-P", "8", "--digest", "-u", "a:b", *urls).expect(out=[line(5, u) for u in urls])
        for counts in server.counts.values():
            assert len(set(counts)) == len(counts), server.counts


# ---- the answer is another attempt of the same request -------------------------------------------------------------------

def test_the_place_and_the_connection_stay():
    """A request that is asked waits for nobody; its retries are not touched."""
    with Peer(answering(lambda q: response(b"hello") if q.get("Authorization") else refused("Basic"))) as p:
        urls = [p.url(f"/{i}") for i in range(4)]
        run("-P1", "--anyauth", "-u", "a:b", *urls).expect(out=[line(5, u) for u in urls])
        # once it is known that Basic will do, it is said at once
        assert [q.target for q in p.requests] == ["/0", "/0", "/1", "/2", "/3"], [q.target for q in p.requests]
        assert p.accepts == 1


def test_bodies_of_refusals():
    """Read past where that is cheap, else the connection goes."""
    held = threading.Event()

    def serve(conn):
        while True:
            request = conn.request()
            if request is None:
                return
            if request.get("Authorization"):
                conn.send(response(b"hello"))
            elif request.target == "/chunked":
                conn.send(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            elif request.target == "/closed":
                conn.send(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nConnection: close\r\n\r\nhello")
                return
            elif request.target == "/cut":
                conn.send(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 100\r\n\r\nhello")
                return
            else:
                conn.send(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 100000000\r\n\r\nhello")
                held.wait(20)
    for target, accepts in (("/chunked", 1), ("/closed", 2), ("/cut", 2), ("/large", 2)):
        with Peer(serve) as p:
            run("--anyauth", "-u", "a:b", p.url(target)).expect(out=[line(5, p.url(target))])
            held.set()
            assert p.accepts == accepts, (target, p.accepts)
            held.clear()


def test_retries_and_challenges():
    """A retry asks anew what it needs to know, and no challenge counts as one."""
    def answer(request):
        if not request.get("Authorization"):
            return refused("Basic")
        return response(b"hello") if sum(1 for q in p.requests if q.get("Authorization")) > 2 else response(b"", status="503 Busy")

    with Peer(answering(answer)) as p:
        run("--retry", "2", "--retry-delay", "0.01", "--anyauth", "-u", "a:b", p.url()).expect(out=[line(5, p.url())])
        assert [bool(q.get("Authorization")) for q in p.requests] == [False, True, True, True]
    with Peer(answering(lambda q: refused("Basic"))) as p:
        run("--retry", "2", "--retry-delay", "0.01", "-u", "a:b", p.url()).expect(code=22, err=[failure(p.url(), ".*401.*")])
        assert len(p.requests) == 1


def test_statuses_that_are_accepted():
    """A challenge that can be answered comes first; the last response counts."""
    with Peer(answering(lambda q: refused("Basic"))) as p:
        for options in (["--no-fail"], ["--accept-status", "401"]):
            run(*options, "--anyauth", "-u", "a:b", p.url()).expect(out=[line(2, p.url())])
            assert len(p.requests) == 2
            del p.requests[:]


# ---- bodies ---------------------------------------------------------------------------------------------------------------

def with_redirects(seen):
    if seen.request.target == "/307":
        return response(b"", "Location: /digest\r\n", "307 Temporary Redirect")
    if seen.request.target == "/404":
        return response(b"", status="404 Not Found")
    return by_target(seen.request)


def test_bodies_as_curl_sends_them():
    """With Digest alone an empty one comes first, as there is an answer to come. (curl answers auth-int with a hash that is not
    the body's.)"""
    differ = []
    with Recorder(with_redirects) as p:
        for options in (["--digest"], ["--anyauth"], []):
            for target in ("/", "/digest", "/basic", "/never", "/307", "/404", "/to//digest"):
                for body in (["-d", "hello"],) if target != "/digest" else (
                        ["-d", "hello"], ["-d", ""], ["--json", "{}"], ["-X", "PUT", "-d", "x"], ["-X", "GET", "-d", "x"],
                        ["-d", "x", "-H", "Expect: 100-continue"], ["-d", "x", "-H", "Transfer-Encoding: chunked"], ["-X", "POST"]):
                    found = []
                    for program in ("curl", "afetch"):
                        args = ["-u", "a:b", *options, *body, p.url(target)]
                        if program == "curl":
                            status = subprocess.run(["curl", "-sL", "-o", "/dev/null", "-w", "%{http_code}", *args], env=environment(),
                                                    capture_output=True, timeout=30, check=True).stdout
                            code = 22 if int(status) >= 400 else 0
                        else:
                            code = run(*args).code
                        bodies = [(s.body, s.chunked) for s in p.seen]
                        del p.seen[:]
                        found.append([code, *zip(seen(p), bodies)])
                    if found[0] != found[1]:
                        differ.append(f"{args}: curl {found[0]}\n   afetch {found[1]}")
    if differ:
        raise Failed("afetch and curl, with the same options", "the same requests and exit status", "\n".join(differ))


def test_a_body_that_cannot_be_sent_again():
    """As in curl: with Digest alone it is not sent before it is known how; else it may be gone when that is known."""
    with Recorder(lambda s: by_target(s.request)) as p:
        url = p.url("/digest")
        run("--digest", "-u", "a:b", "-T", "-", url, stdin="hello").expect(out=[line(5, url)])
        assert [s.body for s in p.take()] == [b"", b"hello"]
        run("--anyauth", "-u", "a:b", "-T", "-", url, stdin="hello").expect(
            code=65, err=[failure(url, "could not send the body again: - was read already")])
        assert [s.body for s in p.take()] == [b"hello"]


# ---- where names come from -------------------------------------------------------------------------------------------------

def test_netrc_that_is_bad():
    """-n fails those who need what it cannot say; --netrc-optional goes on."""
    folder = temp_dir()
    write_file(folder + "/bad", 'machine 127.0.0.1 login a password b\nmachine localhost password "open\n')
    with Peer(answering(lambda q: response(b"hello"))) as p:
        here, there = p.url("/1"), p.url("/2", host="localhost")
        run("-n", "--netrc-file", folder + "/bad", here, there).expect(
            code=26, out=[line(5, here)], err=[failure(there, "could not read: a quote is not closed")])
        run("--netrc-optional", "--netrc-file", folder + "/bad", here, there).expect(out=[line(5, here), line(5, there)])
        run("--netrc-file", folder + "/none", here).expect(
            code=26, err=[failure(here, "could not read: .*/none cannot be read: No such file or directory")])
        run("-n", here, env={"NETRC": folder + "/bad"}).expect(out=[line(5, here)])
        sent = [q.get("Authorization") for q in p.requests if q.get("Host")[0].startswith("127")]
        assert sent == [[basic("a:b")]] * 3, sent


def test_back_at_the_first_origin():
    """Differs: curl forgets -u on the way."""
    with Peer(answering(lambda q: response(b"", f"Location: {first.url('/back')}\r\n", "302 Found"))) as other, \
            Peer(answering(lambda q: response(b"hello") if q.target == "/back" else
                           response(b"", f"Location: {other.url('/x')}\r\n", "302 Found"))) as first:
        run("-u", "a:b", first.url("/")).expect(out=[line(5, first.url("/"))])
        assert [q.get("Authorization") for q in first.requests] == [[basic("a:b")]] * 2
        assert other.requests[0].get("Authorization") == []


def on_terminal(args, typed):
    """Runs the program with a terminal of its own, types when it asks: what the terminal showed, and the exit status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(Config.afetch, [Config.afetch, *in_mode(args)], environment())
    screen = b""
    with contextlib.suppress(OSError):  # the end of a terminal
        while piece := os.read(fd, 4096):
            screen += piece
            if typed and screen.endswith(b": "):
                os.write(fd, typed)
                typed = None
    os.close(fd)
    return screen.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_password_is_asked_for():
    with Peer(answering(lambda q: response(b"hello"))) as p:
        screen, code = on_terminal(["-u", "me", p.url()], b"pass word\n")
        assert code == 0 and p.requests[0].get("Authorization") == [basic("me:pass word")], (screen, code)
        assert screen.startswith("Enter host password for user 'me': ") and "pass word" not in screen, screen
        assert line(5, p.url()) in screen, screen
        screen, code = on_terminal(["-u", "me", p.url()], b"\x03")
        assert code == 130 and "^C" not in screen and len(p.requests) == 1, (screen, code)
        screen, code = on_terminal(["-u", "me", p.url()], b"\x04")
        assert code == 26 and "no password was typed" in screen and len(p.requests) == 1, (screen, code)
        run("-u", "me", p.url(), start_new_session=True).expect(
            code=26, err=["afetch: there is no terminal to ask for the password on: .*"], total=False)
        assert len(p.requests) == 1


# ---- secrets ------------------------------------------------------------------------------------------------------------------

def test_secrets_are_not_shown():
    with Peer(answering(by_target)) as p:
        for options in (["-u", "me:hunter2"], ["-u", "me:hunter2", "--digest"], ["--oauth2-bearer", "hunter2"]):
            for target in ("/all", "/never"):
                r = start("-v", *options, p.url(target)).wait()
                text = (r.out + r.err).decode()
                r.check(not re.search("hunter2|Basic bWU6|response=|Bearer hunter2", text), "no secret")
        places = ["http://me:hunter2@else.where/x", "//me:hunter2@else.where", "http://me:hunt@er2@else.where/@y"]
        with Peer(answering(lambda q: response(b"", f"Location: {places[int(q.target[1:])]}\r\n", "302 Found"))) as p2:
            for i in range(len(places)):
                r = run("-v", "--no-location", p2.url(f"/{i}"))
                text = r.err.decode()
                r.check("else.where" in text and "hunt" not in text and "me:" not in text, "a place without its user info")
        r = run("--oauth2-bearer", "hunter2\n", p.url())
        r.check(r.code == 2 and b"hunter2" not in r.err, "a usage error without the token")
