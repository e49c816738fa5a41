"""--report: one page, whole in itself; and in a browser, where there is one."""
import html
import json
import os
import re
import shutil
import subprocess

from harness import Config, Peer, Skip, answering, by_path, read_file, refused_port, response, run, temp_dir, world, write_file

EVIL = "/</script><script>alert(1)</script><!--"


def answer(request):
    if request.target == "/redirect":
        return response(b"", "Location: /page\r\n", "302 Found")
    if request.target.startswith("/missing"):
        return response(b"no", "", "404 Nope <script>")
    return response(b"hello")


def report():
    """The page of a run: (path, its text, the data in it)."""
    path = os.path.join(temp_dir(), "page.html")
    with Peer(answering(answer)) as p, refused_port() as refused:
        none = f"http://127.0.0.1:{refused.getsockname()[1]}/"
        lines = [p.url("/redirect"), p.url("/missing"), none, p.url(EVIL), f"http://me:hush@127.0.0.1:{p.port}/", "http://a\x01",
                 world.url("https", "/small", "localhost")]
        r = run("-s", "--report", path, "--cacert", world.ca, "-H", "Cookie: hush", "-", stdin="\n".join(lines))
        r.check(r.code == 123 and len(r.lines) == 4, "the lines as ever")
    text = read_file(path).decode("utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return path, text, json.loads(data[1])


def test_one_page():
    path, text, data = report()
    assert text.startswith("<!DOCTYPE html>") and text.rstrip().endswith("</html>")
    assert text.count("<script") == 2 and text.count("</script>") == 2 and "<!--" not in text and "hush" not in text
    # Nothing is fetched from anywhere.
    assert not re.search(r"<(link|img|iframe|object|embed|base|form)\b|\b(src|href)=|@import|url\(", text)
    assert "default-src 'none'" in text
    by = {t["n"]: t for t in data["transfers"]}
    assert sorted(by) == list(range(1, 8)) and data["mode"] and data["version"]
    assert EVIL in by[4]["url"] and by[6]["url"] == "line 6" and by[6]["took"] is None and by[6]["code"] == 3
    assert (by[1]["redirects"], by[1]["status"], by[2]["status"], by[2]["code"], by[3]["code"]) == (1, 200, 404, 22, 7)
    assert "404 Nope" in by[2]["error"] and by[1]["error"] is None and by[1]["bytes"] == 5
    for t in by.values():
        ends = [0]
        for phase, begin, end in t["phases"]:
            assert 0 <= phase <= 6 and ends[-1] <= begin <= end
            ends.append(end)
        assert t["took"] is None or ends[-1] <= t["took"] + 0.001
    assert {3} <= {x[0] for x in by[7]["phases"]}, "TLS"
    if shutil.which("node"):
        script = write_file(os.path.join(os.path.dirname(path), "script.js"), re.findall(r"<script>(.*?)</script>", text, re.S)[0])
        subprocess.run(["node", "--check", script], check=True)


def test_nothing_fetched():
    path = os.path.join(temp_dir(), "page.html")
    run("-s", "--report", path, "-", stdin="").check(True, "")
    assert '"transfers":[\n]}</script>' in read_file(path).decode()
    r = run("--report", "-", "http://127.0.0.1:1/")
    r.check(r.code == 2 and "writes to a file" in r.err.decode(), "a usage error")


LOOK = """
const $ = x => document.querySelector(x), all = x => [...document.querySelectorAll(x)];
const found = {rows: all('#urls tbody tr').length, shown: $('#shown').textContent, count: $('#count').textContent,
  lines: all('#waterfall g').length, rects: all('#waterfall rect').length, alerts: all('script').length,
  overflow: document.documentElement.scrollWidth - innerWidth, tiles: all('#tiles li').map(x => x.textContent)};
all('#urls th button')[8].click(); all('#urls th button')[8].click();
found.bytes = all('#urls tbody tr').map(x => +x.children[8].textContent);
found.sorted = all('#urls th')[8].getAttribute('aria-sort');
$('#only').click();
found.failures = all('#urls tbody small').map(x => x.textContent);
$('#only').click(); $('#more').click();
found.all = all('#urls tbody tr').length;
document.title = JSON.stringify(found);
"""


def test_in_a_browser():
    """On a phone: 1,203 URLs, of which three failed."""
    browser = shutil.which("chromium")
    if not browser or Config.sanitized or Config.mode:
        raise Skip("no chromium here, or once is enough")
    path = os.path.join(temp_dir(), "page.html")
    with Peer(answering(lambda q: answer(q) if q.target.startswith("/missing") else by_path(q))) as p:
        run("-s", "--report", path, p.url("/[1-1200]"), p.url("/missing"), p.url("/missing?" + EVIL), "http://[").check(True, "")
    page = read_file(path).decode().replace("</body>", f"<script>{LOOK}</script></body>")
    r = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--window-size=390,800",
                        "--user-data-dir=" + temp_dir(), "--dump-dom", "file://" + write_file(path + ".html", page)],
                       capture_output=True, timeout=100)
    found = json.loads(html.unescape(re.search("<title>(.*?)</title>", r.stdout.decode(), re.S)[1]))
    assert (found["rows"], found["all"], found["lines"], found["alerts"]) == (500, 1203, 100, 3), found
    assert found["shown"] == "The 100 slowest of 1202." and found["count"] == "1203 of 1203" and found["rects"] >= 200, found
    assert found["overflow"] <= 0 and found["sorted"] == "descending", found
    assert found["bytes"] == list(range(1200, 700, -1)), found["bytes"]
    assert len(found["failures"]) == 3 and any("malformed" in x for x in found["failures"]), found["failures"]
    assert found["tiles"][:3] == ["1203URLs", "3failed", "721 kBbytes"], found["tiles"]
