"""Each format by its structure: what a reader of the document sees, and in which order."""

import pytest

from knowledge.blocks import Block, LoadedDocument
from knowledge.loaders import load
from tests.knowledge.documents import (
    cell,
    docx,
    epub,
    mail,
    odt,
    paragraph,
    pptx,
    samples,
    shape,
    slide,
    slide_table,
    xlsx,
    zipped,
)


def told(document: LoadedDocument) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in document.blocks]


@pytest.mark.parametrize("name", sorted(samples()))
def test_every_kind_is_read_as_what_it_is(name: str) -> None:
    """Without a remark, and with text in it."""
    document = load(samples()[name], name)
    assert document.format
    assert document.remarks == ()
    assert "pump" in document.text.lower()


class TestWord:
    def test_headings_come_from_styles(self) -> None:
        """Also from those that somebody based on them."""
        body = paragraph("Report", '<w:pStyle w:val="T"/>') + paragraph("Costs", '<w:pStyle w:val="Own"/>')
        document = load(docx(body + paragraph("They rose.")), "a.docx")
        assert document.title == "Report"
        assert document.blocks == (Block("heading", "Costs", 1), Block("paragraph", "They rose."))

    def test_items_of_a_list_are_numbered_as_in_word(self) -> None:
        """The numbers are nowhere in the file; they are counted."""
        item = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="7"/></w:numPr>'
        texts = [("one", 0), ("inner", 1), ("two", 0)]
        body = "".join(paragraph(text, item.format(level)) for text, level in texts)
        assert told(load(docx(body), "a.docx")) == [("list", "1. one\n  1. inner\n2. two")]

    def test_merged_cells_say_their_text_in_each_row(self) -> None:
        """Each row is understood alone; a table in a cell follows its table."""
        inner = f"<w:tbl><w:tr>{cell('x')}{cell('y')}</w:tr></w:tbl>"
        rows = [
            cell("Region") + cell("Sales", '<w:gridSpan w:val="2"/>'),
            cell("North", '<w:vMerge w:val="restart"/>') + cell("1") + cell("2"),
            cell("", "<w:vMerge/>") + cell("3") + cell("4", more=inner),
        ]
        body = "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"
        assert told(load(docx(body), "a.docx")) == [
            ("table", "| Region | Sales |  |\n| North | 1 | 2 |\n| North | 3 | 4 |"),
            ("table", "| x | y |"),
        ]

    def test_what_a_reader_does_not_see_is_left_out(self) -> None:
        """Deleted text and field codes; inserted text is there."""
        body = (
            "<w:p><w:r><w:t>Pay </w:t></w:r><w:del><w:r><w:delText>10</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>20</w:t></w:r></w:ins><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
        )
        assert told(load(docx(body), "a.docx")) == [("paragraph", "Pay 20")]

    def test_text_boxes_and_footnotes_are_read(self) -> None:
        """A box once, although Word stores it twice for old programs."""
        box = f"<w:txbxContent>{paragraph('In a box')}</w:txbxContent>"
        body = f"<w:p><w:r><w:t>Before</w:t><AlternateContent><Choice>{box}</Choice><Fallback>{box}</Fallback>"
        notes = f'<w:footnotes xmlns:w="x"><w:footnote>{paragraph("See law 7.")}</w:footnote></w:footnotes>'
        document = load(docx(body + "</AlternateContent></w:r></w:p>", word__footnotes_xml=notes), "a.docx")
        assert told(document) == [("paragraph", "Before"), ("paragraph", "In a box"), ("list", "- See law 7.")]


class TestPowerPoint:
    def test_a_slide_is_a_page(self) -> None:
        """In the order of the show, whatever the files are called; the title is the heading."""
        content = pptx(
            slide(shape("ctrTitle", "Our pumps")),
            slide(
                shape("title", "Prices"), shape("body", "low", "high"), slide_table([["Part", "Price"], ["seal", "2"]])
            ),
            notes="Smile.",
        )
        document = load(content, "a.pptx")
        assert (document.title, document.pages) == ("Our pumps", 2)
        assert document.blocks == (
            Block("heading", "Our pumps", 1, 1),
            Block("paragraph", "Notes: Smile.", page=1),
            Block("heading", "Prices", 1, 2),
            Block("list", "- low\n- high", page=2),
            Block("table", "| Part | Price |\n| seal | 2 |", page=2),
        )

    def test_a_slide_with_a_title_only_says_its_title(self) -> None:
        """A heading alone would become no passage."""
        assert told(load(pptx(slide(shape("title", "Questions?"))), "a.pptx")) == [("paragraph", "Questions?")]

    def test_a_damaged_slide_is_left_out_with_a_remark(self) -> None:
        """The others are read."""
        document = load(pptx(slide(shape("title", "One")), "no slide at all"), "a.pptx")
        assert document.remarks == ("Slides that are damaged were left out: 2.",)
        assert told(document) == [("paragraph", "One")]


class TestSheets:
    def test_a_sheet_is_a_page_under_its_name(self) -> None:
        """A caption above the table is a paragraph; the header names the columns."""
        rows: list[list[object]] = [["Sales of pumps"], ["Region", "Share"], ["North", 0.5], [], ["South", 0.25]]
        document = load(xlsx({"2024": rows, "Empty": []}), "a.xlsx")
        assert document.pages == 2
        assert document.blocks == (
            Block("heading", "2024", 1, 1),
            Block("paragraph", "Sales of pumps", page=1),
            Block("table", "| Region | Share |\n| North | 0.5 |", page=1),
            Block("table", "| Region | Share |\n| South | 0.25 |", page=1),
        )

    def test_formulas_without_a_stored_value_are_told(self) -> None:
        """Programs that write files without computing leave them so."""
        document = load(xlsx({"A": [["Part", "Sum"], ["seal", "=1+1"]]}), "a.xlsx")
        assert document.remarks[0].startswith("Some formulas have no stored value")

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_the_delimiter_is_found_by_looking(self, delimiter: str) -> None:
        """Whatever the file is called; quoted delimiters part nothing."""
        lines = [
            delimiter.join(row) for row in (["city", "note"], ["Oslo", f'"cold{delimiter} north"'], ["Rome", "hot"])
        ]
        (block,) = load("\n".join(lines).encode(), "cities.csv").blocks
        note = f"cold{'/' if delimiter == '|' else delimiter} north".replace("\t", " ").replace("  ", " ")
        assert block.text == f"| city | note |\n| Oslo | {note} |\n| Rome | hot |"


class TestHtml:
    def test_structure_is_kept_and_the_unseen_is_gone(self) -> None:
        """Scripts, styles, comments, what is hidden."""
        page = b"""<title>Pumps</title><style>p {}</style><h1>Pumps</h1><p>Six <b>bar</b>.<br>No more.</p>
        <script>alert("no")</script><div hidden>no</div><p style="display: none">no</p><!-- no -->
        <ol><li>one<ul><li>inner</li></ul></li><li>two</li></ol><pre>x  = 1\ny = 2</pre>"""
        document = load(page, "a.html")
        assert document.title == "Pumps"
        assert told(document) == [
            ("paragraph", "Six bar.\nNo more."),
            ("list", "1. one\n  - inner\n2. two"),
            ("code", "```\nx  = 1\ny = 2\n```"),
        ]

    def test_cells_that_span_are_filled_in(self) -> None:
        """Each row is understood alone; columns that are only space go."""
        page = b"""<table><tr><th rowspan=2>Region</th><th></th><th colspan=2>Sales</th></tr>
        <tr><td></td><td>$</td><td>5</td></tr></table>"""
        assert told(load(page, "a.html")) == [("table", "| Region | Sales |  |\n| Region | $ | 5 |")]

    def test_a_table_that_arranges_a_page_is_no_table(self) -> None:
        """What is in it is read as if it were not there."""
        page = b"<table><tr><td><h2>Left</h2><p>One.</p></td><td><table><tr><td>a</td><td>b</td></tr></table></td></tr>"
        assert told(load(page, "a.html")) == [("heading", "Left"), ("paragraph", "One."), ("table", "| a | b |")]

    def test_the_page_says_its_encoding(self) -> None:
        """And is believed where it is not UTF-8."""
        page = b"<meta charset='koi8-r'><p>\xee\xc1\xd3\xcf\xd3</p>"
        assert told(load(page, "a.html")) == [("paragraph", "\u041d\u0430\u0441\u043e\u0441")]


class TestBooksAndTexts:
    def test_a_book_is_read_in_the_order_of_its_spine(self) -> None:
        """Not in that of the zip file."""
        document = load(epub("<h1>One</h1><p>First.</p>", "<h1>Two</h1><p>Second.</p>"), "a.epub")
        assert document.title == "Alpine pumps"
        assert [text for _, text in told(document)] == ["One", "First.", "Two", "Second."]

    def test_opendocument(self) -> None:
        """Headings, lists, tables, and footnotes where they stand."""
        document = load(
            odt(
                '<text:h text:outline-level="2">Costs</text:h><text:p>They<text:s/>rose<text:note><text:note-citation>1'
                "</text:note-citation><text:note-body><text:p>Twice.</text:p></text:note-body></text:note>.</text:p>"
                "<text:list><text:list-item><text:p>a</text:p></text:list-item></text:list>"
                "<table:table><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell>"
                '<table:table-cell table:number-columns-repeated="2"><text:p>y</text:p></table:table-cell>'
                "</table:table-row></table:table>"
            ),
            "a.odt",
        )
        assert told(document) == [
            ("heading", "Costs"),
            ("paragraph", "They rose (Twice.)."),
            ("list", "- a"),
            ("table", "| x | y | y |"),
        ]

    def test_rich_text(self) -> None:
        """Escapes of both kinds, and rows of a table."""
        content = rb"{\rtf1\ansi Caf\'e9 \u8364?\par \trowd a\cell b\cell\row \trowd 1\cell 2\cell\row}"
        assert told(load(content, "a.rtf")) == [("paragraph", "Café €"), ("table", "| a | b |\n| 1 | 2 |")]

    def test_mail(self) -> None:
        """Headers, then the plain body; attachments are named."""
        document = load(mail("Prices", "They rise.", "<p>They <b>rise</b>.</p>", "plan.pdf"), "a.eml")
        assert document.title == "Prices"
        assert document.blocks[0].text.splitlines()[0] == "- From: Ana Silva <ana@example.org>"
        assert told(document)[1:] == [("paragraph", "They rise.")]
        assert document.remarks == ("Attachments were not read: plan.pdf. Put them in as files.",)

    def test_mail_in_html_only(self) -> None:
        """Its structure is kept."""
        content = b"From: a@b.c\nSubject: x\nContent-Type: text/html; charset=cp1252\n\n<h2>Caf\xe9</h2><p>Open.</p>"
        assert told(load(content, "a.eml"))[1:] == [("heading", "Café"), ("paragraph", "Open.")]


class TestValuesAndCode:
    def test_json_keeps_its_keys(self) -> None:
        """Records that are alike are a table; the rest is a line a value."""
        content = b'{"name": "Pumps", "price": 7.50, "parts": [{"id": 1, "size": "s"}, {"id": 2, "size": "m"}],'
        content += b' "maker": {"city": "Oslo", "tags": ["a", "b"]}}'
        assert told(load(content, "a.json")) == [
            ("list", "- name: Pumps\n- price: 7.50"),
            ("heading", "parts"),
            ("table", "| id | size |\n| 1 | s |\n| 2 | m |"),
            ("heading", "maker"),
            ("list", "- maker.city: Oslo\n- maker.tags: a, b"),
        ]

    def test_json_lines(self) -> None:
        """A record a line."""
        assert told(load(b'{"a": 1}\n{"a": 2}\n', "a.jsonl")) == [("table", "| a |\n| 1 |\n| 2 |")]

    def test_what_is_not_quite_json_is_text(self) -> None:
        """It says so."""
        document = load(b'{"pump": "six bar",', "a.json")
        assert document.remarks == ("It is not valid JSON; it was read as plain text.",)

    def test_code_is_cut_where_functions_begin(self) -> None:
        """What introduces one goes with it; methods stand below their class."""
        code = "import os\n\n# Starts.\n@once\ndef start() -> None:\n    pass\n\n"
        code += "class Pump:\n    def stop(self):\n        pass\n"
        assert load(code.encode(), "pump.py").blocks == (
            Block("code", "```python\nimport os\n```"),
            Block("heading", "def start() -> None", 1),
            Block("code", "```python\n# Starts.\n@once\ndef start() -> None:\n    pass\n```"),
            Block("heading", "class Pump", 1),
            Block("code", "```python\nclass Pump:\n```"),
            Block("heading", "def stop(self)", 2),
            Block("code", "```python\n    def stop(self):\n        pass\n```"),
        )

    @pytest.mark.parametrize(
        ("name", "code", "headings"),
        [
            ("a.go", "package a\n\nfunc (p *Pump) Start() {\n}\n", ["func (p *Pump) Start()"]),
            ("a.ts", "export const start = async () => {\n}\n", ["export const start = async () =>"]),
            ("a.rs", "pub(crate) fn start<T>() {}\n", ["pub(crate) fn start<T>() {}"]),
            ("a.c", "int\tstart(int bar)\n{\n  return f(1);\n}\n", ["int start(int bar)"]),
            ("a.sql", "CREATE TABLE pumps (id int);\n", ["CREATE TABLE pumps (id int);"]),
            ("run", "#!/usr/bin/env bash\nstart() {\n  echo six\n}\n", ["start()"]),
        ],
    )
    def test_languages(self, name: str, code: str, headings: list[str]) -> None:
        """By extension, or by the line that names the interpreter."""
        document = load(code.encode(), name)
        assert [block.text for block in document.blocks if block.kind == "heading"] == headings

    def test_xml_of_no_known_kind(self) -> None:
        """Its text, with the elements that it stands in."""
        document = load(b"<pumps><pump hall='7'>six bar</pump></pumps>", "a.xml")
        assert told(document) == [("list", "- pumps.pump: six bar 7")]


class TestNamesAndKinds:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("pumps.docx", "PDF"),
            ("pumps.pdf", "DOCX"),
            ("pumps.csv", "XLSX"),
            ("pumps.txt", "HTML"),
            ("pumps.pdf", "HTML"),
            ("pumps.docx", "RTF"),
            ("pumps.xlsx", "Plain text"),
            ("pumps.pdf", "EML"),
        ],
    )
    def test_a_wrong_extension_is_read_by_what_it_is(self, name: str, kind: str) -> None:
        """And a remark says so."""
        originals = {
            load(content, file).format: content for file, content in samples().items() if file != "pumps16.txt"
        }
        document = load(originals[kind], name)
        assert document.format == kind
        assert document.remarks[0].startswith(f"Its name ends in .{name[-4:].lstrip('s.')}"[:18])

    @pytest.mark.parametrize("name", ["README", "notes.conf", "pumps.log"])
    def test_text_is_text_under_any_name(self, name: str) -> None:
        """Without a remark: the name claims nothing else."""
        document = load(b"Six bar.", name)
        assert (document.format, document.remarks) == ("Plain text", ())

    @pytest.mark.parametrize(
        ("content", "name", "words"),
        [
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "a.doc", "Save it as .docx"),
            (zipped({"a.txt": "text"}), "a.zip", "Unpack it"),
            (b"\x89PNG\r\n\x1a\n" + bytes(50), "a.png", "Text in pictures is not read"),
            (
                zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}),
                "a.ods",
                "Save it as .xlsx or CSV",
            ),
            (b"\x7fELF" + bytes(50), "a", "Put in its documentation"),
        ],
    )
    def test_what_is_no_document_is_refused_with_a_way_out(self, content: bytes, name: str, words: str) -> None:
        """The reason says what to do."""
        from knowledge import UnreadableDocument

        with pytest.raises(UnreadableDocument, match=words) as refused:
            load(content, name)
        assert refused.value.status == "unsupported"

    @pytest.mark.parametrize(
        ("name", "title"),
        [
            ("../../etc/pumps.txt", "pumps"),
            ("C:\\Users\\ana\\pumps.txt", "pumps"),
            ("pu\x00mps\x1b[31m\n.txt", "pu mps [31m"),
            ("\u202etxt.spmup.txt", "txt.spmup"),
            ("\ud800.txt", "document"),
            ("", "document"),
            ("p" * 5_000 + ".txt", "p" * 150),
        ],
    )
    def test_names_are_made_harmless(self, name: str, title: str) -> None:
        """Paths, control characters, those that turn the direction of writing, and no end."""
        assert load(b"Six bar.", name).title == title

    def test_control_characters_do_not_get_through(self) -> None:
        """Nor halves of characters, which nothing could store."""
        assert told(load(b'{"a": "six\\u0000\\ud800 bar"}', "a.json")) == [("list", "- a: six bar")]
