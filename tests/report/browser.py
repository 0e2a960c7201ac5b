"""Chromium without a screen: pictures, print, and what a page measures itself to be."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REQUIRE = "NAT_FAILOVER_REQUIRE_CHROMIUM"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WHY_NOT = None if CHROMIUM or os.environ.get(REQUIRE) else "there is no chromium here (apt install chromium)"

needs_chromium = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))

# Runs in a copy of the page whose policy has been taken away: the page itself lets no script run.
_MEASURE = """<script>
const boxes = (what) => [...document.querySelectorAll(what)].map((e) => e.getBoundingClientRect());
const found = {
  width: innerWidth, scroll: document.documentElement.scrollWidth,
  right: Math.max(...boxes("body *").map((box) => box.right)),
  marks: boxes(".mark").map((box) => [box.left, box.top]),
  strips: boxes(".strip").map((box) => [box.left, box.right]),
};
parent.postMessage(JSON.stringify(found), "*");
</script>"""
# A window of Chromium's is 500 pixels wide at least; a frame may be as narrow as a phone.
_FRAME = """<!DOCTYPE html><body><script>
onmessage = (said) => { document.body.textContent = "measured:" + said.data + ":end"; };
</script><iframe src="{page}" style="border: 0; width: {width}px; height: 900px"></iframe></body>"""


def _chromium(folder: Path, *options: str) -> str:
    assert CHROMIUM is not None, f"{REQUIRE} is set, but there is no chromium"
    done = subprocess.run(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"),
            *(f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000"),
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def picture(html: Path, png: Path, width: int, height: int) -> None:
    """Take a picture of a page."""
    _chromium(html.parent, f"--screenshot={png}", f"--window-size={width},{height}", html.as_uri())


def printed(html: Path, pdf: Path) -> None:
    """Print a page."""
    _chromium(html.parent, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", html.as_uri())


def measured(html: Path, width: int) -> dict[str, object]:
    """Let a copy of a page measure itself in a window of a width: see the script above for what."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html.read_text(encoding="utf-8"))
    copy = html.with_name(f"measured-{width}.html")
    copy.write_text(text.replace("</body>", _MEASURE + "</body>"), encoding="utf-8")
    frame = html.with_name(f"frame-{width}.html")
    frame.write_text(_FRAME.replace("{page}", copy.name).replace("{width}", str(width)), encoding="utf-8")
    dom = _chromium(html.parent, "--dump-dom", "--window-size=1400,1000", frame.as_uri())
    found = re.search(r"measured:(.*):end", dom)
    assert found is not None, dom[-500:]
    answer: dict[str, object] = json.loads(found.group(1))
    return answer
