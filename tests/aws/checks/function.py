"""How each assumption is checked: every check gives what was seen, or raises DoesNotHoldError."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from tests.aws import stacks
from tests.aws.deployment import Deployment, until
from tests.aws.events import Listener
from tests.aws.ground import STACKS
from tests.aws.holding import hold
from tests.gate.run_command.agent.output import shown

AT_ONCE = 8
WITHIN = 120.0
# For a write to be read: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
READ_WITHIN = 15.0
# https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithEIPs.html: it "can take several minutes"
GIVEN_AGAIN_WITHIN = 600.0


def one_creates(of: Deployment) -> str:
    """Create a parameter at once from many sides, then overwrite it."""
    name = f"/nat-failover/accept/{uuid.uuid4().hex}"

    def create(owner: int) -> int | None:
        try:
            return of.put(name, str(owner), overwrite=False)
        except of.ssm.exceptions.ParameterAlreadyExists:
            return None

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            versions = [version for version in pool.map(create, range(AT_ONCE)) if version is not None]
        hold(versions == [1], f"of {AT_ONCE} that created it at once {len(versions)} succeeded: {versions}")
        again = [of.put(name, "x", overwrite=True) for _ in range(3)]
        hold(again == [2, 3, 4], f"three overwrites answered the versions {again}")
        texts: dict[int, str] = {}

        def latest_is_read() -> bool:
            found = of.ssm.get_parameters(Names=[f"{name}:{version}" for version in (1, 4, 5)])["Parameters"]
            texts.update({p["Version"]: p["Value"] for p in found})
            return 4 in texts

        until(latest_is_read, READ_WITHIN, f"version 4 of {name} is read")
        first = texts.pop(1, "")
        hold(first.isdigit() and texts == {4: "x"}, f"by their numbers the versions are {texts}, the first {first!r}")
    finally:
        of.ssm.delete_parameter(Name=name)
    return f"1 of {AT_ONCE} at once; then versions 2, 3, 4"


def event_names_the_document(of: Deployment) -> str:
    """Hear the events of a round of the function."""
    with Listener(of.ground, of.settings.probe_document) as listener:
        of.ground.tick()
        until(lambda: bool(_sent(of)), READ_WITHIN, "the function's command is listed")
        listener.came_at(_sent(of)[0]["CommandId"], of.settings.window + WITHIN)
    names = {detail["document-name"] for detail, _ in listener.events}
    hold(names == {of.settings.probe_document}, f"the events name {sorted(names)}")
    return f"{len(listener.events)} events, each with the document's name"


def failed_says_why(of: Deployment) -> str:
    """Have a script print much and fail."""
    spoken = of.run(of.backends[0], "head -c 5000 /dev/zero | tr '\\0' x\nexit 3")
    hold((spoken.status, spoken.exit_code) == ("Failed", 3), f"{spoken.status} with exit status {spoken.exit_code}")
    kept = spoken.output.count("x")
    hold(kept >= shown("x" * 5000, 3).count("x"), f"{kept} characters of the output are left")
    return f"Failed, exit status 3, {len(spoken.output)} characters"


def errors_stop_nobody(of: Deployment) -> str:
    """Have a script fail on one host after the other."""
    command = of.send(of.backends, "exit 1", MaxErrors="100%", MaxConcurrency="1")
    results = of.results(command, of.backends, WITHIN)
    details = sorted({spoken.details for spoken in results.values()})
    hold(details == ["Failed"], f"the invocations ended {', '.join(details)}")
    return f"all {len(results)} were delivered, one after the other"


def _sent(of: Deployment, since: timedelta = timedelta(hours=-2)) -> list[Any]:
    """Return the probe's commands, the latest first."""
    after = (datetime.now(UTC) + since).strftime("%Y-%m-%dT%H:%M:%SZ")
    filters = [
        {"key": "DocumentName", "value": of.settings.probe_document},
        {"key": "InvokedAfter", "value": after},
    ]
    pages = of.ssm.get_paginator("list_commands").paginate(Filters=filters)
    found = [command for page in pages for command in page["Commands"]]
    return sorted(found, key=lambda command: command["RequestedDateTime"], reverse=True)


def commands_are_filtered(of: Deployment) -> str:
    """List the commands of the past and of the future."""
    mine, later = len(_sent(of)), len(_sent(of, timedelta(hours=1)))
    hold(mine > 0, "no command of the last two hours is listed")
    hold(later == 0, f"{later} commands are listed as invoked an hour from now")
    return f"{mine} of the last two hours, none from an hour ahead"


def first_version_is_taken(of: Deployment) -> str:
    """Look whether the function has sent any, and which versions the document has."""
    hold(bool(_sent(of)), "the function has sent no command")
    version = of.ssm.describe_document(Name=of.settings.probe_document)["Document"].get("LatestVersion")
    hold(version == "1", f"the document's latest version is {version}")
    return "the function's commands, which send it so, were taken, and the document has this version alone"


def instances_are_filtered(of: Deployment) -> str:
    """List those with the tag, and try what is documented to be refused: the tag beside another filter."""
    tag = {"Key": f"tag:{of.settings.probe_tag_key}", "Values": [of.settings.probe_tag_value]}
    pages = of.ssm.get_paginator("describe_instance_information").paginate(Filters=[tag])
    listed = [i for page in pages for i in page["InstanceInformationList"]]
    online = {i["InstanceId"] for i in listed if (i.get("PingStatus"), i.get("PlatformType")) == ("Online", "Linux")}
    hold(online == set(of.backends), f"online are {sorted(online)}, tagged {of.backends}")
    try:
        of.ssm.describe_instance_information(Filters=[tag, {"Key": "PingStatus", "Values": ["Online"]}])
    except ClientError as error:
        return f"{len(online)} tagged backends online; with another filter beside the tag: {error}"
    return f"{len(online)} tagged backends online; another filter beside the tag is taken as well"


def tag_is_a_condition(of: Deployment) -> str:
    """Ask IAM what the function's role may."""
    hold(bool(_sent(of)), "the function could not send")
    iam = of.ground.client("iam")
    arn = f"arn:{_partition(of)}:ec2:{of.ec2.meta.region_name}:{_account(of)}:instance/i-0123456789abcdef0"

    def may(value: str) -> bool:
        key = f"ssm:resourceTag/{of.settings.probe_tag_key}"
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=of.role,
            ActionNames=["ssm:SendCommand"],
            ResourceArns=[arn],
            ContextEntries=[{"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}],
        )
        (decided,) = (result["EvalDecision"] for page in pages for result in page["EvaluationResults"])
        return bool(decided == "allowed")

    hold(may(of.settings.probe_tag_value), "the role may not send to an instance with the tag")
    hold(not may("another"), "the role may send to an instance with another tag")
    return "the function sends to tagged instances; to another it may not"


def vpc_is_a_condition(of: Deployment) -> str:
    """Have the function ask EC2, by its role, whether it would move a subnet."""
    swaps = [c for c in of.ground.self_test()["calls"] if c["call"] == "ec2:ReplaceRouteTableAssociation"]
    refused = [c["seen"] for c in swaps if c["verdict"] != "works"]
    hold(bool(swaps) and not refused, f"the function's role may not swap: {'; '.join(refused) or 'not tried'}")
    return f"EC2 would let the function's role, which has this condition: {swaps[0]['seen']}"


def check_is_off(of: Deployment) -> str:
    """Look at both NATs."""
    for nat in of.settings.nats:
        described = of.ec2.describe_instance_attribute(InstanceId=nat, Attribute="sourceDestCheck")
        hold(described["SourceDestCheck"]["Value"] is False, f"it is on for {nat}")
    return "off for both NATs"


def volume_is_the_images(of: Deployment) -> str:
    """Compare the standby's volume with its image."""
    standby = of.settings.standby_instance
    wanted = [{"Name": "attachment.instance-id", "Values": [standby]}]
    (volume,) = of.ec2.describe_volumes(Filters=wanted)["Volumes"]
    (described,) = of.ec2.describe_instances(InstanceIds=[standby])["Reservations"]
    (image,) = of.ec2.describe_images(ImageIds=[described["Instances"][0]["ImageId"]])["Images"]
    size = next(m["Ebs"]["VolumeSize"] for m in image["BlockDeviceMappings"] if "Ebs" in m)
    hold(volume["Encrypted"], "the standby's volume is not encrypted")
    hold(volume["Size"] == size, f"the volume has {volume['Size']} GiB, the image {size}")
    return f"encrypted, {size} GiB as the image"


def lock_survives_an_update(of: Deployment) -> str:
    """Update the stack while a person has paused the pair."""
    before = of.lock()
    of.write_lock("paused")
    try:
        changed = stacks.change(of.ground)
        hold(of.lock() == "paused", f"after the update the lock says {of.lock()}")
    finally:
        of.write_lock(before)
    return f"{changed}, and the lock said paused as before"


def endpoints_are_named(of: Deployment) -> str:
    """List the services that endpoints can be made for."""
    names = of.ec2.get_paginator("describe_vpc_endpoint_services").paginate().build_full_result()["ServiceNames"]
    region = of.ec2.meta.region_name
    missing = {f"com.amazonaws.{region}.{name}" for name in ("ssm", "ssmmessages")} - set(names)
    hold(not missing, f"there is no service {', '.join(sorted(missing))}")
    return f"so in {region}; this run saw no other region"


def address_moves(of: Deployment) -> str:
    """Give the standby an address for a while, take it over with the primary, and look at what the standby has then."""
    primary, standby = of.settings.nats
    allocation = of.ec2.allocate_address(Domain="vpc")["AllocationId"]
    try:
        for nat in (standby, primary, primary):
            of.ec2.associate_address(AllocationId=allocation, InstanceId=nat, AllowReassociation=True)
            until(partial(of.has_address, nat, allocation), READ_WITHIN, f"EC2 says that the address is with {nat}")
    finally:
        (described,) = of.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
        if described.get("AssociationId"):
            of.ec2.disassociate_address(AssociationId=described["AssociationId"])
        of.ec2.release_address(AllocationId=allocation)
    return "moved in one call, and once more without an error; authorization is checked by tests/iam"


def address_is_given_again(of: Deployment) -> str:
    """Wait until both NATs have a public address again once an Elastic IP has come and gone."""

    def have_one() -> bool:
        reservations = of.ec2.describe_instances(InstanceIds=list(of.settings.nats))["Reservations"]
        return all("PublicIpAddress" in i for r in reservations for i in r["Instances"])

    took = until(have_one, GIVEN_AGAIN_WITHIN, "both NATs have a public address again", 2)
    return f"both NATs have one {took:.0f} s after they had lost an Elastic IP"


def standby_has_signalled(of: Deployment) -> str:
    """Look at when the wait condition was done, after the standby had been made."""
    pages = of.ground.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACKS[1])
    found = {r["ResourceType"]: r for page in pages for r in page["StackResourceSummaries"]}
    condition, instance = found["AWS::CloudFormation::WaitCondition"], found["AWS::EC2::Instance"]
    hold(condition["ResourceStatus"] == "CREATE_COMPLETE", f"the wait condition is {condition['ResourceStatus']}")
    took = (condition["LastUpdatedTimestamp"] - instance["LastUpdatedTimestamp"]).total_seconds()
    return f"it was signalled {took:.0f} s after the standby had been made"


def standby_is_managed(of: Deployment) -> str:
    """Look whether its agent is online."""
    hold(of.settings.standby_instance in of.online(), "the standby's agent is not online")
    return f"the standby is online in Systems Manager; partition {_partition(of)}"


def _partition(of: Deployment) -> str:
    return of.role.split(":")[1]


def _account(of: Deployment) -> str:
    return of.role.split(":")[4]
