"""AT Protocol's data: content identifiers, DAG-CBOR, record keys, and what a post with pictures must be.

Source: atproto.com/specs/data-model, /specs/record-key, /specs/blob; ipld.io/specs/codecs/dag-cbor; RFC 8949 (CBOR);
lexicons app.bsky.feed.post and app.bsky.embed.images. Read 2026-11 in stored copies and from memory.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

RAW, DAG_CBOR = 0x55, 0x71
MAX_IMAGE, MAX_IMAGES, MAX_TEXT = 1_000_000, 4, 3000
DEEPEST = 64


def cid_of_blob(data: bytes) -> str:
    """The CID of a blob: version 1, raw, SHA-256, base32."""
    return _cid(RAW, data)


def cid_of_record(value: Any) -> str:
    """The CID of a record: version 1, DAG-CBOR, SHA-256, base32."""
    return _cid(DAG_CBOR, dag_cbor(value))


def _cid(codec: int, data: bytes) -> str:
    binary = bytes((1, codec, 0x12, 32)) + hashlib.sha256(data).digest()
    return "b" + base64.b32encode(binary).decode().lower().rstrip("=")


def dag_cbor(value: Any, depth: int = 0) -> bytes:
    """JSON's values as DAG-CBOR; {"$link": cid} is a link. Floats, which records may not have, go by their text."""
    if depth > DEEPEST:
        return b"\xf6"
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int) and abs(value) < 2**63:
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(dag_cbor(item, depth + 1) for item in value)
    if isinstance(value, Mapping):
        link = value.get("$link")
        if len(value) == 1 and isinstance(link, str) and re.fullmatch("b[a-z2-7]{10,100}", link):
            padded = link[1:].upper() + "=" * (-(len(link) - 1) % 8)
            try:
                binary = b"\x00" + base64.b32decode(padded)
            except ValueError:
                binary = b"\x00"
            return b"\xd8\x2a" + _head(2, len(binary)) + binary
        encoded = {str(key).encode(errors="replace"): item for key, item in value.items()}
        keys = sorted(encoded, key=lambda key: (len(key), key))
        items = (_head(3, len(key)) + key + dag_cbor(encoded[key], depth + 1) for key in keys)
        return _head(5, len(keys)) + b"".join(items)
    text = str(value).encode(errors="replace")
    return _head(3, len(text)) + text


def _head(major: int, n: int) -> bytes:
    """RFC 8949 3: a major type and its argument in the fewest bytes."""
    if n < 24:
        return bytes((major << 5 | n,))
    for size, more in ((1, 24), (2, 25), (4, 26)):
        if n < 1 << 8 * size:
            return bytes((major << 5 | more,)) + n.to_bytes(size, "big")
    return bytes((major << 5 | 27,)) + n.to_bytes(8, "big")


def is_record_key(rkey: Any) -> bool:
    """Whether it is one: 1 to 512 of these letters, and neither . nor .. ."""
    return isinstance(rkey, str) and rkey not in (".", "..") and bool(re.fullmatch(r"[A-Za-z0-9._:~-]{1,512}", rkey))


def blobs_in(value: Any, depth: int = 0) -> list[str]:
    """CIDs of the blobs that a record uses, in order, each once."""
    return list(dict.fromkeys(_blobs(value, depth)))


def _blobs(value: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        return
    if isinstance(value, Mapping):
        link = value.get("ref")
        if value.get("$type") == "blob" and isinstance(link, Mapping) and isinstance(link.get("$link"), str):
            yield str(link["$link"])
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _blobs(item, depth + 1)


def objection_to(collection: str, record: Mapping[str, Any]) -> tuple[str, str] | None:
    """(error, message) about a record that its lexicon does not allow; None for one that it does, or is not known here.

    Only app.bsky.feed.post is known, and of it: text, createdAt, and pictures.
    """
    if record.get("$type", collection) != collection:
        return "InvalidRequest", f"Invalid $type: expected {collection}, got {str(record.get('$type'))[:100]}"
    if collection != "app.bsky.feed.post":
        return None
    for name in ("text", "createdAt"):
        if not isinstance(record.get(name), str):
            return "InvalidRequest", f'Invalid app.bsky.feed.post record: Record must have the property "{name}"'
    if len(record["text"].encode(errors="replace")) > MAX_TEXT:
        return (
            "InvalidRequest",
            f"Invalid app.bsky.feed.post record: Record/text must not be longer than {MAX_TEXT} bytes",
        )
    embed = record.get("embed")
    if not isinstance(embed, Mapping) or embed.get("$type") != "app.bsky.embed.images":
        return None
    images = embed.get("images")
    if not isinstance(images, list) or len(images) > MAX_IMAGES:
        reason = f"Record/embed/images must not have more than {MAX_IMAGES} elements"
        return "InvalidRequest", f"Invalid app.bsky.feed.post record: {reason}"
    return next((found for image in images if (found := _objection_to_image(image)) is not None), None)


def _objection_to_image(image: Any) -> tuple[str, str] | None:
    place = "Invalid app.bsky.feed.post record: Record/embed/images"
    blob = image.get("image") if isinstance(image, Mapping) else None
    if not isinstance(blob, Mapping) or not isinstance(image.get("alt"), str):
        return "InvalidRequest", f'{place} must have the properties "image" and "alt"'
    if not blobs_in(blob) or not isinstance(blob.get("size"), int):
        return "InvalidRequest", f"{place}/image should be a blob ref"
    if not str(blob.get("mimeType")).startswith("image/"):
        return (
            "InvalidMimeType",
            f'Wrong type of file. It is {str(blob.get("mimeType"))[:60]} but it must match "image/*".',
        )
    return too_large(blob["size"]) if blob["size"] > MAX_IMAGE else None


def too_large(size: int) -> tuple[str, str]:
    """The objection to a picture of so many bytes."""
    most = f"{MAX_IMAGE / 1024:.2f}KB"
    return "BlobTooLarge", f"This file is too large. It is {size / 1024:.2f}KB but the maximum size is {most}."


def images_of(post: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(CID, alternative text) of the pictures in a post; [] where it has none, or is not as its lexicon says."""
    embed = post.get("embed")
    images = embed.get("images") if isinstance(embed, Mapping) else None
    if not isinstance(images, list):
        return []
    return [
        (cid, str(image.get("alt", ""))) for image in images if isinstance(image, Mapping) for cid in blobs_in(image)
    ]
