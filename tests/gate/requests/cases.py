"""A request that breaks each rule, and one that just keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

I17, I17B = "i-0123456789abcdef0", "i-0123456789abcdef1"
TAG, ONLINE = {"Key": "tag:nat", "Values": ["a"]}, {"Key": "PingStatus", "Values": ["Online"]}
INFORMATION, SEND, LISTED = "ssm:DescribeInstanceInformation", "ssm:SendCommand", "ssm:ListCommandInvocations"
TO = {"DestinationCidrBlock": "0.0.0.0/0"}
ROUTE = {"RouteTableId": "rtb-0123456789abcdef0", "InstanceId": I17, **TO}
TOPIC = {"TopicArn": "arn:aws:sns:eu-central-1:123456789012:people"}
EVENT = {"Source": "nat-failover", "DetailType": "message", "Detail": "{}"}
PARAMETER = {"Name": "/nat/lock", "Value": "armed", "Type": "String"}
DOCUMENT = {"Name": "probe", "DocumentType": "Command"}
STACK = {"StackName": "nat"}
ADDRESS = {"AllocationId": "eipalloc-1", "InstanceId": I17}
FUNCTION = {"FunctionName": "nat-failover-main"}
ENDPOINT = {"VpcId": "vpc-1", "ServiceName": "com.amazonaws.eu-central-1.ssm"}
LOGS = {"logGroupName": "/aws/lambda/a"}
ACTION = {"LifecycleHookName": "nat", "AutoScalingGroupName": "g", "LifecycleActionResult": "CONTINUE"}
BY_INSTANCE = {**ACTION, "InstanceId": I17}


@dataclass(frozen=True)
class Case:
    """A rule, the call that it is about, and the arguments both ways."""

    rule: str
    call: str
    broken: Mapping[str, Any]
    kept: Mapping[str, Any]
    code: str

    @property
    def service(self) -> str:
        """As boto3 names it."""
        return self.call.partition(":")[0]

    @property
    def operation(self) -> str:
        """As the API names it."""
        return self.call.partition(":")[2]


def _filters(*filters: Mapping[str, Any]) -> dict[str, Any]:
    return {"Filters": list(filters)}


def _listing(key: str, value: str) -> dict[str, Any]:
    return _filters({"key": key, "value": value})


def _sized(size: int, empty: Mapping[str, Any]) -> str:
    """Return a document of so many bytes."""
    return json.dumps({**empty, "d": "x" * (size - len(json.dumps({**empty, "d": ""})))})


def body(**resources: Any) -> dict[str, Any]:
    """Return the arguments of a stack with these resources: type, properties, and what it depends on."""
    keys = ("Type", "Properties", "DependsOn")
    made = {name: dict(zip(keys, values, strict=False)) for name, values in resources.items()}
    return {**STACK, "TemplateBody": json.dumps({"Resources": made})}


VPC: dict[str, Any] = {
    "Vpc": ("AWS::EC2::VPC", {}),
    "Attachment": ("AWS::EC2::VPCGatewayAttachment", {"VpcId": {"Ref": "Vpc"}}),
    "Subnet": ("AWS::EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "MapPublicIpOnLaunch": True}),
}
NAT = ("AWS::EC2::Instance", {"SubnetId": {"Ref": "Subnet"}})
ROLE: tuple[str, dict[str, Any]] = ("AWS::IAM::Role", {})
NAMED = ("AWS::IAM::Role", {"RoleName": "function"})


def _policy(size: int) -> dict[str, Any]:
    role = {"Policies": [{"PolicyName": "p", "PolicyDocument": {"x": "y" * (size - 8)}}]}
    return body(Role=("AWS::IAM::Role", role)) | {"Capabilities": ["CAPABILITY_IAM"]}


V, S = "ValidationException", "ValidationError"
OF_COMMANDS = (
    Case("R2a", INFORMATION, _filters(TAG, ONLINE), _filters(TAG, {"Key": "tag-key", "Values": ["b"]}), V),
    Case("R2b", INFORMATION, _filters({"Key": "InstanceIds", "Values": ["i-1"]}),
         _filters({"Key": "InstanceIds", "Values": [I17, "mi-0123456789abcdef0"]}, ONLINE), "InvalidInstanceId"),
    Case("R2c", INFORMATION,
         {**_filters(TAG), "InstanceInformationFilterList": [{"key": "InstanceIds", "valueSet": [I17]}]},
         {"InstanceInformationFilterList": [{"key": "InstanceIds", "valueSet": [I17]}]}, V),
    Case("R2d", INFORMATION, _filters({"Key": "Tag", "Values": ["a"]}), _filters({"Key": "tag:Tag", "Values": ["a"]}),
         "InvalidFilterKey"),
    Case("R2e", INFORMATION, _filters({"Key": "PingStatus", "Values": ["online"]}), _filters(ONLINE),
         "InvalidInstanceInformationFilterValue"),
    Case("R2f", INFORMATION, _filters({"Key": "ResourceType", "Values": ["EC2Instance", "ManagedInstance"]}),
         _filters({"Key": "ResourceType", "Values": ["EC2Instance"]}), "InvalidInstanceInformationFilterValue"),
    Case("R3a", SEND, {"InstanceIds": [I17], "DocumentName": "no"}, {"InstanceIds": [I17], "DocumentName": "yes"}, V),
    Case("R3b", SEND, {"InstanceIds": [I17], "DocumentName": "yes", "Comment": "c" * 101},
         {"InstanceIds": [I17], "DocumentName": "yes", "Comment": "c" * 100}, V),
    Case("R3c", INFORMATION, {"MaxResults": 4}, {"MaxResults": 5}, V),
    Case("R3d", "ssm:PutParameter", {**PARAMETER, "Type": "Text"}, PARAMETER, V),
    Case("R3e", "ec2:ReplaceRouteTableAssociation", {"AssociationId": "rtbassoc-1"},
         {"AssociationId": "rtbassoc-1", "RouteTableId": "rtb-0123456789abcdef0"}, "MissingParameter"),
    Case("R3f", "ec2:DescribeAddresses", {"MaxResults": 5}, {}, "UnknownParameter"),
    Case("R3g", "ssm:GetParameters", {"Names": "/nat/lock"}, {"Names": ["/nat/lock"]}, "SerializationException"),
    Case("R6a", "ssm:CreateDocument", {**DOCUMENT, "Content": _sized(65537, {"schemaVersion": "2.2"})},
         {**DOCUMENT, "Content": _sized(65536, {"schemaVersion": "2.2"})}, "MaxDocumentSizeExceeded"),
    Case("R6b", "ssm:CreateDocument", {**DOCUMENT, "Content": "schemaVersion: '2.2'"},
         {**DOCUMENT, "Content": "schemaVersion: '2.2'", "DocumentFormat": "YAML"}, "InvalidDocumentContent"),
    Case("R6c", "ssm:CreateDocument", {**DOCUMENT, "Name": "aws-probe", "Content": '{"schemaVersion": "2.2"}'},
         {**DOCUMENT, "Name": "my-aws-probe", "Content": '{"schemaVersion": "2.2"}'}, V),
    Case("R15a", SEND, {"DocumentName": "yes"}, {"DocumentName": "yes", "InstanceIds": [I17]}, V),
    Case("R15b", SEND, {"DocumentName": "yes", "InstanceIds": [I17, I17]},
         {"DocumentName": "yes", "InstanceIds": [I17, I17B]}, "DuplicateInstanceId"),
    Case("R15c", SEND, {"DocumentName": "yes", "InstanceIds": [I17], "DocumentHash": "0"},
         {"DocumentName": "yes", "InstanceIds": [I17], "DocumentHash": "0", "DocumentHashType": "Sha256"}, V),
    Case("R15d", "ssm:ListCommands", _listing("InvokedAfter", "2024-07-07T00:00:00+00:00"),
         _listing("InvokedAfter", "2024-07-07T00:00:00Z"), V),
    Case("R15e", LISTED, _listing("ExecutionStage", "Executing"), _listing("DocumentName", "Executing"),
         "InvalidFilterKey"),
    Case("R15f", "ssm:ListCommands", _listing("Status", "Delayed"), _listing("Status", "Incomplete"), V),
    Case("R15g", LISTED, _listing("Status", "Incomplete"), _listing("Status", "Delayed"), V),
    Case("R15h", "ssm:ListCommands", {**_listing("Status", "Pending"), "InstanceId": I17},
         {**_listing("Status", "Success"), "InstanceId": I17}, V),
)  # fmt: skip
OF_PARAMETERS = (
    Case("R11a", "ssm:PutParameter", {**PARAMETER, "Value": "é" * 2048 + "x"}, {**PARAMETER, "Value": "é" * 2048}, V),
    Case("R11b", "ssm:PutParameter", {**PARAMETER, "Value": ""}, {**PARAMETER, "Value": " "}, V),
    Case("R11c", "ssm:PutParameter", {**PARAMETER, "Value": "a {{ b }}"}, {**PARAMETER, "Value": "a {{ b }"}, V),
    Case("R11d", "ssm:PutParameter", {**PARAMETER, "Name": "/SSM-lock"}, {**PARAMETER, "Name": "/nat/ssm"}, V),
    Case("R11e", "ssm:PutParameter", {**PARAMETER, "Name": "nat/lock"}, {**PARAMETER, "Name": "nat.lock"}, V),
    Case("R11f", "ssm:PutParameter", {**PARAMETER, "Name": "n" * 1012}, {**PARAMETER, "Name": "n" * 1011}, V),
    Case("R11g", "ssm:PutParameter", {**PARAMETER, "Name": "/a" * 16}, {**PARAMETER, "Name": "/a" * 15},
         "HierarchyLevelLimitExceededException"),
    Case("R11h", "ssm:PutParameter", {**PARAMETER, "Overwrite": True, "Tags": [{"Key": "a", "Value": "b"}]},
         {**PARAMETER, "Overwrite": False, "Tags": [{"Key": "a", "Value": "b"}]}, V),
    Case("R11i", "ssm:PutParameter", {"Name": "/nat/lock", "Value": "armed"},
         {"Name": "/nat/lock", "Value": "armed", "Overwrite": True}, V),
    Case("R11j", "ssm:PutParameter", {**PARAMETER, "AllowedPattern": "^[0-9]+$"},
         {**PARAMETER, "AllowedPattern": "^[a-z]+$"}, "ParameterPatternMismatchException"),
    Case("R11k", "ssm:GetParameter", {"Name": "nat lock"}, {"Name": " natlock "}, V),
)  # fmt: skip
OF_EC2 = (
    Case("R9a", "ec2:CreateRoute", {**ROUTE, "DestinationPrefixListId": "pl-1"}, ROUTE, "InvalidParameterCombination"),
    Case("R9b", "ec2:ReplaceRoute", {**ROUTE, "GatewayId": "igw-1"}, ROUTE, "InvalidParameterCombination"),
    Case("R9c", "ec2:DescribeInstances",
         _filters({"Name": "instance-id", "Values": ["i"] * 101}, {"Name": "tag:a", "Values": ["i"] * 100}),
         _filters({"Name": "instance-id", "Values": ["i"] * 200}), "FilterLimitExceeded"),
    Case("R9p", "ec2:DescribeTags", _filters({"Name": "value", "Values": ["v" * 256]}),
         _filters({"Name": "value", "Values": ["v" * 255]}), "FilterLimitExceeded"),
    Case("R9d", "ec2:DescribeInstanceStatus", _filters({"Name": "tag:a", "Values": ["b"]}),
         _filters({"Name": "event.code", "Values": ["b"]}), "InvalidParameterValue"),
    Case("R9e", "ec2:CreateRoute", {**ROUTE, "DestinationCidrBlock": "10.0.0.0/33"},
         {**ROUTE, "DestinationCidrBlock": "10.0.0.1/32"}, "InvalidParameterValue"),
    Case("R9f", "ec2:DescribeInstances", {"InstanceIds": ["i-xyz"]}, {"InstanceIds": ["i-01234567"]},
         "InvalidInstanceID.Malformed"),
    Case("R9g", "ec2:DescribeTags", {"MaxResults": 1001}, {"MaxResults": 1000}, "InvalidParameterValue"),
    Case("R9n", "ec2:CreateRoute", {**ROUTE, "DryRun": True}, {**ROUTE, "DryRun": False}, "DryRunOperation"),
    Case("R9h", "ec2:AssociateAddress", {"InstanceId": I17}, ADDRESS, "MissingParameter"),
    Case("R9i", "ec2:AssociateAddress", {**ADDRESS, "NetworkInterfaceId": "eni-01234567"}, ADDRESS,
         "InvalidParameterCombination"),
    Case("R9j", "ec2:DescribeInstances", {"InstanceIds": [I17], "MaxResults": 50}, {"MaxResults": 50},
         "InvalidParameterCombination"),
    Case("R9k", "ec2:RunInstances", {"MinCount": 1, "MaxCount": 1, "UserData": "#" * 16385},
         {"MinCount": 1, "MaxCount": 1, "UserData": "#" * 16384}, "InvalidParameterValue"),
    Case("R9l", "ec2:CreateSecurityGroup", {"GroupName": "a", "Description": "the host's"},
         {"GroupName": "a", "Description": "of the host"}, "InvalidParameterValue"),
    Case("R9m", "ec2:CreateTags", {"Resources": [I17], "Tags": [{"Key": "aws:a", "Value": "b"}]},
         {"Resources": [I17], "Tags": [{"Key": "a:aws", "Value": "b"}]}, "InvalidParameterValue"),
    Case("R13", "ec2:CreateVpcEndpoint", {**ENDPOINT, "ServiceName": "com.amazonaws.mx-central-1.ec2messages"},
         {**ENDPOINT, "ServiceName": "com.amazonaws.eu-central-1.ec2messages"}, "InvalidServiceName"),
    Case("R14a", "ec2:CreateVpcEndpoint", {**ENDPOINT, "PrivateDnsEnabled": True},
         {**ENDPOINT, "PrivateDnsEnabled": True, "VpcEndpointType": "Interface"}, "InvalidParameter"),
)  # fmt: skip
OF_MESSAGES = (
    Case("R10a", "sns:Publish", {**TOPIC, "Message": "a", "Subject": "s" * 100},
         {**TOPIC, "Message": "a", "Subject": "s" * 99}, "InvalidParameter"),
    Case("R10b", "sns:Publish", {**TOPIC, "Message": '{"email": "a"}', "MessageStructure": "json"},
         {**TOPIC, "Message": '{"default": "a"}', "MessageStructure": "json"}, "InvalidParameter"),
    Case("R10c", "sns:Publish",
         {**TOPIC, "Message": "m" * 262_142, "MessageAttributes": {"a": {"DataType": "S", "StringValue": "b"}}},
         {**TOPIC, "Message": "m" * 262_141, "MessageAttributes": {"a": {"DataType": "S", "StringValue": "b"}}},
         "InvalidParameter"),
    Case("R10d", "sns:Publish", {**TOPIC, "Message": ""}, {**TOPIC, "Message": " "}, "InvalidParameter"),
    Case("R10e", "sns:Publish", {"Message": "a"}, {**TOPIC, "Message": "a"}, "InvalidParameter"),
    Case("R10f", "sns:Publish", {**TOPIC, "Message": "a", "MessageStructure": "text"}, {**TOPIC, "Message": "a"},
         "InvalidParameter"),
    Case("R16a", "events:PutEvents", {"Entries": [{**EVENT, "Detail": _sized(1_048_576 - 19, {})}]},
         {"Entries": [{**EVENT, "Detail": _sized(1_048_576 - 20, {})}]}, V),
    Case("R16b", "events:PutEvents", {"Entries": [{**EVENT, "Detail": "[]"}]},
         {"Entries": [{**EVENT, "Detail": "[]"}, EVENT]}, V),
    Case("R16c", "events:PutEvents", {"Entries": [{**EVENT, "DetailType": "t" * 129}]},
         {"Entries": [{**EVENT, "DetailType": "t" * 128}]}, V),
    Case("R16d", "events:PutEvents", {"Entries": [{**EVENT, "Source": "aws.ssm"}]},
         {"Entries": [{**EVENT, "Source": "awsome"}]}, "NotAuthorizedForSourceException"),
    Case("R17a", "lambda:UpdateFunctionConfiguration",
         {**FUNCTION, "Environment": {"Variables": {"AB": "x" * (4097 - len('{"AB":""}'))}}},
         {**FUNCTION, "Environment": {"Variables": {"AB": "x" * (4096 - len('{"AB":""}'))}}},
         "InvalidParameterValueException"),
    Case("R17b", "lambda:UpdateFunctionConfiguration", {**FUNCTION, "Environment": {"Variables": {"AWS_REGION": "x"}}},
         {**FUNCTION, "Environment": {"Variables": {"AWS_ENDPOINT_URL": "x"}}}, "InvalidParameterValueException"),
    Case("R18a", "logs:FilterLogEvents", {**LOGS, "logStreamNames": ["a"], "logStreamNamePrefix": "a"},
         {**LOGS, "logStreamNames": ["a"]}, "InvalidParameterException"),
    Case("R19a", "autoscaling:CompleteLifecycleAction", {**BY_INSTANCE, "LifecycleActionResult": "DONE"}, BY_INSTANCE,
         "ValidationError"),
    Case("R19b", "autoscaling:CompleteLifecycleAction", ACTION, BY_INSTANCE, "ValidationError"),
    Case("R19c", "autoscaling:DescribeAutoScalingInstances", {"InstanceIds": [I17] * 51}, {"InstanceIds": [I17] * 50},
         "ValidationError"),
)  # fmt: skip
OF_TEMPLATES = (
    Case("R8a", "cloudformation:CreateStack", {**STACK, "TemplateBody": _sized(51_201, {})},
         {**STACK, "TemplateBody": _sized(51_200, {})}, S),
    Case("R8b", "cloudformation:UpdateStack", STACK, {**STACK, "UsePreviousTemplate": True}, S),
    Case("R8c", "cloudformation:CreateStack", {**body(Role=NAMED), "Capabilities": ["CAPABILITY_IAM"]},
         {**body(Role=ROLE), "Capabilities": ["CAPABILITY_IAM"]}, "InsufficientCapabilitiesException"),
    Case("R8d", "cloudformation:CreateStack", body(**{f"T{n}": ("AWS::SNS::Topic",) for n in range(501)}),
         body(**{f"T{n}": ("AWS::SNS::Topic",) for n in range(500)}), S),
    Case("R12a", "cloudformation:CreateStack", body(**VPC, Nat=NAT),
         body(**VPC, Nat=(*NAT, "Route"), Route=("AWS::EC2::Route", ROUTE, ["Attachment"])), "Gateway.NotAttached"),
    Case("R12b", "cloudformation:CreateStack", body(Lock=("AWS::SSM::Parameter", {**PARAMETER, "Value": "{{ a }}"})),
         body(Lock=("AWS::SSM::Parameter", {**PARAMETER, "Value": {"Fn::Sub": "{{ a }}"}})), S),
    Case("R12c", "cloudformation:CreateStack", _policy(10_241), _policy(10_240), "LimitExceeded"),
)  # fmt: skip
CASES = (*OF_COMMANDS, *OF_PARAMETERS, *OF_EC2, *OF_MESSAGES, *OF_TEMPLATES)
