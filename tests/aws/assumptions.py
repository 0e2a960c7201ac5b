"""Each assumption of ASSUMPTIONS.md: how it is checked on an account, or why it can't be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from tests.aws.checks import command, documents, machines
from tests.aws.checks import function as checks
from tests.aws.deployment import Deployment, NotInTimeError
from tests.aws.ground import Can
from tests.aws.holding import DoesNotHoldError, assumptions
from tests.aws.stacks import NotChangedError


@dataclass(frozen=True)
class Check:
    """How one assumption is checked.

    Attributes:
        how: gives what was seen; raises DoesNotHoldError.
        needs: what a ground has to be able to do.
        disturbs: NATs are without a public address for minutes afterwards; such a check comes last.
    """

    how: Callable[[Deployment], str]
    needs: Can | None = None
    disturbs: bool = False


@dataclass(frozen=True)
class Unchecked:
    """Why one assumption is not checked."""

    why: str


@dataclass(frozen=True)
class Judged:
    """What became of an assumption: ``holds``, ``does not hold``, ``not checked``.

    Of an emulated account nothing can be shown of AWS but that the check itself ``runs``.
    """

    assumption: str
    verdict: str
    detail: str

    @property
    def wrong(self) -> bool:
        """Tell whether it was checked and does not hold."""
        return self.verdict == "does not hold"


def judge(of: Deployment, *, disturbing: bool) -> Iterator[Judged]:
    """Check the rows of the table: those that disturb nothing, or those that do."""
    for assumption in assumptions():
        (entry,) = (entry for phrase, entry in ENTRIES.items() if phrase in assumption)
        if disturbing is not (isinstance(entry, Check) and entry.disturbs):
            continue
        if isinstance(entry, Unchecked):
            yield Judged(assumption, "not checked", entry.why)
        elif entry.needs is not None and entry.needs not in of.ground.can:
            yield Judged(assumption, "not checked", f"{of.ground.name} can't {entry.needs.value}")
        else:
            try:
                yield Judged(assumption, "holds" if of.ground.proves else "runs", entry.how(of))
            except (DoesNotHoldError, NotInTimeError, NotChangedError) as error:
                yield Judged(assumption, "does not hold", str(error))
            except ClientError as error:
                yield Judged(assumption, "does not hold", f"AWS refuses: {error}")


# By words that one row alone has.
ENTRIES: dict[str, Check | Unchecked] = {
    "`PutParameter` without `Overwrite`": Check(checks.one_creates),
    "A changed invocation status is an event": Check(checks.event_names_the_document, Can.EVENTS),
    "A `Failed` invocation tells": Check(checks.failed_says_why, Can.COMMANDS),
    "`StateTransitionReason` says": Check(machines.stop_is_dated, Can.MACHINES, disturbs=True),
    "`MaxErrors` of 100%": Check(checks.errors_stop_nobody, Can.COMMANDS),
    "`ListCommands` filters": Check(checks.commands_are_filtered),
    "A document has version 1": Check(checks.first_version_is_taken),
    "`DescribeDocument` gives the hash": Check(documents.hash_is_compared, Can.COMMANDS),
    "`DescribeInstanceInformation` filters": Check(checks.instances_are_filtered),
    "`DescribeTags` takes": Check(machines.endings_are_drawn),
    "`ssm:resourceTag/KEY`": Check(checks.tag_is_a_condition, Can.PERMISSIONS),
    "`ec2:Vpc` is a condition key of": Check(checks.vpc_is_a_condition, Can.PERMISSIONS),
    "`SourceDestCheck: false`": Check(checks.check_is_off, Can.MACHINES),
    "A block device mapping": Check(checks.volume_is_the_images, Can.MACHINES),
    "CloudFormation writes the lock's value": Check(checks.lock_survives_an_update, Can.STACKS),
    "An EventBridge rule may be late": Unchecked("nobody can have it happen: the simulation does, in every history"),
    "Services are called": Check(checks.endpoints_are_named),
    "`AssociateAddress` with": Check(checks.address_moves, disturbs=True),
    "An instance that loses an Elastic IP": Check(checks.address_is_given_again, Can.MACHINES, disturbs=True),
    "A wait condition holds up": Check(checks.standby_has_signalled, Can.MACHINES),
    "`cdk deploy --revert-drift`": Unchecked("the demo would have to be changed by hand first, and its lock re-armed"),
    "The role of an instance trusts": Check(checks.standby_is_managed),
    "Whatever `nat-failover status`": Check(command.all_is_read, Can.READS),
    "`DescribeInstanceTypes` tells": Check(command.types_have_a_bandwidth),
    "`DescribeInstanceCreditSpecifications` takes": Check(command.credits_are_known),
    "A document's script runs as root": Check(command.kernels_are_seen, Can.COMMANDS),
    "The agent gives a script": Check(command.only_nats_forward, Can.COMMANDS),
    "`ListCommands` has a command": Check(command.drill_is_marked),
}
