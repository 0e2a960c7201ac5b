"""The rules of AWS: the table, what proves each, and how often each changes an answer."""
