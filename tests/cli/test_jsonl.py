"""--jsonl: an object for every input, with curl's keys and their types."""
import json
import os
import re
import subprocess
import time

from harness import (Crowd, Failed, Peer, answering, bad_line, environment, failure, read_file, refused_port, response, run,
                     start, temp_dir, world)

# Of the newest curl, where this machine's has not got them yet.
NEWER = {"conn_id": int, "num_retries": int, "proxy_used": int, "size_delivered": int, "time_posttransfer": float,
         "time_queue": float, "tls_earlydata": int, "xfer_id": int}
OURS = {"n", "id", "skipped", "started", "tls", "line", "list"}
STRANGE = b"text/\xff\xc3\x28\x01\"\\\xf0\x9f\x98\x80"


def answer(request):
    target = request.target
    if target == "/redirect":
        return response(b"gone", "Location: /page?x=1\r\nX-A: 1\r\n", "302 Found")
    if target == "/missing":
        return response(b"no", "", "404 Not Found")
    if target == "/strange":
        return (b"HTTP/1.1 200 \xe4\xff\r\nContent-Length: 2\r\nContent-Type: " + STRANGE.replace(b"\x01", b"") + b"\r\n\r\nhi")
    return response(b"hello", "Content-Type: text/plain\r\nSet-Cookie: secret=1\r\n")


def records(r, text=None):
    lines = (r.out if text is None else text).split(b"\n")
    r.check(lines.pop() == b"", "lines on standard output that all end")
    return [json.loads(x.decode("utf-8")) for x in lines]  # strict: an exception is a failure


def by_n(r):
    found = {x["n"]: x for x in records(r)}
    r.check(sorted(found) == list(range(1, len(found) + 1)), "a record for each input, by its number")
    return found


def kind(value):
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def test_keys_and_types_are_curls():
    problems = []
    with Peer(answering(answer)) as p:
        for target in ("/page", "/redirect", "/missing"):
            url = p.url(target)
            r = subprocess.run(["curl", "-sL", "-o", "/dev/null", "-w", "%{json}", "-e", "http://from/", url],
                               env=environment(), capture_output=True)
            theirs = json.loads(r.stdout)
            ours = records(run("-s", "--jsonl", "-e", "http://from/", url))[0]
            for key in ("curl_version", "filename_effective"):  # it went to /dev/null
                del theirs[key]
            for key, value in theirs.items():
                got = ours.get(key, "missing")
                if key.startswith("time_") and value == 0:
                    value = None if key != "time_queue" else 0.0  # differs: it did not happen
                elif key.startswith("time_") and got is None:
                    continue  # no look-up for an address
                if kind(got) != kind(value) and (key, target) != ("errormsg", "/missing"):
                    problems.append(f"{target} {key}: {got!r}, curl has {value!r}")
            for key in ("url", "url_effective", "response_code", "http_code", "num_redirects", "num_headers", "num_connects",
                        "size_download", "size_upload", "method", "content_type", "http_version", "referer", "remote_ip",
                        "local_ip", "remote_port", "exitcode", "urlnum", "redirect_url", "size_header"):
                if ours[key] != theirs[key] and (key, target) != ("exitcode", "/missing"):
                    problems.append(f"{target} {key}: {ours[key]!r}, curl has {theirs[key]!r}")
            for key, of in NEWER.items():
                if kind(ours.get(key, "missing")) != kind(of()):
                    problems.append(f"{target} {key}: {ours.get(key, 'missing')!r} is no {of}")
            problems += [f"{key} is no key of curl's" for key in set(ours) - set(theirs) - set(NEWER) - OURS -
                         {"filename_effective"}]
    if problems:
        raise Failed("--jsonl beside curl's %{json}", "the same", "\n".join(problems))


def test_every_input_has_one():
    folder = temp_dir()
    with Peer(answering(answer)) as p, refused_port() as refused:
        none = f"http://127.0.0.1:{refused.getsockname()[1]}/"
        lines = [p.url("/page"), "# a comment", p.url("/missing"), "http://a\x01b/", none, "ftp://x/", p.url("/strange"),
                 f"http://me:hush@127.0.0.1:{p.port}/redirect#part"]
        r = run("--jsonl", "-o", f"{folder}/{{n}}", "-", stdin="\n".join(lines))
        r.expect(code=123, out=r.lines, err=[failure(p.url("/missing")), failure(none), bad_line(4), "afetch: line 6: .*"],
                 total=None)
        r.expect_total(12, 7, 4)
        found = by_n(r)
        page, missing, control, refusal, scheme, strange, user = [found[n] for n in range(1, 8)]
        assert [x["exitcode"] for x in found.values()] == [found[n]["exitcode"] for n in found]
        assert (page["exitcode"], missing["exitcode"], control["exitcode"], refusal["exitcode"], scheme["exitcode"]) == (
            0, 22, 3, 7, 1)
        assert page["errormsg"] is None and "404 Not Found" in missing["errormsg"] and control["url"] is None
        assert (page["line"], control["line"], user["line"]) == (1, 4, 8)
        assert page["filename_effective"] == f"{folder}/1" and page["size_delivered"] == 5
        assert (missing["response_code"], refusal["response_code"], control["response_code"]) == (404, 0, 0)
        assert all(refusal[k] is None for k in ("time_connect", "time_starttransfer", "tls", "scheme") if k != "scheme")
        assert refusal["conn_id"] == -1 and page["conn_id"] > 0 and refusal["time_total"] > 0
        assert scheme["time_total"] is None or scheme["conn_id"] == -1
        assert user["url"] == p.url("/redirect#part") and user["url_effective"] == p.url("/page?x=1")
        assert user["num_redirects"] == 1 and user["time_redirect"] > 0 and user["size_header"] > page["size_header"]
        assert strange["content_type"] == 'text/\ufffd\ufffd("\\\U0001f600'
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", page["started"])
        assert page["skipped"] is False
        assert b"hush" not in r.out and b"secret" not in r.out
        times = [page[k] for k in ("time_connect", "time_pretransfer", "time_posttransfer", "time_starttransfer", "time_total")]
        assert times == sorted(times) and times[0] > 0


def test_globs_share_a_number():
    with Peer(answering(answer)) as p:
        found = by_n(run("-s", "--jsonl", p.url("/{a,b}"), p.url("/c"), p.url("/[1-2]")))
        assert [found[n]["urlnum"] for n in range(1, 6)] == [0, 0, 1, 2, 2]
        assert [found[n]["xfer_id"] for n in range(1, 6)] == [1, 2, 3, 4, 5]


def test_tls_and_waiting():
    r = run("-s", "--jsonl", "-P1", "--cacert", world.ca, *[world.url("https", "/small", "localhost")] * 2).check(True, "")
    first, second = sorted(records(r), key=lambda x: x["n"])
    assert first["tls"].startswith("TLSv1.") and first["scheme"] == "https" and first["ssl_verify_result"] == 0
    assert 0 <= first["time_namelookup"] <= first["time_connect"] < first["time_appconnect"] <= first["time_pretransfer"]
    assert second["time_connect"] is None and second["conn_id"] == first["conn_id"] and second["num_connects"] == 0
    assert second["time_queue"] > 0
    r = run("-s", "--jsonl", world.url("https", "/small", "localhost"))
    assert r.code == 60 and records(r)[0]["ssl_verify_result"] == 1


def test_to_a_file():
    folder = temp_dir()
    path = os.path.join(folder, "log")
    with Peer(answering(answer)) as p:
        urls = [p.url(f"/{i}") for i in range(500)]
        for _ in range(2):  # it is emptied
            r = run(f"--jsonl={path}", "-", stdin="\n".join(urls)).expect(total=None).expect_total(2500, 500)
            assert sorted(x["url"] for x in records(r, read_file(path))) == sorted(urls)
        run(f"--jsonl={folder}/no/where", urls[0]).expect(
            code=23, err=["afetch: --jsonl: .*/no/where cannot be written: No such file or directory"], total=False)
        run("--jsonl=/dev/full", urls[0]).expect(
            code=23, err=["afetch: --jsonl: /dev/full cannot be written: No space left on device"], total=None)
        run("--jsonl", urls[0], stdout=os.open("/dev/full", os.O_WRONLY)).expect(
            code=23, err=["afetch: cannot write to standard output: .*"], total=None)


def test_a_slow_file_and_one_that_closes():
    """What is not read holds up the run, which does not grow; where nobody reads any more it says so."""
    fifo = os.path.join(temp_dir(), "fifo")
    os.mkfifo(fifo)
    with Crowd() as p:
        urls = (p.url() + "\n") * 5000
        running = start("-s", f"--jsonl={fifo}", "-", stdin=urls)
        with open(fifo, "rb") as f:
            f.read(1000)
            time.sleep(0.3)  # nothing tells of what does not go on
            asked = p.requests
            rest = f.read()
        r = running.wait()
        assert asked < 3000, "it waits for its reader"
        r.check(r.code == 0 and rest.count(b"\n") >= 4999, "all of it in the end")
        running = start(f"--jsonl={fifo}", "-", stdin=urls)
        with open(fifo, "rb") as f:
            f.readline()
        r = running.wait()
        r.check(r.code == 23 and "cannot be written: Broken pipe" in r.err.decode(), "exit status 23, and why")
