"""Questions to hold the demo knowledge against: some it must not answer, some it must."""

OUTSIDE: tuple[str, ...] = (
    "How long should I simmer a beef stew with red wine?",
    "Who won the football World Cup in 1974?",
    "Which treaty ended the Thirty Years' War?",
    "What dose of ibuprofen may a ten-year-old child take?",
    "Where can I buy running shoes for wide feet?",
    "Will it rain in Lisbon on Saturday?",
    "Can a freelancer deduct a home office from income tax?",
    "Which documents do I need to take my dog on a flight to Japan?",
    "Write me a sonnet about autumn leaves.",
    "My timing belt squeals on cold mornings: what should I replace?",
    "How do I rebuild a fragmented clustered index in SQL Server?",
    "Why does my Kubernetes ingress answer 404 for a service in another namespace?",
    "How do I write an Excel macro that colours every second row?",
    "How much commission does an estate agent charge for selling a flat?",
    "How does the consumer price index differ from the retail price index?",
    "Which exercises improve short-term memory in older people?",
    "Is the water of a mountain stream safe to drink on a hike?",
    "How much notice must a factory worker be given before dismissal?",
    "Which backup singer performed on Gimme Shelter by the Rolling Stones?",
    "What does it cost to end the lease of a car early?",
)
"""Questions about something else entirely, several with words that mean something here too."""

PARAPHRASES: tuple[tuple[str, str], ...] = (
    (
        "Which rights must that directory have so that other accounts on the server cannot look inside?",
        "security",
    ),
    (
        "I surf to a shady website while the assistant runs on my laptop. Can that site talk to it?",
        "security",
    ),
    ("Someone demands that we erase everything with her name in it. What is to be done?", "security"),
    ("My computer with all the questions and papers on it was stolen. What now?", "security"),
    ("A scanned contract never turns up, whatever I type. Why?", "knowledge"),
    (
        "We rewrote a paragraph in the handbook. How does the assistant get to know the new wording?",
        "knowledge",
    ),
    ("Would a graph based vector search be faster than comparing with everything?", "knowledge"),
    ("How can I prove with figures that longer chunks made the search better or worse?", "knowledge"),
    (
        "What keeps a process that was only frozen from overwriting the work of its replacement?",
        "architecture",
    ),
    ("Is there one boss process that everything depends on?", "architecture"),
    ("By what criteria does it decide who of the specialists gets to reply?", "architecture"),
    ("The coordinating process crashes in the middle. Who carries on with the job?", "architecture"),
    ("There is no space left on the volume. What do I clean up first?", "operations"),
    ("Can I let a second computer help with the load?", "operations"),
    ("It should come up by itself when the machine boots. How?", "operations"),
    ("Something else already listens on 8000. What do I do?", "operations"),
    ("I shut the tab by accident halfway through. Is it all gone?", "product"),
    ("Can someone who cannot use a mouse work with it?", "product"),
    ("How do I get my colleagues used to it in the first few weeks?", "product"),
    ("I only get rubbish back. How could I phrase my request better?", "product"),
)
"""What a person might type, in other words than the documents, and the agent whose documents answer it."""
