"""The champion in MLflow's model registry: a version for each promoted round, and the alias `champion`.

The weights stay in our own store; a version names their S3 URI and digest. Stages are deprecated and not used.
Of two versions of one champion the lower number counts, and the other one is deleted.
"""

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from nightshift.domain.rounds import Sealed, Weights
from nightshift.services.patience import Patience
from nightshift.services.tracking.steady import make

ALIAS = "champion"
ROUND_TAG = "nightshift.round"
AS_OF_TAG = "nightshift.champion_as_of_round"


def register(
    client: MlflowClient, patience: Patience, model: str, sealed: Sealed, run_id: str, weights_uri: str | None
) -> None:
    """Make the registry say what round.json says about the champion. Doing it twice changes nothing.

    A round logged again later never takes the alias back from a newer one.
    """
    champion = sealed.champion
    if champion is None:
        return
    _ensure_model(client, model)
    known = _versions_of(client, model, champion)
    if not known and champion.round == sealed.number and weights_uri is not None:
        made = _new_version(client, patience, model, champion, sealed, run_id, weights_uri)
        known = _versions_of(client, model, champion) or [made]
    if known:
        _point(client, model, known[0], sealed.number)
    for spare in known[1:]:
        _delete(client, model, spare)


def _ensure_model(client: MlflowClient, model: str) -> None:
    try:
        client.create_registered_model(model, description="The student in use: the alias `champion`.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _versions_of(client: MlflowClient, model: str, champion: Weights) -> list[ModelVersion]:
    known = client.search_model_versions(f"name = '{model}'")
    ours = [each for each in known if each.tags.get("nightshift.sha256") == champion.sha256]
    of_round = [each for each in ours if each.tags.get(ROUND_TAG) == str(champion.round)]
    return sorted(of_round, key=lambda each: int(each.version))


def _delete(client: MlflowClient, model: str, version: ModelVersion) -> None:
    try:
        client.delete_model_version(model, version.version)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":  # an attempt whose answer was lost
            raise


def _new_version(
    client: MlflowClient,
    patience: Patience,
    model: str,
    champion: Weights,
    sealed: Sealed,
    run_id: str,
    uri: str,
) -> ModelVersion:
    figures: dict[str, str] = {
        name: f"{sealed.metrics[name]:.4f}" for name in ("map50", "map50_95") if name in sealed.metrics
    }
    tags = {ROUND_TAG: str(champion.round), "nightshift.sha256": champion.sha256, **figures}
    said = f"Promoted in round {champion.round}."

    def look() -> ModelVersion | None:
        return next(iter(_versions_of(client, model, champion)), None)

    def create() -> ModelVersion:
        return client.create_model_version(model, uri, run_id, tags, description=said, await_creation_for=0)

    return make(patience, create, look)


def _point(client: MlflowClient, model: str, version: ModelVersion, as_of: int) -> None:
    current = client.get_registered_model(model)
    if int(current.tags.get(AS_OF_TAG, -1)) > as_of:
        return
    if str(current.aliases.get(ALIAS)) != str(version.version):
        client.set_registered_model_alias(model, ALIAS, version.version)
    client.set_registered_model_tag(model, AS_OF_TAG, str(as_of))
