"""Failovers, carried out on a pair in moto."""
