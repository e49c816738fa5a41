"""Versions, cipher suites, curves, folders of trust, and the key log."""
import os
import shutil
import ssl
import stat

from harness import (Config, Peer, failure, line, read_file, run, s_server, temp_dir, world, write_file)

MODES = ([], ["--sync"], ["--threads"])


def test_versions():
    """--tlsv1.x is the least, --tls-max the most; of several the last one holds."""
    folder = temp_dir()
    url = world.url("https", "/tls")
    for args, version in (([], "TLSv1.3"), (["--tlsv1.2"], "TLSv1.3"), (["--tlsv1.3"], "TLSv1.3"), (["-1"], "TLSv1.3"),
                          (["--tlsv1.0"], "TLSv1.3"), (["--tlsv1.1", "--tls-max", "1.2"], "TLSv1.2"),
                          (["--tls-max", "1.2"], "TLSv1.2"), (["--tls-max", "1.2", "--tls-max", "default"], "TLSv1.3"),
                          (["--tlsv1.3", "--tlsv1.2", "--tls-max", "1.2"], "TLSv1.2"), (["--tls-max", "1.3"], "TLSv1.3")):
        for mode in MODES:
            r = run(*mode, *args, "--cacert", world.ca, "-o", folder + "/told", url)
            r.check(r.code == 0 and read_file(folder + "/told").decode().split(" ")[0] == version, version)
    for server, args in (("tls12", ["--tlsv1.3"]), ("tls13", ["--tls-max", "1.2"])):
        run(*args, "--cacert", world.ca, world.url(server)).expect(
            code=35, err=[failure(world.url(server), "TLS handshake failed: .*(protocol version|handshake failure)")])
    for args, says in ((["--tls-max", "1.1"], "--tls-max: TLS 1.2 and 1.3 alone are spoken"),
                       (["--tls-max", "1.4"], '--tls-max: "1.4" is none of: .*'),
                       (["--tls-max", "1.2", "--tlsv1.3"], "--tlsv1.3 and --tls-max 1.2 contradict each other"),
                       (["--no-tlsv1.3"], "there is no --no-tlsv1.3: .*")):
        run(*args, url).expect(code=2, err=["afetch: " + says, ".*nothing was fetched.*"], total=False)


def agreed(url, *args):
    """Version and suite, by -v."""
    r = run("-v", "--cacert", world.ca, *args, url)
    r.check(r.code == 0, "success")
    told = [x.split("* ", 1)[1] for x in r.stderr if "* TLSv1" in x]
    r.check(len(told) == 1, "one line about TLS")
    return told[0]


def test_cipher_suites():
    _, port = s_server("-www", "-cipher", "ALL", "-ciphersuites",
                       "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256",
                       cert="rsa")
    url = f"https://127.0.0.1:{port}/"
    for suite, name in (("TLS_AES_256_GCM_SHA384", "TLS1-3-AES-256-GCM-SHA384"),
                        ("nosuch:TLS_AES_128_CCM_SHA256", "TLS1-3-AES-128-CCM-SHA256"),
                        ("tls_chacha20_poly1305_sha256", "TLS1-3-CHACHA20-POLY1305-SHA256")):
        assert agreed(url, "--tls13-ciphers", suite) == f"TLSv1.3, {name}"
    for suite, name in (("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-WITH-AES-256-GCM-SHA384"),
                        ("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE-RSA-WITH-AES-128-GCM-SHA256"),
                        ("AES128-SHA", "RSA-WITH-AES-128-CBC-SHA"),
                        ("ECDHE-ECDSA-AES128-GCM-SHA256,nosuch;ECDHE-RSA-CHACHA20-POLY1305",
                         "ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256")):
        assert agreed(url, "--tls-max", "1.2", "--ciphers", suite) == f"TLSv1.2, TLS-{name}"
        # It does not concern 1.3.
        assert agreed(url, "--ciphers", suite).startswith("TLSv1.3, ")
    for args, says in ((["--ciphers", "nosuch"], 'none for TLS 1.2 in "nosuch"'),
                       (["--ciphers", "HIGH:!aNULL"], 'none for TLS 1.2 in "HIGH:!aNULL"'),
                       (["--tls13-ciphers", "AES128-SHA"], 'none for TLS 1.3 in "AES128-SHA"')):
        run(*args, url, world.url()).expect(code=59, err=["afetch: no such cipher suite or curve: " + says], total=False)
    run("--cacert", world.ca, "--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256", url).expect(
        code=35, err=[failure(url, "TLS handshake failed: the server sent alert: handshake failure")])


def test_curves():
    for curve in ("X25519", "P-256", "P-384", "P-521", "X448"):
        _, port = s_server("-www", "-curves", curve, cert="rsa")
        url = f"https://127.0.0.1:{port}/"
        for version in ([], ["--tls-max", "1.2"]):
            agreed(url, *version, "--curves", curve)
            if curve != "X448":
                agreed(url, *version)
        other = "P-256" if curve != "P-256" else "P-384"
        run("--cacert", world.ca, "--curves", other, url).expect(code=35, err=[failure(url, "TLS handshake failed: .*")])
        agreed(url, "--curves", f"{other}:{curve}")
    for curves, says in (("X25519:P-257", 'no curve "P-257"'), (":", "no curve is named")):
        run("--curves", curves, url, world.url()).expect(
            code=59, err=["afetch: no such cipher suite or curve: " + says], total=False)


# ---- folders of trust ------------------------------------------------------------------------------------------------

def folder_of(*files, rehash=True):
    folder = temp_dir()
    for i, file in enumerate(files):
        shutil.copy(file, os.path.join(folder, f"{i}.pem"))
    if rehash:
        world.certs.openssl("rehash", folder)
    return folder


def test_capath():
    url = world.url("https")
    good, other = {"out": [line(5, url)]}, {"code": 60, "err": [failure(url, ".*issuer unknown.*")]}
    ca, stranger = world.ca, world.certs.path("other-ca.pem")
    hashed, plain, strange = folder_of(stranger, ca), folder_of(ca, rehash=False), folder_of(stranger)
    empty = temp_dir()
    write_file(os.path.join(plain, "README"), "no certificate\n")
    for args, expected in (([hashed], good), ([plain], good), ([strange], other), ([f"{strange}:{plain}"], good),
                           ([strange, "--cacert", ca], good), ([hashed, "--cacert", stranger], good),
                           ([empty, "--cacert", ca], good)):
        for mode in MODES:
            run(*mode, "--capath", *args, url, env={"CURL_CA_BUNDLE": stranger}).expect(**expected)
    # Beside hashed names others are not looked at, as with OpenSSL.
    shutil.copy(ca, os.path.join(strange, "late.pem"))
    run("--capath", strange, url).expect(**other)
    run("--capath", empty, url).expect(code=77, err=[failure(url, f"could not load the trust store: no certificate in {empty}")])
    run("--capath", "/no/such", url, world.url()).expect(
        code=77, err=[r"afetch: could not load the trust store: /no/such \(No such file or directory\)"], total=False)
    run("-k", "--capath", "/no/such", url).expect(**good)


def test_folders_from_the_environment():
    url = world.url("https")
    good, other = {"out": [line(5, url)]}, {"code": 60, "err": [failure(url, ".*issuer unknown.*")]}
    ca, stranger = world.ca, world.certs.path("other-ca.pem")
    hashed, strange = folder_of(ca), folder_of(stranger)
    for env, expected in (({"SSL_CERT_DIR": hashed}, good), ({"SSL_CERT_DIR": strange}, other),
                          ({"SSL_CERT_DIR": f"{strange}:{hashed}"}, good),
                          ({"SSL_CERT_DIR": strange, "SSL_CERT_FILE": ca}, good),
                          ({"SSL_CERT_DIR": hashed, "SSL_CERT_FILE": stranger}, good),
                          ({"SSL_CERT_DIR": "/no/such", "SSL_CERT_FILE": ca}, good),
                          ({"SSL_CERT_DIR": hashed, "CURL_CA_BUNDLE": stranger}, other)):
        run(url, env=env).expect(**expected)
    run("--cacert", stranger, url, env={"SSL_CERT_DIR": hashed}).expect(**other)
    run("--capath", hashed, url, env={"SSL_CERT_DIR": strange}).expect(**good)
    run(url, env={"SSL_CERT_DIR": "/no/such"}).expect(code=77, err=[failure(url, ".*/no/such.*")])


# ---- the key log -----------------------------------------------------------------------------------------------------

def lines_of(path):
    return sorted(x for x in read_file(path).decode().splitlines() if not x.startswith("#"))


def test_key_log():
    """Each line is whole and the very one that the server wrote of its end; both versions, every mode, many at once; and
    resumed sessions, which the second half are."""
    for version, each in ((ssl.TLSVersion.TLSv1_2, 1), (ssl.TLSVersion.TLSv1_3, 5)):
        for mode in MODES:
            folder = temp_dir()
            mine, theirs = folder + "/mine", folder + "/theirs"
            context = world.tls_context(version=version)
            context.keylog_filename = theirs
            with Peer(lambda conn: conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                      if conn.request() else None, tls=context) as p:
                urls = [p.url(f"/{i}") for i in range(32 // Config.slow)]
                r = run(*mode, "-P", "16", "--cacert", world.ca, *urls, env={"SSLKEYLOGFILE": mine})
                r.expect(out=[line(2, u) for u in urls])
            r.check(lines_of(mine) == lines_of(theirs), "the server's lines")
            r.check(len(lines_of(mine)) == each * len(urls), f"{each} lines a connection")
            r.check(stat.S_IMODE(os.stat(mine).st_mode) == 0o600, "a log for its owner alone")
            # It is added to.
            before = read_file(mine)
            run("--cacert", world.ca, world.url("https"), env={"SSLKEYLOGFILE": mine})
            assert read_file(mine).startswith(before) and len(read_file(mine)) > len(before)


def test_key_log_of_openssl():
    """The same against openssl's own server, with a client certificate."""
    for version in ("-tls1_2", "-tls1_3"):
        folder = temp_dir()
        mine, theirs = folder + "/mine", folder + "/theirs"
        process, port = s_server("-www", version, "-Verify", "1", "-CAfile", world.ca, "-keylogfile", theirs)
        url = f"https://127.0.0.1:{port}/"
        r = run("-P", "1", "-E", world.certs.path("client-ec.pem"), "--key", world.certs.path("client-ec.key"), "--cacert",
                world.ca, url, url, env={"SSLKEYLOGFILE": mine})
        process.terminate()
        process.wait()
        r.check(r.code == 0 and len(lines_of(mine)) > 0 and lines_of(mine) == lines_of(theirs), "the server's lines")


def test_key_log_that_cannot_be_written():
    """Passed over, with a warning; nothing of it under -s, nor where the variable is empty."""
    url = world.url("https")
    for path in ("/no/such/log", temp_dir()):
        env = {"SSLKEYLOGFILE": path}
        r = run("--cacert", world.ca, url, env=env)
        r.check(r.code == 0 and [x for x in r.errors if x.startswith(f"afetch: warning: SSLKEYLOGFILE: {path} ")],
                "success, and a warning")
        run("-s", "--cacert", world.ca, url, env=env).expect(out=[line(5, url)], total=False)
    run("--cacert", world.ca, url, env={"SSLKEYLOGFILE": ""}).expect(out=[line(5, url)])


def test_key_log_without_tls():
    """Nothing to log: the file is empty, and nobody minds one that is there."""
    log = os.path.join(temp_dir(), "log")
    write_file(log, "# mine\n")
    run(world.url(), env={"SSLKEYLOGFILE": log}).expect(out=[line(5, world.url())])
    assert read_file(log) == b"# mine\n"


def test_by_threads_with_everything():
    """All of it together, in every mode."""
    folder = temp_dir()
    url = world.url("client", "/small")
    for mode in MODES:
        run(*mode, "-P", "8", "--capath", folder_of(world.ca), "--tlsv1.2", "--tls-max", "1.3", "--curves", "X25519:P-256",
            "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256", "-E",
            world.certs.path("client-ec.pem"), "--key", world.certs.path("client-ec.key"), *[url] * 30,
            env={"SSLKEYLOGFILE": folder + "/log"}).expect(out=[line(5, url)] * 30)
