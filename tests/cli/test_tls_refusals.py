"""What is wrong with a chain, and with which of its certificates: one sentence for each."""
import base64
import hashlib
import os
import re

from certificates import AUTHORITY, LEAF, LOCAL, Authority
from harness import failure, read_file, run, s_server, temp_dir, world, write_file

MODES = ([], ["--sync"], ["--threads"])


def make_chains(a):
    """{name: (sentence or None, options of openssl)}; the certificates are issued by a."""
    a.root("twin", "Test Root")
    a.root("other", "Other Root")
    a.root("weak", "Weak Root", key="rsa1024")
    a.root("inter-twin", "Inter")
    a.issue("inter", AUTHORITY, subject="Inter")
    a.issue("short", AUTHORITY.replace("true", "true,pathlen:0"), subject="Short")
    a.issue("below", AUTHORITY, issuer="short", subject="Below")
    a.issue("past", AUTHORITY, subject="Past", first=-30, last=-3)
    a.issue("coming", AUTHORITY, subject="Coming", first=3)
    a.issue("mail", AUTHORITY + "extendedKeyUsage=emailProtection\n", subject="Mail")
    a.issue("mute", AUTHORITY + "keyUsage=critical,cRLSign\n", subject="Mute")
    a.issue("sha1", AUTHORITY, subject="Old Hash", md="sha1")
    a.issue("leaf", LEAF, subject="A Leaf")
    a.issue("limited", AUTHORITY + "nameConstraints=permitted;DNS:elsewhere.example\n", subject="Limited")
    day = r"\(\d{4}-\d\d-\d\d\)"
    chains = {}

    def chain(name, sentence, **how):
        a.issue(name, **{"extensions": LEAF + LOCAL, **how})
        chains[name] = sentence

    chain("good", None)
    chain("by-inter", None, issuer="inter", chain=["inter"])
    chain("p521", None, key="p521")
    chain("no-inter", r"issuer unknown \(CN=Inter\)", issuer="inter")
    chain("root-sent", r"CN=Other Root: a root that is not trusted", issuer="other", chain=["other"])
    chain("by-twin", r"not signed by the CN=Test Root that is trusted", issuer="twin")
    chain("forged", r"its signature is not that of its issuer \(CN=Inter\)", issuer="inter-twin", chain=["inter"])
    chain("too-long", r"CN=Below: its issuer \(CN=Short\) allows 0 authorities below it, .* \(path length\)",
          issuer="below", chain=["below", "short"])
    chain("by-leaf", r"its issuer \(CN=A Leaf\) is no certificate authority", issuer="leaf", chain=["leaf"])
    chain("by-mute", r"its issuer \(CN=Mute\) may not sign certificates", issuer="mute", chain=["mute"])
    chain("expired", rf"expired 2 hours ago {day}", first=-3, last=-2.2 / 24)
    chain("by-past", rf"CN=Past: expired 3 days ago {day}", issuer="past", chain=["past"])
    chain("by-coming", r"CN=Coming: not valid before \d{4}-\d\d-\d\d", issuer="coming", chain=["coming"])
    chain("sha1-signed", r"signed with SHA1, which is not safe", md="sha1")
    chain("by-sha1", r"CN=Old Hash: signed with SHA1, which is not safe", issuer="sha1", chain=["sha1"])
    chain("rsa1024", r"its RSA key of 1024 bits is too weak", key="rsa1024")
    chain("by-weak", r"CN=Weak Root: its RSA key of 1024 bits is too weak", issuer="weak", chain=["weak"])
    chain("client", r"not made for servers \(but for TLS Web Client Authentication\)",
          extensions=LEAF + LOCAL + "extendedKeyUsage=clientAuth\n")
    chain("by-mail", r"CN=Mail: not made for servers \(but for E-mail Protection\)", issuer="mail", chain=["mail"])
    chain("key-usage", r"its key usage does not allow what the handshake needs",
          extensions=LEAF + LOCAL + "keyUsage=critical,keyEncipherment\n", key="rsa")
    chain("by-limited", r"CN=Limited: has name constraints, which cannot be checked", issuer="limited", chain=["limited"])
    chain("critical", r"the chain has a critical extension that cannot be checked, .*",
          extensions=LEAF + LOCAL + "1.2.3.4=critical,DER:0500\n")
    chain("mail-san", r"is for no host, not for 127\.0\.0\.1", extensions=LEAF + "subjectAltName=email:a@b.example\n")
    chain("many-names", r"is for a\.example, b\.example, c\.example and 2 more, not 127\.0\.0\.1",
          extensions=LEAF + "subjectAltName=DNS:a.example,DNS:b.example,DNS:c.example,DNS:d.example,DNS:e.example\n")
    return chains


def server_of(a, name, *options):
    """openssl's server with a chain, and its port. It has no scruples about weak ones."""
    _, port = s_server("-www", "-cert_chain", a.path(name + ".pem"), "-cipher", "DEFAULT@SECLEVEL=0", *options,
                       cert=a.path(name))
    return f"https://127.0.0.1:{port}/"


def test_chains():
    a = Authority(temp_dir())
    trust = a.path("trust.pem")
    chains = make_chains(a)
    write_file(trust, read_file(a.path("ca.pem")) + read_file(a.path("weak.pem")))
    for i, (name, sentence) in enumerate(chains.items()):
        url = server_of(a, name, ("-tls1_2", "-tls1_3")[i % 2])
        r = run(*MODES[i % 3], "--cacert", trust, url)
        if sentence is None:
            r.check(r.code == 0, f"{name}: success")
        else:
            r.expect(code=60, err=[failure(url, "certificate not accepted: " + sentence)])


def test_a_certificate_that_is_trusted_itself():
    """A self-signed one in the file of --cacert, which is how people use their own."""
    pem = world.certs.path("self.pem")
    url = world.url("self", host="localhost")
    r = run("--cacert", pem, url)
    r.check(r.code == 0, "success")


def test_revocation():
    a = Authority(temp_dir())
    a.issue("inter", AUTHORITY, subject="Inter")
    a.issue("plain")
    a.issue("deep", issuer="inter", chain=["inter"])
    a.root("twin", "Test Root")
    a.list("empty")
    a.list("inter-empty", issuer="inter")
    a.list("plain-revoked", revoked=["plain", "inter"])
    a.list("deep-revoked", issuer="inter", revoked=["deep"])
    a.list("old", first=-30, last=-3)
    a.list("early", first=3)
    a.list("forged", issuer="twin")

    def together(name, *lists):
        write_file(a.path(name + ".crl"), b"".join(read_file(a.path(x + ".crl")) for x in lists))

    together("both", "empty", "inter-empty")
    together("leaf-out", "empty", "deep-revoked")
    together("inter-out", "plain-revoked", "inter-empty")
    a.openssl("crl", "-in", "plain-revoked.crl", "-outform", "DER", "-out", "der.crl")
    plain, deep = server_of(a, "plain"), server_of(a, "deep")
    root, date = "CN=Test Root", r"\d{4}-\d\d-\d\d"
    cases = [
        ("empty", plain, None),
        ("both", deep, None),
        ("plain-revoked", plain, rf"revoked on {date}, says the list of {root} of {date}"),
        ("der", plain, rf"revoked on {date}, says the list of {root} of {date}"),
        ("leaf-out", deep, rf"revoked on {date}, says the list of CN=Inter of {date}"),
        ("inter-out", deep, rf"CN=Inter: revoked on {date}, says the list of {root} of {date}"),
        ("empty", deep, r"no revocation list of its issuer \(CN=Inter\) was given"),
        ("inter-empty", plain, rf"no revocation list of its issuer \({root}\) was given"),
        ("old", plain, rf"the revocation list of {root} is out of date \(since {date}\)"),
        ("early", plain, rf"the revocation list of {root} is not valid before {date}"),
        ("forged", plain, rf"the revocation list of {root} is not signed by it, or not safely"),
    ]
    for i, (name, url, sentence) in enumerate(cases):
        r = run(*MODES[i % 3], "--cacert", a.path("ca.pem"), "--crlfile", a.path(name + ".crl"), url)
        if sentence is None:
            r.check(r.code == 0, f"{name}: success")
        else:
            r.expect(code=60, err=[failure(url, "certificate not accepted: " + sentence)])
    r = run("-k", "--crlfile", a.path("plain-revoked.crl"), plain)
    r.check(r.code == 0, "success: nothing is verified")
    junk, empty = write_file(a.path("junk"), "x"), write_file(a.path("nothing"), "")
    for path, sentence in ((junk, "no revocation list can be read from .*junk"), (empty, ".*nothing is empty"),
                           (a.path("none"), r".*none \(No such file or directory\)"),
                           (a.path("ca.pem"), "no revocation list can be read from .*ca.pem")):
        for k in ([], ["-k"]):
            run(*k, "--crlfile", path, plain, world.url()).expect(
                code=82, err=["afetch: could not load the revocation lists: " + sentence], total=False)


def test_pins():
    a = Authority(temp_dir())
    a.issue("it")
    a.issue("else")
    for name in ("it", "else"):
        for form in ("PEM", "DER"):
            a.openssl("pkey", "-in", name + ".key", "-pubout", "-outform", form, "-out", f"{name}.{form}")
    pin, other = ("sha256//" + base64.b64encode(hashlib.sha256(read_file(a.path(f"{n}.DER"))).digest()).decode()
                  for n in ("it", "else"))
    noise = write_file(a.path("noise"), b"# the key of it\n" + read_file(a.path("it.PEM")) + b"and more\n")
    good = [a.path("it.PEM"), a.path("it.DER"), noise, pin, f"{other};{pin}", f"{pin};{other}", f"sha256//;{pin}", pin + ";"]
    bad = [a.path("else.PEM"), a.path("else.DER"), other, "sha256//", pin + "x", pin[:-1], a.path("it.pem")]
    url = server_of(a, "it")
    for i, key in enumerate(good):
        for trust in (["--cacert", a.path("ca.pem")], ["-k"]):
            r = run(*MODES[i % 3], *trust, "--pinnedpubkey", key, url, url)
            r.check(r.code == 0 and len(r.lines) == 2, "success, twice")
    sentence = "public key is none of the pinned ones: the server's is " + re.escape(pin)
    for i, key in enumerate(bad):
        for trust in (["--cacert", a.path("ca.pem")], ["-k"]):
            run(*MODES[i % 3], *trust, "--pinnedpubkey", key, url).expect(code=90, err=[failure(url, sentence)])
    none = os.path.join(a.folder, "none")
    run("--pinnedpubkey", none, url).expect(
        code=90, err=[rf"afetch: public key is none of the pinned ones: {none} \(No such file or directory\)"], total=False)
    # A certificate that is not accepted stays so.
    run("--pinnedpubkey", pin, url).expect(code=60, err=[failure(url)])


def test_pins_hold_for_resumed_sessions():
    """Connections are not kept here; the second one resumes the first one's session, and shows no certificate."""
    key = write_file(os.path.join(temp_dir(), "pub.pem"), world.certs.openssl("pkey", "-in", "good.key", "-pubout"))
    for server in ("once12", "once13"):
        folder = temp_dir()
        url = world.url(server, "/tls")
        for trust in (["--cacert", world.ca], ["-k"]):
            r = run("-P", "1", *trust, "--pinnedpubkey", key, "-o", folder + "/{n}", url, url)
            told = [read_file(f"{folder}/{n}").decode().split(" ")[1] for n in (1, 2)]
            r.check(r.code == 0 and told == [".", "r"], "a new session, then a resumed one")
