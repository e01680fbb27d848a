"""A demonstration of the real application, scene by scene: `make demo`, or `python -m demo`.

- `script` the scenes, as data
- `acts` what a scene is made of
- `runner` plays them: on Enter, or by itself with pauses
- `stage` what acts can do: in the page, and behind it
- `browser` the page, in Chromium
- `backstage` the processes: `web`, two of `worker`, and the embedded Redis
- `paper` the document that is handed in
- `held` what stops a worker in the middle of its work, and `patience` what gives a presenter the time to talk
"""
