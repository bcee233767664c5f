"""Around an answer: remarks about a request, and who says that they are on it."""
