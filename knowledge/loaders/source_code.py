"""Source code, cut where functions and classes begin; each stands below a heading with its name."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath

from knowledge.blocks import Block, LoadedDocument
from knowledge.loaders.encoding import decode

LANGUAGES: Mapping[str, str] = {
    extension: language
    for language, extensions in {
        "Python": "py pyi pyw",
        "JavaScript": "js mjs cjs jsx",
        "TypeScript": "ts tsx mts cts",
        "Java": "java",
        "Kotlin": "kt kts",
        "Scala": "scala sc",
        "Groovy": "groovy gradle",
        "C": "c h",
        "C++": "cc cpp cxx hh hpp hxx ino",
        "C#": "cs",
        "Objective-C": "m mm",
        "Go": "go",
        "Rust": "rs",
        "Swift": "swift",
        "Ruby": "rb rake",
        "PHP": "php",
        "Perl": "pl pm",
        "Lua": "lua",
        "R": "r",
        "Julia": "jl",
        "Dart": "dart",
        "Haskell": "hs",
        "Elixir": "ex exs",
        "Erlang": "erl",
        "Clojure": "clj cljs edn",
        "Shell": "sh bash zsh fish ksh",
        "PowerShell": "ps1 psm1",
        "Batch": "bat cmd",
        "SQL": "sql",
        "CSS": "css scss sass less",
        "Terraform": "tf hcl",
        "Protocol Buffers": "proto",
        "GraphQL": "graphql gql",
        "Vue": "vue",
        "Svelte": "svelte",
    }.items()
    for extension in extensions.split()
}
"""Extension without its dot -> language."""

_INTERPRETERS = {
    "python": "Python", "node": "JavaScript", "deno": "TypeScript", "bash": "Shell", "sh": "Shell", "zsh": "Shell",
    "dash": "Shell", "ksh": "Shell", "ruby": "Ruby", "perl": "Perl", "php": "PHP", "lua": "Lua", "Rscript": "R",
}  # fmt: skip
_SHEBANG = re.compile(rb"#![^\n]{0,200}?(?:/|\s)(?!env\b)([A-Za-z]+)[\d.]*(?:\s[^\n]{0,200})?(?:\n|$)")
_WORDS = (
    r"(?:export|default|public|private|protected|internal|static|final|abstract|async|virtual|override|inline|extern"
    r"|unsafe|sealed|partial|open|data|pub(?:\([a-z]+\))?)\s+"
)
_KINDS = (
    r"class|def|function\*?|func|fn|fun|struct|enum|interface|trait|impl|module|namespace|object|protocol|extension"
    r"|record|type|sub|procedure|message|service|resource"
)
_SQL = r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW|FUNCTION|PROCEDURE|TRIGGER|INDEX|TYPE)(?:\s+IF\s+NOT\s+EXISTS)?"
_DEFINITION = re.compile(
    rf"(?P<indent>[ \t]{{0,8}})(?:(?:{_WORDS}){{0,5}}(?P<kind>{_KINDS})\b(?:\s*<[^>\n]{{0,80}}>|\s*\([^)\n]{{0,80}}\))?"
    rf"|(?P<sql>{_SQL}))\s+(?P<name>[\w$.:`\"\[\]]{{1,100}})",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    r"(?P<indent>)(?:export\s+)?(?:const|let|var)\s+(?P<name>[\w$]{1,100})\s*=\s*(?:async\s*)?(?:\(|function\b|class\b)"
)
_C_FUNCTION = re.compile(r"(?P<indent>)[A-Za-z_][\w\s*&<>:,~]{0,120}?[\s*&](?P<name>[A-Za-z_~][\w:~]{0,100})\([^;]*$")
_SHELL_FUNCTION = re.compile(r"(?P<indent>)(?P<name>[A-Za-z_][\w-]{0,100})\s*\(\)\s*\{?")
_STATEMENTS = frozenset({"if", "for", "while", "switch", "return", "else", "catch", "new", "throw", "case", "do"})
_HOLDING = frozenset({"class", "impl", "interface", "trait", "module", "namespace", "object", "extension", "protocol"})
"""What has functions of its own in it."""
_INTRODUCES = re.compile(r"\s*(?:#|//|/\*|\*|--|@|\[|///|\"\"\")")
"""A comment, decorator or annotation, which belongs to what follows it."""
_LONG_LINE = 400


def language_of(name: str, content: bytes) -> str:
    """By extension, then by the line that names the interpreter; empty for what is no source code."""
    path = PurePath(name)
    if language := LANGUAGES.get(path.suffix.lower().lstrip(".")):
        return language
    if path.stem.lower() in ("makefile", "dockerfile", "containerfile", "jenkinsfile") and not path.suffix:
        return path.stem
    found = _SHEBANG.match(content[:500])
    if not found:
        return ""
    return _INTERPRETERS.get(found.group(1).decode("ascii"), "")


def load_source_code(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Raises UnreadableDocument for what is not text."""
    lines = decode(content).expandtabs(4).split("\n")
    language = language_of(name, content)
    return LoadedDocument(name, tuple(_blocks(lines, language)))


def _blocks(lines: list[str], language: str) -> Iterator[Block]:
    start = 0
    for at, level, heading in _definitions(lines, language):
        # What introduces a definition stands above it and goes with it.
        begin = at
        while begin > start and _INTRODUCES.match(lines[begin - 1]):
            begin -= 1
        yield from _code(lines[start:begin], language)
        yield Block("heading", heading, level)
        start = begin
    yield from _code(lines[start:], language)


def _definitions(lines: list[str], language: str) -> Iterator[tuple[int, int, str]]:
    """Line, level (2 inside of a class) and heading of each."""
    holding = inner = False
    for at, line in enumerate(lines):
        found = _match(line[:_LONG_LINE], language)
        if not found:
            continue
        kind = (found.groupdict().get("kind") or "").lower()
        heading = " ".join(line.strip()[:120].rstrip("{:( ").split())
        if not found.group("indent"):
            holding, inner = kind in _HOLDING, False
            indent = 0
            yield at, 1, heading
        elif holding and (not inner or len(found.group("indent")) == indent):
            inner, indent = True, len(found.group("indent"))
            yield at, 2, heading


def _match(line: str, language: str) -> re.Match[str] | None:
    if found := _DEFINITION.match(line):
        return found
    if language in ("JavaScript", "TypeScript", "Vue", "Svelte"):
        return _ASSIGNED.match(line)
    if language == "Shell":
        return _SHELL_FUNCTION.match(line)
    if language in ("C", "C++", "C#", "Java", "Objective-C"):
        found = _C_FUNCTION.match(line)
        return found if found and line.split(None, 1)[0] not in _STATEMENTS else None
    return None


def _code(lines: list[str], language: str) -> Iterator[Block]:
    text = "\n".join(lines).strip("\n")
    if text.strip():
        yield Block("code", f"```{language.lower().replace(' ', '-')}\n{text}\n```")
