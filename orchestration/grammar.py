"""Words of grammar, English and German: what they are tells how a question hangs together. Data only."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


QUESTION_WORDS = _words("how what when where which who whom whose why")
AUXILIARIES = _words("""
am are aren't can can't could did do does doesn't don't had has have is isn't may might must shall should was
were will won't would
""")
PERSONS = _words("anybody anyone everybody everyone i ich man people somebody someone we wir you")
"""Who asks or acts; never what "it" means."""
PREPOSITIONS = _words("""
about above after against at before behind below beside between by despite during for from in inside into like
near of on onto over since than through to under until via with within without
""")
ARTICLES = _words("a an another any each every my no our some the your")
CLAUSE_OPENERS = _words("""
aber after although and because before bevor but falls if nachdem obwohl oder once or since so und unless weil
wenn when whereas while who whom whose
""")
"""Where a clause ends and another one begins."""
RELATIVES = _words("that which who whom whose")
"""What begins a clause that only says more about a noun."""
FOCUS = _words("also auch even just nicht not nur only really selbst sogar wirklich")
"""What a question begins with that asks whether something just said holds for more, for less, or at all."""
COMPLEMENTED = _words("""
advantage advantages alternative alternativen alternatives ausnahme ausnahmen benefit benefits condition
conditions consequence consequences disadvantage disadvantages downside downsides drawback drawbacks
einschränkung einschränkungen exception exceptions folgen kosten limitation limitations nachteil nachteile
prerequisite prerequisites purpose risiken risiko risk risks unterschied unterschiede ursache ursachen
voraussetzung voraussetzungen vorteil vorteile zweck
""")
"""Nouns that say nothing without what they belong to: "What are the risks?" asks of whatever was spoken of."""
ADVERBS = _words("""
also always as be been being both by even ever here how's instead just many more most much not now often once
only otherwise please quite really same still such then there too very well what's where's who's yet
""")
GERMAN = _words("""
aber als am an auch auf aus bei bis da dann darf das dass dem den denn der des die doch du durch dürfen ein
eine einem einen einer eines er es euch für gegen geht gibt habe haben hat hatte ich ihm ihn ihr im in ist ja
kann kein keine können könnte lange man mehr mein mich mir mit muss müssen nach nicht noch nun nur ob oder oft
ohne schon sein seit selbst sich sie sind so sogar soll sollte um und uns unser unsere unter vom von vor war
wann waren warum was weil welche welchen welcher welches wem wen wenn wer werden weshalb wie wieso wir wird
wirklich wo wobei wofür wohin womit woran wozu wurde wurden während würde zu zum zur zwischen über
""")
GERMAN_QUESTION_WORDS = _words("""
wann warum was welche welchem welchen welcher welches wem wen wer weshalb wie wieso wo wobei wofür wohin womit woran
wozu
""")
GERMAN_VERBS = _words("""
bin darf dürfen geht gibt habe haben hat hatte ist kann können könnte muss müssen sind soll sollen sollte war
waren werden wird wurde wurden würde
""")
GERMAN_PREPOSITIONS = _words("""
als an auf aus bei beim bis durch für gegen im in mit nach ohne seit statt unter vom von vor während zu zum zur
zwischen über
""")
SAYS_LITTLE = (
    GERMAN
    | FOCUS
    | COMPLEMENTED
    | _words("""
actually anything bad bedeutet beispiel besser best better bit briefly case come comes cost costs dauert
decide decides depend depends detail details do does done else exactly example examples expensive explain far
fast faster few first gemeint genau generally go goes good great gut happen happened happening happens heißt
help idea kind know lang last late later less like little long longer look looks lot machen macht made make
makes making many matter matters mean means meint mine more much möglich name need needed needs next nobody
normally nothing often one ones own part parts passiert please point points possible quick quickly really
reason reasons sagen sagt same say says schnell schneller second see show sicher simple simpler slow slower
some somebody someone something soon sort sure take taken takes tell there thing things think third three time
times try tun two up use used useful using usually viel viele want wants way ways well work worked working
works worse worst
""")
)
"""Words of content that say nothing about what a question is about."""
COURTEOUS = _words("""
a all alles alright bitte bye cool dank danke done excellent fine for good goodbye got great gut hallo hello
hey hi i it ja klar lot many much nein nice no now ok okay perfect please prima right schön see sehr so super
sure thank thanks that's thx toll tschüss understood verstanden very vielen well wonderful yes you
""")
"""All that thanks and greetings are made of."""
PRONOUNS = _words("er he him ihm ihn it them these they this those")
POSSESSIVES = _words("deren dessen her hers his its their theirs")
POINTERS = _words("""
dabei dafür dagegen damit danach daran darauf darin davon dazu dies diese diesem diesen dieser dieses dort
indessen instead inzwischen jene jener jenes meanwhile otherwise then
""")
"""Adverbs and determiners that point at what was said."""
PRESENT = _words("""
app application assistant chat computer conversation machine month morning page product program site software
system thread time tool website week year
""")
"""What "this" stands before when it points at what lies before the person rather than at what was said."""
AFTER_THAT = _words("after again anyway at before by either first for from in later next now on too with")
"""Behind these a "that" joins no clause: "How do I prevent that next time?"."""
