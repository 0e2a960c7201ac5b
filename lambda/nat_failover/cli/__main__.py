"""``python -m nat_failover.cli``: the same as the installed command."""

from nat_failover.cli.app import main

main()
