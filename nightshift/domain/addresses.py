"""Which addresses a configuration may name: folders and buckets, never a way out of them."""


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
