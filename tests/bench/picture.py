#!/usr/bin/env python3
"""Draws README's picture from a real run: pages of the demo server over TLS, fetched by each of the three modes, a line a
transfer, on one axis of time.

usage: picture.py [--build FOLDER] [--out FILE.svg]     (build/release, tests/bench/compare.svg)"""
import argparse
import json
import os
import signal
import subprocess
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DELAYS = (300, 120, 450, 80, 240, 380, 160, 520, 200, 340)  # milliseconds before each page's first byte
WIDTH, LEFT, RIGHT, TOP_SPACE, ROW, GAP = 760, 86, 70, 34, 7, 30
PHASES = ("connecting", "waiting", "receiving")


def measure(build):
    with tempfile.TemporaryDirectory() as folder:
        ca = os.path.join(folder, "ca.pem")
        server = subprocess.Popen([f"{build}/afetch-demo-server", "--https", "0", "--ca-out", ca], stdout=subprocess.PIPE,
                                  text=True)
        try:
            port = json.loads(server.stdout.readline())["https"]
            urls = [f"https://127.0.0.1:{port}/delay/{ms}/200000" for ms in DELAYS]
            text = subprocess.run([f"{build}/tests/bench_timeline", ca, *urls], check=True, capture_output=True, text=True).stdout
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
    modes = {}
    for row in text.splitlines():
        mode, number, *times = row.split("\t")
        modes.setdefault(mode, {})[int(number)] = [float(t) for t in times]
    return modes


def spans(queued, connected, secured, first_byte, done):
    """(phase, from, to) of a transfer; one on a kept connection does not connect."""
    ready = max(queued, connected, secured)
    return [("connecting", queued, ready), ("waiting", ready, first_byte), ("receiving", first_byte, done)]


def draw(modes):
    longest = max(t[4] for transfers in modes.values() for t in transfers.values())
    step = next(s for s in (100, 200, 500, 1000, 2000) if longest / s <= 8)
    scale = (WIDTH - LEFT - RIGHT) / longest
    out, y = [], TOP_SPACE
    for mode, transfers in modes.items():
        end = max(t[4] for t in transfers.values())
        height = len(transfers) * ROW
        out.append(f'<text class="mode" x="{LEFT - 12}" y="{y + height / 2 + 5}" text-anchor="end">{mode}</text>')
        for row, number in enumerate(sorted(transfers)):
            for phase, begin, to in spans(*transfers[number]):
                out.append(f'<rect class="{phase}" x="{LEFT + begin * scale:.1f}" y="{y + row * ROW + 1}" '
                           f'width="{max((to - begin) * scale, 0.5):.1f}" height="{ROW - 2}"/>')
        out.append(f'<text class="end" x="{LEFT + end * scale + 6:.1f}" y="{y + height / 2 + 5}">{end / 1000:.2f} s</text>')
        y += height + GAP
    bottom = y - GAP + 8
    axis = []
    for ms in range(0, int(longest) + 1, step):
        x = LEFT + ms * scale
        axis.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP_SPACE - 6}" y2="{bottom}"/>'
                    f'<text class="axis" x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{ms / 1000:.1f} s</text>')
    legend = []
    for i, phase in enumerate(PHASES):
        x = LEFT + i * 120
        legend.append(f'<rect class="{phase}" x="{x}" y="8" width="14" height="9"/><text class="axis" x="{x + 20}" y="17">{phase}</text>')
    count = len(DELAYS)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 24:.0f}" role="img"
 aria-label="{count} pages over TLS: one after another, with a thread for each, and at once on one thread">
<style>
text {{ font: 12px system-ui, sans-serif; fill: #24292f; }}
.mode, .end {{ font-weight: 600; font-size: 13px; }}
.axis {{ fill: #57606a; }}
.grid {{ stroke: #d0d7de; stroke-width: 1; }}
.connecting {{ fill: #bf8700; }}
.waiting {{ fill: #a5c8f2; }}
.receiving {{ fill: #0550ae; }}
@media (prefers-color-scheme: dark) {{
 text {{ fill: #e6edf3; }} .axis {{ fill: #9198a1; }} .grid {{ stroke: #30363d; }}
 .connecting {{ fill: #d29922; }} .waiting {{ fill: #2d5a8c; }} .receiving {{ fill: #79b8ff; }}
}}
</style>
{chr(10).join(axis + legend + out)}
</svg>
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=TOP + "/build/release")
    parser.add_argument("--out", default=TOP + "/tests/bench/compare.svg")
    options = parser.parse_args()
    with open(options.out, "w", encoding="utf-8") as f:
        f.write(draw(measure(options.build)))


if __name__ == "__main__":
    main()
