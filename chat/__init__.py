"""Everything Chainlit: a run's events become steps in the browser, a message becomes a task."""
