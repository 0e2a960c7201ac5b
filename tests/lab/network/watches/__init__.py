"""Watches on a network: probes and listeners, and what they tell."""
