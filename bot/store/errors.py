"""What the store raises. Anything else that comes out of it is a bug."""

from bot.store.records import Run, RunStatus


class StoreError(Exception):
    """The database can't be used; the message is a sentence for the host."""


class SchemaTooNew(StoreError):
    """The database was written by a newer Namesmith than this one."""


class RunInProgress(Exception):
    """The guild already has a training run that is not over: `run`."""

    def __init__(self, run: Run) -> None:
        """Name the run that is in the way."""
        super().__init__(f"run {run.id} of guild {run.guild_id} is still {run.status}")
        self.run = run


class QueueFull(Exception):
    """As many training runs as there may be at once are not over: `most`."""

    def __init__(self, most: int) -> None:
        """Name the limit."""
        super().__init__(f"there are {most} runs that are not over, and may not be more")
        self.most = most


class IllegalTransition(Exception):
    """The run is not in a status from which it may go to the one asked for."""

    def __init__(self, run_id: int, target: RunStatus) -> None:
        """Name the run and where it can't go."""
        super().__init__(f"run {run_id} can't become {target}")


class UnknownModel(LookupError):
    """There is no such model, or it belongs to another guild; the two are not told apart."""

    def __init__(self, model_id: int) -> None:
        """Name the model asked for."""
        super().__init__(f"no model {model_id} is available here")


class DamagedModel(UnknownModel):
    """The weights of a model are not those that were kept."""

    def __init__(self, model_id: int) -> None:
        """Name the model."""
        super().__init__(model_id)
        self.args = (f"the weights of model {model_id} are not those that were kept: they are damaged",)


class ModelInUse(Exception):
    """The model is in use somewhere, so it is not to be deleted."""

    def __init__(self, model_id: int) -> None:
        """Name the model."""
        super().__init__(f"model {model_id} is in use")


class UnknownName(LookupError):
    """There is no such name, or not any more."""

    def __init__(self, name_id: int) -> None:
        """Name the ID asked for."""
        super().__init__(f"there is no name {name_id}")


class TooManyCategories(Exception):
    """The guild has as many categories as it may: `most`."""

    def __init__(self, most: int) -> None:
        """Name the limit."""
        super().__init__(f"there are {most} categories, and may not be more")
        self.most = most
