"""What coordination survives: real processes, one real Redis, and faults while tasks flow. See __main__.py."""
