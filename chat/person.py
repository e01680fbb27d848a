"""Who is asking: one local person, whom the server has already let in (its host and origin checks are the door)."""

LOCAL = "local"
