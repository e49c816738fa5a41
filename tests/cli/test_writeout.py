"""-w: beside curl with the same format, and what this machine's curl has not got yet."""
import json
import os
import re
import subprocess
import time

from harness import (Config, Failed, Peer, answering, environment, failure, read_file, refused_port, response, run, temp_dir,
                     write_file)

FORMATS = [
    "plain", "%{http_code}", "%{response_code} %{http_code}\\n", "%%", "%", "%%%", "%x", "%{", "%{http_code", "%{http_code\\n}x",
    "\\n\\r\\t\\x\\\\", "\\", "%\\n", "%}", "{}", "%{}", "a%{url}b%{url_effective}c", "%{stderr}err%{stdout}out", "%{stderr}",
    "%{onerror}%{exitcode}", "%{exitcode}%{onerror} error", "%header{x-one}", "%header{X-ONE}|%header{none}|%header{x-two}",
    "%header{x-one", "%header{}", "\xe4%{method}\xff", "%{content_type}|%{num_headers}|%{size_download}",
    "%{num_connects} %{num_redirects} %{redirect_url}|%{referer}|%{http_version}|%{remote_ip}:%{remote_port}|%{local_ip}",
    "%{http_connect} %{certs}|%{num_certs}|%{ftp_entry_path}|%{proxy_ssl_verify_result}%{ssl_verify_result}|%{size_upload}",
    "%{size_header}|%{urlnum}|%{filename_effective}|%{speed_upload}|%{time_appconnect}|%{errormsg}",
]
TARGETS = ["/", "/redirect", "/missing", "/twice"]


def answer(request):
    if request.target == "/redirect":
        return response(b"", "Location: /\r\nX-One: first\r\n", "302 Found")
    if request.target == "/missing":
        return response(b"not here", "X-One: 404\r\n", "404 Not Found")
    if request.target == "/twice":
        return response(b"", "X-One: a\r\nx-one:  b \r\nEmpty:\r\n")
    return response(b"hello", "X-One: 1\r\nX-Two: \xe9 two\r\nContent-Type: text/plain\r\n")


def written(program, form, urls):
    """Standard output and standard error of four transfers, one after another."""
    r = subprocess.run([*program, "-s", "-e", "http://from/", *["-o", "/dev/null"] * len(urls), "-w", form, *urls],
                       env=environment(), capture_output=True)
    return r.stdout, r.stderr


def test_as_curl_writes_it():
    differ = []
    with Peer(answering(answer)) as p:
        urls = [p.url(x) for x in TARGETS]
        for text in FORMATS:
            form = text.encode("latin-1")
            theirs, err = written(["curl", "-L"], form, urls)
            ours = written([Config.afetch, "--sync", "--no-fail"], form, urls)
            err = re.sub(rb"curl: unknown --write-out variable:.*\n", b"", err)
            if ours != (theirs, err):
                differ.append(f"{text!r}: {ours}, curl {(theirs, err)}")
    if differ:
        raise Failed("-w beside curl", "the same", "\n".join(differ))


def test_heads_as_json():
    with Peer(answering(answer)) as p:
        theirs, _ = written(["curl"], "%{header_json}", [p.url("/missing")])
        ours, _ = written([Config.afetch, "--no-fail"], "%{header_json}", [p.url("/missing")])
        assert json.loads(ours) == json.loads(theirs)
        ours, _ = written([Config.afetch], "%{header_json}", [p.url("/twice")])
        assert json.loads(ours) == {"content-length": ["0"], "x-one": ["a", "b"], "empty": [""]}


def test_failures_are_told_too():
    with Peer(answering(answer)) as p, refused_port() as refused:
        none = f"http://127.0.0.1:{refused.getsockname()[1]}/"
        r = run("-w", r"%{n}%{exitcode} %{http_code} %{onerror}%{errormsg}\n", "-", stdin=f"{none}\n{p.url('/missing')}\nhttp://[\n")
        r.expect(code=123, err=["afetch: warning: -w: there is no variable %{n}", failure(none), failure(p.url("/missing")),
                                "afetch: line 3: .*"], out=r.lines, total=None)
        assert sorted(x.split(" ")[:2] for x in r.lines) == [["22", "404"], ["3", "000"], ["7", "000"]]
        assert "Connection refused" in r.out.decode() and "404 Not Found" in r.out.decode()


def test_in_place_of_lines():
    with Peer(answering(answer)) as p:
        urls = [p.url(f"/{i}") for i in range(300)]
        r = run("-w", r"%{urlnum} %{url}\n", *urls).expect(out=[f"{i} {u}" for i, u in enumerate(urls)], total=None)
        r.expect_total(1500, 300)
        run("-w", "", urls[0]).expect(out=[], total=None)
        run("-w", "a", "-w", r"b\n", urls[0]).expect(out=["b"], total=None)


def test_from_a_file():
    path = write_file(os.path.join(temp_dir(), "format"), b"%{http_code}\r\n %{method}\\n\n")
    with Peer(answering(answer)) as p:
        for args, more in ((["-w", "@" + path], {}), (["-w", "@-"], {"stdin": read_file(path)})):
            run(*args, p.url(), **more).expect(out=["200 GET"], total=None)
        r = run("-w", "@/none", p.url())
        r.check(r.code == 26 and "cannot be read" in r.err.decode() and not p.accepts > 2, "exit status 26, nothing fetched")
        r = run("-w", "@-", "-", stdin="x")
        r.check(r.code == 2, "a usage error: standard input twice")


def test_to_files():
    folder = temp_dir()
    log, last = os.path.join(folder, "log"), os.path.join(folder, "last")
    os.mkfifo(os.path.join(folder, "fifo"))  # that nobody reads: the output stays where it was
    with Peer(answering(answer)) as p:
        form = (f"%output{{{folder}/fifo}}a%output{{{folder}/no/where}}b%output{{>>{log}}}%{{urlnum}}\\n"
                f"%output{{{last}}}%{{urlnum}} of three%{{stdout}}c\\n%{{stderr}}d\\n%output{{{'x' * 600}}}")
        r = run("--sync", "-s", "-w", form, *[p.url(f"/{i}") for i in range(3)])
        assert (r.code, r.lines, r.stderr) == (0, ["abc"] * 3, ["d"] * 3), (r.lines, r.stderr)
        assert read_file(log) == b"0\n1\n2\n" and read_file(last) == b"2 of three"
        assert sorted(os.listdir(folder)) == ["fifo", "last", "log"]


def test_what_is_newer():
    with Peer(answering(answer)) as p:
        def told(form, url, *options):
            r = run("-s", "-w", form, *options, url)
            return r.out.decode()

        assert told("%header{x-one:all:, }", p.url("/redirect")) == "first, 1"
        assert told(r"%header{x-one:all:\n\}|}", p.url("/twice")) == "a\n}|b"
        assert told("%header{x-one:all:}", p.url("/twice")) == "ab"
        url = f"http://me:hush@localhost:{p.port}/redirect?q=1#end"
        assert told("%{url.scheme} %{url.user}%{url.password} %{url.host} %{url.port} %{url.path} %{url.query} %{url.fragment}|"
                    "%{url.zoneid}%{url.options}", url) == f"http  localhost {p.port} /redirect q=1 end|"
        assert told("%{urle.host} %{urle.path}|%{urle.query}|%{urle.port}", p.url("/redirect")) == f"127.0.0.1 /||{p.port}"
        assert told("%{url.host} %{url.port} %{url.scheme} %{url.path}", f"127.0.0.1:{p.port}") == f"127.0.0.1 {p.port} http /"
        assert told("%{num_retries} %{proxy_used} %{tls_earlydata} %{size_delivered} %{conn_id} %{xfer_id}", p.url()) == "0 0 0 5 1 1"
        before = int(time.time())
        seconds, micro, zone, sign = told("%time{%s %f %Z%z %%}%time{%d", p.url()).split(" ")
        assert before <= int(seconds) <= time.time() and len(micro) == 6 and zone == "UTC+0000" and sign == "%%time{%d"
        assert re.fullmatch(r"\d\.\d{6} \d\.\d{6}", told("%{time_queue} %{time_posttransfer}", p.url()))
        found = json.loads(told("%{json}", url))
        assert found["url"] == f"http://localhost:{p.port}/redirect?q=1#end" and found["time_appconnect"] == 0
        assert found["curl_version"].startswith("afetch/")


def test_through_a_proxy():
    def proxy(request):
        if request.method == "CONNECT":
            return b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n" if "refused" in request.target else b"HTTP/1.1 200 OK\r\n\r\n"
        return response(b"hello")

    with Peer(answering(proxy)) as p:
        for options, url in ((["-p"], "http://tunnelled.test/"), (["-p"], "http://refused.test/"), ([], "http://forwarded.test/")):
            args = ["-x", p.url(), *options, "-o", "/dev/null", "-s", "-w", "%{http_connect} %{http_code} %{scheme} %{remote_port}"]
            theirs = subprocess.run(["curl", *args, url], env=environment(), capture_output=True).stdout.decode()
            r = run(*args, url)
            assert r.out.decode() == theirs.replace("HTTP", "http"), (r.out, theirs)
            assert run("-x", p.url(), "-s", "-w", "%{proxy_used}", url).out == b"1"


def test_no_secret():
    """What a field is asked for by name is given; nothing else shows a cookie."""
    def cookie(request):
        return response(b"", "Set-Cookie: a=hush\r\nSet-Cookie: b=hush\r\nX: 1\r\n")

    with Peer(answering(cookie)) as p:
        url = f"http://me:hush@127.0.0.1:{p.port}/"
        r = run("-w", "%{json}%{header_json}%{url}%{urle.user}%{url_effective}", url)
        r.check(b"hush" not in r.out and b"(masked)" in r.out, "no secret")
        r = run("-w", "%header{set-cookie}", url).check(True, "")
        assert r.out == b"a=hush"
