"""What the page says, in English. Another language is a class that says all of it anew (chat/german.py); which one a
window is told in, its browser says (chat/language.py).

Documents, questions, answers and the names of agents and files are data: nobody translates them.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from agents.marks import Doubt
from agents.notes import Shortfall
from chat.reasons import reason_in_english
from chat.trouble import in_english
from chat.wire import Detail
from orchestration.log import Standing
from orchestration.messages import RunState

PlanWords = Literal["offered", "not run", "approved", "changed"]

_HELP = """\
**Ask.** Type a question, or several in one; the agents that fit answer together, with sources. A number in an answer \
opens its source.

- **@security** before a question asks that agent; type `@` for all names.
- **Go on** with “How long does that take?” or “And the second one?”: it is completed from what was said before. *Ask \
again* under an answer asks one agent alone.
- **Files**: drop them anywhere, with or without a question. `@security keep this for me` says who keeps \
them, and for whom.
- **Ask me first** in the settings beside the field shows you each plan before it runs; **Detail** says how much of \
the agents' work you see.
- **Stop** ends everything that runs in this conversation. Closing or reloading the page does not.

**Commands**, typed or chosen from the list after a `/`:

{commands}

**Keys**: Enter sends, Shift+Enter begins a new line; in the lists after `/` and `@` the arrows choose, Enter or Tab \
takes, Escape closes."""


def shortened(text: str, most: int) -> str:
    """One line of at most `most` characters, cut between words where there is one."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    head = line[: most - 1]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;:.") + "…"


def digits_that_count(cost: float) -> int:
    """How many behind the point: two, or of a small amount as many as two figures take."""
    return 2 if cost >= 1 or cost <= 0 else max(2, 1 - math.floor(math.log10(cost)))


class Words:
    """Every sentence and every word; what is put into one is plain text or Markdown already."""

    code = "en"
    """As `lang` of the page."""

    # ------------------------------------------------------------ amounts and lists

    def listed(self, items: Sequence[str]) -> str:
        """`A`, `A and B`, `A, B and C`."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} and {items[-1]}"

    def agents(self, number: int) -> str:
        return _counted(number, "agent")

    def documents(self, number: int) -> str:
        return _counted(number, "document")

    def pages(self, number: int) -> str:
        return _counted(number, "page")

    def passages(self, number: int) -> str:
        """`no passage`, `1 passage`, `2 passages`."""
        return _counted(number, "passage")

    def steps(self, number: int) -> str:
        return _counted(number, "step")

    def duration(self, seconds: float) -> str:
        """`1 s` at the least, `45 s`, `3 min`."""
        if seconds < 90:
            return f"{max(1, round(seconds))} s"
        return f"{round(seconds / 60)} min"

    def seconds(self, amount: float) -> str:
        """`0.2 s`, `9.9 s`, `12 s`, `3 min`: what something took."""
        return f"{self.figure(max(0.1, amount), 1)} s" if amount < 9.95 else self.duration(amount)

    def pace(self, amount: float) -> str:
        """`42 ms`, `2.4 s`: how long somebody usually takes."""
        return f"{1000 * amount:.0f} ms" if amount < 1 else self.seconds(amount)

    def figure(self, number: float, digits: int) -> str:
        return f"{number:.{digits}f}"

    def share(self, part: float) -> str:
        return f"{part:.0%}"

    def file_size(self, size: int) -> str:
        """`820 bytes`, `12 kB`, `3.4 MB`; empty where it is not known."""
        if size <= 0:
            return ""
        if size < 1_000:
            return f"{size} bytes"
        if size < 1_000_000:
            return f"{round(size / 1_000)} kB"
        return f"{self.figure(size / 1_000_000, 1)} MB"

    def day(self, at: datetime) -> str:
        """`12 March 2026`."""
        return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"

    def language_name(self, code: str) -> str:
        """The name behind an ISO 639-1 code; the code itself where it is a rare one."""
        return _LANGUAGES.get(code, code)

    def quoted(self, text: str) -> str:
        return f"“{text}”"

    def page(self, number: int) -> str:
        return f"page {number}"

    # ------------------------------------------------------------ what goes wrong

    def trouble(self, error: Exception) -> str:
        """What happened, what was kept and what to do now."""
        return in_english(error, self.duration)

    def reason(self, reason: str) -> str:
        """Why something ended or was broken off, as the run keeps it; empty where it keeps nothing."""
        return reason_in_english(reason)

    went_wrong = "Something went wrong, so your question was not answered. It is kept here; please ask it again."
    went_wrong_showing = "Something went wrong while this answer was shown; the answer itself is kept."
    answer_not_shown = "An answer could not be shown. It is kept; reload the page to see it."
    conversation_not_shown = "This conversation cannot be shown at the moment; nothing of it is lost. Reload the page."
    conversation_deleted = "This conversation was deleted."
    not_named = "This page is for people whom the proxy before it names, and it named nobody."
    nobody = "Nothing was done, because nobody is signed in. Open the chat first: it signs you in."
    nameless = "A conversation needs a name; it keeps the one it had. Please type one."
    no_such_answer = "There is no such answer, so nothing was kept. Reload the page to see what is there."
    no_such_feedback = "There is no such feedback, so nothing was taken back. Reload the page to see what is there."
    not_connected = "This page is not connected any more. Reload it and try again."
    plan_unreadable = "The plan could not be read, so nothing was started. It is kept; reload the page and try again."
    files_gone = "The files did not stay with the server, which was restarted meanwhile. Please attach them again."

    def reload_to_see(self, trouble: str) -> str:
        return f"{trouble} Reload the page to see this answer."

    def not_stopped(self, why: str) -> str:
        return f"This could not be stopped: {why}"

    # ------------------------------------------------------------ uploads

    def too_many_waiting(self, most: int) -> str:
        return f"{most} files of yours wait to be sent already, so this one was not added. Send some of them first."

    def too_large(self, megabytes: int) -> str:
        return f"It is larger than {megabytes} MB, so it was not kept. Please split it or make it smaller."

    no_file = "There is no file in this, so nothing was kept. Please choose a file."
    not_whole = "The file did not arrive whole, so it was not kept. Please attach it again."
    no_space = "There is no space left, so it was not kept. Please tell whoever runs Roundtable."
    not_stored = "It cannot be stored at the moment, so it was not kept. Please try again later."

    # ------------------------------------------------------------ the page around a conversation

    council = "Council"
    council_about = "Several specialists answer together, and you see who said what."
    single_agent = "Single agent"
    single_agent_about = "One agent answers from all the documents at once."

    def starter(self, label: str) -> str:
        """What stands on the button; the question behind it is in the language of the documents."""
        return label

    def about(self, command: str) -> str:
        """What a command is for."""
        return _ABOUT[command]

    ask_first = "Ask me first"
    ask_first_about = "See the plan before it runs: who is asked what, and in which order. You can change it."

    detail = "Detail"
    detail_about = "How much of the agents' work you see, of earlier questions as well."

    def detail_name(self, detail: Detail) -> str:
        return _DETAILS[detail]

    model = "Model"
    model_about = "Which language model answers from now on. Without one, agents answer with sentences of sources."
    without_model = "Without a model"

    def as_configured(self, model: str) -> str:
        """`model` is the one that speaks where nothing else is said, if there is one."""
        return f"As configured ({model})" if model else "As configured"

    def no_longer_offered(self, model: str) -> str:
        return f"{model} (not offered any more)"

    def not_kept(self, why: str) -> str:
        return f"This holds in this window, but it could not be kept. {why}"

    # ------------------------------------------------------------ what goes on, in a line

    stands_still = "Standing still until the agents can be reached"
    awaiting_approval = "Waiting for your approval"
    looking_through = "Looking through all documents"
    choosing = "Choosing agents"
    together = "Putting it together"
    writing_answer = "Writing the answer"
    the_single_agent = "the single agent"
    ended_unapproved = "Ended before the plan was approved"

    def reading(self, done: int, total: int) -> str:
        """The knowledge is not ready yet."""
        return self.reading_demo(done, total) if total else "Getting ready to read the knowledge"

    def to_begin(self, agents: str, again: bool) -> str:
        return f"Waiting for {agents} to begin{' again' if again else ''}"

    def working(self, agents: str, number: int, usual: float | None, a_step: bool) -> str:
        line = f"{agents} {'is' if number == 1 else 'are'} at work"
        if usual is None:
            return line
        return f"{line} (usually {self.pace(usual)}{' a step' if a_step else ''})"

    def writing(self, agents: str, number: int) -> str:
        return f"{agents} {'is' if number == 1 else 'are'} writing"

    def steps_done(self, done: int, steps: int) -> str:
        return f"; {done} of {self.steps(steps)} done"

    def other_agents(self, number: int) -> str:
        return f"{number} other agents"

    def agents_of(self, answered: int, asked: int) -> str:
        return f"{answered} of {self.agents(asked)}"

    def waited_for_a_place(self, seconds: float) -> str:
        return f", {self.seconds(seconds)} of it waiting for a place"

    def ended(self, state: RunState, who: str, seconds: float, waited: str) -> str:
        """`seconds` is 0 where it is not known."""
        took = f" in {self.seconds(seconds)}" if seconds else ""
        after = f" after {self.seconds(seconds)}" if seconds else ""
        match state:
            case "answered":
                return f"Answered{took} by {who}{waited}"
            case "nothing_found":
                return f"Nothing found{took}{waited}"
            case "cancelled":
                return f"Stopped{after}"
            case "expired":
                return f"Out of time{after}"
        return f"Without an answer{after}"

    # ------------------------------------------------------------ a run

    interrupted = "Interrupted, and taken up again"
    selection = "Selection"
    plan = "Plan"
    your_question = "Your question"
    answer = "Answer"
    no_agent_chosen = "No agent was chosen."
    no_agent_close = "No agent was close enough to this question."

    def waiting(self, ahead: int, seconds: float | None) -> str:
        """`Waiting: 12 questions are ahead of yours, about 8 s`."""
        about = f", about {self.duration(seconds)}" if seconds is not None else ""
        if not ahead:
            return f"Waiting: yours is the next question{about}"
        return f"Waiting: {_counted(ahead, 'question')} {'is' if ahead == 1 else 'are'} ahead of yours{about}"

    def prepared(self, text: str) -> str:
        """What a run does before it begins; `text` is how it says so itself."""
        return text

    def reading_demo(self, done: int, total: int) -> str:
        return f"Reading the demo knowledge: {done} of {total} passages"

    def chosen(self, agents: Sequence[str]) -> str:
        return f"{self.listed(agents)} {'was' if len(agents) == 1 else 'were'} chosen."

    def left_out(self, agent: str, why: str) -> str:
        return f"{agent} was left out: {why}."

    def understood(self, question: str) -> str:
        return f"Understood as {self.quoted(question)}"

    def planned(self, agents: int, steps: int, later: int) -> str:
        told = f"{self.agents(agents)}, {self.steps(steps)}"
        if later:
            told += f"; {later} {'waits' if later == 1 else 'wait'} for what others find"
        return f"{told}."

    disagreements = "Not the same everywhere"

    def not_the_same(self, subject: str) -> str:
        return f"Not the same about {subject}:"

    # ------------------------------------------------------------ one agent's step

    reasoning = "Reasoning"
    could_not_answer = "This agent could not answer."
    agent_found_nothing = "Nothing was found about this in its documents."

    def found(self, passages: int) -> str:
        return f"Found {self.passages(passages)}"

    def score(self, score: float) -> str:
        return f"score {self.figure(score, 2)}"

    def started_again(self, times: int) -> str:
        again = "Started again" if times == 1 else f"Started again {times} times"
        return f"*{again}: the try before was lost.*"

    def given_back(self, reason: str, waits: bool) -> str:
        then = "it begins again soon" if waits else "it began again"
        return f"*Broken off, because {reason}; {then}.*"

    def tried_again(self, reason: str, seconds: float | None) -> str:
        """`seconds` until then, while it is waited for."""
        then = f"tried again in {self.duration(seconds)}" if seconds is not None else "tried again"
        return f"*Without an answer: {reason}; {then}*"

    def cut_off(self, stopped: bool) -> str:
        return "*Stopped.*" if stopped else "*Left here: the question was over.*"

    # ------------------------------------------------------------ what language models did and cost

    as_wished_without_model = "Answered without a language model, as you wished"

    def planned_by(self, model: str) -> str:
        return f"Planned by {model}."

    def spent(
        self,
        models: Sequence[str],
        calls: int,
        tokens: int,
        cost: float | None,
        about: bool,
        all_priced: bool,
    ) -> str:
        """`about` where tokens are estimated, `all_priced` where no model is without a price."""
        told = [self.listed(models), _counted(calls, "call"), f"{'about ' if about else ''}{self.tokens(tokens)}"]
        if cost is not None:
            told.append(f"cost {'about ' if about else '' if all_priced else 'at least '}{self.money(cost)}")
        return " · ".join(told)

    def spent_on(
        self, calls: int, tokens_in: int, tokens_out: int, about: bool, seconds: float, cost: float | None
    ) -> str:
        """One model by itself."""
        both = f"{self.amount(tokens_in)} tokens in, {self.amount(tokens_out)} out"
        told = [_counted(calls, "call"), f"{'about ' if about else ''}{both}", self.seconds(seconds)]
        if cost is not None:
            told.append(f"cost {'about ' if about else ''}{self.money(cost)}")
        return ", ".join(told)

    def tokens(self, number: int) -> str:
        return f"{self.amount(number)} {'token' if number == 1 else 'tokens'}"

    def amount(self, number: int) -> str:
        """`12,345`."""
        return f"{number:,}"

    def money(self, cost: float) -> str:
        """`1.23`, `0.0042`: two figures that count. In which currency is the operator's to know."""
        return self.figure(cost, digits_that_count(cost))

    def noted(self, shortfall: Shortfall) -> str:
        """What was done without a model although one was to do it, and why."""
        return shortfall.sentence()

    def doubt(self, doubt: Doubt) -> str:
        """Stands behind a claim of a model."""
        return _DOUBTS[doubt][0]

    def about_doubt(self, doubt: Doubt) -> str:
        """What that means."""
        return _DOUBTS[doubt][1]

    # ------------------------------------------------------------ how a run ends

    def without_answer(self, state: RunState, reason: str) -> str:
        """Why there is no answer, where it ended with a `reason` or without."""
        told = reason or _WITHOUT_ANSWER[state]
        return f"{told} Your question is kept; please ask it again." if state in ("failed", "expired") else told

    def announced(self, state: RunState) -> str:
        """Said once to whoever listens to the page."""
        return _ANNOUNCED[state]

    def nothing_found(self, answer: str) -> str:
        """The answer of agents that know nothing, which begins with saying so."""
        return answer

    def stopped(self, answered: int) -> str:
        if not answered:
            return "Stopped. No agent had answered yet."
        if answered == 1:
            return "Stopped. One agent had answered; what it found is in its step above."
        return f"Stopped. {answered} agents had answered; what they found is in their steps above."

    # ------------------------------------------------------------ refused, or the agents away

    ask_again = "Ask again"
    ask_again_failed = "The question could not be asked. It is kept; please try again."
    redis_away = "The agents cannot be reached. Your question is kept; this goes on by itself when they are back."
    answer_alone = "Answer with the single agent now"
    answer_alone_failed = "The single agent could not be asked. Your question is kept; please try again."

    # ------------------------------------------------------------ a plan that is approved first

    def approval(self, what: PlanWords) -> tuple[str, str]:
        """The name of the step, and what it says."""
        return _APPROVAL[what]

    def taken_out(self, agent: str, question: str) -> str:
        return f"{agent} was taken out: {self.quoted(question)}"

    def asked_instead(self, agent: str, question: str, before: str) -> str:
        return f"{agent} is asked {self.quoted(question)} instead of {self.quoted(before)}"

    def added(self, agent: str, question: str) -> str:
        return f"{agent} was added: {self.quoted(question)}"

    another_order = "The order is another one"
    other_waits = "Which step waits for which is different"

    # ------------------------------------------------------------ files that are handed in

    def named(self, name: str, number: int) -> str:
        """One file by its name, several by their number."""
        return self.quoted(name) if number == 1 else self.documents(number)

    def reading_files(self, named: str) -> str:
        return f"Reading {named}."

    def learning(self, named: str) -> str:
        return f"Learning {named}."

    def nobody_called(self, name: str) -> str:
        return f"There is no agent called {self.quoted(name)}."

    strange = "No agent knows much like it yet."

    def who_keeps(self, number: int) -> str:
        return f"Who should keep {'this document' if number == 1 else 'these documents'}?"

    def only_you_will(self, number: int) -> str:
        return f"Only you will see {'it' if number == 1 else 'them'}."

    def learned(self, who: Sequence[str], named: str, pages: int, passages: int, seconds: float) -> str:
        amount = self.listed([*([self.pages(pages)] if pages else []), self.passages(passages)])
        return f"{self.listed(who)} learned {named}: {amount} in {self.seconds(seconds)}."

    def only_you(self, number: int) -> str:
        return "Only you see it." if number == 1 else "Only you see them."

    narrowed = "Only curators keep something for everybody."

    def there_already(self, named: str, number: int) -> str:
        return f"{named} {'was' if number == 1 else 'were'} there already."

    def not_taken_in(self, named: str, number: int) -> str:
        return f"{named} could not be taken in."

    def this_not_taken_in(self, names: str) -> str:
        return f"This was not taken in: {names}."

    def delivery_stopped(self, kept: bool) -> str:
        return "Stopped; what was in stays in." if kept else "Stopped; nothing was kept."

    declined = "Nothing was kept."
    nobody_chose = "Nothing was kept, because nobody chose an agent."
    stages = ("read", "split", "embedded", "indexed")
    file_waiting = "waiting"
    file_reading = "reading"
    file_indexing = "indexing"
    file_left = "not kept"

    def page_of(self, done: int, total: int) -> str:
        return f"page {done} of {total}"

    def passage_of(self, done: int, total: int) -> str:
        return f"passage {done} of {total}"

    def has_it(self, agent: str, known_as: str) -> str:
        """`known_as` is its name there, where it is another one."""
        another = f" as {self.quoted(known_as)}" if known_as else ""
        return f"already there: {agent} has it{another}"

    def replaces(self, before: datetime) -> str:
        return f"replaces the version of {self.day(before)}"

    # ------------------------------------------------------------ commands

    def knows(self, agents: Sequence[str], documents: int) -> str:
        who = agents[0] if len(agents) == 1 else self.agents(len(agents))
        return f"{who} {'knows' if len(agents) == 1 else 'know'} {self.documents(documents)}."

    def removed(self, name: str, stays_out: bool) -> str:
        stays = " It stays out at the next start, too." if stays_out else ""
        return f"{self.quoted(name)} was removed.{stays}"

    def moved(self, name: str, to: str) -> str:
        return f"{to} has {self.quoted(name)} now."

    nothing_to_export = "There is nothing to take along yet: ask something first."
    download_export = "Download this conversation as Markdown"

    help = _HELP
    """With a place for the `commands`."""

    def mistyped(self, typed: str, near: str) -> str:
        """No such command; `near` is one that is written like it, if there is one."""
        if near:
            return f"There is no command `{typed}`, so nothing was done. Did you mean `/{near}`?"
        return f"There is no command `{typed}`, so nothing was done. `/help` lists them; a question needs a word more."

    def typed(self, command: str, takes: str) -> str:
        """A command with what is written behind it."""
        return f"/{command} {takes}".rstrip()

    def write_a_question(self, command: str, takes: str) -> str:
        return f"Write the question behind it: `{self.typed(command, takes)}`."

    def takes_no_files(self, command: str) -> str:
        return f"`/{command}` takes no files, so they were not taken in. Please send them without it."

    roster_head = ("Agent", "Processes", "Load", "Success", "Time")
    nobody_reached = "No agent of the council can be reached at the moment."
    no_worker = "nobody runs it"
    on_trial = "on trial after failures"
    at_work = "at work"
    ready = "ready"

    def resting(self, seconds: float) -> str:
        return f"left out for another {self.duration(seconds)}"

    def alone_meanwhile(self, why: str) -> str:
        return f"{why} The single agent answers meanwhile."

    def with_own(self, documents: int, own: int) -> str:
        """How many there are, and how many of them only this person sees."""
        return self.documents(documents) + (f" ({own} only for you)" if own else "")

    def usually(self, seconds: float) -> str:
        return f"usually {self.pace(seconds)}"

    def for_example(self, questions: str) -> str:
        return f"For example: {questions}"

    def ask_one(self, agent: str) -> str:
        return f"`@{agent} …` asks one of them alone; `/agents {agent}` tells more of it."

    # ------------------------------------------------------------ the command /status

    redis_away_all = (
        "**The agents cannot be reached.** The single agent answers until they are back; "
        "questions that were asked before are kept and go on then."
    )
    nobody_asked = "**No agent can be asked:** nobody runs them, or all failed lately. `/agents` says more."
    no_questions = "Your questions: nothing goes on, and nothing waits for you."

    def all_halted(self, why: str) -> str:
        return f"**Halted.** {why}"

    def all_well(self, agents: int) -> str:
        return f"**Nobody is missing.** {self.agents(agents)} can be asked."

    def some_asked(self, agents: int, of: int, missing: Sequence[str]) -> str:
        return f"**{agents} of {self.agents(of)} can be asked.** {self.listed(missing)} cannot; `/agents` says why."

    def knowledge(self, documents: int, own: int) -> str:
        return f"Knowledge: {self.documents(documents)}{f', {own} only for you' if own else ''}"

    def knowledge_failed(self, there: str) -> str:
        return f"{there}. The demo documents could not be read; the server's log says why."

    def knowledge_so_far(self, there: str, reading: str) -> str:
        return f"{there} so far. {reading}."

    def your_questions(self, number: int) -> str:
        return "Your question:" if number == 1 else f"Your {number} questions:"

    def standing(self, standing: Standing | Literal["unknown"]) -> str:
        return _STANDING[standing]

    def not_known(self, why: str) -> str:
        return f"Of all people: not known. {why}"

    def everybodys(self, at_work: int, waiting: int, awaiting_approval: int) -> str:
        return (
            f"Of all people: {_counted(at_work, 'question')} at work, {waiting or 'none'} waiting for a place, "
            f"{awaiting_approval or 'none'} waiting for approval."
        )

    def processes(self, number: int, busy: int, slots: int) -> str:
        return f"Processes: {number}, with {busy or 'none'} of {slots} steps at a time in hand."

    def model_state(self, name: str, asked: str, rests: float) -> str:
        """`asked`: what for questions that ended here; `rests`: seconds for which it is still left alone."""
        resting = f"left alone for another {self.duration(rests)} after failures" if rests else ""
        counted = f"{asked} since the server started" if asked else ""
        told = "; ".join(filter(None, (counted, resting)))
        return f"{name} ({told})" if told else name

    def models(self, names: Sequence[str], offered: Sequence[str]) -> str:
        choice = f"; people may choose {self.listed(offered)}" if offered else ""
        return f"Language models: {self.listed(names)}{choice}."

    def forged(self, number: int) -> str:
        return (
            f"**Somebody tries to pass off messages as Roundtable's:** {_counted(number, 'message')} without a valid "
            f"signature {'was' if number == 1 else 'were'} refused lately; `roundtable agents` says more."
        )

    def dead_letters(self, number: int) -> str:
        return f"{_counted(number, 'message')} could be used by no worker: `roundtable dead-letters` shows them."

    # ------------------------------------------------------------ taken along

    def asked_on(self, at: datetime) -> str:
        return f"Asked on {self.day(at)} at {at:%H:%M} UTC."

    still_answered = "There is no answer to this yet."
    sources = "Sources"

    def exported_without(self, state: RunState, reason: str) -> str:
        return reason or _EXPORTED_WITHOUT[state]

    def answered_by(self, agents: Sequence[str]) -> str:
        return f"Answered by {self.listed(agents)}."

    def without(self, agents: Sequence[str]) -> str:
        return f"Without {self.listed(agents)}."

    def found_by(self, agent: str) -> str:
        return f"found by {agent}"


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'s' if number > 1 else ''}"


_WITHOUT_ANSWER: dict[RunState, str] = {
    "answered": "There is an answer, but it has no text.",
    "nothing_found": "Nothing was found about this in the documents.",
    "failed": "This could not be answered.",
    "expired": "This took longer than it may.",
    "cancelled": "Stopped.",
}
_ANNOUNCED: dict[RunState, str] = {
    "answered": "The answer is ready.",
    "nothing_found": "Nothing was found.",
    "failed": "This could not be answered.",
    "expired": "The time for this ran out.",
    "cancelled": "Stopped.",
}
_EXPORTED_WITHOUT: dict[RunState, str] = {
    "answered": "",
    "nothing_found": "Nothing was found on this.",
    "failed": "This could not be answered.",
    "cancelled": "This was stopped.",
    "expired": "The time for this ran out.",
}
_DOUBTS: dict[Doubt, tuple[str, str]] = {
    "uncited": ("no source", "The model named no source for this."),
    "unsupported": ("not in its source", "The source that the model named was not found to say this."),
}
_APPROVAL: dict[PlanWords, tuple[str, str]] = {
    "offered": ("Your turn: the plan", "Nothing runs before you say so. Change the plan, run it, or cancel it."),
    "not run": ("Plan, not run", "This plan was not run."),
    "approved": ("Plan, approved", "You let it run as it was."),
    "changed": ("Plan, approved with changes", "You changed it:"),
}
_ABOUT = {
    "help": "What can be done here",
    "status": "What is going on: the server, its knowledge, your questions",
    "agents": "Who there is, what they know, and how they are doing",
    "knowledge": "The agents' documents: look, remove, replace, move, download",
    "plan": "See the plan for one question, and change it, before it runs",
    "single": "Ask the single agent, over all documents at once",
    "background": "Ask a question that has time: those of people who wait go first",
    "export": "This conversation with its sources, as a Markdown file",
}
_DETAILS: dict[Detail, str] = {
    "answer": "The answer only",
    "agents": "The agents and their answers",
    "everything": "Everything, with passages and scores",
}
_STANDING: dict[Standing | Literal["unknown"], str] = {
    "waiting": "waits for a place",
    "at work": "is being answered",
    "awaiting approval": "waits for your approval",
    "unknown": "is kept; how far it is will be known when the agents can be reached",
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hu": "Hungarian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip

ENGLISH = Words()
