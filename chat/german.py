"""What the page says, in German: everything that `Words` says, said anew (a test holds that nothing is left out)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from agents.errors import Why
from agents.marks import Doubt
from agents.notes import NoteKind, Shortfall
from chat.reasons import reason_in_german
from chat.trouble import in_german
from chat.wire import Detail
from chat.words import PlanWords, Words, digits_that_count
from orchestration.aggregation import NEAREST, NOTHING
from orchestration.log import Standing
from orchestration.messages import RunState
from orchestration.single import ALONE, UNASKED

_HELP = """\
**Fragen.** Schreib eine Frage, oder mehrere in einer; die Agenten, die passen, antworten gemeinsam und mit Quellen. \
Eine Zahl in einer Antwort öffnet ihre Quelle.

- **@security** vor einer Frage fragt diesen Agenten; tippe `@` für alle Namen.
- **Weiterfragen**, etwa „Wie lange dauert das?“ oder „Und unter Windows?“: die Frage wird aus dem ergänzt, was vorher \
gesagt wurde. *Noch einmal fragen* unter einer Antwort fragt einen Agenten allein.
- **Dateien**: zieh sie irgendwohin, mit oder ohne Frage. `@security keep this for me` sagt, wer sie behält und für \
wen; das wird auf Englisch verstanden.
- **Erst fragen** in den Einstellungen neben dem Feld zeigt dir jeden Plan, bevor er läuft; **Ausführlichkeit** sagt, \
wie viel von der Arbeit der Agenten du siehst.
- **Stoppen** beendet alles, was in dieser Unterhaltung läuft. Die Seite zu schließen oder neu zu laden nicht.

**Befehle**, getippt oder aus der Liste nach einem `/` gewählt:

{commands}

**Tasten**: Enter sendet, Umschalt+Enter beginnt eine neue Zeile; in den Listen nach `/` und `@` wählen die Pfeile, \
Enter oder Tab übernimmt, Escape schließt."""


class German(Words):
    """Addresses people as Chainlit's German texts do, with "du"."""

    code = "de"

    # ------------------------------------------------------------ amounts and lists

    def listed(self, items: Sequence[str]) -> str:
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} und {items[-1]}"

    def agents(self, number: int) -> str:
        return _counted(number, "kein Agent", "Agent", "Agenten")

    def documents(self, number: int) -> str:
        return _counted(number, "kein Dokument", "Dokument", "Dokumente")

    def pages(self, number: int) -> str:
        return _counted(number, "keine Seite", "Seite", "Seiten")

    def passages(self, number: int) -> str:
        return _counted(number, "keine Textstelle", "Textstelle", "Textstellen")

    def steps(self, number: int) -> str:
        return _counted(number, "kein Schritt", "Schritt", "Schritte")

    def duration(self, seconds: float) -> str:
        if seconds < 90:
            return f"{max(1, round(seconds))} s"
        return f"{round(seconds / 60)} min"

    def seconds(self, amount: float) -> str:
        return f"{self.figure(max(0.1, amount), 1)} s" if amount < 9.95 else self.duration(amount)

    def pace(self, amount: float) -> str:
        return f"{1000 * amount:.0f} ms" if amount < 1 else self.seconds(amount)

    def figure(self, number: float, digits: int) -> str:
        return f"{number:.{digits}f}".replace(".", ",")

    def share(self, part: float) -> str:
        return f"{100 * part:.0f} %"

    def file_size(self, size: int) -> str:
        if size <= 0:
            return ""
        if size < 1_000:
            return f"{size} Byte"
        if size < 1_000_000:
            return f"{round(size / 1_000)} kB"
        return f"{self.figure(size / 1_000_000, 1)} MB"

    def day(self, at: datetime) -> str:
        """`12. März 2026`."""
        return f"{at.day}. {_MONTHS[at.month - 1]} {at.year}"

    def language_name(self, code: str) -> str:
        return _LANGUAGES.get(code, code)

    def quoted(self, text: str) -> str:
        return f"„{text}“"

    def page(self, number: int) -> str:
        return f"Seite {number}"

    # ------------------------------------------------------------ what goes wrong

    def trouble(self, error: Exception) -> str:
        return in_german(error, self.duration)

    def reason(self, reason: str) -> str:
        """What an agent said of itself is quoted: nobody translates it."""
        return reason_in_german(reason) or (f"Gemeldet wurde: {self.quoted(reason)}" if reason else "")

    went_wrong = (
        "Etwas ging schief, darum gibt es keine Antwort. Die Frage ist aufgehoben; bitte stell sie noch einmal."
    )
    went_wrong_showing = "Beim Anzeigen dieser Antwort ging etwas schief; die Antwort selbst ist aufgehoben."
    answer_not_shown = "Eine Antwort war nicht anzuzeigen. Sie ist aufgehoben; lade die Seite neu, um sie zu sehen."
    conversation_not_shown = (
        "Diese Unterhaltung kann gerade nicht angezeigt werden; verloren ist davon nichts. Lade die Seite neu."
    )
    conversation_deleted = "Diese Unterhaltung wurde gelöscht."
    not_named = "Diese Seite ist für alle, die der Proxy vor ihr nennt, und er hat niemanden genannt."
    nobody = "Nichts ist geschehen, denn niemand ist angemeldet. Bitte öffne zuerst den Chat, er meldet dich an."
    nameless = "Eine Unterhaltung braucht einen Namen; sie behält den bisherigen. Bitte tippe einen ein."
    no_such_answer = (
        "Diese Antwort gibt es nicht; nichts wurde aufgehoben. Lade die Seite neu, um zu sehen, was da ist."
    )
    no_such_feedback = (
        "Diese Bewertung gibt es nicht; geändert wurde nichts. Lade die Seite neu, um zu sehen, was da ist."
    )
    not_connected = "Diese Seite ist nicht mehr verbunden. Lade sie neu und versuch es noch einmal."
    plan_unreadable = "Der Plan war nicht zu lesen; gestartet wurde nichts. Er ist noch da; bitte lade die Seite neu."
    files_gone = "Der Server wurde neu gestartet und hat die Dateien nicht mehr. Bitte häng sie noch einmal an."

    def reload_to_see(self, trouble: str) -> str:
        return f"{trouble} Lade die Seite neu, um diese Antwort zu sehen."

    def not_stopped(self, why: str) -> str:
        return f"Das konnte nicht gestoppt werden: {why}"

    # ------------------------------------------------------------ uploads

    def too_many_waiting(self, most: int) -> str:
        return f"Es warten schon {most} Dateien aufs Abschicken; diese kam nicht dazu. Bitte schick erst einige ab."

    def too_large(self, megabytes: int) -> str:
        return f"Sie ist größer als {megabytes} MB und wurde nicht behalten. Bitte teile oder verkleinere sie."

    no_file = "Darin ist keine Datei; behalten wurde nichts. Bitte wähle eine Datei."
    not_whole = "Die Datei kam nicht vollständig an und wurde nicht behalten. Bitte häng sie noch einmal an."
    no_space = "Der Speicherplatz ist voll; die Datei wurde nicht behalten. Bitte sag es dem Betreiber."
    not_stored = "Sie kann gerade nicht gespeichert werden und wurde nicht behalten. Bitte versuch es später."

    # ------------------------------------------------------------ the page around a conversation

    council = "Tischrunde"
    council_about = "Mehrere Fachagenten antworten gemeinsam, und du siehst, wer was gesagt hat."
    single_agent = "Einzelner Agent"
    single_agent_about = "Ein Agent antwortet aus allen Dokumenten zugleich."

    def starter(self, label: str) -> str:
        return _STARTERS.get(label, label)

    def about(self, command: str) -> str:
        return _ABOUT[command]

    ask_first = "Erst fragen"
    ask_first_about = "Den Plan sehen und ändern, bevor er läuft: wer was gefragt wird und in welcher Reihenfolge."

    detail = "Ausführlichkeit"
    detail_about = "Wie viel von der Arbeit der Agenten du siehst, auch bei früheren Fragen."

    def detail_name(self, detail: Detail) -> str:
        return _DETAILS[detail]

    model = "Modell"
    model_about = "Welches Sprachmodell ab jetzt antwortet; ohne eines antworten Agenten mit Sätzen ihrer Quellen."
    without_model = "Ohne Modell"

    def as_configured(self, model: str) -> str:
        return f"Wie eingerichtet ({model})" if model else "Wie eingerichtet"

    def no_longer_offered(self, model: str) -> str:
        return f"{model} (nicht mehr angeboten)"

    def not_kept(self, why: str) -> str:
        return f"Das gilt in diesem Fenster, konnte aber nicht gespeichert werden. {why}"

    # ------------------------------------------------------------ what goes on, in a line

    stands_still = "Steht still, bis die Agenten erreichbar sind"
    awaiting_approval = "Wartet auf deine Freigabe"
    looking_through = "Sieht alle Dokumente durch"
    choosing = "Wählt Agenten"
    together = "Führt es zusammen"
    writing_answer = "Schreibt die Antwort"
    the_single_agent = "dem einzelnen Agenten"
    ended_unapproved = "Beendet, bevor der Plan freigegeben war"

    def reading(self, done: int, total: int) -> str:
        return self.reading_demo(done, total) if total else "Bereitet sich darauf vor, das Wissen zu lesen"

    def to_begin(self, agents: str, again: bool) -> str:
        return f"Wartet darauf, dass {agents} {'wieder ' if again else ''}beginnt"

    def working(self, agents: str, number: int, usual: float | None, a_step: bool) -> str:
        line = f"{agents} {'arbeitet' if number == 1 else 'arbeiten'}"
        if usual is None:
            return line
        return f"{line} (meist {self.pace(usual)}{' je Schritt' if a_step else ''})"

    def writing(self, agents: str, number: int) -> str:
        return f"{agents} {'schreibt' if number == 1 else 'schreiben'}"

    def steps_done(self, done: int, steps: int) -> str:
        return f"; {done} von {steps} Schritten fertig"

    def other_agents(self, number: int) -> str:
        return f"{number} andere Agenten"

    def agents_of(self, answered: int, asked: int) -> str:
        return f"{answered} von {self.agents(asked)}"

    def waited_for_a_place(self, seconds: float) -> str:
        return f", davon {self.seconds(seconds)} auf einen Platz gewartet"

    def ended(self, state: RunState, who: str, seconds: float, waited: str) -> str:
        took = f" in {self.seconds(seconds)}" if seconds else ""
        after = f" nach {self.seconds(seconds)}" if seconds else ""
        match state:
            case "answered":
                return f"Beantwortet{took} von {who}{waited}"
            case "nothing_found":
                return f"Nichts gefunden{took}{waited}"
            case "cancelled":
                return f"Gestoppt{after}"
            case "expired":
                return f"Zeit abgelaufen{after}"
        return f"Ohne Antwort{after}"

    # ------------------------------------------------------------ a run

    interrupted = "Unterbrochen und wieder aufgenommen"
    selection = "Auswahl"
    plan = "Plan"
    your_question = "Deine Frage"
    answer = "Antwort"
    no_agent_chosen = "Es wurde kein Agent gewählt."
    no_agent_close = "Kein Agent passt gut genug zu dieser Frage."

    def waiting(self, ahead: int, seconds: float | None) -> str:
        about = f", etwa {self.duration(seconds)}" if seconds is not None else ""
        if not ahead:
            return f"Wartet: deine Frage ist die nächste{about}"
        return f"Wartet: {_questions(ahead)} {'ist' if ahead == 1 else 'sind'} vor deiner dran{about}"

    def prepared(self, text: str) -> str:
        return "; ".join(_PREPARED[said] for said in text.split("; ") if said in _PREPARED) or "Liest das Wissen"

    def reading_demo(self, done: int, total: int) -> str:
        return f"Liest das Demo-Wissen: {done} von {total} Textstellen"

    def chosen(self, agents: Sequence[str]) -> str:
        return f"{self.listed(agents)} {'wurde' if len(agents) == 1 else 'wurden'} gewählt."

    def left_out(self, agent: str, why: str) -> str:
        return f"{agent} wurde ausgelassen: {why}."

    def understood(self, question: str) -> str:
        return f"Verstanden als {self.quoted(question)}"

    def planned(self, agents: int, steps: int, later: int) -> str:
        told = f"{self.agents(agents)}, {self.steps(steps)}"
        if later:
            told += f"; {later} {'wartet' if later == 1 else 'warten'} auf das, was andere finden"
        return f"{told}."

    disagreements = "Nicht überall dasselbe"

    def not_the_same(self, subject: str) -> str:
        return f"Nicht dasselbe zu {subject}:"

    # ------------------------------------------------------------ one agent's step

    reasoning = "Überlegung"
    could_not_answer = "Dieser Agent konnte nicht antworten."
    agent_found_nothing = "Dazu wurde in seinen Dokumenten nichts gefunden."

    def found(self, passages: int) -> str:
        return f"{self.passages(passages)} gefunden".replace("keine", "Keine", 1)

    def score(self, score: float) -> str:
        return f"Wert {self.figure(score, 2)}"

    def started_again(self, times: int) -> str:
        again = "Neu begonnen" if times == 1 else f"{times}-mal neu begonnen"
        return f"*{again}: der Versuch davor ging verloren.*"

    def given_back(self, reason: str, waits: bool) -> str:
        then = "es beginnt gleich von vorn" if waits else "es hat von vorn begonnen"
        return f"*Abgebrochen ({reason}); {then}.*"

    def tried_again(self, reason: str, seconds: float | None) -> str:
        then = f"neuer Versuch in {self.duration(seconds)}" if seconds is not None else "noch einmal versucht"
        return f"*Ohne Antwort: {reason}; {then}*"

    def cut_off(self, stopped: bool) -> str:
        return "*Gestoppt.*" if stopped else "*Hier abgebrochen: die Frage war zu Ende.*"

    # ------------------------------------------------------------ what language models did and cost

    as_wished_without_model = "Ohne Sprachmodell beantwortet, wie gewünscht"

    def planned_by(self, model: str) -> str:
        return f"Geplant von {model}."

    def spent(
        self,
        models: Sequence[str],
        calls: int,
        tokens: int,
        cost: float | None,
        about: bool,
        all_priced: bool,
    ) -> str:
        told = [self.listed(models), _calls(calls), f"{'etwa ' if about else ''}{self.tokens(tokens)}"]
        if cost is not None:
            told.append(f"Kosten {'etwa ' if about else '' if all_priced else 'mindestens '}{self.money(cost)}")
        return " · ".join(told)

    def spent_on(
        self, calls: int, tokens_in: int, tokens_out: int, about: bool, seconds: float, cost: float | None
    ) -> str:
        both = f"{self.amount(tokens_in)} Token hinein, {self.amount(tokens_out)} heraus"
        told = [_calls(calls), f"{'etwa ' if about else ''}{both}", self.seconds(seconds)]
        if cost is not None:
            told.append(f"Kosten {'etwa ' if about else ''}{self.money(cost)}")
        return ", ".join(told)

    def tokens(self, number: int) -> str:
        return f"{self.amount(number)} Token"

    def amount(self, number: int) -> str:
        return f"{number:,}".replace(",", ".")

    def money(self, cost: float) -> str:
        return self.figure(cost, digits_that_count(cost))

    def noted(self, shortfall: Shortfall) -> str:
        done = self.listed([_DONE[kind] for kind in shortfall.kinds])
        return f"Ohne das Modell {done}: {_WHY[shortfall.why].format(model=shortfall.model)}."

    def doubt(self, doubt: Doubt) -> str:
        return _DOUBTS[doubt][0]

    def about_doubt(self, doubt: Doubt) -> str:
        return _DOUBTS[doubt][1]

    # ------------------------------------------------------------ how a run ends

    def without_answer(self, state: RunState, reason: str) -> str:
        told = reason or _WITHOUT_ANSWER[state]
        return (
            f"{told} Die Frage ist aufgehoben; bitte stell sie noch einmal." if state in ("failed", "expired") else told
        )

    def announced(self, state: RunState) -> str:
        return "Die Antwort ist da." if state == "answered" else _WITHOUT_ANSWER[state]

    def nothing_found(self, answer: str) -> str:
        begun = answer.removeprefix(NOTHING)
        if begun == answer:
            return answer
        rest = begun.removeprefix(NEAREST)
        nearest = " Am nächsten kommen diese Quellen, die sie nicht beantworten:" if rest != begun else ""
        return f"Dazu wurde nichts gefunden.{nearest}{rest}"

    def stopped(self, answered: int) -> str:
        if not answered:
            return "Gestoppt. Noch kein Agent hatte geantwortet."
        if answered == 1:
            return "Gestoppt. Ein Agent hatte geantwortet; was er fand, steht oben in seinem Schritt."
        return f"Gestoppt. {answered} Agenten hatten geantwortet; was sie fanden, steht oben in ihren Schritten."

    # ------------------------------------------------------------ refused, or the agents away

    ask_again = "Noch einmal fragen"
    ask_again_failed = "Die Frage konnte nicht gestellt werden. Sie ist aufgehoben; bitte versuch es noch einmal."
    redis_away = (
        "Die Agenten sind nicht zu erreichen. Die Frage ist aufgehoben; es geht von selbst weiter, sobald sie da sind."
    )
    answer_alone = "Jetzt vom einzelnen Agenten beantworten lassen"
    answer_alone_failed = (
        "Der einzelne Agent konnte nicht gefragt werden. Die Frage ist aufgehoben; bitte versuch es noch einmal."
    )

    # ------------------------------------------------------------ a plan that is approved first

    def approval(self, what: PlanWords) -> tuple[str, str]:
        return _APPROVAL[what]

    def taken_out(self, agent: str, question: str) -> str:
        return f"{agent} wurde herausgenommen: {self.quoted(question)}"

    def asked_instead(self, agent: str, question: str, before: str) -> str:
        return f"{agent} wird {self.quoted(question)} statt {self.quoted(before)} gefragt"

    def added(self, agent: str, question: str) -> str:
        return f"{agent} kam dazu: {self.quoted(question)}"

    another_order = "Die Reihenfolge ist eine andere"
    other_waits = "Welcher Schritt auf welchen wartet, ist anders"

    # ------------------------------------------------------------ files that are handed in

    def named(self, name: str, number: int) -> str:
        return self.quoted(name) if number == 1 else self.documents(number)

    def reading_files(self, named: str) -> str:
        return f"Liest {named}."

    def learning(self, named: str) -> str:
        return f"Lernt {named}."

    def nobody_called(self, name: str) -> str:
        return f"Es gibt keinen Agenten namens {self.quoted(name)}."

    strange = "Noch kein Agent weiß viel Ähnliches."

    def who_keeps(self, number: int) -> str:
        return f"Wer soll {'dieses Dokument' if number == 1 else 'diese Dokumente'} behalten?"

    def only_you_will(self, number: int) -> str:
        return f"Nur du wirst {'es' if number == 1 else 'sie'} sehen."

    def learned(self, who: Sequence[str], named: str, pages: int, passages: int, seconds: float) -> str:
        amount = self.listed([*([self.pages(pages)] if pages else []), self.passages(passages)])
        verb = "hat" if len(who) == 1 else "haben"
        return f"{self.listed(who)} {verb} {named} gelernt: {amount} in {self.seconds(seconds)}."

    def only_you(self, number: int) -> str:
        return "Nur du siehst es." if number == 1 else "Nur du siehst sie."

    narrowed = "Nur Kuratoren behalten etwas für alle."

    def there_already(self, named: str, number: int) -> str:
        return f"{named} {'war' if number == 1 else 'waren'} schon da."

    def not_taken_in(self, named: str, number: int) -> str:
        return f"{named} {'konnte' if number == 1 else 'konnten'} nicht aufgenommen werden."

    def this_not_taken_in(self, names: str) -> str:
        return f"Nicht aufgenommen wurde: {names}."

    def delivery_stopped(self, kept: bool) -> str:
        return "Gestoppt; was schon da war, bleibt." if kept else "Gestoppt; es wurde nichts behalten."

    declined = "Es wurde nichts behalten."
    nobody_chose = "Es wurde nichts behalten, weil niemand einen Agenten gewählt hat."
    stages = ("gelesen", "zerlegt", "eingebettet", "indiziert")
    file_waiting = "wartet"
    file_reading = "wird gelesen"
    file_indexing = "wird indiziert"
    file_left = "nicht behalten"

    def page_of(self, done: int, total: int) -> str:
        return f"Seite {done} von {total}"

    def passage_of(self, done: int, total: int) -> str:
        return f"Textstelle {done} von {total}"

    def has_it(self, agent: str, known_as: str) -> str:
        another = f" als {self.quoted(known_as)}" if known_as else ""
        return f"schon da: {agent} hat es{another}"

    def replaces(self, before: datetime) -> str:
        return f"ersetzt die Fassung vom {self.day(before)}"

    # ------------------------------------------------------------ commands

    def knows(self, agents: Sequence[str], documents: int) -> str:
        who = agents[0] if len(agents) == 1 else self.agents(len(agents))
        return f"{who} {'kennt' if len(agents) == 1 else 'kennen'} {self.documents(documents)}."

    def removed(self, name: str, stays_out: bool) -> str:
        stays = " Auch beim nächsten Start bleibt es draußen." if stays_out else ""
        return f"{self.quoted(name)} wurde entfernt.{stays}"

    def moved(self, name: str, to: str) -> str:
        return f"{to} hat jetzt {self.quoted(name)}."

    nothing_to_export = "Es gibt noch nichts mitzunehmen: stell zuerst eine Frage."
    download_export = "Diese Unterhaltung als Markdown herunterladen"

    help = _HELP

    def mistyped(self, typed: str, near: str) -> str:
        if near:
            return f"Den Befehl `{typed}` gibt es nicht, darum ist nichts geschehen. War `/{near}` gemeint?"
        return f"Den Befehl `{typed}` gibt es nicht; nichts ist geschehen. `/help` zeigt alle; eine Frage ist länger."

    def typed(self, command: str, takes: str) -> str:
        return super().typed(command, takes.replace("QUESTION", "FRAGE"))

    def write_a_question(self, command: str, takes: str) -> str:
        return f"Schreib die Frage dahinter: `{self.typed(command, takes)}`."

    def takes_no_files(self, command: str) -> str:
        return f"`/{command}` nimmt keine Dateien; sie wurden nicht aufgenommen. Schick sie bitte ohne den Befehl."

    roster_head = ("Agent", "Prozesse", "Last", "Erfolg", "Zeit")
    nobody_reached = "Kein Agent der Tischrunde ist gerade zu erreichen."
    no_worker = "niemand führt ihn aus"
    on_trial = "nach Fehlern auf Probe"
    at_work = "arbeitet"
    ready = "bereit"

    def resting(self, seconds: float) -> str:
        return f"noch {self.duration(seconds)} ausgelassen"

    def alone_meanwhile(self, why: str) -> str:
        return f"{why} Der einzelne Agent antwortet solange."

    def with_own(self, documents: int, own: int) -> str:
        return self.documents(documents) + (f" ({own} nur für dich)" if own else "")

    def usually(self, seconds: float) -> str:
        return f"meist {self.pace(seconds)}"

    def for_example(self, questions: str) -> str:
        return f"Zum Beispiel: {questions}"

    def ask_one(self, agent: str) -> str:
        return f"`@{agent} …` fragt einen allein; `/agents {agent}` sagt mehr über ihn."

    # ------------------------------------------------------------ the command /status

    redis_away_all = (
        "**Die Agenten sind nicht zu erreichen.** Bis sie wieder da sind, antwortet der einzelne Agent; "
        "früher gestellte Fragen sind aufgehoben und gehen dann weiter."
    )
    nobody_asked = (
        "**Kein Agent kann gefragt werden:** niemand führt sie aus, oder alle sind zuletzt gescheitert. "
        "`/agents` sagt mehr."
    )
    no_questions = "Deine Fragen: nichts läuft, und nichts wartet auf dich."

    def all_halted(self, why: str) -> str:
        return f"**Angehalten.** {why}"

    def all_well(self, agents: int) -> str:
        verb = "kann" if agents == 1 else "können"
        return f"**Niemand fehlt.** {self.agents(agents)} {verb} gefragt werden."

    def some_asked(self, agents: int, of: int, missing: Sequence[str]) -> str:
        verb = "kann" if agents == 1 else "können"
        told = f"**{agents} von {self.agents(of)} {verb} gefragt werden.**"
        return f"{told} {self.listed(missing)} nicht; `/agents` sagt, warum."

    def knowledge(self, documents: int, own: int) -> str:
        return f"Wissen: {self.documents(documents)}{f', {own} nur für dich' if own else ''}"

    def knowledge_failed(self, there: str) -> str:
        return f"{there}. Die Demo-Dokumente konnten nicht gelesen werden; die Ursache steht im Protokoll."

    def knowledge_so_far(self, there: str, reading: str) -> str:
        return f"{there} bisher. {reading}."

    def your_questions(self, number: int) -> str:
        return "Deine Frage:" if number == 1 else f"Deine {number} Fragen:"

    def standing(self, standing: Standing | Literal["unknown"]) -> str:
        return _STANDING[standing]

    def not_known(self, why: str) -> str:
        return f"Von allen: nicht bekannt. {why}"

    def everybodys(self, at_work: int, waiting: int, awaiting_approval: int) -> str:
        return (
            f"Von allen: {_counted(at_work, 'keine Frage', 'Frage', 'Fragen')} in Arbeit, {waiting or 'keine'} vor "
            f"einem Platz, {awaiting_approval or 'keine'} vor einer Freigabe."
        )

    def processes(self, number: int, busy: int, slots: int) -> str:
        return f"Prozesse: {number}, von {slots} Schritten zugleich {busy or 'keiner'} in Arbeit."

    def model_state(self, name: str, asked: str, rests: float) -> str:
        resting = f"nach Fehlern noch {self.duration(rests)} in Ruhe gelassen" if rests else ""
        counted = f"seit dem Start des Servers {asked}" if asked else ""
        told = "; ".join(filter(None, (counted, resting)))
        return f"{name} ({told})" if told else name

    def models(self, names: Sequence[str], offered: Sequence[str]) -> str:
        choice = f"; zur Wahl stehen {self.listed(offered)}" if offered else ""
        return f"Sprachmodelle: {self.listed(names)}{choice}."

    def forged(self, number: int) -> str:
        messages = _counted(number, "Keine Nachricht", "Nachricht", "Nachrichten")
        return (
            f"**Jemand gibt Nachrichten als die von Roundtable aus:** {messages} ohne gültige Unterschrift "
            f"{'wurde' if number == 1 else 'wurden'} zuletzt abgewiesen; `roundtable agents` sagt mehr."
        )

    def dead_letters(self, number: int) -> str:
        messages = _counted(number, "Keine Nachricht", "Nachricht", "Nachrichten")
        return f"{messages} konnte kein Worker verwenden: `roundtable dead-letters` zeigt sie."

    # ------------------------------------------------------------ taken along

    def asked_on(self, at: datetime) -> str:
        return f"Gefragt am {self.day(at)} um {at:%H:%M} UTC."

    still_answered = "Darauf gibt es noch keine Antwort."
    sources = "Quellen"

    def exported_without(self, state: RunState, reason: str) -> str:
        return "" if state == "answered" else reason or _WITHOUT_ANSWER[state]

    def answered_by(self, agents: Sequence[str]) -> str:
        return f"Beantwortet von {self.listed(agents)}."

    def without(self, agents: Sequence[str]) -> str:
        return f"Ohne {self.listed(agents)}."

    def found_by(self, agent: str) -> str:
        return f"gefunden von {agent}"


def _calls(number: int) -> str:
    return _counted(number, "kein Aufruf", "Aufruf", "Aufrufe")


def _counted(number: int, none: str, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else none


def _questions(number: int) -> str:
    return "eine Frage" if number == 1 else f"{number} Fragen"


_PREPARED = {
    ALONE: "Die anderen Agenten sind nicht zu erreichen, darum antwortet der einzelne Agent allein",
    UNASKED: "Der einzelne Agent macht keinen Plan, der freizugeben wäre, darum antwortet er gleich",
}
_WITHOUT_ANSWER: dict[RunState, str] = {
    "answered": "Es gibt eine Antwort, aber sie hat keinen Text.",
    "nothing_found": "Dazu wurde in den Dokumenten nichts gefunden.",
    "failed": "Das konnte nicht beantwortet werden.",
    "expired": "Die Zeit für diese Frage ist abgelaufen.",
    "cancelled": "Gestoppt.",
}
_APPROVAL: dict[PlanWords, tuple[str, str]] = {
    "offered": (
        "Du bist dran: der Plan",
        "Nichts läuft, bevor du es sagst. Ändere ihn, starte ihn oder brich ab.",
    ),
    "not run": ("Plan, nicht gelaufen", "Dieser Plan ist nicht gelaufen."),
    "approved": ("Plan, freigegeben", "Du hast ihn unverändert laufen lassen."),
    "changed": ("Plan, mit Änderungen freigegeben", "Du hast ihn geändert:"),
}
_STARTERS = {
    "A worker died": "Ein Worker ist ausgefallen",
    "Back up, confidentially": "Vertraulich sichern",
    "Malicious documents": "Bösartige Dokumente",
    "When an agent fails": "Wenn ein Agent ausfällt",
    "Back to one agent": "Zurück zu einem Agenten",
    "Which FAISS index": "Welcher FAISS-Index",
}
_ABOUT = {
    "help": "Was du hier tun kannst",
    "status": "Was gerade geschieht: der Server, sein Wissen, deine Fragen",
    "agents": "Wer da ist, was sie wissen und wie es ihnen geht",
    "knowledge": "Dokumente der Agenten: ansehen, entfernen, ersetzen, verschieben, herunterladen",
    "plan": "Den Plan für eine Frage sehen und ändern, bevor er läuft",
    "single": "Den einzelnen Agenten fragen, über alle Dokumente zugleich",
    "background": "Eine Frage stellen, die Zeit hat: Wer auf seine Antwort wartet, kommt zuerst",
    "export": "Diese Unterhaltung mit ihren Quellen als Markdown-Datei",
}
_DETAILS: dict[Detail, str] = {
    "answer": "Nur die Antwort",
    "agents": "Die Agenten und ihre Antworten",
    "everything": "Alles, mit Textstellen und Werten",
}
_STANDING: dict[Standing | Literal["unknown"], str] = {
    "waiting": "wartet auf einen Platz",
    "at work": "wird beantwortet",
    "awaiting approval": "wartet auf deine Freigabe",
    "unknown": "ist aufgehoben; wie weit sie ist, zeigt sich, wenn die Agenten erreichbar sind",
}
_DOUBTS: dict[Doubt, tuple[str, str]] = {
    "uncited": ("ohne Quelle", "Das Modell hat dafür keine Quelle genannt."),
    "unsupported": ("nicht in der Quelle", "In der Quelle, die das Modell nennt, wurde das nicht gefunden."),
}
_DONE: dict[NoteKind, str] = {
    "planned_without_model": "geplant",
    "answered_without_model": "beantwortet",
    "written_without_model": "zusammengesetzt",
}
_WHY: dict[Why, str] = {
    "timeout": "{model} hat zu lange geschwiegen",
    "unreachable": "{model} ist nicht erreichbar",
    "rate_limited": "{model} hat gerade zu viel zu tun",
    "refused": "{model} hat die Anfrage nicht angenommen",
    "interrupted": "{model} hat mittendrin abgebrochen",
    "unusable": "was {model} sagte, war nicht zu gebrauchen",
    "budget": "was {model} für diese Frage verbrauchen darf, war verbraucht",
    "resting": "{model} ist mehrmals gescheitert und wird eine Weile in Ruhe gelassen",
    "unknown": "{model} ist dort nicht eingerichtet",
}
_MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip
_LANGUAGES = {
    "ar": "Arabisch", "cs": "Tschechisch", "da": "Dänisch", "de": "Deutsch", "el": "Griechisch", "en": "Englisch",
    "es": "Spanisch", "fi": "Finnisch", "fr": "Französisch", "he": "Hebräisch", "hu": "Ungarisch",
    "it": "Italienisch", "ja": "Japanisch", "ko": "Koreanisch", "nl": "Niederländisch", "no": "Norwegisch",
    "pl": "Polnisch", "pt": "Portugiesisch", "ro": "Rumänisch", "ru": "Russisch", "sv": "Schwedisch",
    "tr": "Türkisch", "uk": "Ukrainisch", "zh": "Chinesisch",
}  # fmt: skip

GERMAN = German()
