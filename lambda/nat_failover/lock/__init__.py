"""The lock, which people read and reset, and the claim, which makes one invocation the one that acts."""
