"""The function: its asset, its settings and triggers, and its role."""
