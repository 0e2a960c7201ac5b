"""Hosts, asked by Run Command."""
