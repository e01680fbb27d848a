"""What the reader does with documents that are broken in ways nobody thought of."""
