"""A round's folder against its manifest, its receipts and its summary: what must lie there, and under which digest.

A round that was sealed before there were manifests, or is not sealed yet, is known by its receipts alone; then the
digests are those that each object carries. Reads documents only; `objects` reads the rest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nightshift.domain.errors import StoreError
from nightshift.domain.rounds import Receipt, RoundKeys, Sealed
from nightshift.services.store import state
from nightshift.services.store.manifest import Manifest, read_manifest
from nightshift.services.store.s3 import ObjectInfo, Store
from nightshift.upkeep.findings import Finding
from nightshift.upkeep.layout import MANIFEST, PLAN, ROUND, STAGES, is_known, stages, table_of
from nightshift.upkeep.objects import Wanted

NOBODY = "nobody here has written it, or needs it"
LEAVE = "Nothing breaks if it stays or goes."


@dataclass(slots=True)
class Folder:
    """What a round's folder should hold, gathered step by step.

    Args:
        store: where.
        number: of the round.
        listed: name relative to the folder → as S3 lists it.
        removed: keys that were removed on purpose.
        sealed: whether the round counts already.
    """

    store: Store
    number: int
    listed: Mapping[str, ObjectInfo]
    removed: frozenset[str]
    sealed: bool
    findings: list[Finding] = field(default_factory=list)
    wanted: dict[str, Wanted] = field(default_factory=dict)

    @property
    def keys(self) -> RoundKeys:
        """Where it lies."""
        return RoundKeys(self.number)

    def examine(self) -> None:
        """Fill `findings` and `wanted`."""
        summary = self._summary() if self.sealed else None
        self._documents(summary)
        self._manifest(summary)
        for name in self._promised(summary):
            self._must_lie_here(name)
        if summary and summary.champion:
            self.want(summary.champion.key, Wanted(summary.champion.key, sha256=summary.champion.sha256))

    def want(self, key: str, wanted: Wanted) -> None:
        """An object must be as said; the first word about it stands."""
        self.wanted.setdefault(key, wanted)

    def _summary(self) -> Sealed | None:
        try:
            found = state.read_sealed(self.store, self.number)
        except StoreError as error:
            self.findings.append(Finding.of(error))
            return None
        if found is None:
            self._missing(ROUND, "the round counts, and its summary is not there")
        return found

    def _documents(self, summary: Sealed | None) -> None:
        """The plan and the summary tell the same story."""
        try:
            plan = state.read_plan(self.store, self.number)
        except StoreError:
            return  # the lineage has told it already
        if summary and (summary.parent, summary.number) != (plan.parent, self.number):
            said = f"it says round {summary.number} after {summary.parent}, its plan {self.number} after {plan.parent}"
            self.findings.append(Finding(self._uri(ROUND), "damaged", said, state.REPAIR))
        if plan.number != self.number:
            said = f"it is the plan of round {plan.number}"
            self.findings.append(Finding(self._uri(PLAN), "damaged", said, state.REPAIR))

    def _manifest(self, summary: Sealed | None) -> None:
        """Every object by the digest of the manifest; what is not named there by the digest that it carries."""
        named = self._named(summary)
        for name, digest in named.objects.items() if named else ():
            if self._must_lie_here(name):
                self.want(self._key(name), Wanted(self._key(name), digest.size, digest.sha256, table_of(name)))
        later = {MANIFEST, ROUND} if named else set()
        for name in self.listed:
            if (named and name not in named.objects and name not in later) or not is_known(name):
                self.findings.append(Finding(self._uri(name), "unknown", NOBODY, LEAVE))
            else:
                self.want(self._key(name), Wanted(self._key(name), table=table_of(name)))

    def _named(self, summary: Sealed | None) -> Manifest | None:
        try:
            found = read_manifest(self.store, self.number, summary.manifest if summary else None)
        except StoreError as error:
            self.findings.append(Finding.of(error))
            return None
        if found is None and summary and summary.manifest:
            self._missing(MANIFEST, "the round's summary names its digest, and it is not there")
        return found

    def _promised(self, summary: Sealed | None) -> Iterator[str]:
        """What receipts say that their stages left; a sealed round has the receipts that its summary names."""
        named = set(summary.stages) if summary else set()
        for stage in stages(summary.kind) if summary else STAGES:
            receipt = self._receipt(stage.name)
            if receipt:
                yield from stage.promised(receipt)
            elif stage.name in named:
                yield f"stages/{stage.name}.json"

    def _receipt(self, stage: str) -> Receipt | None:
        if f"stages/{stage}.json" not in self.listed:
            return None
        try:
            return state.read_receipt(self.store, self.keys, stage)
        except StoreError as error:
            self.findings.append(Finding.of(error))
            return None

    def _must_lie_here(self, name: str) -> bool:
        """Whether it does; it need not if it was removed on purpose. An open round may have grown since the listing."""
        if name in self.listed or (not self.sealed and self.store.exists(self._key(name))):
            return True
        if self._key(name) not in self.removed:
            self._missing(name, "it is not there, and the round needs it")
        return False

    def _missing(self, name: str, reason: str) -> None:
        finding = Finding(self._uri(name), "missing", reason, state.REPAIR)
        if all(each.subject != finding.subject for each in self.findings):
            self.findings.append(finding)

    def _key(self, name: str) -> str:
        return self.keys.key(name)

    def _uri(self, name: str) -> str:
        return self.store.uri(self._key(name))
