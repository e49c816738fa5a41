"""--har and --perfetto: what their readers insist on."""
import datetime
import gzip
import json
import os
import warnings

from harness import (Peer, Skip, answering, by_path, read_file, refused_port, response, run, start, temp_dir, world)

SCHEMA = "/usr/share/nodejs/har-schema/lib"  # of Debian's node-har-schema


def answer(request):
    target = request.target.split("?")[0]
    if target == "/redirect":
        return response(b"moved", "Location: http://me:hush@127.0.0.1:%d/page?a=1\r\n" % PORT[0], "302 Found")
    if target == "/missing":
        return response(b"no", "X-Key: 1\r\n", "404 Not Found")
    if target == "/gzip":
        return response(GZIP, "Content-Encoding: gzip\r\nContent-Type: text/html\r\n")
    return response(b"hello", "Content-Type: text/plain\r\nSet-Cookie: a=hush\r\nX-Strange: \xff\"\\\r\n")


PORT = [0]
GZIP = gzip.compress(b"a" * 1000)


def fetched(name):
    """One archive of many kinds of transfers, and its entries."""
    path = os.path.join(temp_dir(), name)
    with Peer(answering(answer)) as p, refused_port() as refused:
        PORT[0] = p.port
        none = f"http://127.0.0.1:{refused.getsockname()[1]}/"
        urls = [f"http://me:hush@localhost:{p.port}/redirect?x=%20y+z&k#part", p.url("/missing"), none, p.url("/gzip"), "http://[",
                world.url("https", "/small", "localhost"), p.url("/page")]
        r = run("-s", f"--{name}", path, "--compressed", "--cacert", world.ca, "-H", "Authorization: hush", "-H", "Cookie: hush",
                "-A", "x\"y", *urls)
        assert r.code == 123
        data = read_file(path)
        r.check(b"hush" not in data, "no secret in it")
        return json.loads(data.decode("utf-8")), p.port


def test_archive():
    har, port = fetched("har")
    log = har["log"]
    assert log["version"] == "1.2" and log["creator"]["name"] == "afetch" and log["creator"]["version"]
    entries = log["entries"]
    assert [x["startedDateTime"] for x in entries] == sorted(x["startedDateTime"] for x in entries)
    by = {}
    for e in entries:
        by.setdefault(e["_n"], []).append(e)
    assert {n: len(x) for n, x in by.items()} == {1: 2, 2: 1, 3: 1, 4: 1, 6: 1, 7: 1}, by.keys()
    first, second = by[1]
    assert first["request"]["url"] == f"http://localhost:{port}/redirect?x=%20y+z&k"
    assert first["request"]["queryString"] == [{"name": "x", "value": " y z"}, {"name": "k", "value": ""}]
    assert first["response"]["redirectURL"] == second["request"]["url"] == f"http://127.0.0.1:{port}/page?a=1"
    assert first["response"]["status"] == 302 and second["response"]["redirectURL"] == ""
    assert {"name": "Authorization", "value": "(masked)"} in first["request"]["headers"]
    assert {"name": "User-Agent", "value": "x\"y"} in first["request"]["headers"]
    assert {"name": "Set-Cookie", "value": "(masked)"} in second["response"]["headers"]
    assert by[2][0]["response"]["status"] == 404 and "404" in by[2][0]["response"]["_error"]
    failed = by[3][0]["response"]
    assert (failed["status"], failed["statusText"], failed["headers"], failed["headersSize"], failed["bodySize"]) == (0, "", [], -1, -1)
    assert failed["content"] == {"size": 0, "mimeType": "x-unknown"} and "refused" in failed["_error"]
    content = by[4][0]["response"]["content"]
    assert (content["size"], content["compression"], content["mimeType"]) == (1000, 1000 - len(GZIP), "text/html")
    assert by[4][0]["response"]["bodySize"] == len(GZIP)
    assert by[6][0]["timings"]["ssl"] > 0 and by[6][0]["timings"]["connect"] >= by[6][0]["timings"]["ssl"]
    assert by[7][0]["serverIPAddress"] == "127.0.0.1" and by[7][0]["timings"]["dns"] == -1 == by[7][0]["timings"]["ssl"]
    for e in entries:
        t = e["timings"]
        assert min(t["send"], t["wait"], t["receive"]) >= 0
        assert abs(e["time"] - sum(v for k, v in t.items() if k != "ssl" and v != -1)) < 1e-6
        datetime.datetime.fromisoformat(e["startedDateTime"].replace("Z", "+00:00"))
        assert e["cache"] == {} and e["request"]["cookies"] == e["response"]["cookies"] == []


def test_archive_by_its_schema():
    try:
        import jsonschema
        names = [x for x in os.listdir(SCHEMA) if x.endswith(".json")]
    except (ImportError, OSError) as e:
        raise Skip(f"no schema of HAR here ({e}): tests/setup.sh installs it") from e
    warnings.simplefilter("ignore", DeprecationWarning)
    schemas = {x: json.loads(read_file(os.path.join(SCHEMA, x))) for x in names}
    schemas.update({x["$id"]: x for x in list(schemas.values())})
    validator = jsonschema.Draft6Validator(
        schemas["har.json"], resolver=jsonschema.RefResolver(schemas["har.json"]["$id"], schemas["har.json"], store=schemas),
        format_checker=jsonschema.FormatChecker())
    har, _ = fetched("har")
    problems = [f"{list(x.path)}: {x.message}" for x in validator.iter_errors(har)]
    assert not problems, problems
    del har["log"]["entries"][0]["timings"]["wait"]
    assert list(validator.iter_errors(har)), "the schema finds what is wrong"


def test_archive_of_reused_connections():
    path = os.path.join(temp_dir(), "har")
    with Peer(answering(by_path)) as p:
        run("-s", "-P1", "--har", path, p.url("/1"), p.url("/2")).check(True, "")
    first, second = json.loads(read_file(path))["log"]["entries"]
    assert first["connection"] == second["connection"] == "1"
    assert [second["timings"][k] for k in ("dns", "connect", "ssl")] == [-1, -1, -1]
    # Nothing at all is an archive, too.
    run("-s", "--har", path, "-", stdin="")
    assert json.loads(read_file(path))["log"]["entries"] == []


def slices(trace):
    return [x for x in trace["traceEvents"] if x["ph"] == "X"]


def check_trace(trace):
    tracks = {}
    for e in trace["traceEvents"]:
        assert isinstance(e["pid"], int) and isinstance(e["tid"], int) and isinstance(e["args"], dict) and e["name"] and e["cat"]
        assert e["ph"] == "M" or isinstance(e["ts"], (int, float))
        if e["ph"] == "X":
            assert isinstance(e["ts"], int) and isinstance(e["dur"], int), "they can be added up without an error"
            tracks.setdefault(e["tid"], []).append((e["ts"], -e["dur"]))
    for track in tracks.values():  # one within the other, or apart
        ends = []
        for begin, minus in sorted(track):
            end = begin - minus
            while ends and ends[-1] <= begin:
                ends.pop()
            assert not ends or end <= ends[-1], "two slices overlap in part"
            ends.append(end)
    return tracks


def test_trace():
    trace, _ = fetched("perfetto")
    check_trace(trace)
    names = [x["args"]["name"] for x in trace["traceEvents"] if x["ph"] == "M"]
    assert names[0] == "afetch" and "transfers 1" in names
    outer = [x for x in slices(trace) if "n" in x["args"]]
    assert sorted(x["args"]["n"] for x in outer) == [1, 2, 3, 4, 6, 7]
    assert all(x["name"].startswith("GET http") for x in outer)
    assert {"connect", "TLS", "wait"} <= {x["name"] for x in slices(trace)}
    counts = [x["args"]["transfers"] for x in trace["traceEvents"] if x["ph"] == "C"]
    assert counts[-1] == 0 and min(counts) == 0 and max(counts) >= 1


def test_tracks_are_those_at_once():
    path = os.path.join(temp_dir(), "trace")
    with Peer(answering(by_path)) as p:
        run("-s", "-P3", "--perfetto", path, p.url("/[1-300]")).check(True, "")
    tracks = check_trace(json.loads(read_file(path)))
    assert 1 <= len(tracks) <= 6, len(tracks)
    assert len([x for x in slices(json.loads(read_file(path))) if "n" in x["args"]]) == 300


def test_trace_of_a_run_that_is_stopped():
    """It is closed; a reader takes a cut one for incomplete."""
    path = os.path.join(temp_dir(), "trace")
    with Peer(lambda conn: conn.request() and conn.await_end()) as p:
        r = start("-s", "--perfetto", path, p.url("/a"), p.url("/b"))
        p.await_requests(1)
        r.signal(2)
        assert r.wait().code == 130
    assert any("canceled" in x["args"].get("error", "") or "SIGINT" in x["args"].get("error", "")
               for x in slices(json.loads(read_file(path))))


def test_usage():
    for name in ("har", "perfetto"):
        for args, says in (([f"--{name}", "-"], "writes to a file"), ([f"--{name}", "x", "--compare"], "does not go with --compare")):
            r = run(*args, "http://127.0.0.1:1/")
            r.check(r.code == 2 and says in r.err.decode(), says)
        r = run(f"--{name}", "/none/x", "http://127.0.0.1:1/")
        r.check(r.code == 23 and f"--{name}: /none/x cannot be written" in r.err.decode() and r.total is None, "nothing fetched")
