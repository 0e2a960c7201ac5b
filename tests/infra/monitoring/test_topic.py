"""The topic that messages and alarms go to."""

from __future__ import annotations

import pytest

from tests.infra.synthesis import Template, synthesize
from tests.tools.checked import pair


@pytest.fixture(scope="module")
def template() -> Template:
    return synthesize({"pairs": [pair(mailAddresses=["oncall@example.com"])]})


def test_the_topic_takes_messages_over_tls_only(template: Template) -> None:
    (topic,) = template.of("AWS::SNS::Topic")
    policy = template.only("AWS::SNS::TopicPolicy")
    (statement,) = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    assert policy["Topics"] == [f"<{topic}>"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "sns:Publish")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_people_get_mail(template: Template) -> None:
    (topic,) = template.of("AWS::SNS::Topic")
    assert template.only("AWS::SNS::Subscription") == {
        "TopicArn": f"<{topic}>",
        "Protocol": "email",
        "Endpoint": "oncall@example.com",
    }
