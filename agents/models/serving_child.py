"""The process that serves a local model: `python -m agents.models.serving_child MODEL PORT`.

It ends when its standard input does, and so with whoever started it, however that one ended.
"""

import os
import sys
import threading


def main() -> None:
    model, port = sys.argv[1:]
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    from transformers.cli.serve import Serve

    # The server listens when the model is loaded, so whoever it answers can ask it.
    Serve(force_model=model, host="127.0.0.1", port=int(port))


def _end_with_the_parent() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    # Generating may take long, and nobody is left who would read it.
    os._exit(0)


if __name__ == "__main__":
    main()
