"""Pure check of what the function's role is allowed."""

from __future__ import annotations

from nat_failover.cli.finding import Findings, error
from nat_failover.cli.snapshot import Permission, Snapshot


def permissions(s: Snapshot) -> Findings:
    """Actions that the function needs and its role may not do."""
    denied: dict[tuple[str, str], list[Permission]] = {}
    for permission in s.permissions or []:
        if not permission.allowed:
            denied.setdefault((permission.action, permission.why), []).append(permission)
    for (action, why), lacking in sorted(denied.items()):
        on = sorted({permission.resource for permission in lacking})
        where = "" if on == ["*"] else f" on {', '.join(on[:2])}" + (f" and {len(on) - 2} more" if len(on) > 2 else "")
        mend = (
            "cdk deploy writes the role anew; where it stands as deployed: "
            if why == "no policy allows it"
            else "change the policy in the way; see "
        )
        yield error(
            "permission",
            f"the function's role may not do {action}{where}: {why}",
            "the function fails where it needs it",
            f"{mend}aws iam list-role-policies --role-name {s.pair.role.rsplit('/', 1)[-1]}"
            f"{s.options.partition(' --region')[0]}",
        )


CHECKS = (permissions,)
