"""One module for each library: how its client asks and how its worker answers.

A module runs in the environment of its library, as a client or as a worker (`sides.py`), so apart from its library it
imports nothing but what Python brings and what in `benchmarks` does without more.
"""
