"""What AWS refuses of a request by itself, whatever there is in the account: one small function a rule, by service."""
