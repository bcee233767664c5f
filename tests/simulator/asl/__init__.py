"""The Amazon States Language as the simulator reads it: pure functions over plain JSON values."""
