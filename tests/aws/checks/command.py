"""How the assumptions are checked that only the command relies on: by its own code, with the account's answers."""

from __future__ import annotations

from typing import Any

from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.account.session import Account
from nat_failover.cli.operator.inspection import inspect
from nat_failover.cli.operator.operator import Hand
from nat_failover.cli.scripts.documents import Task
from nat_failover.cli.snapshot.capacity import credits_of, types_of
from nat_failover.cli.snapshot.collect import Gatherer
from nat_failover.cli.snapshot.snapshot import Raw
from nat_failover.probing.rounds import Kind, in_drill
from nat_failover.telling.formats import duration
from tests.aws.deployment import Deployment, until
from tests.aws.ground import FUNCTION
from tests.aws.holding import hold

READ_WITHIN = 15.0


class Theirs(Account):
    """The account as the command has it, with the clients of this run."""

    def __init__(self, of: Deployment) -> None:
        super().__init__(region=of.ec2.meta.region_name)
        self._of = of

    def client(self, service: str, region: str | None = None) -> Any:
        """Give a client of boto3; the command asks for no other region here."""
        del region
        return self._of.ground.client(service)


def _pair(of: Deployment) -> Deployed:
    described = of.ground.client("lambda").get_function_configuration(FunctionName=FUNCTION)
    return Deployed(of.settings, FUNCTION, described["FunctionArn"], described["Role"], 45.0, of.settings.log_group)


def all_is_read(of: Deployment) -> str:
    """Read whatever the doctor looks at."""
    seen = Gatherer(Theirs(of), _pair(of)).gather()
    hold(not seen.unread, "; ".join(f"{part}: {why}" for part, why in sorted(seen.unread.items())))
    hold(seen.view is not None, str(seen.view_trouble))
    return f"nothing was refused or unknown; {len(seen.instances or {})} instances were described"


def _nats(of: Deployment) -> dict[str, Raw]:
    described = of.ec2.describe_instances(InstanceIds=list(of.settings.nats))["Reservations"]
    return {i["InstanceId"]: i for reservation in described for i in reservation["Instances"]}


def types_have_a_bandwidth(of: Deployment) -> str:
    """Describe what the NATs are."""
    found = types_of(of.ec2, of.settings.nats, _nats(of))
    cards = {name: raw["NetworkInfo"].get("NetworkCards", []) for name, raw in found.items()}
    without = [name for name, each in cards.items() if not any(card.get("BaselineBandwidthInGbps") for card in each)]
    hold(bool(found) and not without, f"no baseline is told of {', '.join(without) or 'any type'}")
    return ", ".join(f"{name} {each[0]['BaselineBandwidthInGbps']} Gbit/s" for name, each in cards.items())


def credits_are_known(of: Deployment) -> str:
    """Ask for the credits of those NATs that are burstable."""
    instances = _nats(of)
    found = credits_of(of.ec2, of.settings.nats, instances)
    hold(set(found.values()) <= {"standard", "unlimited"}, f"EC2 says {found}")
    burstable = {nat for nat, raw in instances.items() if raw["InstanceType"].startswith("t")}
    hold(found.keys() == burstable, f"told of {sorted(found)}, burstable are {sorted(burstable)}")
    return ", ".join(f"{nat} {mode}" for nat, mode in sorted(found.items()))


def kernels_are_seen(of: Deployment) -> str:
    """Run the doctor's script on both NATs."""
    found = inspect(_hand(of), of.settings.nats)
    wrong = {nat: seen for nat, seen in found.items() if not (seen.forwarding and seen.translating)}
    hold(not wrong, f"{wrong}")
    return "both NATs say that they forward and translate"


def only_nats_forward(of: Deployment) -> str:
    """Tell the primary, which forwards, and a backend to forward: only the former does."""
    hand, backend, nat = _hand(of), of.backends[0], of.settings.primary_instance
    codes = []
    for host in (nat, backend):
        sent = hand.start([host], Task.FORWARD, "assumption", seconds=0)
        done = hand.results(sent, [host], READ_WITHIN).get(host)
        codes.append(None if done is None else done.exit_code)
    hold(codes == [0, 3], f"the NAT ended with {codes[0]}, the backend with {codes[1]}")
    return "the NAT did, and the backend refused"


def _hand(of: Deployment) -> Hand:
    theirs = Theirs(of)
    return Hand(of.settings, theirs.reading, theirs.runtime, "")


def drill_is_marked(of: Deployment) -> str:
    """Send a drill's mark to the primary, and list it as the function does; nothing is broken."""
    hand, nat = _hand(of), of.settings.primary_instance
    sent = hand.probe.send(Kind.DRILL, [nat])
    begun = hand.runtime.now()
    hold(len(sent) == 1, f"{len(sent)} commands were sent")
    ours = sent[0].command_id

    def listed() -> bool:
        found = [r for r in hand.probe.rounds(begun - 60) if r.command_id == ours]
        return in_drill(found, nat, hand.runtime.now())

    took = until(listed, READ_WITHIN, "the mark is listed with its kind, its host and its time")
    return f"listed after {duration(took)}"
