"""An operator's ways out of a stuck run: one heartbeat, a stop, a redrive."""
