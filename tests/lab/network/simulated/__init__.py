"""The simulated network: models of packets, hosts, and the scripts that run there."""
