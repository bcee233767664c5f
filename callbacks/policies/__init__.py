"""Policies as people write them: checked, tried out, put in force as new versions, retired."""
