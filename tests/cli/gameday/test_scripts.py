"""The documents of a drill on hosts of the lab: what they do there, and where they do nothing."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from nat_failover.cli.errors import CommandError
from nat_failover.cli.gameday.gameday import GameDay
from nat_failover.cli.gameday.host_watches import Watches
from nat_failover.cli.gameday.result import Failure
from nat_failover.cli.operator.inspection import KernelInspection, inspect
from nat_failover.cli.scripts.documents import SCRIPTS, Task, documents
from tests.cli.person import Person, in_lab
from tests.integration.probe.shells import SHELLS, Run, in_every_shell
from tests.lab.conftest import KINDS
from tests.lab.lab import Lab
from tests.lab.network.real.netns import Namespace, eventually


def left_over() -> set[Path]:
    """Give the files that stop a drill's watches: the lab's hosts share one /run."""
    return set(Path("/run").glob("nat-failover-drill-*"))


# Paused, the function does not act on it.
@pytest.mark.namespaces
@in_lab("namespaces", paused=True)
def test_the_scripts_of_a_drill_do_on_real_hosts_what_their_models_do(lab: Lab, alice: Person) -> None:
    before = left_over()
    nat = lab.cloud.instances["nat01"]
    watches = Watches(alice.hand, alice.hand.backends(), 60)
    watches.begin()
    # The failure lasts until the NAT puts it right by itself.
    began = lab.world.now()
    command = alice.hand.start([nat], Task.FORWARD, "off", seconds=5)
    done = alice.hand.results(command, [nat], 20)[nat]
    assert json.loads(done.output) == {"forward": 0, "was": 1}
    assert not inspect(alice.hand, [nat])[nat].forwarding
    assert lab.wait_until(lambda: len(lab.online()) == 6, 30)
    assert inspect(alice.hand, [nat])[nat] == KernelInspection(forwarding=True, translating=True)
    watched = watches.end()
    assert [w.why for w in watched] == [None] * 6
    for each in watched:
        assert [span.online for span in each.spans] == [True, False, True]
        offline = each.spans[1]
        outage = lab.pinger.outage(each.host.name, began)
        assert outage is not None
        assert abs(offline.ended - offline.begun - outage) < 1.0
        assert began - 0.5 < offline.begun < began + 5
    lab.wait(4)
    assert left_over() == before


@pytest.mark.parametrize("network", KINDS)
def test_a_backend_does_not_let_itself_be_broken(network: str) -> None:
    @in_lab(network, paused=True)
    def play(lab: Lab, alice: Person) -> None:
        backend = lab.cloud.instances["backend1"]
        command = alice.hand.start([backend], Task.FORWARD, "off", seconds=5)
        done = alice.hand.results(command, [backend], 20)[backend]
        assert (done.exit_code, json.loads(done.output.splitlines()[0])["forward"]) == (3, None)

    play()


@pytest.mark.parametrize("network", KINDS)
def test_a_nat_that_is_broken_again_before_it_has_put_itself_right_does_so_all_the_same(network: str) -> None:
    @in_lab(network, paused=True)
    def play(lab: Lab, alice: Person) -> None:
        nat = lab.cloud.instances["nat01"]
        for seconds in (3, 6):
            command = alice.hand.start([nat], Task.FORWARD, "off", seconds=seconds)
            assert json.loads(alice.hand.results(command, [nat], 20)[nat].output)["forward"] == 0
        lab.wait(10)
        assert inspect(alice.hand, [nat])[nat].forwarding

    play()


@pytest.mark.namespaces
@in_every_shell
def test_who_lets_a_nat_be_broken_does_not_wait_until_it_forwards_again(tmp_path: Path, shell: str) -> None:
    script = tmp_path / "script.sh"
    script.write_text((SCRIPTS / "forward.sh").read_text() + "exit\n6\n")
    with closing(Namespace(f"forward-{shell}")) as host:
        host.sysctl({"net.ipv4.ip_forward": "1"})
        outcome = Run(host.command(*SHELLS[shell], str(script))).end()
        assert (outcome.exit_code, outcome.fields, outcome.held) == (0, {"forward": 0, "was": 1}, False)
        assert outcome.took < 4
        setting = ("cat", "/proc/sys/net/ipv4/ip_forward")
        assert host.run(*setting).stdout == "0\n"
        assert eventually(lambda: host.run(*setting).stdout == "1\n", 10)


@in_lab()
def test_a_pair_that_another_version_has_deployed_is_neither_broken_nor_taken_for_unfit(
    lab: Lab, alice: Person
) -> None:
    probe = lab.cloud.environment["NAT_FAILOVER_PROBE_DOCUMENT"]
    for name in set(lab.cloud.documents) - {probe}:
        alice.hand.clients.ssm.delete_document(Name=name)
    lab.cloud.documents = {probe: lab.cloud.document}
    with pytest.raises(CommandError, match=r"there is no document nat-failover-main-watch-.*Deploy this version"):
        GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    assert len(lab.online()) == 6
    nat = lab.cloud.instances["nat01"]
    assert "there is no document nat-failover-main-inspect-" in inspect(alice.hand, [nat])[nat].why
    assert not inspect(alice.hand, [nat])[nat].is_unfit
    assert not inspect(alice.hand, [nat])[nat].has_document


@in_lab(paused=True)
def test_an_inspection_is_sent_with_exactly_these_arguments(lab: Lab, alice: Person) -> None:
    nats = [lab.cloud.instances[nat] for nat in ("nat01", "nat02")]
    inspect(alice.hand, nats)
    name = documents("main", alice.settings.targets, nats)[Task.INSPECT].name
    sent = lab.run_command.service.commands[-1].arguments
    assert sent == {
        "DocumentName": name,
        "DocumentVersion": "1",
        "DocumentHash": alice.hand.clients.ssm.describe_document(Name=name)["Document"]["Hash"],
        "DocumentHashType": "Sha256",
        "InstanceIds": nats,
        "Comment": "inspection by nat-failover main",
        "MaxErrors": "100%",
        "MaxConcurrency": "100%",
        "TimeoutSeconds": 30,
        "Parameters": {},
    }


@in_lab(paused=True)
def test_an_operators_document_with_another_content_is_not_sent(lab: Lab, alice: Person) -> None:
    nat, ssm = lab.cloud.instances["nat01"], alice.hand.clients.ssm
    name = documents("main", alice.settings.targets, alice.settings.nats)[Task.INSPECT].name
    text = ssm.get_document(Name=name)["Content"].replace("set -u", "set -ux")
    ssm.delete_document(Name=name)
    ssm.create_document(Name=name, Content=text, DocumentType="Command")
    sent = len(lab.run_command.service.commands)
    with pytest.raises(CommandError, match=f"document {name} has another content than the stack's"):
        alice.hand.start([nat], Task.INSPECT, "inspection")
    assert len(lab.run_command.service.commands) == sent
