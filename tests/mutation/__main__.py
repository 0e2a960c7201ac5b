"""`make mutation`: changes the code in every small way that mutmut knows, and tells which changes no test notices."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from tests.mutation.results import Survivor, exit_codes, explained, score, survivors
from tests.mutation.workspace import MODULES, WORKSPACES, group_of, make

# Of a module's mutants so many may survive, explained or not.
MOST_SURVIVING = 0.10


def main() -> int:
    """Run it; gives the exit status."""
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", default=[*MODULES], help=f"of {', '.join(MODULES)}")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--resume", action="store_true", help="go on where the last run was interrupted")
    parser.add_argument("--read-only", action="store_true", help="tell of the last run, without another")
    options = parser.parse_args()
    modules: list[str] = options.modules
    unknown = sorted(set(modules) - set(MODULES))
    if unknown:
        parser.error(f"no mutants are made of {', '.join(unknown)}, but of {', '.join(MODULES)}")
    for group in () if options.read_only else sorted({group_of(module) for module in modules}):
        # mutmut judges anew whatever it is given the name of, and without names what it has not judged yet.
        patterns = [f"nat_failover.{m}.*" for m in modules if group_of(m) == group and not options.resume]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = ["mutmut", "run", "--max-children", str(options.jobs), *patterns]
        subprocess.run(command, cwd=make(group), env=environment, check=True)
    return _tell(modules)


def _tell(modules: list[str]) -> int:
    known, problems, seen = explained(), [], set[Survivor]()
    print(f"\n{'module':<24}{'mutants':>8}{'killed':>8}{'types':>8}{'survived':>10}{'no test':>9}{'surviving':>11}")
    for module in modules:
        workspace = WORKSPACES / group_of(module)
        codes = exit_codes(workspace, module)
        of = score(codes.values())
        print(
            f"{module:<24}{of.total:>8}{of.killed:>8}{of.types:>8}{of.survived:>10}{of.untested:>9}{of.surviving:>11.1%}"
        )
        if of.unknown:
            problems.append(f"{module}: {of.unknown} mutants were not judged")
        if of.surviving > MOST_SURVIVING:
            problems.append(f"{module}: {of.surviving:.1%} survive, {MOST_SURVIVING:.0%} may")
        found = survivors(workspace, codes)
        seen |= set(found.values())
        problems += [
            f"not explained: {name}: {s.line!r} -> {s.mutant!r}" for name, s in found.items() if s not in known
        ]
    stale = [survivor for survivor in known if survivor.module in modules and survivor not in seen]
    problems += [f"explained, but does not survive (any more): {survivor}" for survivor in stale]
    print("\n".join(["", *problems]) if problems else "\nevery survivor is explained in tests/mutation/survivors.yaml")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
