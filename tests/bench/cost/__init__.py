"""What a pair costs: calls, billed time, and dollars a month."""
