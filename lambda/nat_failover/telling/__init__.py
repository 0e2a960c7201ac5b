"""Tells people what they don't know yet: by mail, and as JSON for what pages and chats."""
