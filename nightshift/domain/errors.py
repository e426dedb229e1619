"""Every error a user can meet, in one tree.

NightshiftError
├── ConfigError          nightshift.yaml, or an argument, is wrong
│   └── UnknownName      a teacher, student or class that nobody knows
├── StoreError           S3 did not do what was asked
│   ├── NotFound         the object is not there
│   ├── Conflict         a conditional write lost against another writer
│   ├── Damaged          the bytes read are not the bytes written
│   └── StoreUnfit       the store ignores conditional writes: rounds would not be safe
├── LeaseHeld            another round is running
├── LeaseLost            this round lost its lease and may no longer publish
├── FrameError           a picture cannot be used
├── ModelError           a teacher or a student failed
├── ReviewError          Label Studio did not do what was asked
├── TrackingError        MLflow did not do what was asked
├── ServiceDown          a service does not answer any more: the night stops
├── DiskFull             this machine has no room for a file
└── StackError           a local server did not start or stop

An error names the object, the reason and the remedy, in that order.
"""

LINES = "\n"  # a reason may quote a log


def _visible(text: str, keep: str = "") -> str:
    """What a terminal can be trusted with: file names come from outside, and may hold its commands."""
    return "".join(each if each in keep or each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


class NightshiftError(Exception):
    """What went wrong, why, and what to do next.

    Args:
        subject: the object: a key, a URI, a line of the configuration.
        reason: what is wrong with it, as a clause.
        remedy: what the reader should do next, as a sentence.
    """

    def __init__(self, subject: str, reason: str, remedy: str) -> None:
        self.subject, self.reason, self.remedy = subject, reason, remedy
        super().__init__(f"{_visible(subject)}: {_visible(reason, LINES)}. {remedy}")

    def __reduce__(self) -> tuple[type["NightshiftError"], tuple[str, str, str]]:
        """Survive pickling: Prefect and process pools carry errors across processes."""
        return type(self), (self.subject, self.reason, self.remedy)


class ConfigError(NightshiftError):
    """The configuration, or an argument, is wrong."""


class UnknownName(ConfigError):  # noqa: N818 - reads as what happened
    """A name nobody knows; the remedy lists the known ones."""


class StoreError(NightshiftError):
    """The object store did not do what was asked."""


class NotFound(StoreError):  # noqa: N818
    """The object is not there."""


class Conflict(StoreError):  # noqa: N818
    """A conditional write lost against another writer."""


class Damaged(StoreError):  # noqa: N818
    """The bytes read are not the bytes that were written."""


class StoreUnfit(StoreError):  # noqa: N818
    """The store ignores conditional writes, so two rounds could both win."""


class LeaseHeld(NightshiftError):  # noqa: N818
    """Another round holds the lease."""


class LeaseLost(NightshiftError):  # noqa: N818
    """This round's lease was taken over; it may no longer publish."""


class FrameError(NightshiftError):
    """A picture cannot be decoded or must not be used."""


class ModelError(NightshiftError):
    """A teacher or a student failed to load, train or detect."""


class ReviewError(NightshiftError):
    """Label Studio did not do what was asked."""


class TrackingError(NightshiftError):
    """MLflow did not do what was asked."""


class DiskFull(NightshiftError):  # noqa: N818 - reads as what happened
    """This machine has no room for a file."""


class ServiceDown(NightshiftError):  # noqa: N818
    """A service does not answer any more: the night stops, and goes on there when it is run again."""


class StackError(NightshiftError):
    """A server of the local stack did not start or stop."""
