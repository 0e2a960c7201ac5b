"""Each assumption of the README's table: how it is checked on an account, or why it can't be."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from tests.aws import stacks
from tests.aws.deployment import Deployment, NotInTimeError
from tests.aws.events import Listener
from tests.aws.ground import Can
from tests.aws.holding import DoesNotHoldError, hold
from tests.aws.readme import assumptions

AT_ONCE = 12
OUTPUT_KEPT = 2500
WITHIN = 120.0


@dataclass(frozen=True)
class Check:
    """How one assumption is checked.

    Attributes:
        how: gives what was seen; raises DoesNotHoldError.
        needs: what a ground has to be able to do.
    """

    how: Callable[[Deployment], str]
    needs: Can | None = None


@dataclass(frozen=True)
class Unchecked:
    """Why one assumption is not checked."""

    why: str


@dataclass(frozen=True)
class Judged:
    """What became of an assumption: ``holds``, ``does not hold``, ``not checked``."""

    assumption: str
    verdict: str
    said: str

    @property
    def wrong(self) -> bool:
        """Tell whether it was checked and does not hold."""
        return self.verdict == "does not hold"


def judge(of: Deployment) -> Iterator[Judged]:
    """Check every row of the README's table."""
    for assumption in assumptions():
        (entry,) = (entry for words, entry in ENTRIES.items() if words in assumption)
        if isinstance(entry, Unchecked):
            yield Judged(assumption, "not checked", entry.why)
        elif entry.needs is not None and entry.needs not in of.ground.can:
            yield Judged(assumption, "not checked", f"{of.ground.name} can't {entry.needs.value}")
        else:
            try:
                yield Judged(assumption, "holds", entry.how(of))
            except (DoesNotHoldError, NotInTimeError, stacks.NotChangedError) as error:
                yield Judged(assumption, "does not hold", str(error))
            except ClientError as error:
                yield Judged(assumption, "does not hold", f"AWS refuses: {error}")


def _one_creates(of: Deployment) -> str:
    name = f"/nat-failover/accept/{uuid.uuid4().hex}"

    def create(owner: int) -> int | None:
        try:
            return int(of.ssm.put_parameter(Name=name, Value=str(owner), Type="String", Overwrite=False)["Version"])
        except of.ssm.exceptions.ParameterAlreadyExists:
            return None

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            versions = [version for version in pool.map(create, range(AT_ONCE)) if version is not None]
        hold(versions == [1], f"of {AT_ONCE} that created it at once {len(versions)} succeeded: {versions}")
        again = [of.ssm.put_parameter(Name=name, Value="x", Type="String", Overwrite=True)["Version"] for _ in range(3)]
        hold(again == [2, 3, 4], f"three overwrites answered the versions {again}")
    finally:
        of.ssm.delete_parameter(Name=name)
    return f"1 of {AT_ONCE} at once; then versions 2, 3, 4"


def _event_names_the_document(of: Deployment) -> str:
    with Listener(of.ground, of.settings.probe_document) as listener:
        of.ground.tick()
        listener.heard_at(_sent(of)[0]["CommandId"], of.settings.window + WITHIN)
    names = {detail["document-name"] for detail, _ in listener.heard}
    hold(names == {of.settings.probe_document}, f"the events name {sorted(names)}")
    return f"{len(listener.heard)} events, each with the document's name"


def _failed_says_why(of: Deployment) -> str:
    spoken = of.run(of.backends[0], f"head -c {2 * OUTPUT_KEPT} /dev/zero | tr '\\0' x\nexit 3")
    hold((spoken.status, spoken.exit_code) == ("Failed", 3), f"{spoken.status} with exit status {spoken.exit_code}")
    kept = spoken.output.count("x")
    hold(kept >= OUTPUT_KEPT - len("---Output truncated---"), f"{kept} characters of the output are left")
    return f"Failed, exit status 3, {len(spoken.output)} characters"


def _errors_stop_nobody(of: Deployment) -> str:
    command = of.send(of.backends, "exit 1", MaxErrors="100%", MaxConcurrency="1")
    told = of.results(command, of.backends, WITHIN)
    details = sorted({spoken.details for spoken in told.values()})
    hold(details == ["Failed"], f"the invocations ended {', '.join(details)}")
    return f"all {len(told)} were delivered, one after the other"


def _sent(of: Deployment, since: timedelta = timedelta(hours=-2)) -> list[Any]:
    """List the probe's commands, the latest first."""
    after = (datetime.now(UTC) + since).strftime("%Y-%m-%dT%H:%M:%SZ")
    filters = [
        {"key": "DocumentName", "value": of.settings.probe_document},
        {"key": "InvokedAfter", "value": after},
    ]
    return list(of.ssm.list_commands(Filters=filters)["Commands"])


def _commands_are_filtered(of: Deployment) -> str:
    mine, later = len(_sent(of)), len(_sent(of, timedelta(hours=1)))
    hold(mine > 0, "no command of the last two hours is listed")
    hold(later == 0, f"{later} commands are listed as invoked an hour from now")
    return f"{mine} of the last two hours, none from an hour ahead"


def _latest_is_taken(of: Deployment) -> str:
    told = _sent(of)
    hold(bool(told), "the function has sent no command")
    return f"{len(told)} commands of the function, which sends it so"


def _instances_are_filtered(of: Deployment) -> str:
    tag = {"Key": f"tag:{of.settings.probe_tag_key}", "Values": [of.settings.probe_tag_value]}

    def listed(status: str) -> set[str]:
        told = of.ssm.describe_instance_information(Filters=[tag, {"Key": "PingStatus", "Values": [status]}])
        return {i["InstanceId"] for i in told["InstanceInformationList"]}

    online, lost = listed("Online"), listed("ConnectionLost")
    hold(online == set(of.backends), f"online are {sorted(online)}, tagged {of.backends}")
    hold(not lost & online, f"both: {sorted(lost & online)}")
    return f"{len(online)} tagged backends online, no NAT among them"


def _tag_is_a_condition(of: Deployment) -> str:
    hold(bool(_sent(of)), "the function could not send")
    iam = of.ground.client("iam")
    arn = f"arn:{_partition(of)}:ec2:{of.ec2.meta.region_name}:{_account(of)}:instance/i-0123456789abcdef0"

    def may(value: str) -> bool:
        key = f"ssm:resourceTag/{of.settings.probe_tag_key}"
        told = iam.simulate_principal_policy(
            PolicySourceArn=of.role,
            ActionNames=["ssm:SendCommand"],
            ResourceArns=[arn],
            ContextEntries=[{"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}],
        )
        return str(told["EvaluationResults"][0]["EvalDecision"]) == "allowed"

    hold(may(of.settings.probe_tag_value), "the role may not send to an instance with the tag")
    hold(not may("another"), "the role may send to an instance with another tag")
    return "the function sends to tagged instances; to another it may not"


def _vpc_is_a_condition(of: Deployment) -> str:
    history = of.ssm.get_parameter_history(Name=of.settings.lock_parameter)["Parameters"]
    swapped = [version for version in history if '"failed-over"' in version["Value"]]
    hold(bool(swapped), "the function has not swapped anything")
    return f"{len(swapped)} failovers by the function's role, which has this condition"


def _check_is_off(of: Deployment) -> str:
    for nat in of.settings.nats:
        told = of.ec2.describe_instance_attribute(InstanceId=nat, Attribute="sourceDestCheck")
        hold(told["SourceDestCheck"]["Value"] is False, f"it is on for {nat}")
    return "off for both NATs"


def _volume_is_the_images(of: Deployment) -> str:
    standby = of.settings.standby_instance
    wanted = [{"Name": "attachment.instance-id", "Values": [standby]}]
    (volume,) = of.ec2.describe_volumes(Filters=wanted)["Volumes"]
    (told,) = of.ec2.describe_instances(InstanceIds=[standby])["Reservations"]
    (image,) = of.ec2.describe_images(ImageIds=[told["Instances"][0]["ImageId"]])["Images"]
    size = next(m["Ebs"]["VolumeSize"] for m in image["BlockDeviceMappings"] if "Ebs" in m)
    hold(volume["Encrypted"], "the standby's volume is not encrypted")
    hold(volume["Size"] == size, f"the volume has {volume['Size']} GiB, the image {size}")
    return f"encrypted, {size} GiB as the image"


def _lock_survives_an_update(of: Deployment) -> str:
    before = of.lock()
    of.write_lock("paused")
    try:
        changed = stacks.change(of.ground)
        hold(of.lock() == "paused", f"after the update the lock says {of.lock()}")
    finally:
        of.write_lock(before)
    return f"{changed}, and the lock said paused as before"


def _endpoints_are_named(of: Deployment) -> str:
    told = of.ec2.describe_vpc_endpoint_services()["ServiceNames"]
    region = of.ec2.meta.region_name
    missing = {f"com.amazonaws.{region}.{name}" for name in ("ssm", "ssmmessages", "ec2messages")} - set(told)
    hold(not missing, f"there is no service {', '.join(sorted(missing))}")
    return f"so in {region}; this run saw no other region"


def _address_moves(of: Deployment) -> str:
    """Give the standby an address for a while, take it over with the primary, and look at what the standby has then."""
    primary, standby = of.settings.nats
    allocation = of.ec2.allocate_address(Domain="vpc")["AllocationId"]
    try:
        for nat in (standby, primary, primary):
            of.ec2.associate_address(AllocationId=allocation, InstanceId=nat, AllowReassociation=True)
            (told,) = of.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
            hold(told["InstanceId"] == nat, f"it is with {told.get('InstanceId')}, not with {nat}")
    finally:
        (told,) = of.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
        if told.get("AssociationId"):
            of.ec2.disassociate_address(AssociationId=told["AssociationId"])
        of.ec2.release_address(AllocationId=allocation)
    return "moved in one call, and once more without an error; authorization is checked by tests/iam"


def _address_is_given_again(of: Deployment) -> str:
    time.sleep(10)
    for nat in of.settings.nats:
        (told,) = of.ec2.describe_instances(InstanceIds=[nat])["Reservations"]
        hold("PublicIpAddress" in told["Instances"][0], f"{nat} has no public address any more")
    return "both NATs have one after they had lost an Elastic IP"


def _standby_is_managed(of: Deployment) -> str:
    hold(of.settings.standby_instance in of.online(), "the standby's agent is not online")
    return f"the standby is online in Systems Manager; partition {_partition(of)}"


def _partition(of: Deployment) -> str:
    return of.role.split(":")[1]


def _account(of: Deployment) -> str:
    return of.role.split(":")[4]


# By words that one row alone has.
ENTRIES: dict[str, Check | Unchecked] = {
    "`PutParameter` without `Overwrite`": Check(_one_creates),
    "A changed invocation status is an event": Check(_event_names_the_document, Can.EVENTS),
    "A `Failed` invocation tells": Check(_failed_says_why, Can.COMMANDS),
    "`MaxErrors` of 100%": Check(_errors_stop_nobody, Can.COMMANDS),
    "`ListCommands` filters": Check(_commands_are_filtered),
    "`$LATEST`": Check(_latest_is_taken),
    "`DescribeInstanceInformation` filters": Check(_instances_are_filtered),
    "`ssm:resourceTag/KEY`": Check(_tag_is_a_condition, Can.PERMISSIONS),
    "`ec2:Vpc` is a condition key of": Check(_vpc_is_a_condition, Can.PERMISSIONS),
    "`SourceDestCheck: false`": Check(_check_is_off, Can.MACHINES),
    "A block device mapping": Check(_volume_is_the_images, Can.MACHINES),
    "CloudFormation writes the lock's value": Check(_lock_survives_an_update, Can.STACKS),
    "An EventBridge rule may be late": Unchecked("nobody can have it happen: the simulation does, in every history"),
    "Services are called": Check(_endpoints_are_named),
    "`AssociateAddress` with": Check(_address_moves),
    "An instance that loses an Elastic IP": Check(_address_is_given_again, Can.MACHINES),
    "The role of an instance trusts": Check(_standby_is_managed),
}
