"""The HTTP API: a thin door beside the pages, with the same decide() behind it."""
