"""The knowledge package, by its public face where possible."""
