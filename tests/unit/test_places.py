import pytest

from nightshift.domain.errors import ConfigError
from nightshift.services.store.places import Place, split_uri


@pytest.mark.parametrize("uri", ["s3://b/p/q", "s3://b/p/q/"])
def test_a_place_is_the_same_with_and_without_a_slash_at_its_end(uri: str) -> None:
    place = Place.parse(uri)
    assert (place.bucket, place.prefix, place.root, place.uri) == ("b", "p/q", "p/q/", "s3://b/p/q")


def test_a_whole_bucket_is_a_place() -> None:
    assert (Place.parse("s3://b").root, Place.parse("s3://b/").uri) == ("", "s3://b")


@pytest.mark.parametrize("uri", ["", "b/p", "/b/p", "http://b/p", "s3:///p", "S3//b"])
def test_what_is_no_address_is_refused_with_the_right_form(uri: str) -> None:
    with pytest.raises(ConfigError, match="s3://bucket"):
        Place.parse(uri)


def test_a_prefix_does_not_hold_its_longer_namesake() -> None:
    place = Place.parse("s3://b/frames")
    assert place.holds("b", "frames/a.jpg")
    assert not place.holds("b", "frames-old/a.jpg")
    assert not place.holds("c", "frames/a.jpg")


def test_a_key_keeps_every_character() -> None:
    assert split_uri("s3://b/a b/#?%20ü.jpg") == ("b", "a b/#?%20ü.jpg")
    with pytest.raises(ConfigError, match="no S3 object"):
        split_uri("s3://b")
