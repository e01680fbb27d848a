"""What a person reads when something went wrong: what happened, what was kept, what to do now.

This is the one place where errors of the packages below become sentences of the page. They are told apart by their
kind, never by their text, which is for the log, for programs and for the terminal. An error without a sentence here
gets the last one; a test names every kind that has none, so a new one is either given its sentence in both languages
or entered there as one that nobody sees.

German speaks to people as the rest of the page does: "versuch es".
"""

from collections.abc import Callable

from agents import UnknownAgent
from agents.errors import AnswerFailed, ModelFailed, UnknownModel
from chat.errors import (
    AskedTwice,
    BrokenDelivery,
    BrokenFile,
    BrokenOff,
    NotAllowed,
    NotAskedAgain,
    NotStarted,
    TooManyFiles,
    TooManyOpen,
    UnknownCitation,
    UnknownDelivery,
)
from history import HistoryError, HistoryFull, UnknownConversation, UnusableHistory
from knowledge import KnowledgeUnavailable, NameTaken, StorageFull, UnknownDocument, UnreadableDocument
from knowledge.errors import (
    InvalidBase,
    ModelUnavailable,
    ReaderDied,
    ReadingTooLong,
    ReadStatus,
    RecordUnavailable,
    StorageError,
)
from orchestration.errors import (
    AgentAway,
    AgentGone,
    AskedBefore,
    AsksTheSame,
    EmptyPlan,
    EmptyQuestion,
    EngineUnavailable,
    Halted,
    InvalidPlan,
    InvalidTask,
    NotAwaiting,
    Overloaded,
    QuestionTooLong,
    TooManyQuestions,
    UnaskableStep,
    UnknownRun,
    UnreadableQuestion,
    WaitsForLater,
)

Duration = Callable[[float], str]
"""Says how long something takes, in the reader's language."""


def in_english(error: Exception, duration: Duration) -> str:
    """By the kind of the error; `duration` says how long something takes."""
    match error:
        # ---------------------------------------------------- the server and its agents
        case NotStarted():
            return "Roundtable is still starting, so this was not done. Please try again in a moment."
        case EngineUnavailable():
            return (
                "The agents cannot be reached at the moment. What was asked before is kept. "
                "Please try again in a moment."
            )
        case Overloaded(seconds=seconds):
            when = f"in about {duration(seconds)}" if seconds is not None else "a little later"
            return (
                "As many questions are being answered as can be at once, so this one was not taken in. "
                f"Please ask again {when}."
            )
        case Halted(reason=reason):
            why = f" ({reason})" if reason else ""
            return (
                f"All agents have been stopped{why}, so this question was not taken in. "
                "Please ask again when they are back."
            )
        # ---------------------------------------------------- agents and language models
        case UnknownAgent(name=name, near=near):
            hint = f"Did you mean “{near}”?" if near else "“/agents” shows all; write @ only before their names."
            return f"There is no agent called “{name}”, so nothing was done. {hint}"
        case UnknownModel():
            return (
                "This language model is not offered any more, so nothing was asked. "
                "Please choose another one in the settings."
            )
        case ModelFailed(retry_after=seconds):
            when = f"in {duration(seconds)}" if seconds is not None else "again later"
            return f"The language model did not answer. The question is kept; please try {when}."
        case AnswerFailed():
            return "This agent could not answer. What the others said is kept; please ask it again."
        # ---------------------------------------------------- a question
        case EmptyQuestion():
            return "The question is empty, so nothing was asked. Please type what you want to know."
        case QuestionTooLong(characters=characters, most=most):
            return (
                f"The question has {characters:,} characters and may have {most:,}, so it was not asked. Please "
                "shorten it; hand long material in as a file."
            )
        case UnreadableQuestion():
            return "The question looks like binary data, so it was not asked. Please type it in words."
        case AskedBefore():
            return "This question was taken in already and is not asked twice. Its answer is in the conversation."
        case InvalidTask():
            return "This question cannot be asked like this, so it was not. Please type it in a new conversation."
        case UnknownRun():
            return (
                "This question is not here any more, so nothing was done. "
                "It may have been deleted; please ask it again."
            )
        case AskedTwice(agent=agent):
            return f"{agent} is answering this already, so it was not asked again. Please wait for its answer."
        case NotAskedAgain():
            return "This cannot be asked again from here; nothing was changed. Please type the question."
        case UnknownCitation():
            return "This answer has no such source. The answer is kept; reload the page to see its sources."
        # ---------------------------------------------------- a plan
        case EmptyPlan():
            return "The plan is empty, so nothing was started. Add an agent, or cancel it."
        case TooManyQuestions(asked=asked, most=most):
            return (
                f"The plan asks {asked} different questions and may ask {most}; nothing was started. "
                "Please take some out."
            )
        case AgentGone(row=row, agent=agent):
            return f"Step {row}: there is no agent “{agent}” any more; nothing was started. Please choose another one."
        case AgentAway(row=row, title=title):
            return f"Step {row}: {title} is not there right now; nothing was started. Choose another agent, or wait."
        case WaitsForLater(row=row):
            return f"Step {row} can only wait for steps above it; nothing was started. Please change what it waits for."
        case AsksTheSame(first=first, row=row, title=title):
            return f"Steps {first} and {row} ask {title} the same; nothing was started. Please take one of them out."
        case UnaskableStep(row=row, cause=cause):
            return f"Step {row}: {in_english(cause, duration)} Your changes are still here."
        case InvalidPlan():
            return "This plan does not work, so nothing was started. Please change it; it is still here."
        case NotAwaiting():
            return "This plan was decided already, so nothing was changed. Reload the page to see what became of it."
        # ---------------------------------------------------- conversations
        case UnknownConversation():
            return "There is no such conversation. It may have been deleted; the others are in the list beside."
        case HistoryFull():
            return (
                "There is no space left to keep this; what was kept before stays. Please tell whoever runs Roundtable."
            )
        case UnusableHistory():
            return "The conversations cannot be read, and nothing in them was changed. Tell whoever runs Roundtable."
        case HistoryError():
            return "Conversations cannot be read or kept at the moment; what was kept before stays. Try again later."
        # ---------------------------------------------------- files that are handed in
        case NotAllowed():
            return (
                "Only curators change the team's documents, so nothing was changed. You can change and remove your own."
            )
        case UnknownDelivery():
            return "These files are not waiting any more; what was taken in stays. Please hand the others in again."
        case TooManyOpen():
            return (
                "Too many messages with files are open, so these were not taken in. "
                "Choose who keeps the earlier ones, or cancel them."
            )
        case TooManyFiles(most=most):
            return f"Only {most} files are taken in at once, so this one was not. Please hand it in again."
        case BrokenFile():
            return "Something went wrong with this file, so it was not kept. Please hand it in again."
        case BrokenDelivery():
            return "Something went wrong; “/knowledge” shows what was taken in. Please hand the rest in again."
        case BrokenOff():
            return "The server stopped meanwhile; “/knowledge” shows what was taken in. Please hand the rest in again."
        # ---------------------------------------------------- documents
        case ReadingTooLong():
            return "Reading it takes longer than one file may take, so it was not kept. Please split it into parts."
        case ReaderDied():
            return "It is damaged and could not be read, so it was not kept. Please save it anew and try again."
        case UnreadableDocument():
            return str(error)  # Written about the person's own file: which line, which size.
        case UnknownDocument() | InvalidBase():
            return "There is no such document, so nothing was changed. “/knowledge” shows what is there."
        case NameTaken():
            return (
                "There is another document of this name, so nothing was changed. "
                "Please remove or rename one of them first."
            )
        case StorageFull():
            return (
                "There is no space left, so this was not kept; what was kept before stays. "
                "Please tell whoever runs Roundtable."
            )
        case StorageError() | RecordUnavailable():
            return "Documents cannot be changed at the moment; what was kept before stays. Please try again later."
        case KnowledgeUnavailable() | ModelUnavailable():
            return "The documents cannot be searched at the moment; none of them is lost. Please try again later."
    return "Something unexpected went wrong. Please try again; if it stays so, tell whoever runs Roundtable."


def in_german(error: Exception, duration: Duration) -> str:
    """The same, anew."""
    match error:
        # ---------------------------------------------------- the server and its agents
        case NotStarted():
            return "Roundtable startet noch, darum ist nichts geschehen. Bitte versuch es gleich noch einmal."
        case EngineUnavailable():
            return (
                "Die Agenten sind gerade nicht zu erreichen. Was vorher gefragt wurde, ist aufgehoben. "
                "Bitte versuch es gleich noch einmal."
            )
        case Overloaded(seconds=seconds):
            when = f"in etwa {duration(seconds)}" if seconds is not None else "etwas später"
            return (
                "Es werden schon so viele Fragen beantwortet, wie gleichzeitig möglich ist; diese wurde nicht "
                f"angenommen. Bitte frag {when} noch einmal."
            )
        case Halted(reason=reason):
            why = f" ({reason})" if reason else ""
            return (
                f"Alle Agenten wurden angehalten{why}; diese Frage wurde nicht angenommen. "
                "Bitte frag noch einmal, wenn sie weiterarbeiten."
            )
        # ---------------------------------------------------- agents and language models
        case UnknownAgent(name=name, near=near):
            hint = f"War „{near}“ gemeint?" if near else "„/agents“ zeigt alle; ein @ gehört nur vor ihre Namen."
            return f"Den Agenten „{name}“ gibt es nicht, darum ist nichts geschehen. {hint}"
        case UnknownModel():
            return (
                "Dieses Sprachmodell wird nicht mehr angeboten, darum wurde nichts gefragt. "
                "Bitte wähle in den Einstellungen ein anderes."
            )
        case ModelFailed(retry_after=seconds):
            when = f"in {duration(seconds)}" if seconds is not None else "später"
            return f"Das Sprachmodell hat nicht geantwortet. Die Frage ist aufgehoben; bitte frag {when} noch einmal."
        case AnswerFailed():
            return "Dieser Agent konnte nicht antworten. Was die anderen sagten, bleibt; bitte frag ihn noch einmal."
        # ---------------------------------------------------- a question
        case EmptyQuestion():
            return "Die Frage ist leer, darum wurde nichts gefragt. Bitte tippe eine Frage ein."
        case QuestionTooLong(characters=characters, most=most):
            return (
                f"Die Frage hat {_thousands(characters)} Zeichen und darf {_thousands(most)} haben; sie wurde nicht "
                "gestellt. Bitte kürze sie; langes Material gib am besten als Datei ab."
            )
        case UnreadableQuestion():
            return "Die Frage sieht nicht wie Text aus und wurde nicht gestellt. Bitte tippe sie in Worten ein."
        case AskedBefore():
            return "Diese Frage wurde schon angenommen und nicht noch einmal gestellt. Ihre Antwort ist im Gespräch."
        case InvalidTask():
            return "So kann diese Frage nicht gestellt werden. Bitte tippe sie in einer neuen Unterhaltung ein."
        case UnknownRun():
            return (
                "Diese Frage ist nicht mehr da, darum ist nichts geschehen. Vielleicht wurde sie gelöscht; "
                "bitte stell sie noch einmal."
            )
        case AskedTwice(agent=agent):
            return f"{agent} beantwortet das schon und wurde nicht noch einmal gefragt. Bitte warte die Antwort ab."
        case NotAskedAgain():
            return "Das geht von hier aus nicht noch einmal; geändert wurde nichts. Bitte tippe die Frage ein."
        case UnknownCitation():
            return (
                "Diese Antwort hat keine solche Quelle, aber sie bleibt; lade die Seite neu, um ihre Quellen zu sehen."
            )
        # ---------------------------------------------------- a plan
        case EmptyPlan():
            return "Der Plan ist leer, darum wurde nichts gestartet. Bitte füg einen Agenten hinzu oder brich ab."
        case TooManyQuestions(asked=asked, most=most):
            return (
                f"Der Plan stellt {asked} verschiedene Fragen und darf {most} stellen; nichts wurde gestartet. "
                "Bitte nimm einige heraus."
            )
        case AgentGone(row=row, agent=agent):
            return (
                f"Schritt {row}: den Agenten „{agent}“ gibt es nicht mehr; nichts wurde gestartet. Bitte wähle anders."
            )
        case AgentAway(row=row, title=title):
            return (
                f"Schritt {row}: {title} ist gerade nicht da; nichts wurde gestartet. "
                "Bitte wähle einen anderen Agenten oder warte."
            )
        case WaitsForLater(row=row):
            return f"Schritt {row} kann nur auf Schritte über ihm warten; nichts wurde gestartet. Bitte ändere das."
        case AsksTheSame(first=first, row=row, title=title):
            return (
                f"Die Schritte {first} und {row} fragen {title} dasselbe; nichts wurde gestartet. "
                "Bitte nimm eine heraus."
            )
        case UnaskableStep(row=row, cause=cause):
            return f"Schritt {row}: {in_german(cause, duration)} Die Änderungen sind noch da."
        case InvalidPlan():
            return "So kann der Plan nicht laufen; nichts wurde gestartet. Bitte ändere ihn, er ist noch da."
        case NotAwaiting():
            return (
                "Über diesen Plan ist schon entschieden; geändert wurde nichts. Lade die Seite neu, um mehr zu sehen."
            )
        # ---------------------------------------------------- conversations
        case UnknownConversation():
            return "Diese Unterhaltung gibt es nicht. Vielleicht wurde sie gelöscht; die anderen stehen in der Liste."
        case HistoryFull():
            return (
                "Der Speicherplatz ist voll, darum wurde dies nicht aufgehoben; was vorher da war, bleibt. "
                "Bitte sag es dem Betreiber."
            )
        case UnusableHistory():
            return "Die Unterhaltungen sind nicht zu lesen; geändert wurde nichts daran. Bitte sag es dem Betreiber."
        case HistoryError():
            return "Unterhaltungen gehen gerade nicht; was vorher da war, bleibt. Bitte versuch es später noch einmal."
        # ---------------------------------------------------- files that are handed in
        case NotAllowed():
            return (
                "Die Dokumente des Teams ändern nur Kuratoren; geändert wurde nichts. "
                "Eigene lassen sich ändern und entfernen."
            )
        case UnknownDelivery():
            return "Diese Dateien warten nicht mehr; was aufgenommen ist, bleibt. Bitte gib die übrigen noch einmal ab."
        case TooManyOpen():
            return (
                "Zu viele Nachrichten mit Dateien sind noch offen; diese wurden nicht aufgenommen. "
                "Bitte wähle erst, wer die früheren behält, oder brich sie ab."
            )
        case TooManyFiles(most=most):
            return f"Es werden höchstens {most} Dateien auf einmal angenommen; bitte gib diese noch einmal ab."
        case BrokenFile():
            return "Mit dieser Datei ging etwas schief; sie wurde nicht behalten. Bitte gib sie noch einmal ab."
        case BrokenDelivery():
            return "Etwas ging schief; „/knowledge“ zeigt, was aufgenommen ist. Bitte gib die übrigen noch einmal ab."
        case BrokenOff():
            return (
                "Der Server wurde inzwischen beendet; „/knowledge“ zeigt, was aufgenommen ist. "
                "Bitte gib die übrigen noch einmal ab."
            )
        # ---------------------------------------------------- documents
        case ReadingTooLong():
            return "Sie zu lesen dauert zu lange; sie wurde nicht behalten. Bitte zerlege sie in Teile."
        case ReaderDied():
            return "Sie ist beschädigt und wurde nicht behalten. Bitte speichere sie neu und versuch es noch einmal."
        case UnreadableDocument(status=status):
            return _UNREADABLE[status]
        case UnknownDocument() | InvalidBase():
            return "Dieses Dokument gibt es nicht; geändert wurde nichts. „/knowledge“ zeigt, was da ist."
        case NameTaken():
            return (
                "Es gibt schon ein anderes Dokument dieses Namens; geändert wurde nichts. "
                "Bitte entferne zuerst eines davon oder benenne es um."
            )
        case StorageFull():
            return (
                "Der Speicherplatz ist voll, darum wurde dies nicht behalten; was vorher da war, bleibt. "
                "Bitte sag es dem Betreiber."
            )
        case StorageError() | RecordUnavailable():
            return "Dokumente lassen sich gerade nicht ändern; was vorher da war, bleibt. Bitte versuch es später."
        case KnowledgeUnavailable() | ModelUnavailable():
            return "Die Dokumente sind gerade nicht zu durchsuchen; verloren ist keines. Bitte versuch es später."
    return "Etwas Unerwartetes ging schief. Bitte versuch es noch einmal; bleibt es so, sag es bitte dem Betreiber."


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", ".")


_UNREADABLE: dict[ReadStatus, str] = {
    "read": "Sie kann nicht gelesen werden.",
    "empty": "Es steht kein lesbarer Text darin; vielleicht sind es eingescannte Bilder.",
    "encrypted": "Sie ist verschlüsselt und braucht ein Passwort. Bitte speichere sie ohne und gib sie neu ab.",
    "unsupported": "So eine Datei wird nicht gelesen: sie ist zu groß oder von einer Art, die hier niemand kennt.",
    "damaged": "Sie ist beschädigt oder nicht von der Art, die ihr Name angibt. Bitte speichere sie neu.",
}
