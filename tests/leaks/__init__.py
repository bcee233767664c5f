"""The leak search: every token that a test makes, looked for wherever the product puts text."""
