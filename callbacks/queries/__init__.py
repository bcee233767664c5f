"""Read side: one function per page, each with a fixed number of queries."""
