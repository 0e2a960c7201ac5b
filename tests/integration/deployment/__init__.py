"""What keeps a deployment from replacing the active NAT."""
