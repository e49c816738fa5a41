"""Certificates for the end-to-end tests, all made by openssl when they are needed."""
import datetime
import os
import subprocess


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path


def utc(days):
    """A time as openssl takes it, so many days from now."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(days=days)).strftime("%y%m%d%H%M%SZ")


LOCAL = "subjectAltName=DNS:localhost,IP:127.0.0.1\n"
AUTHORITY = "basicConstraints=critical,CA:true\n"
LEAF = "basicConstraints=CA:false\n"

KEYS = {
    "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p521": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "p224": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-224"],
    "rsa": ["-newkey", "rsa:2048"],
    "rsa1024": ["-newkey", "rsa:1024"],
    "ed25519": ["-newkey", "ed25519"],
}


class Authority:
    """A folder of certificates and the root of some of them. .path("x.pem") is a certificate, "x.key" its key; "ca.pem"
    is the root."""

    def __init__(self, folder, subject="Test Root", days=90):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.serials = {}
        self.root("ca", subject, days)

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *args):
        done = subprocess.run(["openssl", *args], cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(args)}: {done.stderr}")
        return done.stdout

    def root(self, name, subject, days=90, usage="critical,keyCertSign,cRLSign", key="ec"):
        self.openssl("req", "-x509", *KEYS[key], "-nodes", "-keyout", name + ".key", "-subj", "/CN=" + subject,
                     "-days", str(days), "-out", name + ".pem", "-addext", "keyUsage=" + usage)

    def self_signed(self, name, subject):
        self.openssl("req", "-x509", *KEYS["ec"], "-nodes", "-keyout", name + ".key", "-subj", "/CN=" + subject,
                     "-days", "90", "-out", name + ".pem", "-addext", LOCAL.strip())

    def issue(self, name, extensions=LEAF + LOCAL, issuer="ca", subject=None, first=-1, last=90, key="ec", md="sha256",
              chain=()):
        """first, last: the days from now that it is valid. chain: what is put behind it in name.pem."""
        self.serials[name] = f"{0x1000 + len(self.serials):04x}"
        folder = name + ".ca"
        os.makedirs(self.path(folder))
        write(self.path(folder + "/index"), "")
        write(self.path(folder + "/serial"), self.serials[name] + "\n")
        write(self.path(folder + "/conf"),
              "[ca]\ndefault_ca=it\n[it]\n"
              f"database={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}\ndefault_md=default\n"
              "policy=any\nunique_subject=no\nx509_extensions=more\n[any]\ncommonName=supplied\n"
              f"[more]\nsubjectKeyIdentifier=hash\n{extensions}")
        self.openssl("req", "-new", *KEYS[key], "-nodes", "-keyout", name + ".key", "-subj",
                     "/CN=" + (subject or name), "-out", name + ".csr")
        self.openssl("ca", "-batch", "-notext", "-config", folder + "/conf", "-keyfile", issuer + ".key",
                     "-cert", issuer + ".pem", "-startdate", utc(first), "-enddate", utc(last), "-md", md,
                     "-in", name + ".csr", "-out", name + ".pem")
        for above in chain:
            self.append(name + ".pem", above + ".pem")

    def append(self, name, other):
        with open(self.path(name), "ab") as f:
            f.write(read(self.path(other)))

    def list(self, name, issuer="ca", revoked=(), first=-1, last=30):
        """A revocation list, name.crl."""
        folder = name + ".list"
        os.makedirs(self.path(folder))
        write(self.path(folder + "/index"),
              "".join(f"R\t{utc(60)}\t{utc(-2)}\t{self.serials[x].upper()}\tunknown\t/CN={x}\n" for x in revoked))
        write(self.path(folder + "/number"), "01\n")
        write(self.path(folder + "/conf"), "[ca]\ndefault_ca=it\n[it]\n"
              f"database={folder}/index\ncrlnumber={folder}/number\ndefault_md=sha256\n")
        self.openssl("ca", "-gencrl", "-config", folder + "/conf", "-keyfile", issuer + ".key",
                     "-cert", issuer + ".pem", "-crl_lastupdate", utc(first), "-crl_nextupdate", utc(last),
                     "-out", name + ".crl")
        return self.path(name + ".crl")


class Certificates(Authority):
    """What the servers that all tests share have: an authority, what it signed, and what it did not."""

    # name: (issuer, subject, SAN or None, first day, last day), days from now
    LEAVES = {
        "good": ("ca", "good", "DNS:localhost,DNS:good.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1", -1, 90),
        "chained": ("inter", "chained", "DNS:localhost,IP:127.0.0.1", -1, 90),
        "rsa": ("ca", "rsa", "DNS:localhost,IP:127.0.0.1", -1, 90),
        "expired": ("ca", "expired", "DNS:localhost,IP:127.0.0.1", -30, -3),
        "future": ("ca", "future", "DNS:localhost,IP:127.0.0.1", 3, 90),
        "wrong": ("ca", "wrong", "DNS:other.example,IP:127.9.9.9", -1, 90),
        "tld": ("ca", "tld", "DNS:*.test", -1, 90),
        "unknown": ("other-ca", "unknown", "DNS:localhost,IP:127.0.0.1", -1, 90),
        "cn": ("ca", "localhost", None, -1, 90),
        "constrained": ("limited", "constrained", "DNS:localhost,IP:127.0.0.1", -1, 90),
    }

    def __init__(self, folder):
        super().__init__(folder)
        self.root("other-ca", "Other Root")
        self.issue("inter", AUTHORITY, subject="Intermediate")
        self.issue("limited", AUTHORITY + "nameConstraints=critical,permitted;DNS:elsewhere.example\n",
                   subject="Limited")
        for name, (issuer, subject, san, first, last) in self.LEAVES.items():
            self.issue(name, LEAF + (f"subjectAltName={san}\n" if san else ""), issuer, subject, first, last,
                       "rsa" if name == "rsa" else "ec", chain=[issuer] if issuer in ("inter", "limited") else [])
        self.self_signed("self", "self")
        for kind in ("ec", "rsa"):
            self.issue("client-" + kind, LEAF + "extendedKeyUsage=clientAuth\n", subject="a client", key=kind)
