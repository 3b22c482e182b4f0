"""The registry: every model that can serve is a version there, and the alias `champion` says which one serves."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from core.ids import new_id

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

REGISTERED: Final = "affectra-emotions"
CHAMPION: Final = "champion"
_MODEL: Final = "affectra.model"
_VERSION: Final = "affectra.version"
_FINGERPRINT: Final = "affectra.fingerprint"
_PROMOTION: Final = "affectra.promotion."


class Version(BaseModel):
    """A registered version of the emotion model.

    Attributes:
        number: the registry's, counted over all kinds of models.
        model, version: what its manifest says: `electra`, `2`.
        fingerprint: over its files; two models of one name and version that differ in a byte differ here.
        run_id: the run that made it, empty if that is unknown here.
        facts: what else the manifest says.
    """

    model_config = ConfigDict(frozen=True)
    number: int
    model: str
    version: str
    fingerprint: str
    run_id: str
    registered_at: datetime
    facts: dict[str, str]

    @property
    def label(self) -> str:
        """Name and version, as pages show them."""
        return f"{self.model} {self.version}"


class Promotion(BaseModel):
    """One move of the champion: who, when, why, from which version (0 for none) to which."""

    model_config = ConfigDict(frozen=True)
    at: AwareDatetime
    by: str
    why: str
    came_from: int
    to: int


class Registry(BaseModel):
    """What the registry holds.

    Attributes:
        champion: the number of the version that serves, None before one was chosen.
        promotions: oldest first.
    """

    model_config = ConfigDict(frozen=True)
    versions: list[Version] = []
    champion: int | None = None
    promotions: list[Promotion] = []

    def version(self, number: int | None) -> Version | None:
        """Return a version by its number."""
        return next((one for one in self.versions if one.number == number), None)


def read_registry(client: "MlflowClient") -> Registry:
    """Return all versions, the champion and how it came to be."""
    found = client.search_registered_models(f"name = '{REGISTERED}'")
    if not found:
        return Registry()
    (model,) = found
    champion = dict(model.aliases).get(CHAMPION)
    # Versions that were registered under this name by other means are not ours to serve.
    versions = [_version(one) for one in _search(client) if _MODEL in one.tags]
    promotions = []
    for name, value in model.tags.items():
        if name.startswith(_PROMOTION):
            try:
                promotions.append(Promotion.model_validate_json(value))
            except ValidationError:  # a tag that was written by hand
                continue
    return Registry(
        versions=sorted(versions, key=lambda one: one.number),
        champion=int(champion) if champion is not None else None,
        promotions=sorted(promotions, key=lambda one: one.at),
    )


def register(
    client: "MlflowClient", *, model: str, version: str, fingerprint: str, facts: dict[str, str], run_id: str
) -> int:
    """Register a version, unless one of the same files is there, and return its number.

    Args:
        facts: at most 5,000 characters each; empty ones are left out.
        run_id: the run that made it, empty if that is unknown; a server takes no version without one.
    """
    if not client.search_registered_models(f"name = '{REGISTERED}'"):
        client.create_registered_model(
            REGISTERED, description="What reads the emotions in tweets. The alias `champion` says which version serves."
        )
    for one in _search(client):
        if one.tags.get(_FINGERPRINT) == fingerprint and one.tags.get(_MODEL) == model:
            return int(one.version)
    named = {_MODEL: model, _VERSION: version, _FINGERPRINT: fingerprint}
    made = client.create_model_version(
        REGISTERED,
        source=f"runs:/{run_id}/manifest.json" if run_id else f"affectra:{model}/{version}",
        run_id=run_id or None,
        tags=named | {f"affectra.{name}": value for name, value in facts.items() if value},
        description=f"{model} {version}",
    )
    return int(made.version)


def promote(client: "MlflowClient", promotion: Promotion) -> None:
    """Let the alias point to the version `promotion.to`, and keep who did it, when and why."""
    # A tag of its own for each: none is ever overwritten.
    client.set_registered_model_tag(REGISTERED, f"{_PROMOTION}{new_id(promotion.at)}", promotion.model_dump_json())
    client.set_registered_model_alias(REGISTERED, CHAMPION, str(promotion.to))


def _search(client: "MlflowClient") -> "list[ModelVersion]":
    found: list[ModelVersion] = []
    token: str | None = ""
    while token is not None:
        page = client.search_model_versions(f"name = '{REGISTERED}'", page_token=token or None)
        found += page
        token = page.token or None
    return found


def _version(one: "ModelVersion") -> Version:
    named = {_MODEL, _VERSION, _FINGERPRINT}
    return Version(
        number=int(one.version),
        model=one.tags[_MODEL],
        version=one.tags.get(_VERSION, ""),
        fingerprint=one.tags.get(_FINGERPRINT, ""),
        run_id=one.run_id or "",
        registered_at=datetime.fromtimestamp(one.creation_timestamp / 1000, UTC),
        facts={
            name.removeprefix("affectra."): value
            for name, value in one.tags.items()
            if name.startswith("affectra.") and name not in named
        },
    )
