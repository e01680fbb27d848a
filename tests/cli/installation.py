"""The `roundtable` command as a program that needs no model: its embedder counts words, all else is the product.

python -m tests.cli.installation COMMAND...
"""

import sys

import knowledge

if __name__ == "__main__":
    # Before anything else imports it.
    knowledge.MiniLM = lambda **_: knowledge.HashEmbedder()  # type: ignore[misc, assignment]
    from cli.main import main

    sys.exit(main())
