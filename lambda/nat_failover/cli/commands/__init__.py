"""The commands, one module each or for those that belong together; none imports another."""
