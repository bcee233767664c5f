"""A small local Step Functions that behaves as AWS documents it; nothing here knows the product."""
