"""System checks: what an environment can hold that only judgement finds."""
