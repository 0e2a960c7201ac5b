"""The doctor as a process: nothing is found on a healthy pair, and the exit status says how bad it is."""

from __future__ import annotations

import json

from nat_failover.cli.checks import CHECKS
from nat_failover.cli.checks.finding import Gravity
from nat_failover.cli.errors import Exit
from tests.cli.beside import FUNCTION
from tests.cli.deployed import Deployment
from tests.lab.cloud.sessions import listed


def test_on_a_healthy_pair_nothing_is_found(deployment: Deployment) -> None:
    deployment.tick()
    done = deployment.command.run("doctor")
    first, active, passive = done.stdout.splitlines()
    assert first == f"pair main: OK ({len(CHECKS)} checks)"
    nats = deployment.setting("PRIMARY_INSTANCE"), deployment.setting("STANDBY_INSTANCE")
    assert active.startswith(f"  The active NAT {nats[0]}")
    assert active.endswith(": forwards, translates; 3 of 3 backends online through it.")
    assert passive.startswith(f"  The passive NAT {nats[1]}")
    assert passive.endswith(": forwards, translates; 3 of 3 backends get through it.")
    assert done.returncode == Exit.FINE, done.stderr


def test_hosts_are_left_in_peace_where_that_is_wished_and_it_says_so(deployment: Deployment) -> None:
    def commands() -> int:
        return len(listed(deployment.aws.client("ssm"), "list_commands", "Commands"))

    deployment.tick()
    before = commands()
    done = deployment.command.run("doctor", "--no-hosts")
    assert done.returncode == Exit.FINE, done.stderr
    assert done.stdout.count(": not asked; 3 of 3 backends") == 2
    assert commands() == before
    assert deployment.command.run("doctor").returncode == Exit.FINE
    assert commands() == before + 1


def test_where_the_nats_may_not_be_asked_it_says_so_and_what_else_there_is_to_do(deployment: Deployment) -> None:
    environ = deployment.aws.environ | {"AWS_ACCESS_KEY_ID": "maynot-SendCommand"}
    done = deployment.command.run("doctor", environ=environ)
    assert done.returncode == Exit.WARNINGS
    printed = " ".join(done.stdout.split())
    assert "could not be asked. You have no permission to send them the document that looks at a NAT." in printed
    assert "nat-failover doctor main --no-hosts --region eu-central-1" in printed


def test_an_error_ends_it_with_trouble_and_is_told_with_the_command_on_a_line_of_its_own(
    deployment: Deployment,
) -> None:
    functions = deployment.aws.client("lambda")
    functions.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=0)
    try:
        done = deployment.command.run("doctor", "main")
    finally:
        functions.delete_function_concurrency(FunctionName=FUNCTION)
    assert done.returncode == Exit.TROUBLE
    printed = [line.strip() for line in done.stdout.splitlines()]
    begins = next(n for n, line in enumerate(printed) if line.startswith("error"))
    assert printed[begins : begins + 3] == [
        f"error    Function {FUNCTION} has a reserved concurrency of 0.",
        "It never runs.",
        f"aws lambda delete-function-concurrency --function-name {FUNCTION} --region eu-central-1",
    ]


def test_a_warning_alone_has_an_exit_status_of_its_own(deployment: Deployment) -> None:
    watch = deployment.aws.client("cloudwatch")
    alarm = {"AlarmName": f"{FUNCTION}-routes-differ", "StateReason": "a test"}
    watch.set_alarm_state(**alarm, StateValue="ALARM")
    try:
        done = deployment.command.run("doctor", "--json")
    finally:
        watch.set_alarm_state(**alarm, StateValue="OK")
    assert done.returncode == Exit.WARNINGS
    (finding,) = json.loads(done.stdout)["main"]
    assert (finding["check"], finding["severity"]) == ("alarm", Gravity.WARNING)
    assert finding["remedy"].startswith("aws cloudwatch describe-alarms ")


def test_what_may_not_be_read_is_told_with_the_permission_that_lacks(deployment: Deployment) -> None:
    environ = deployment.aws.environ | {"AWS_ACCESS_KEY_ID": "maynot-DescribeNetworkAcls"}
    done = deployment.command.run("doctor", environ=environ)
    assert done.returncode == Exit.WARNINGS
    assert "The network ACLs could not be read." in done.stdout
    assert "You have no permission for ec2:DescribeNetworkAcls." in done.stdout


def test_where_aws_may_not_simulate_the_role_its_policies_are_compared(deployment: Deployment) -> None:
    environ = deployment.aws.environ | {"AWS_ACCESS_KEY_ID": "maynot-SimulatePrincipalPolicy"}
    assert deployment.command.run("doctor", environ=environ).returncode == Exit.FINE
    iam = deployment.aws.client("iam")
    role = deployment.account.functions.get_function_configuration(FunctionName=FUNCTION)["Role"].rsplit("/", 1)[-1]
    policy = iam.get_role_policy(RoleName=role, PolicyName="pair")["PolicyDocument"]
    less = [statement for statement in policy["Statement"] if statement["Sid"] != "SwapTables"]
    iam.put_role_policy(RoleName=role, PolicyName="pair", PolicyDocument=json.dumps({**policy, "Statement": less}))
    try:
        done = deployment.command.run("doctor", environ=environ)
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="pair", PolicyDocument=json.dumps(policy))
    assert done.returncode == Exit.TROUBLE
    assert "may not do ec2:ReplaceRouteTableAssociation on arn:aws:ec2:" in done.stdout
