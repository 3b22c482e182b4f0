"""The named errors of Affectra. Each message says what was wrong, with the bad value, and how to mend it."""


class AffectraError(Exception):
    """The base of all errors that are shown to a person as they are."""


class MissingPackageError(AffectraError):
    """A package that this command needs is not installed."""


class SettingsError(AffectraError):
    """A setting in the environment cannot be used."""


class DatasetError(AffectraError):
    """The training corpus is missing or not what it should be."""


class ModelError(AffectraError):
    """A model folder is missing, incomplete, damaged or of another kind."""


class InputError(AffectraError):
    """A text, a file or a column that was given cannot be used."""


class StoreError(AffectraError):
    """The store cannot be opened, is held by another process, or is damaged."""


class GoneError(StoreError):
    """A prediction is no longer in the store: it was too old to keep."""


class ReviewError(AffectraError):
    """A decision came too late: somebody else was faster, or holds the item."""


class JobError(AffectraError):
    """Work in the background ended for a reason that nobody foresaw; the log has it."""


class TrackingError(AffectraError):
    """The experiment tracker cannot be reached or refuses a run."""
