"""The rules that no history may break, and the truth by which they judge."""
