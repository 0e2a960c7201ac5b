"""Who waits for evidence that is yet to come, of the invocations that one failure wakes at the same moment."""

from __future__ import annotations

from typing import Any

import pytest

from tests.examples import TICK, status_change
from tests.fakes import Context
from tests.integration.account import Account


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("goes_ahead", [True, False])
def test_after_a_first_failure_whoever_goes_ahead_reads_on_and_whoever_comes_after_reads_once(
    account: Account, goes_ahead: bool
) -> None:
    account.configure(gather_for=10.0)  # whoever comes after finds the failure new, too
    function = account.application()
    if goes_ahead:
        function.handle(TICK, Context())
    account.cut_off(account.backends[0])
    read: list[str] = []

    def note(params: dict[str, Any], **_: object) -> None:
        read.append(params["CommandId"])

    account.ssm.meta.events.register("provide-client-params.ssm.ListCommandInvocations", note)
    watch = next(command for command in account.run_command.commands if command.kind == "watch")
    answer = function.handle(status_change(watch.command_id, account.backends[0]), Context())
    assert answer["cause"] == "FEW_FAILURES"
    assert (len(read) > len(set(read))) == goes_ahead
