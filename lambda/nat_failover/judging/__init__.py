"""From what is known to a decision, and to what is wrong with the pair: pure, and with a reason for people."""
