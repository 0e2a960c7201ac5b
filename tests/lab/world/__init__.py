"""Time, chance and tasks: of the machine, or virtual."""
