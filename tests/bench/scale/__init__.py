"""What a tick takes, by the size of the fleet and the number of pairs."""
