"""The client's certificate: every form of it, where it is shown, and what is said when it is of no use."""
import os
import ssl

from certificates import Authority
from harness import (Config, Peer, answering, by_path, failure, line, read_file, run, s_server, temp_dir, world, write_file)

MODES = ([], ["--sync"], ["--threads"])


class Forms:
    """One certificate in every form."""

    def __init__(self):
        self.certs = world.certs
        self.folder = temp_dir()
        for kind in ("ec", "rsa"):
            write_file(self.path(kind + ".pem"), read_file(self.certs.path(f"client-{kind}.pem")))
            write_file(self.path(kind + ".key"), read_file(self.certs.path(f"client-{kind}.key")))

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *args):
        self.certs.openssl(*args)

    def both(self, name, key):
        """Certificate and key in one file."""
        return write_file(self.path(name), read_file(self.path("ec.pem")) + read_file(self.path(key)))

    def encrypt(self, name, *how, key="ec.key"):
        self.openssl("pkcs8", "-topk8", "-in", self.path(key), "-out", self.path(name), "-passout", "pass:secret", *how)


def told(args, url):
    """What nginx says of the client."""
    out = os.path.join(temp_dir(), "told")
    r = run("--cacert", world.ca, "-o", out, *args, url)
    r.check(r.code == 0, "success")
    return read_file(out).decode().strip()


def test_shown_where_asked_for():
    """Alone, with its key in the same file, in both versions and all modes; a server that asks for none gets none."""
    forms = Forms()
    both = forms.both("both.pem", "ec.key")
    plain, url = world.url("https"), world.url("client", "/client")
    for mode in MODES:
        for version in (["--tls-max", "1.2"], ["--tlsv1.3"]):
            for args in (["-E", both], ["--cert", forms.path("rsa.pem"), "--key", forms.path("rsa.key")]):
                got = told([*mode, *version, *args], url)
                assert got == "SUCCESS CN=a client", got
        run(*mode, "-E", both, "--cacert", world.ca, plain).expect(out=[line(5, plain)])
    assert told(["-k", "-E", both], url) == "SUCCESS CN=a client"


def refused_after_handshake(r):
    """In TLS 1.3 the client is done before the server has looked at its certificate: the request races with the server's
    alert and its reset of the connection. The alert is told."""
    return r.code == 56 and any("the server sent alert: " in x for x in r.errors)


def test_not_shown():
    """nginx answers 400; openssl breaks the handshake in 1.2, and after it in 1.3."""
    url = world.url("client", "/client")
    run("--cacert", world.ca, url).expect(code=22, err=[failure(url, ".*400.*")])
    for version in ("-tls1_2", "-tls1_3"):
        _, port = s_server("-Verify", "1", "-CAfile", world.ca, "-www", version)
        url = f"https://127.0.0.1:{port}/"
        r = run("--cacert", world.ca, url)
        if version == "-tls1_2":
            r.expect(code=35, err=[failure(url, "TLS handshake failed: the server sent alert: handshake failure")])
        else:
            r.check(refused_after_handshake(r), "the server's alert, not the reset that follows it")


def test_refused_by_the_server():
    """Of an authority that the server does not trust."""
    context = world.tls_context()
    context.load_verify_locations(world.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    stranger = ["-E", world.certs.path("self.pem"), "--key", world.certs.path("self.key")]
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version = context.maximum_version = version
        with Peer(answering(by_path), tls=context) as p:
            r = run(*stranger, "--cacert", world.ca, p.url("/3"))
            if version == ssl.TLSVersion.TLSv1_2:
                r.expect(code=35, err=[failure(p.url("/3"), ".*the server sent alert: unknown ca")])
            else:
                r.check(refused_after_handshake(r), "the server's alert, not the reset that follows it")
            assert not p.requests
            run("-E", world.certs.path("client-rsa.pem"), "--key", world.certs.path("client-rsa.key"), "--cacert",
                world.ca, p.url("/3")).expect(out=[line(3, p.url("/3"))])


def test_its_issuers_go_with_it():
    """What stands behind the certificate in its file."""
    a = Authority(temp_dir())
    a.issue("inter", "basicConstraints=critical,CA:true\n")
    a.issue("far", issuer="inter")
    write_file(a.path("with.pem"), read_file(a.path("far.pem")) + read_file(a.path("inter.pem")))
    context = world.tls_context()
    context.load_verify_locations(a.path("ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    with Peer(answering(by_path), tls=context) as p:
        common = ["--cacert", world.ca, "--key", a.path("far.key"), p.url("/3")]
        run("-E", a.path("with.pem"), *common).expect(out=[line(3, p.url("/3"))])
        r = run("-E", a.path("far.pem"), *common)
        r.check(refused_after_handshake(r), "the server's alert, not the reset that follows it")


def test_forms():
    """PEM and DER, plain and encrypted keys."""
    forms = Forms()
    forms.encrypt("p8.key")
    forms.encrypt("sha512.key", "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512")
    forms.encrypt("pbe1.key", "-v1", "PBE-SHA1-3DES")
    forms.encrypt("p8.der", "-outform", "DER")
    forms.encrypt("rsa-p8.key", key="rsa.key")
    forms.openssl("ec", "-in", forms.path("ec.key"), "-aes128", "-passout", "pass:secret", "-out", forms.path("sec1.key"))
    forms.openssl("rsa", "-traditional", "-in", forms.path("rsa.key"), "-aes256", "-passout", "pass:secret", "-out",
                  forms.path("pkcs1.key"))
    forms.openssl("x509", "-in", forms.path("ec.pem"), "-outform", "DER", "-out", forms.path("ec.der"))
    forms.openssl("pkey", "-in", forms.path("ec.key"), "-outform", "DER", "-out", forms.path("key.der"))
    plain, secret = forms.both("plain.pem", "ec.key"), forms.both("secret.pem", "p8.key")
    odd = write_file(forms.path("a:b\\c.pem"), read_file(plain))
    der = ["-E", forms.path("ec.der"), "--cert-type", "DER"]
    good = [
        ["-E", secret + ":secret"],
        ["-E", secret, "--pass", "secret"],
        ["--pass", "wrong", "-E", secret + ":secret"],  # the last one holds
        ["-E", plain + ":"],
        ["-E", plain, "--pass", "of no use"],
        ["-E", odd.replace(":", "\\:").replace("b\\c", "b\\\\c")],
        ["-E", odd.replace(":", "\\:")],
        [*der, "--key", forms.path("ec.key")],
        [*der, "--key", forms.path("key.der"), "--key-type", "DER"],
        [*der, "--key", forms.path("p8.der"), "--key-type", "der", "--pass", "secret"],
        *(["-E", forms.path("ec.pem"), "--key", forms.path(key), "--pass", "secret"]
          for key in ("p8.key", "sha512.key", "pbe1.key", "sec1.key")),
        *(["-E", forms.path("rsa.pem"), "--key", forms.path(key), "--pass", "secret"]
          for key in ("rsa-p8.key", "pkcs1.key")),
    ]
    for args in good:
        got = told(args, world.url("client", "/client"))
        assert got == "SUCCESS CN=a client", f"{args}: {got}"


def test_of_no_use():
    """Each is told before anything is fetched, with 58."""
    forms = Forms()
    forms.encrypt("p8.key")
    forms.encrypt("scrypt.key", "-scrypt")
    forms.openssl("ec", "-in", forms.path("ec.key"), "-aes128", "-passout", "pass:secret", "-out", forms.path("sec1.key"))
    forms.openssl("x509", "-in", forms.path("ec.pem"), "-outform", "DER", "-out", forms.path("ec.der"))
    forms.openssl("pkcs12", "-export", "-in", forms.path("ec.pem"), "-inkey", forms.path("ec.key"), "-out",
                  forms.path("x.p12"), "-passout", "pass:secret")
    a = Authority(temp_dir())
    a.issue("ed25519", key="ed25519")
    secret = forms.both("secret.pem", "p8.key")
    empty = write_file(forms.path("empty"), "")
    cert = ["-E", forms.path("ec.pem")]
    cases = [
        (["-E", secret], "the key in .* is encrypted, and no password was given.*"),
        (["-E", secret + ":wrong"], "the password of the key in .*secret.pem is wrong"),
        ([*cert, "--key", forms.path("sec1.key"), "--pass", "wrong"],
         "the (password of the key in .* is wrong|key in .* cannot be read; perhaps the password is wrong)"),
        ([*cert, "--key", forms.path("scrypt.key"), "--pass", "secret"], ".*encrypted in a way that mbedTLS does not know"),
        ([*cert, "--key", forms.path("rsa.key")], "the key in .*rsa.key does not belong to the certificate in .*ec.pem"),
        (cert, "no private key .* in .*ec.pem"),
        (["-E", forms.path("ec.key")], "no certificate in .*ec.key"),
        (["-E", forms.path("none")], ".*none \\(No such file or directory\\)"),
        ([*cert, "--key", forms.path("none")], ".*none \\(No such file or directory\\)"),
        (["-E", forms.folder], ".*\\(Is a directory\\)"),
        (["-E", empty], ".*empty is empty"),
        (["-E", forms.path("ec.der"), "--key", forms.path("ec.key")], ".*ec.der is not in PEM form .*"),
        (["-E", forms.path("ec.der"), "--cert-type", "DER"], ".*is in DER form, which holds no key .*"),
        ([*cert, "--key", forms.path("ec.key"), "--key-type", "DER"], "the key in .*ec.key cannot be read"),
        (["-E", forms.path("x.p12") + ":secret"], ".*x.p12 is PKCS#12, which cannot be read .*"),
        (["-E", a.path("ed25519.pem"), "--key", a.path("ed25519.key")], ".*mbedTLS knows RSA and EC keys alone.*"),
    ]
    for args, sentence in cases:
        r = run(*args, world.url("https"), world.url())
        r.expect(code=58, err=["afetch: client certificate not usable: " + sentence], total=False)
    r = run("-E", forms.path("x.p12") + ":secret", "--cert-type", "P12", world.url("https"))
    r.check(r.code == 2 and any("PKCS#12" in x and "openssl pkcs12" in x for x in r.errors),
            "a usage error that says how to convert it")
    for args in (["-E", ""], ["-E", ":x"], ["-E", "pkcs11:token=x"], ["--cert-type", "ENG", "-E", "x"]):
        r = run(*args, world.url("https"))
        r.check(r.code == 2, "a usage error")


def test_a_password_is_told_nowhere():
    forms = Forms()
    forms.encrypt("p8.key")
    secret = forms.both("secret.pem", "p8.key")
    for args in (["-E", secret + ":hunter22"], ["-E", secret, "--pass", "hunter22"]):
        r = run("-v", *args, world.url("https"))
        r.check(b"hunter22" not in r.out + r.err, "no password in the output")
    r = run("-v", "-E", secret + ":secret", "--cacert", world.ca, world.url("https"))
    r.check(r.code == 0 and b":secret" not in r.err, "success, and no password in the output")


def test_many_at_once():
    """One key for all connections, in every mode, new connections each."""
    context = world.tls_context()
    context.load_verify_locations(world.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    for kind in ("ec", "rsa"):
        for mode in MODES:
            with Peer(lambda conn: conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                      if conn.request() else None, tls=context) as p:
                urls = [p.url(f"/{i}") for i in range(40 // Config.slow)]
                run(*mode, "-P", "16", "-E", world.certs.path(f"client-{kind}.pem"), "--key",
                    world.certs.path(f"client-{kind}.key"), "--cacert", world.ca, *urls).expect(
                        out=[line(2, u) for u in urls])
