"""curl and afetch side by side: the same options, the same server, and the exit statuses must be the same."""
import os
import shutil
import subprocess

from certificates import AUTHORITY, LEAF, LOCAL, Authority
from harness import Config, Dns, Failed, Skip, environment, read_file, run, s_server, temp_dir, world, write_file


def need_curl():
    """The tests of this file compare what is decided, whoever waits how: once is enough."""
    if Config.mode or Config.sanitized:
        raise Skip("run once, in the plain build and mode")
    if not shutil.which("curl"):
        raise Skip("no curl here")
    version = subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout
    if "OpenSSL/3" not in version:
        raise Skip("curl here is not built on OpenSSL 3")


def both(url, args, env=None):
    """The exit statuses, and afetch's result."""
    curl = subprocess.run(["curl", "-s", "-o", "/dev/null", *args, url], stdin=subprocess.DEVNULL, capture_output=True,
                          env=environment(env))
    r = run(*args, url, env=env)
    return curl.returncode, r


# In TLS 1.3 the server's refusal of a client comes after the handshake, and a reset races with it.
LATE = (55, 56)


def compare(cases):
    """cases: (url, args); or (url, args, (curl's, ours)) where they differ on purpose; or with an environment."""
    problems = []
    for url, args, *more in cases:
        expected = next((x for x in more if isinstance(x, tuple)), None)
        env = next((x for x in more if isinstance(x, dict)), None)
        curl, r = both(url, args, env)
        same = curl == r.code or (curl in LATE and r.code in LATE)
        if expected is None and not same or expected and (curl, r.code) != expected:
            problems.append(f"{' '.join(args)} {env or ''}: curl {curl}, afetch {r.code}: {' '.join(r.errors)[:200]}")
    if problems:
        raise Failed("curl and afetch", "the same exit statuses", "\n          ".join(problems))


class Servers:
    """openssl's server, once for each set of options."""

    def __init__(self):
        self.known = {}

    def __call__(self, cert, *options):
        key = (cert, *options)
        if key not in self.known:
            _, port = s_server("-www", "-cert_chain", cert + ".pem", *options, cert=cert)
            self.known[key] = f"https://127.0.0.1:{port}/"
        return self.known[key]


def test_versions_suites_and_curves():
    need_curl()
    at = Servers()
    certs, ca = world.certs, ["--cacert", world.ca]
    rsa, ec = at(certs.path("rsa")), at(certs.path("good"))
    old, new = at(certs.path("good"), "-tls1_2"), at(certs.path("good"), "-tls1_3")
    narrow = at(certs.path("rsa"), "-curves", "P-384")
    cases = []
    for version in ("--tlsv1", "-1", "--tlsv1.0", "--tlsv1.1", "--tlsv1.2", "--tlsv1.3"):
        cases += [(url, [*ca, version]) for url in (ec, old, new)]
        cases += [(ec, [*ca, version, "--tls-max", most]) for most in ("1.3", "default")]
        if version != "--tlsv1.3":
            cases += [(url, [*ca, version, "--tls-max", "1.2"]) for url in (ec, old, new)]
    cases += [(ec, [*ca, "--tls-max", "1.4"]), (ec, [*ca, "--tlsv1.3", "--tlsv1.2", "--tls-max", "1.2"])]
    for names in ("ECDHE-RSA-AES128-GCM-SHA256", "nosuch", "ECDHE-RSA-AES128-GCM-SHA256:nosuch",
                  "nosuch,ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-GCM-SHA256",
                  "DHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-SHA256",
                  "TLS_AES_128_GCM_SHA256"):
        cases += [(rsa, [*ca, "--ciphers", names, *most]) for most in ([], ["--tls-max", "1.2"])]
    for names in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                  "TLS_AES_128_CCM_SHA256", "nosuch", "TLS_AES_128_GCM_SHA256:nosuch", "nosuch:TLS_AES_128_GCM_SHA256",
                  "ECDHE-RSA-AES128-GCM-SHA256"):
        cases += [(url, [*ca, "--tls13-ciphers", names]) for url in (rsa, old)]
    for names in ("X25519", "P-256", "prime256v1", "P-384", "P-521", "X448", "P-256:P-384", "nosuch", "X25519:nosuch",
                  "nosuch:X25519", "X25519,P-256", ":"):
        cases += [(url, [*ca, "--curves", names, *most]) for url in (rsa, narrow) for most in ([], ["--tls-max", "1.2"])]
    cases += [
        (ec, [*ca, "--tls-max", "1.1"], (35, 2)),            # told at once, for the whole run
        (rsa, [*ca, "--ciphers", "HIGH:!aNULL"], (0, 59)),   # OpenSSL's own language
        (rsa, [*ca, "--ciphers", "ecdhe-rsa-aes128-gcm-sha256"], (59, 0)),  # curl on mbedTLS takes it
    ]
    compare(cases)


def test_chains():
    need_curl()
    at = Servers()
    a = Authority(temp_dir())
    a.root("other", "Other Root")
    a.issue("inter", AUTHORITY, subject="Inter")
    a.issue("short", AUTHORITY.replace("true", "true,pathlen:0"), subject="Short")
    a.issue("below", AUTHORITY, issuer="short", subject="Below")
    a.issue("mail", AUTHORITY + "extendedKeyUsage=emailProtection\n", subject="Mail")
    a.issue("past", AUTHORITY, subject="Past", first=-30, last=-3)
    a.issue("leaf", LEAF, subject="A Leaf")
    trust = ["--cacert", a.path("ca.pem")]
    kinds = {
        "good": {}, "by-inter": {"issuer": "inter", "chain": ["inter"]}, "no-inter": {"issuer": "inter"},
        "too-long": {"issuer": "below", "chain": ["below", "short"]}, "by-mail": {"issuer": "mail", "chain": ["mail"]},
        "by-past": {"issuer": "past", "chain": ["past"]}, "by-leaf": {"issuer": "leaf", "chain": ["leaf"]},
        "unknown": {"issuer": "other"}, "expired": {"first": -3, "last": -1}, "coming": {"first": 2},
        "p521": {"key": "p521"}, "rsa": {"key": "rsa"},
        "client": {"extensions": LEAF + LOCAL + "extendedKeyUsage=clientAuth\n"},
        "server": {"extensions": LEAF + LOCAL + "extendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n"},
        "critical": {"extensions": LEAF + LOCAL + "1.2.3.4=critical,DER:0500\n"},
        "no-names": {"extensions": LEAF}, "ip-as-dns": {"extensions": LEAF + "subjectAltName=DNS:127.0.0.1\n"},
        "other-ip": {"extensions": LEAF + "subjectAltName=IP:127.0.0.2\n"},
    }
    cases = []
    for name, how in kinds.items():
        a.issue(name, **how)
        cases += [(at(a.path(name)), [*trust, *most]) for most in ([], ["--tls-max", "1.2"])]
        if name != "critical":
            cases.append((at(a.path(name)), ["-k"]))
    # An authority that is no root can be the one that is trusted.
    cases += [(at(a.path("by-inter")), ["--cacert", a.path("inter.pem")]),
              (at(a.path("no-inter")), ["--cacert", a.path("inter.pem")]),
              (at(a.path("good")), ["--cacert", a.path("inter.pem")])]
    compare(cases)


def test_names():
    need_curl()
    at = Servers()
    a = Authority(temp_dir())
    cases = []
    for i, (names, hosts) in enumerate((
            ("DNS:a.example.test", ("a.example.test", "A.EXAMPLE.test", "b.example.test", "a.example.test.", "example.test")),
            ("DNS:*.example.test", ("a.example.test", "b.a.example.test", "example.test", "a.example.test.")),
            ("DNS:*.test", ("a.test", "test")),
            ("DNS:a*.example.test", ("ab.example.test", "a.example.test")),
            ("DNS:a.*.test", ("a.b.test",)),
            ("DNS:xn--bcher-kva.test", ("xn--bcher-kva.test", "bücher.test", "buecher.test")),
            ("DNS:*.xn--bcher-kva.test", ("a.bücher.test",)),
            ("IP:127.0.0.1", ("127.0.0.1", "localhost")),
            ("DNS:127.0.0.1", ("127.0.0.1",)))):
        a.issue(f"n{i}", extensions=LEAF + f"subjectAltName={names}\n")
        url = at(a.path(f"n{i}"))
        port = url.rsplit(":", 1)[1].rstrip("/")
        for host in hosts:
            cases.append((host, port))
    zone = {h.encode("idna").decode().lower().rstrip("."): ["127.0.0.1"] for h, _ in cases if not h[0].isdigit()}
    problems = []
    with Dns(zone) as dns:
        for host, port in cases:
            url = f"https://{host}:{port}/"
            ascii_host = host.encode("idna").decode()
            curl = subprocess.run(["curl", "-s", "-o", "/dev/null", "--cacert", a.path("ca.pem"), "--resolve",
                                   f"{ascii_host}:{port}:127.0.0.1", url.replace(host, ascii_host)],
                                  stdin=subprocess.DEVNULL, env=environment())
            r = run("--cacert", a.path("ca.pem"), "--dns-servers", dns.server, url)
            # curl lets a wildcard stand before one label, as long as it is not the last.
            expected = (0, 60) if host == "a.test" and curl.returncode == 0 else (curl.returncode, curl.returncode)
            if (curl.returncode, r.code) != expected:
                problems.append(f"{url}: curl {curl.returncode}, afetch {r.code}: {' '.join(r.errors)}")
    if problems:
        raise Failed("curl and afetch", "the same exit statuses", "\n          ".join(problems))


def test_client_certificates():
    need_curl()
    at = Servers()
    folder = temp_dir()
    certs, ca = world.certs, ["--cacert", world.ca]
    old, new = (at(certs.path("good"), "-Verify", "1", "-CAfile", world.ca, "-verify_return_error", v)
                for v in ("-tls1_2", "-tls1_3"))
    plain = at(certs.path("good"))

    def path(name):
        return os.path.join(folder, name)

    ec, key, rsa, rsa_key = (certs.path(x) for x in ("client-ec.pem", "client-ec.key", "client-rsa.pem", "client-rsa.key"))
    certs.openssl("pkcs8", "-topk8", "-in", key, "-out", path("p8.key"), "-passout", "pass:secret")
    certs.openssl("rsa", "-traditional", "-in", rsa_key, "-aes128", "-passout", "pass:secret", "-out", path("trad.key"))
    certs.openssl("x509", "-in", ec, "-outform", "DER", "-out", path("ec.der"))
    certs.openssl("pkey", "-in", key, "-outform", "DER", "-out", path("key.der"))
    certs.openssl("pkcs12", "-export", "-in", ec, "-inkey", key, "-out", path("x.p12"), "-passout", "pass:secret")
    both_, secret, odd = path("both.pem"), path("secret.pem"), path("a:b.pem")
    write_file(both_, read_file(ec) + read_file(key))
    write_file(secret, read_file(ec) + read_file(path("p8.key")))
    write_file(odd, read_file(both_))
    der = ["-E", path("ec.der"), "--cert-type", "DER"]
    kinds = [
        [], ["-E", both_], ["-E", both_ + ":"], ["-E", both_ + ":x"], ["--cert", ec, "--key", key],
        ["-E", rsa, "--key", rsa_key], ["-E", secret + ":secret"], ["-E", secret + ":wrong"], ["-E", secret],
        ["-E", secret, "--pass", "secret"], ["--pass", "wrong", "-E", secret + ":secret"],
        ["-E", secret + ":secret", "--pass", "wrong"], ["-E", ec, "--key", path("p8.key"), "--pass", "secret"],
        ["-E", rsa, "--key", path("trad.key"), "--pass", "secret"], ["-E", rsa, "--key", path("trad.key"), "--pass", "x"],
        ["-E", ec, "--key", rsa_key], ["-E", ec], ["-E", key], ["-E", path("none")], ["-E", ec, "--key", path("none")],
        ["-E", folder], ["-E", odd.replace(":", "\\:")], ["-E", odd], ["--key", key],
        [*der, "--key", key], [*der, "--key", path("key.der"), "--key-type", "DER"], [*der, "--key", path("key.der")],
        der, ["-E", path("ec.der"), "--key", key], ["-E", ec, "--key", key, "--key-type", "DER"],
        ["-E", path("x.p12") + ":secret"], ["-E", certs.path("self.pem"), "--key", certs.path("self.key")],
    ]
    cases = [(url, [*ca, *args]) for args in kinds for url in (old, new)]
    cases += [(plain, [*ca, *args]) for args in kinds[:5]]
    expired = ["-E", certs.path("expired.pem"), "--key", certs.path("expired.key")]
    cases.append((old, [*ca, *expired], (60, 35)))  # curl takes the server's alert for its own finding
    cases.append((new, [*ca, "-E", path("x.p12") + ":secret", "--cert-type", "P12"], (0, 2)))  # mbedTLS cannot
    compare(cases)


def test_trust_pins_and_lists():
    need_curl()
    at = Servers()
    a = Authority(temp_dir())
    a.issue("it")
    a.issue("else")
    for name in ("it", "else"):
        for form in ("PEM", "DER"):
            a.openssl("pkey", "-in", name + ".key", "-pubout", "-outform", form, "-out", f"{name}.{form}")
    a.list("empty")
    a.list("revoked", revoked=["it"])
    a.list("old", first=-30, last=-3)
    a.root("other", "Other Root")
    a.list("other", issuer="other")
    folders = {}
    for name, files in (("good", ["ca.pem", "other.pem"]), ("strange", ["other.pem"]), ("empty", [])):
        folders[name] = temp_dir()
        for file in files:
            shutil.copy(a.path(file), folders[name])
        if files:
            a.openssl("rehash", folders[name])
    url, ca, other = at(a.path("it")), a.path("ca.pem"), a.path("other.pem")
    junk = write_file(a.path("junk"), "x")
    trust = ["--cacert", ca]
    cases = [(url, [*k, "--pinnedpubkey", pin]) for k in (trust, ["-k"], ["--cacert", other])
             for pin in (a.path("it.PEM"), a.path("it.DER"), a.path("else.PEM"), a.path("else.DER"), "sha256//", "sha256//abc",
                         a.path("it.pem"), junk)]
    cases += [(url, [*k, "--pinnedpubkey", a.path("none")]) for k in (trust, ["-k"])]
    cases += [(url, [*k, "--crlfile", file]) for k in (trust, ["-k"])
              for file in (a.path("empty.crl"), a.path("revoked.crl"), a.path("old.crl"), a.path("other.crl"), junk,
                           a.path("none"))]
    cases += [(url, args) for args in (
        trust, ["-k"], ["--cacert", other], ["--cacert", a.path("none")], ["--cacert", junk], ["--cacert", a.folder],
        ["--capath", folders["good"]], ["--capath", folders["strange"]],
        ["--capath", f"{folders['strange']}:{folders['good']}"], ["--capath", folders["strange"], "--cacert", ca],
        ["--capath", folders["good"], "--cacert", other], ["--capath", folders["empty"], "--cacert", ca],
        ["-k", "--capath", "/no/such"], ["-k", "--cacert", a.path("none")], [])]
    cases += [(url, args, env) for args, env in (
        ([], {"CURL_CA_BUNDLE": ca}), ([], {"CURL_CA_BUNDLE": other}), (trust, {"CURL_CA_BUNDLE": other}),
        ([], {"SSL_CERT_FILE": ca}), ([], {"SSL_CERT_DIR": folders["good"]}), ([], {"SSL_CERT_DIR": folders["strange"]}),
        ([], {"CURL_CA_BUNDLE": other, "SSL_CERT_DIR": folders["good"]}), (["-k"], {"CURL_CA_BUNDLE": "/no/such"}),
        (["--cacert", other], {"SSL_CERT_FILE": ca}), ([], {"CURL_CA_BUNDLE": "/no/such"}))]
    cases += [(url, ["--capath", folders["empty"]], (60, 77)), (url, ["--capath", "/no/such"], (60, 77))]
    compare(cases)
