"""What AWS does in time: rates, late and lost events, and what it forgets for a moment."""
