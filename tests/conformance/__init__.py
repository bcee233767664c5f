"""Our pure modules held against recordings of real AWS."""
