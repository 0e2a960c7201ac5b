"""Two pairs in one lab, whose NATs stand by for each other."""
