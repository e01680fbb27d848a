"""Embeddings on the wire: base64 of little-endian float32."""

import base64

import numpy as np

from knowledge import Vector


def pack(vector: Vector) -> str:
    """(d,) float32 to text."""
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()


def unpack(text: str) -> Vector:
    """Text to (d,) float32."""
    return np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32, copy=False)
