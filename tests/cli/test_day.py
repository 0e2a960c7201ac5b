"""An operator's days on real packets: each command as a process, on a lab whose function is at work."""

from __future__ import annotations

import html
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nat_failover.cli.checks import CHECKS
from nat_failover.cli.errors import Exit
from tests.cli.site import UNTIL_WATCHED, Site, site
from tests.cli.terminal import watching
from tests.lab.latencies import Latencies

# moto warns of each type of resource that its CloudFormation leaves out, whenever somebody looks at the stack.
pytestmark = [pytest.mark.namespaces, pytest.mark.filterwarnings("ignore:Tried to parse:UserWarning")]

# By how much a backend's own measure and the pinger's may differ, in seconds: a slot of the one is a quarter of a
# second, one of the other a fifth, and a slot that is under way when the way changes may be answered or not.
RESOLUTION = 0.75
PRIMARY, STANDBY = "192.0.2.11", "192.0.2.12"


@pytest.fixture(scope="module")
def lab_site(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Iterator[Site]:
    """Give a lab that all tests here share."""
    with site(tmp_path_factory.mktemp("site"), installed, Latencies().scaled(0.3)) as made:
        yield made


@pytest.fixture
def here(lab_site: Site) -> Site:
    """Give the lab with its pair well, armed and watched, whatever has been done to it before."""
    lab = lab_site.lab
    if lab.lock_state() != "armed" or lab.online() != lab.backends:
        lab_site.put_right()
    return lab_site


def does(here: Site, *arguments: str, status: Exit = Exit.FINE) -> str:
    """Run a command, and give what it prints; afterwards the next one finds no claim."""
    done = here.command.run(*arguments)
    assert done.returncode == status, done.stdout + done.stderr
    here.free_claim()
    return done.stdout + done.stderr


def seen_from_outside(here: Site) -> set[str | None]:
    """Give the addresses that packets of the backends come from, as who gets them in the Internet sees it."""
    return set(here.lab.seen_as().values())


def longest_outage(here: Site, since: float) -> float:
    """Give the longest outage of any backend by the lab's own pinger."""
    here.lab.wait(1.2)  # until the slots of just now are over
    outages = [here.lab.pinger.outage(host, since) for host in here.lab.backends]
    assert None not in outages, outages
    return max(outage for outage in outages if outage is not None)


def last_happening(here: Site) -> dict[str, object]:
    """Give the latest that has happened, by ``history``."""
    happened = here.command.json("history")["main"]
    return dict(max(happened, key=lambda each: each["at"]))


def test_each_command_does_on_real_packets_what_it_says(here: Site) -> None:
    lab, begun = here.lab, here.lab.world.now()
    assert "; PROTECTED, armed " in does(here, "status")
    assert does(here, "doctor").splitlines()[0] == f"pair main: OK ({len(CHECKS)} checks)"

    assert "paused: nothing is probed" in does(here, "pause", "--reason", "new kernel", "--yes")
    shown = does(here, "status", status=Exit.TROUBLE)
    assert "NOT PROTECTED" in shown
    assert "why      new kernel" in shown
    assert "armed: pair main may fail over once" in does(here, "resume", "--yes")

    assert seen_from_outside(here) == {PRIMARY}
    failed_over = " ".join(does(here, "failover", "--yes").split())
    assert "3 of 3 backends online" in failed_over
    assert "nothing fails over until you re-arm: nat-failover rearm main --region eu-central-1" in failed_over
    assert seen_from_outside(here) == {STANDBY}
    latest = last_happening(here)
    assert latest["kind"] == "failover"
    assert "2 subnets moved to the standby NAT" in str(latest["said"])
    assert "armed: pair main may fail over once" in does(here, "rearm", "--yes")

    assert "goes first: 2 of 2 backends online now" in does(here, "failback", "--yes")
    assert seen_from_outside(here) == {PRIMARY}
    assert "armed: pair main may fail over once" in does(here, "rearm", "--yes")

    # New flows have found a way at any time.
    assert longest_outage(here, begun) < 1.0
    assert [i.error for i in lab.functions.invocations if i.error] == []
    assert lab.results("failed-over") == []


def test_when_the_active_nat_dies_whoever_watches_sees_the_function_fail_over(here: Site) -> None:
    lab, earlier = here.lab, len(here.lab.results("failed-over"))
    with watching(here.command) as screen:
        assert screen.shows("; PROTECTED, armed ")
        begun = lab.world.now()
        lab.network.flush_nat_rules("nat01")
        assert screen.shows("NOT PROTECTED: not re-armed", within=30)
    assert lab.wait_until(lambda: len(lab.results("failed-over")) > earlier, 20)
    assert seen_from_outside(here) == {STANDBY}
    assert 1.0 < longest_outage(here, begun) < 10
    latest = last_happening(here)
    assert latest["kind"] == "failover"
    assert "3 of 3 backends can't reach the Internet" in str(latest["said"])
    (mail,) = [text for at, subject, text in lab.gateway.published if at > begun and "failed over" in subject]
    do_now = mail.partition("Do now:")[2].partition("By hand")[0]
    diagnosis, advised = re.findall(r"^ +nat-failover (.+)$", do_now, re.MULTILINE)
    assert "does not translate" in does(here, *diagnosis.split(), status=Exit.TROUBLE)
    # Who follows the mail to the letter while the old NAT is still dead is refused, and so is a way back.
    for refused, why in (("failback", "refused, and nothing was changed"), (advised, "it would not help")):
        printed = does(here, *refused.split(), "--yes", status=Exit.TROUBLE)
        assert why in printed
        assert "masquerading: its kernel does not translate" in printed
    assert seen_from_outside(here) == {STANDBY}
    assert lab.lock_state() == "failed-over"
    # Who re-arms all the same, by the bare command, is not told that all is well; the next failure moves nobody.
    lab.cloud.set_lock("armed")
    lab.functions.tick()
    lab.wait(UNTIL_WATCHED)
    assert "NOT PROTECTED" in does(here, "status", status=Exit.TROUBLE).splitlines()[0]
    assert "does not translate" in does(here, "doctor", status=Exit.TROUBLE)
    lab.network.flush_nat_rules("nat02")
    held = "OFFLINE, not failed over: neither NAT gets backends through"
    assert lab.wait_until(lambda: any(held in subject for _, subject, _ in lab.gateway.published), 30)
    assert set(lab.cloud.protected().values()) == {lab.cloud.standby_table}
    assert lab.lock_state() == "armed"


def test_a_drill_measures_what_the_lab_s_own_pinger_does(here: Site, tmp_path: Path) -> None:
    lab, begun, earlier = here.lab, here.lab.world.now(), len(here.lab.results("failed-over"))
    file = tmp_path / "reports" / "drill.html"
    with here.command.start("drill", "--confirm", "main", "--report", str(file), "--json") as process:
        printed = followed(here, process)
    assert process.returncode == Exit.FINE, printed
    assert f"{lab.cloud.instances['nat01']} no longer forwards" in printed
    assert f"{lab.cloud.instances['nat01']} forwards again" in printed
    assert "armed again" in printed
    assert len(lab.results("failed-over")) == earlier + 1  # the function's, and nobody else's
    assert lab.lock_state() == "armed"
    assert seen_from_outside(here) == {PRIMARY}
    longest = longest_outage(here, begun)
    assert 1.0 < longest < 10
    (measured,) = re.findall(r"failover: longest outage ([\d.]+) s", printed)
    assert abs(float(measured) - longest) < RESOLUTION
    text = html.unescape(file.read_text(encoding="utf-8"))
    (subject,) = [subject for at, subject, _ in lab.gateway.published if at > begun and "failed over" in subject]
    assert f"sent to the topic and as an event: {subject}" in " ".join(printed.split())
    assert text.count(f'<div class="mail"><p>{subject}</p>') == 1
    assert "after the failure, to the topic and as an event." in text
    assert text.count("What the function had sent by the time of this report") == 2
    came = json.loads(printed[printed.index("\n{") :])
    assert (came["outcome"], came["why"], came["report"], came["lock"]["state"]) == ("done", [], str(file), "armed")
    assert [part["name"] for part in came["parts"]] == ["failover", "failback"]
    for part in came["parts"]:
        assert (part["reached"], part["subnets"], part["problems"]) == (True, 2, [])
        assert part["backends"] == {"asked": 3, "online": 3}
        assert 0 <= part["outage"] < part["swapped"] + 5 < came["seconds"]
    assert [happening["kind"] for happening in here.command.json("history")["main"]][-3:] == [
        "failover",
        "failover",
        "re-armed",
    ]
    # On the page there is a strip for each backend, there and back.
    strips = re.findall(r'aria-label="(backend\d): ([^"]*)"', text)
    assert sorted(host for host, _ in strips) == sorted(2 * lab.backends)
    for host, shown in strips[: len(lab.backends)]:
        outage = lab.pinger.outage(host, begun)
        assert outage is not None
        assert abs(float(shown.removeprefix("offline ").removesuffix(" s")) - outage) < RESOLUTION, (
            host,
            shown,
            outage,
        )
    assert all(seconds_in(shown) < 1.0 for _, shown in strips[len(lab.backends) :])


def seconds_in(shown: str) -> float:
    """Give the outage that a strip of the page tells of: ``online``, or ``offline 2.8 s``."""
    return 0.0 if shown == "online" else float(shown.removeprefix("offline ").removesuffix(" s"))


def followed(here: Site, process: subprocess.Popen[str]) -> str:
    """Give what a drill says until its end; a claim is over where it would wait for that, for a minute."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "collecting what the backends have seen" in line:
            here.free_claim()
    process.wait(30)
    return "".join(lines)
