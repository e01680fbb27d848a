"""Where words stand on a page, and what that makes of them: columns, tables, headings and paragraphs."""
