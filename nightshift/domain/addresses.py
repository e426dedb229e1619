"""Which addresses a configuration may name: folders, buckets and servers, never a way out of them."""

from urllib.parse import urlsplit


def within_its_place(uri: str) -> str:
    """The address, if it is a folder or s3:// without a part that steps out of it.

    Raises:
        ValueError: what is wrong with it.
    """
    scheme, mark, path = uri.partition("://")
    if mark and scheme != "s3":
        raise ValueError(f"{scheme}:// is not read; name a folder or s3://bucket/prefix")
    if mark and {".", ".."} & set(path.split("/")):
        raise ValueError("a part of it is '.' or '..'; name the place itself")
    return uri


def no_link(checkpoint: str) -> str:
    """The name of a checkpoint, if it is a folder or a model of the hub.

    Raises:
        ValueError: it is a link, from which nothing is ever loaded.
    """
    if "://" in checkpoint:
        raise ValueError("it is a link; name a folder, or a model of the hub such as owner/model")
    return checkpoint


def served(url: str) -> str:
    """The address of a model served elsewhere, if it is one and tells no secret.

    Raises:
        ValueError: what is wrong with it.
    """
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or "\\" in url or not url.isprintable() or " " in url:
        raise ValueError("it is no http:// or https:// address")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise ValueError("it carries a login, a query or a fragment; secrets come from the environment")
    return url
