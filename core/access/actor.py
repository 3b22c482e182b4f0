"""Who does something: written beside what is recorded. Today one local owner, later the signed-in person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, as what they do is written down."""

    name: str


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person at one window; they may have several, and what one claims is not the other's."""

    actor: Actor
    window: str
