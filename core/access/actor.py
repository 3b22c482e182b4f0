"""Who does something: written beside what is recorded. Today one local owner, later the signed-in person."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["owner", "moderator", "tester"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person and the role in which they act."""

    name: str
    role: Role = "owner"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person at one window; they may have several, and what one claims is not the other's."""

    actor: Actor
    window: str
