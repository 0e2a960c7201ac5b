"""What is done once it is decided, by one of several invocations."""
