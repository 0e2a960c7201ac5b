"""The page in a browser: on a desk, on a phone, on paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib.image as images
import pytest

from nat_failover.cli.report.page import page
from tests.report.browser import measured, needs_chromium, picture, printed
from tests.report.plays import play, report

pytestmark = needs_chromium

ONLINE, OFFLINE = (0x2A, 0x8F, 0x85), (0xC8, 0x36, 0x1D)
PHONE, SMALL_PHONE, DESK = 390, 320, 1280
LONG = "i-" + "0123456789abcdef" * 12


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "drill.html"
    unbroken = play(LONG, passed=False, hosts=4)
    file.write_text(page(report(play(), unbroken)), encoding="utf-8")
    return file


def columns(png: Path, colour: Sequence[int]) -> list[int]:
    """Give how many pixels of a colour each column of a picture has."""
    shown = (images.imread(png)[:, :, :3] * 255).round().astype(int)
    counts: list[int] = (abs(shown - list(colour)).sum(axis=2) == 0).sum(axis=0).tolist()
    return counts


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_picture_shows_five_backends_that_went_offline_and_came_back_and_one_that_did_not(
    html: Path, tmp_path: Path, width: int
) -> None:
    png = tmp_path / "drill.png"
    picture(html, png, width, 2000)
    strips = measured(html, width)["strips"]
    assert isinstance(strips, list)
    left, right = strips[0]
    red, green = columns(png, OFFLINE), columns(png, ONLINE)
    # Five strips that are offline are 20 pixels high each. 14.4 s are shown; the outage is from 0.2 s to 4.4 s.
    tall = [x for x in range(int(left), int(right)) if red[x] >= 5 * 18]
    assert tall[0] == pytest.approx(left + (right - left) * 5.2 / 14.4, abs=3)
    assert tall[-1] == pytest.approx(left + (right - left) * 9.4 / 14.4, abs=3)
    # Before and after it, six strips are online, 8 pixels each.
    for share in (0.1, 0.9):
        assert green[int(left + (right - left) * share)] >= 6 * 7


@pytest.mark.parametrize("width", [DESK, PHONE, SMALL_PHONE])
def test_nothing_reaches_beyond_the_page_whatever_its_width(html: Path, width: int) -> None:
    found = measured(html, width)
    assert found["width"] == width
    assert found["scroll"] == width
    assert float(str(found["right"])) <= width


def test_no_marker_hides_another_even_on_a_small_phone(html: Path) -> None:
    marks = measured(html, SMALL_PHONE)["marks"]
    assert isinstance(marks, list)
    for number, (x, y) in enumerate(marks[:5]):
        for other_x, other_y in marks[number + 1 : 5]:
            assert abs(x - other_x) >= 15 or abs(y - other_y) >= 15


def test_it_prints_each_run_on_pages_of_its_own(html: Path, tmp_path: Path) -> None:
    pdf = tmp_path / "drill.pdf"
    printed(html, pdf)
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF-")
    pages = len(re.findall(rb"/Type\s*/Page\b", content))
    assert 3 <= pages <= 6  # the overview and two runs, each with mails and tables
