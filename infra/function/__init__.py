"""The function: its code, its settings, what it may do, and what invokes it."""
