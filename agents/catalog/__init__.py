"""The agents of this installation, one a file; adding a file adds an agent."""
