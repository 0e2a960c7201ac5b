"""What a deployment asks before it touches the standby; a function of its own, apart from the one that watches."""
