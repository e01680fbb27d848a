"""The scenes, in their order."""

from chat.starters import STARTERS
from demo.acts import Backdoor, Do, Picture, Scene, Watch, answered, ask, begin, press_starter
from demo.held import NOTICE
from demo.paper import NAME

WORKER = STARTERS[0]
BACKUP = STARTERS[1]
ANSWER = "another worker answers the step again"
FOLLOW_UP = "How do I notice that?"
CHANGED = "Could another person see the answer?"
KEYS = "Who keeps the keys of the harbour office?"
KEPT_BY = "Mira Lindqvist"
ALONE = "How do I upgrade Roundtable?"
RENAMED = "When a worker dies"
SEARCHED = "higher fence"
SILENCE = "the presenter wants silence"
AWAY = "The agents cannot be reached"

_STARTED = (
    begin(),
    press_starter(WORKER.label, WORKER.question),
    answered(ANSWER, "One answer."),
)

SCENES = (
    Scene(
        "One question, three agents",
        "One question with three parts. Nobody is told whom to ask: agents are chosen by what they know, and what they "
        "do is to be seen while they do it.",
        (
            begin(),
            press_starter(WORKER.label, WORKER.question),
            answered(
                ANSWER,
                "the plan changes colour while the agents work; each has a step of its own; then there is one answer.",
            ),
            Do("Press a number in the answer.", lambda page, _: page.open_citation()),
            Watch(
                "the passage stands beside the chat, with what was quoted marked in it. Nothing in the answer is made "
                "up: it is quoted word for word.",
                lambda page, _: page.shows("Found by"),
            ),
            Picture("citation"),
        ),
    ),
    Scene(
        "The conversation goes on",
        "A follow-up means something only after what was asked before.",
        (
            ask(FOLLOW_UP),
            Watch("the page says how the question was understood.", lambda page, _: page.shows("Understood as")),
            answered("", "the answer is about the worker, which the question does not name."),
        ),
        before=_STARTED,
    ),
    Scene(
        "Ask me first",
        "With this switch the plan waits. Nothing runs before you have seen who is asked what.",
        (
            begin(),
            Do("Turn on “Ask me first” in the settings.", lambda page, _: page.turn_ask_first(True)),
            ask(WORKER.question),
            Watch("the plan waits, and nothing else happens.", lambda page, _: page.shows("Run this plan")),
            Picture("plan", height=1010),
            Do(
                f"Take step 2 out, and let the last one ask: {CHANGED}",
                lambda page, _: page.change_plan(2, 2, CHANGED),
            ),
            Do("Press “Run this plan”.", lambda page, _: page.run_plan()),
            answered("", "the plan ran as it was left: two steps, and the step that was taken out is named."),
            Do("Turn “Ask me first” off again.", lambda page, _: page.turn_ask_first(False)),
        ),
    ),
    Scene(
        "A document that an agent did not know",
        f"{NAME} is about an office that does not exist, so nobody can know anything about it yet.",
        (
            begin(),
            Do(
                f"Hand in {NAME}, from the demonstration's data folder, without a question.",
                lambda page, backstage: page.hand_in(backstage.paper),
            ),
            Watch("the file was read, and an agent is proposed: your choice.", lambda page, _: page.shows("fits best")),
            Do("Give it to Operations.", lambda page, _: page.give_to("operations")),
            ask(KEYS),
            answered(KEPT_BY, "the answer is from the new document."),
            Do("Press the number.", lambda page, _: page.open_citation()),
            Watch("the passage, and below it the page of the PDF: 2 of 2.", lambda page, _: page.shows("2 / 2")),
        ),
    ),
    Scene(
        "A worker is killed in the middle of its work",
        "Agents work in two processes. They answer in milliseconds, so the demonstration holds them in the middle of "
        "their steps, and the page says so. Then one is killed with kill -9. Within ten seconds, when its lease ends, "
        "the other one has its steps.",
        (
            Backdoor("the workers are held in what they begin from now on.", lambda behind: behind.hold()),
            begin(),
            ask(WORKER.question),
            Watch(
                "each step says which process works on it.",
                lambda page, _: page.shows(NOTICE, times=3),
            ),
            Backdoor("kill -9 for one of them.", lambda behind: behind.kill_worker()),
            Watch("the steps of the dead process stand still.", lambda page, _: page.shows(NOTICE)),
            Backdoor("wait until the other process has them.", lambda behind: behind.taken_over()),
            Watch(
                "its steps were started again, in the other process.",
                lambda page, _: page.shows("Started again: the try before was lost."),
            ),
            Picture("recovery", height=1340),
            Backdoor("the worker that is left goes on.", lambda behind: behind.let_go()),
            answered(ANSWER, "the whole answer, once; nothing is missing."),
            Backdoor("a new worker takes the place of the dead one.", lambda behind: behind.replace_worker()),
        ),
    ),
    Scene(
        "Redis goes away",
        "The agents work together over Redis. When it does not answer, a single agent answers over all the knowledge, "
        "and says so.",
        (
            begin(),
            Backdoor("the Redis server is stopped.", lambda behind: behind.stop_redis()),
            Watch("the line above the chat.", lambda page, _: page.banner(AWAY)),
            ask(ALONE),
            answered("", "an answer with citations, without any Redis."),
            Watch("one step: the single agent's.", lambda page, _: page.unfold("Single agent")),
            Backdoor("the Redis server goes on.", lambda behind: behind.start_redis()),
            Watch("the line is gone by itself.", lambda page, _: page.banner("")),
            ask(BACKUP.question),
            answered("", "several agents work together again, in the same conversation."),
        ),
    ),
    Scene(
        "Conversations are kept",
        "Each is in the data folder until it is deleted: its steps, its plan, its citations.",
        (
            begin(),
            press_starter(WORKER.label, WORKER.question),
            answered(ANSWER, "one more conversation in the list."),
            Picture("run", height=1690),
            Picture("run-dark", height=1690, dark=True),
            Do(f"Rename it: {RENAMED}", lambda page, _: page.rename(RENAMED)),
            begin(),
            Do(f"Search for: {SEARCHED}", lambda page, _: page.search(SEARCHED)),
            Watch("it is found by what was said in it, and by its new name.", lambda page, _: page.shows(RENAMED)),
            Do("Open it.", lambda page, _: page.open_result(RENAMED)),
            answered("", "everything is as it was, steps and sources included."),
        ),
        before=_STARTED,
    ),
    Scene(
        "All agents are halted",
        "An operator can stop all agents everywhere. What they have in hand goes on when they work again.",
        (
            Backdoor("the workers are held in what they begin from now on.", lambda behind: behind.hold()),
            begin(),
            ask(BACKUP.question),
            Watch("agents are at work.", lambda page, _: page.shows(NOTICE)),
            Backdoor("`roundtable halt`.", lambda behind: behind.command("halt", "--reason", SILENCE)),
            Watch("the reason, above the chat.", lambda page, _: page.banner(SILENCE)),
            Watch("agents have given back what they had in hand.", lambda page, _: page.shows("Given back")),
            Backdoor("the workers are not held any more.", lambda behind: behind.let_go()),
            Backdoor("`roundtable resume`.", lambda behind: behind.command("resume")),
            answered("", "the question waited, and is answered."),
        ),
    ),
)
