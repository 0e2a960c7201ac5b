"""Pure check of what the function's role is allowed."""

from __future__ import annotations

from nat_failover.cli.checks.finding import BRING_BACK, Finding, Findings, Gravity, error
from nat_failover.cli.snapshot.snapshot import Permission, Snapshot


def permissions(s: Snapshot) -> Findings:
    """Actions that the function needs and its role may not do."""
    if s.permissions is not None and not s.permissions:
        role = s.pair.role.rsplit("/", 1)[-1]
        yield Finding(
            "permissions-unknown",
            Gravity.UNKNOWN,
            f"the function's stack gives the role {role} no permission, so none could be checked",
            "a missing one shows only when the function fails",
            f"aws iam list-role-policies --role-name {role}{s.options.partition(' --region')[0]}",
        )
    denied: dict[tuple[str, str], list[Permission]] = {}
    for permission in s.permissions or []:
        if not permission.allowed:
            denied.setdefault((permission.action, permission.why), []).append(permission)
    for (action, why), lacking in sorted(denied.items()):
        on = sorted({permission.resource for permission in lacking})
        where = "" if on == ["*"] else f" on {', '.join(on[:2])}" + (f" and {len(on) - 2} more" if len(on) > 2 else "")
        fix = f"{BRING_BACK}\nwhat it has:" if why == "no policy allows it" else "change that policy:"
        yield error(
            "permission",
            f"the function's role may not do {action}{where}: {why}",
            "the function fails when it needs it",
            f"{fix}\naws iam list-role-policies --role-name {s.pair.role.rsplit('/', 1)[-1]}"
            f"{s.options.partition(' --region')[0]}",
        )


CHECKS = (permissions,)
