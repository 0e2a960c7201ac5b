"""A deployment tells the function the hash of its document only if the document is what the template says."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.deployment.document import hashed
from tests.fakes import FakeRuntime, before
from tests.infra.synthesis import made
from tests.integration.account import Account
from tests.integration.deployment.cloudformation import Bucket, Stack, UpdateFailedError
from tests.integration.deployment.conftest import resources

DOCUMENT = "AWS::SSM::Document"
OTHER = {"interval": 1.25}


def request(verb: str = "Create", **settings: Any) -> dict[str, Any]:
    (properties,) = made(**settings).of("Custom::ProbeDocument").values()
    return {"RequestType": verb, "ResourceProperties": properties}


def replace_document(account: Account, name: str) -> None:
    text = account.ssm.get_document(Name=name)["Content"].replace("ping", "pong")
    account.ssm.delete_document(Name=name)
    account.ssm.create_document(Name=name, Content=text, DocumentType="Command")


def test_the_function_is_told_the_hash_that_systems_manager_has(
    account: Account, stack: Stack, answers: Bucket
) -> None:
    stack.deploy(resources(**OTHER))
    (attributes,) = [answer["Data"] for answer in answers.answers[-2:] if answer["Data"]]
    described = account.ssm.describe_document(Name=made(**OTHER).probe["Name"])["Document"]
    assert attributes == {"Hash": described["Hash"], "HashType": "Sha256"}


def test_where_somebody_was_faster_the_deployment_fails_and_says_why(account: Account, stack: Stack) -> None:
    name = made(**OTHER).probe["Name"]
    account.ssm.create_document(Name=name, Content='{"schemaVersion": "2.2"}', DocumentType="Command")
    with pytest.raises(UpdateFailedError, match=f"document {name} has another content than the stack's"):
        stack.deploy(resources(**OTHER))


def test_neither_a_rollback_nor_a_removal_asks_for_the_document(account: Account, stack: Stack) -> None:
    def breaks(kind: str) -> bool:
        if kind == "AWS::CloudFormation::WaitCondition":
            replace_document(account, made().probe["Name"])
            replace_document(account, made(**OTHER).probe["Name"])
        return kind == "AWS::CloudFormation::WaitCondition"

    stack.breaks = breaks
    with pytest.raises(UpdateFailedError, match="can't be made"):
        stack.deploy(resources(standbyRevision=1, **OTHER))
    stack.delete()


@pytest.mark.usefixtures("stack")
def test_what_can_not_be_read_is_refused(account: Account) -> None:
    before(account.ssm, "GetDocument", lambda: "AccessDeniedException", times=1000)
    refused = hashed(request(), account.ssm, FakeRuntime()).refusal
    assert refused is not None
    assert "does not say what the document" in refused
    assert "AccessDeniedException" in refused


@pytest.mark.usefixtures("stack")
def test_a_permission_that_takes_a_moment_is_waited_for(account: Account) -> None:
    before(account.ssm, "DescribeDocument", lambda: "AccessDeniedException", times=3)
    clock = FakeRuntime()
    assert hashed(request(), account.ssm, clock).refusal is None
    assert len(clock.slept) == 3
