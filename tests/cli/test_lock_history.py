"""What the lock parameter's versions tell of a pair's past."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from nat_failover.cli.lock_history import Happened, Version, happenings, pause_of, who
from nat_failover.lock.record import LockState, Record
from tests.cli.deployed import Deployment
from tests.examples import settings

FUNCTION = "nat-failover-main"
OURS = f"arn:aws:sts::123456789012:assumed-role/nat-failover-Role-1A2B/{FUNCTION}"
ALICE = "arn:aws:iam::123456789012:user/ops/alice"
SSO = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0123/bob@example.com"


def record(state: LockState, since: float, **kwargs: object) -> str:
    s = settings()
    moved = {"subnet-1": "rtbassoc-1", "subnet-2": "rtbassoc-2"}
    return Record(state, "id", since, *s.tables, moved, ("i-1",), "3 backends are offline", **kwargs).text()  # type: ignore[arg-type]


def versions(*texts: tuple[float, str, str]) -> list[Version]:
    return [Version(n + 1, at, by, text) for n, (at, by, text) in enumerate(texts)]


def test_a_failover_is_told_once_with_how_long_it_took_and_how_long_it_stayed_locked() -> None:
    happened = happenings(
        versions(
            (0, "arn:aws:sts::123456789012:assumed-role/cdk-cfn-exec/AWSCloudFormation", "armed"),
            (1000.5, OURS, record(LockState.FAILING_OVER, 1000)),
            (1003, OURS, record(LockState.FAILED_OVER, 1000, outcome="done", seconds=1.25)),
            (4600, ALICE, "armed"),
        ),
        settings(),
        FUNCTION,
    )
    assert [h.kind for h in happened] == [Happened.CREATED, Happened.FAILOVER, Happened.REARMED]
    failover = happened[1]
    assert (failover.at, failover.lasted, failover.by) == (1000, 3600, "the function")
    assert "2 subnets moved to the standby NAT" in failover.in_words
    assert "in 1.2 s; 3 backends are offline" in failover.in_words
    assert (happened[2].by, happened[2].lasted) == ("alice", None)


def test_a_second_failover_right_after_the_first_is_one_of_its_own() -> None:
    happened = happenings(
        versions(
            (1000, OURS, record(LockState.FAILED_OVER, 1000, seconds=1.0)),
            (2000, OURS, record(LockState.FAILING_OVER, 2000)),
        ),
        settings(),
        FUNCTION,
    )
    assert [h.kind for h in happened] == [Happened.FAILOVER, Happened.UNFINISHED]


def test_a_failed_failover_says_what_was_in_the_way() -> None:
    (happening,) = happenings(
        versions((1000, OURS, record(LockState.FAILED, 1000, outcome="AccessDenied"))), settings(), FUNCTION
    )
    assert happening.kind is Happened.FAILED
    assert "AccessDenied" in happening.in_words


def test_a_pause_and_its_end_are_told_with_who_did_them() -> None:
    happened = happenings(
        versions((0, ALICE, "armed"), (60, SSO, "paused"), (120, ALICE, "armed"), (180, ALICE, "garbage")),
        settings(),
        FUNCTION,
    )
    assert [h.kind for h in happened] == [Happened.CREATED, Happened.PAUSED, Happened.REARMED, Happened.GARBLED]
    assert happened[1].by == "bob@example.com (AWSReservedSSO_Admin_0123)"
    assert happened[2].in_words.startswith("resumed")
    assert "'garbage'" in happened[3].in_words


def test_a_pause_says_why_where_whoever_paused_it_has_said_so() -> None:
    text = json.dumps({"state": "paused", "by": ALICE, "since": "2026-01-01T00:00:00+00:00", "reason": "new kernel"})
    (happening,) = happenings(versions((60, ALICE, text)), settings(), FUNCTION)
    assert happening.in_words == "paused: nothing is probed; new kernel"
    assert pause_of(text).by == ALICE
    assert pause_of("paused") == pause_of(None) == pause_of('["paused"]') == pause_of('{"by": 1}')


def test_names_are_taken_from_arns() -> None:
    assert who(OURS, FUNCTION) == "the function"
    assert who(ALICE, FUNCTION) == "alice"
    assert who("arn:aws:iam::123456789012:root", FUNCTION) == "root"
    assert who("N/A", FUNCTION) == "N/A"
    assert who("", FUNCTION) == "unknown"


LOCKS = st.one_of(
    st.sampled_from(["armed", "paused", record(LockState.FAILING_OVER, 50), record(LockState.FAILED_OVER, 50)]),
    st.text(max_size=20),
)


@given(st.lists(st.tuples(st.floats(0, 1e9), st.text(max_size=30), LOCKS), max_size=12))
def test_whatever_stands_in_the_versions_everything_is_told_in_order_and_no_time_is_negative(
    texts: list[tuple[float, str, str]],
) -> None:
    happened = happenings(versions(*texts), settings(), FUNCTION)
    assert [h.version for h in happened] == sorted({h.version for h in happened})
    assert len(happened) <= len(texts)
    assert not texts or happened[-1].version == len(texts)
    assert all(h.lasted is None or h.lasted >= 0 for h in happened)


def test_history_as_a_process_tells_of_a_failover_and_of_the_rearming(deployment: Deployment) -> None:
    tables = (deployment.setting("PRIMARY_ROUTE_TABLE"), deployment.setting("STANDBY_ROUTE_TABLE"))
    done = Record(LockState.FAILED_OVER, "id", 1.7e9, *tables, {"subnet-1": "rtbassoc-1"}, ("i-1",), "why", "ok", 0.8)
    deployment.aws.write_lock(done.text())
    deployment.rearm()
    happened = deployment.command.json("history", "main")["main"]
    assert [each["kind"] for each in happened][-2:] == ["failover", "re-armed"]
    assert happened[-2]["seconds"] == 0.8
    assert happened[-2]["to"] == tables[1]
    shown = deployment.command.run("history", "--limit", "2")
    assert shown.returncode == 0, shown.stderr
    assert "2023-11-14 22:13:20 UTC" in shown.stdout
    assert "1 subnet moved" in shown.stdout
    assert json.dumps(happened)


def test_a_failover_in_a_drill_and_a_failback_are_called_so() -> None:
    happened = happenings(
        versions(
            (1000, OURS, record(LockState.FAILED_OVER, 1000, seconds=1.0, by_hand="drill")),
            (2000, ALICE, record(LockState.FAILED_OVER, 2000, seconds=1.0, by_hand="failback")),
            (3000, ALICE, record(LockState.FAILED_OVER, 3000, seconds=1.0, by_hand="failover")),
            (4000, ALICE, record(LockState.FAILED_OVER, 4000, rolled_back=True, by_hand="drill")),
            (5000, ALICE, record(LockState.FAILED_OVER, 5000, by_hand="whatever a thief has written")),
        ),
        settings(),
        FUNCTION,
    )
    assert [h.name for h in happened] == ["drill", "failback", "failover", "rolled back", "failover"]
    assert ", in a drill; 3 backends" in happened[0].in_words
    assert all(h.kind in (Happened.FAILOVER, Happened.ROLLED_BACK) for h in happened)


def by_hand(state: LockState, *, back: bool, outcome: str = "") -> str:
    tables = settings().tables if back else settings().tables[::-1]
    moved = {"subnet-1": "rtbassoc-1", "subnet-2": "rtbassoc-2"}
    return Record(state, ALICE, 1000, *tables, moved, (), f"failback by hand: {ALICE}", outcome, 0.5).text()


def test_a_failback_by_hand_whose_record_turns_round_after_the_first_stage_is_told_once() -> None:
    (happening,) = happenings(
        versions(
            (1001, ALICE, by_hand(LockState.FAILING_OVER, back=True)),
            (1005, ALICE, by_hand(LockState.FAILING_OVER, back=False)),
            (1009, ALICE, by_hand(LockState.FAILED_OVER, back=False, outcome="failback: 2 subnets moved")),
        ),
        settings(),
        FUNCTION,
    )
    assert (happening.kind, happening.by) == (Happened.FAILOVER, "alice")
    assert "2 subnets moved to the primary NAT" in happening.in_words


def test_a_failback_that_was_undone_is_told_as_such_and_not_as_a_failover() -> None:
    undone = "failback rolled back, 0 subnets lost: 2 of 2 backends are offline through the new path: i-1"
    (happening,) = happenings(
        versions(
            (1001, ALICE, by_hand(LockState.FAILING_OVER, back=True)),
            (1009, ALICE, by_hand(LockState.FAILED_OVER, back=True, outcome=undone)),
        ),
        settings(),
        FUNCTION,
    )
    assert (happening.kind, happening.in_words) == (Happened.ROLLED_BACK, undone)
