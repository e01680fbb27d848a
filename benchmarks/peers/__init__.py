"""The same work beside four other libraries, each in an environment of its own."""
