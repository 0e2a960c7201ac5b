"""The acceptance: that it has an entry for everything, sees what is wrong, and runs through on an emulated account."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner, Result

from infra.demo import PAIR
from infra.probe.document import ProbeValues, content, script
from nat_failover.cli.scripts.documents import documents
from tests.aws.__main__ import accept, main
from tests.aws.assumptions import ENTRIES, Check
from tests.aws.checks.command import all_is_read
from tests.aws.deployment import Deployment, until
from tests.aws.events import Listener, queue_arn
from tests.aws.ground import FUNCTION, DeploymentError, Local
from tests.aws.holding import DoesNotHoldError, assumptions
from tests.aws.latencies import MEASURES
from tests.e2e.account import ROOT, Account, account
from tests.e2e.commandline import invoke
from tests.examples import ENVIRONMENT
from tests.fakes import before
from tests.lab.network.layout import TARGETS


class Emulated(Local):
    """A ground like the local one, deployed to by a few calls instead of by the CDK."""

    name = "an emulated account"

    def __init__(self, aws: Account, folder: Path) -> None:
        super().__init__(aws, folder)
        self._variables: dict[str, str] = {}
        self.destroyed = 0

    def deploy(self) -> None:
        ec2, ssm = self.client("ec2"), self.client("ssm")
        pair = self._aws.make_vpc()
        for instance in _instances(ec2, "backend-"):
            ec2.create_tags(Resources=[instance], Tags=[{"Key": "nat-failover:probe", "Value": PAIR}])
        (nat,) = _instances(ec2, "nat-a")
        standby = self._aws._run(str(pair["standbySubnetId"]), {"Name": "standby"})
        table = ec2.create_route_table(VpcId=pair["vpcId"])["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", InstanceId=standby)
        lock, document = f"/nat-failover/{PAIR}/lock", f"{FUNCTION}-probe"
        ssm.put_parameter(Name=lock, Value="armed", Type="String")
        text = json.dumps(content(script(ProbeValues(PAIR, TARGETS))))
        described = ssm.create_document(Name=document, Content=text, DocumentType="Command")["DocumentDescription"]
        for made in documents(PAIR, TARGETS, (nat, standby)).values():
            ssm.create_document(Name=made.name, Content=json.dumps(made.content), DocumentType="Command")
        topic = self.client("sns").create_topic(Name=FUNCTION)["TopicArn"]
        own = {
            "PAIR": PAIR,
            "PRIMARY_ROUTE_TABLE": str(pair["primaryRouteTableId"]),
            "STANDBY_ROUTE_TABLE": table,
            "PRIMARY_INSTANCE": nat,
            "STANDBY_INSTANCE": standby,
            "LOCK_PARAMETER": lock,
            "CLAIM_PARAMETER": f"/nat-failover/{PAIR}/claim",
            "PROBE_DOCUMENT": document,
            "PROBE_DOCUMENT_HASH": described["Hash"],
            "PROBE_TAG_VALUE": PAIR,
            "TARGETS": ",".join(TARGETS),
            "TOPIC": topic,
        }
        self._variables = ENVIRONMENT | {f"NAT_FAILOVER_{name}": value for name, value in own.items()}
        self._make_function()
        self._aws.start_agents(standby)

    def _make_function(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("handler.py", "")
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = self.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.client("lambda").create_function(
            FunctionName=FUNCTION,
            Runtime="python3.13",
            Role=role,
            Handler="handler.handler",
            Code={"ZipFile": packed.getvalue()},
            Environment={"Variables": self._variables},
        )

    def destroy(self) -> None:
        self.destroyed += 1

    def _invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        result = invoke(ROOT / "lambda", FUNCTION, {**self._aws.environ, **self._variables}, self._folder, event)
        assert result["code"] == 0, result["said"]
        return dict(result["answer"])

    def lose_rules(self, instance: str) -> bool:
        assert instance == self._variables["NAT_FAILOVER_PRIMARY_INSTANCE"]
        self._aws.tell({"break": "nat01"})
        return True


def _instances(ec2: Any, name: str) -> list[str]:
    wanted = [{"Name": "tag:Name", "Values": [f"{name}*"]}]
    reservations = ec2.describe_instances(Filters=wanted)["Reservations"]
    return [i["InstanceId"] for reservation in reservations for i in reservation["Instances"]]


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Emulated]:
    with account(tmp_path) as aws:
        yield Emulated(aws, tmp_path)


def test_it_goes_through_all_of_it_and_sees_what_does_not_hold(
    ground: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lie(of: Deployment) -> str:
        raise DoesNotHoldError(f"{len(of.backends)} backends say otherwise")

    monkeypatch.setattr("tests.aws.latencies.TIMES", 2)
    phrase = "`ListCommands` filters"
    monkeypatch.setitem(ENTRIES, phrase, Check(lie))
    report = accept(ground, Console(file=io.StringIO()))
    fields = report.fields()
    assert report.trouble == ""
    assert ground.destroyed == 1
    # The one lie makes it fail, nothing else.
    assert not report.passed
    wrong = [judged for judged in report.judged if judged.wrong]
    assert [judged.detail for judged in wrong] == ["3 backends say otherwise"]
    assert sorted(judged.assumption for judged in report.judged) == sorted(assumptions())
    # On an emulated account nothing is shown to hold.
    assert sum(judged.verdict == "runs" for judged in report.judged) >= 5
    assert not any(judged.verdict == "holds" for judged in report.judged)
    failure = fields["failures"]["rules detached"]
    assert (failure["problem"], failure["moved"]) == ("", [2, 2])
    assert 0 < failure["failed_over_after"] < 60
    assert fields["failures"]["stopped"]["why_not"].startswith("an emulated account can't")
    # The lab's own latencies, through the lab's own agents.
    assert len(fields["latencies"]["delivery + result"]["seconds"]) >= 6
    assert fields["latencies"]["replace"]["seconds"]


def test_what_aws_refuses_or_hides_for_a_moment_is_waited_for(ground: Emulated) -> None:
    ground.deploy()
    of = Deployment(ground)
    before(of.ssm, "PutParameter", lambda: "TooManyUpdates", times=2)
    of.write_lock("paused")
    assert of.lock() == "paused"
    before(of.ssm, "ListCommandInvocations", lambda: "InvalidCommandId")
    until(lambda: set(of.backends) <= of.online(), 10, "all are online")
    (rounds,) = (measure.how for measure in MEASURES if measure.what == "delivery + result")
    assert rounds is not None
    assert next(iter(rounds(of))) > 0


def test_what_the_command_can_not_read_is_named(ground: Emulated) -> None:
    ground.deploy()
    with pytest.raises(DoesNotHoldError) as refused:
        all_is_read(Deployment(ground))
    parts = {part.partition(":")[0] for part in str(refused.value).split("; ")}
    assert parts == {"decisions", "limits", "permissions"}  # moto's own gaps


def test_a_listener_leaves_nothing_nor_does_one_that_can_not_be_made(
    ground: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.aws.events.IN_FORCE_AFTER", 0)
    sqs, events = ground.client("sqs"), ground.client("events")

    def left() -> list[Any]:
        return [*sqs.list_queues().get("QueueUrls", []), *events.list_rules()["Rules"]]

    with Listener(ground, "document"):
        url, rule = left()
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "Policy"])["Attributes"]
        assert queue_arn(rule["Arn"], url.rpartition("/")[2]) == queue["QueueArn"]
        assert rule["Arn"] in queue["Policy"]
        assert events.list_targets_by_rule(Rule=rule["Name"])["Targets"][0]["Arn"] == queue["QueueArn"]
    assert left() == []
    before(events, "PutTargets", lambda: "ConcurrentModificationException", times=9)
    with pytest.raises(ClientError), Listener(ground, "document"):
        pass
    assert left() == []


def test_whatever_happens_it_is_destroyed(ground: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DeploymentError("cdk deploy has ended with status 1")

    monkeypatch.setattr(ground, "deploy", fail)
    report = accept(ground, Console(file=io.StringIO()))
    assert (report.passed, ground.destroyed) == (False, 1)
    assert "cdk deploy has ended" in report.trouble
    accept(ground, Console(file=io.StringIO()), keep=True)
    assert ground.destroyed == 1


def test_without_a_yes_it_tells_what_it_costs_and_does_nothing() -> None:
    result = typed()
    assert result.exit_code == 2
    for part in ("minutes", "dollars", "destroyed", "YES=1"):
        assert part in result.output
    assert "deploying" not in result.output


def typed(*arguments: str) -> Result:
    """Call the acceptance as a person does."""
    app = Typer()
    app.command()(main)
    return CliRunner().invoke(app, [*arguments], env={"AWS_REGION": "eu-central-1"})


def quickly(ground: Emulated, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setattr("tests.aws.__main__.local", lambda _: nullcontext(ground))
    return typed("--endpoint", "local", "--quick", "main", *arguments)


def test_a_quick_acceptance_has_the_function_test_itself(
    ground: Emulated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = quickly(ground, monkeypatch, "--json", str(tmp_path / "seen.json"))
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert (seen["works"], len(seen["hosts"])) == (True, 5), result.output
    for part in ("ec2:ReplaceRouteTableAssociation", "The self-test runs.", "shows nothing of AWS"):
        assert part in result.output
    assert result.exit_code == 0
    ground.client("sns").delete_topic(TopicArn=ground.client("sns").list_topics()["Topics"][0]["TopicArn"])
    monkeypatch.setattr(ground, "deploy", lambda: None)
    result = quickly(ground, monkeypatch)
    assert "sns:Publish" in result.output.partition("This product does not work")[0].splitlines()[-1]
    assert result.exit_code == 1


def test_a_quick_acceptance_of_what_is_not_there_says_so(ground: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise DeploymentError("there is no function nat-failover-main")

    monkeypatch.setattr(ground, "self_test", fail)
    result = quickly(ground, monkeypatch)
    assert "could not test itself: there is no function" in result.output
    assert result.exit_code == 1
