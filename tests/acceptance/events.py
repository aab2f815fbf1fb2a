"""The words in which a scenario is told: what happens, in order. Each is a value; `stage` knows how to make it so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Fields: TypeAlias = Mapping[str, Any]
Side: TypeAlias = Literal["local", "national", "set"]


@dataclass(frozen=True)
class EditHere:
    """Another program of the platform updates a row with plain SQL. Values that are labels name rows."""

    label: str
    columns: Fields


@dataclass(frozen=True)
class CreateHere:
    label: str
    columns: Fields


@dataclass(frozen=True)
class DeleteHere:
    label: str


@dataclass(frozen=True)
class EditThere:
    label: str
    fields: Fields


@dataclass(frozen=True)
class CreateThere:
    """A record appears nationally. Values that are labels name records by what the wire calls them by."""

    label: str
    fields: Fields


@dataclass(frozen=True)
class WithdrawThere:
    """Deleted nationally, and still listed as deleted."""

    label: str


@dataclass(frozen=True)
class PurgeThere:
    """Gone nationally without a trace."""

    label: str


@dataclass(frozen=True)
class Corrupt:
    """The national side shows this record distorted from now on."""

    label: str
    variant: str


@dataclass(frozen=True)
class Heal:
    label: str


@dataclass(frozen=True)
class MergeThere:
    """Two registrations of one person become one."""

    loser: str
    winner: str


@dataclass(frozen=True)
class MergeHere:
    """Two registrations of one person are counted as one from now on."""

    kept: str
    gone: str


@dataclass(frozen=True)
class Review:
    """The national reviewers decide everything that waits."""

    decision: Literal["pass", "refuse"]
    words: str = ""


@dataclass(frozen=True)
class Faults:
    """What goes wrong from now on; the mock's fault script."""

    entries: tuple[Fields, ...]


@dataclass(frozen=True)
class Switch:
    """Capabilities and behaviour of the national side from now on."""

    values: Fields


@dataclass(frozen=True)
class Passed:
    """Time passes on both sides."""

    seconds: float


@dataclass(frozen=True)
class Decide:
    """The operator settles the open mismatches of a kind, or only the one about `label`."""

    kind: str
    keep: Side
    label: str | None = None
    value: str | None = None
    """With `set`."""
    field: str | None = None


@dataclass(frozen=True)
class Undo:
    """The operator takes back what was last decided about a kind."""

    kind: str


@dataclass(frozen=True)
class AddRule:
    """From now on a field of an entity is settled without a person."""

    entity: str
    field: str
    keep: Side


@dataclass(frozen=True)
class RequestTransfer:
    """The office writes a request down; approved at once unless the scenario says otherwise."""

    label: str
    old: str
    new: str
    areas: Fields = field(default_factory=dict)
    is_approved: bool = True
    is_second: bool = False
    """Refused, because one of the same person is under way."""


@dataclass(frozen=True)
class CallOff:
    """The transfer of this volunteer is called off."""

    label: str


@dataclass(frozen=True)
class Resume:
    label: str


@dataclass(frozen=True)
class TeamDecides:
    """A team decides nationally about the application of a volunteer."""

    label: str
    team: str
    answer: Literal["accept", "reject"]


@dataclass(frozen=True)
class AnswerHold:
    answer: Literal["approve", "reject"]
    action: str


@dataclass(frozen=True)
class AnswerQuarantine:
    answer: Literal["replay", "drop"]


@dataclass(frozen=True)
class Forget:
    """The mirror is told that it was written by another translation (`mapping_changed`)."""

    entity: str


@dataclass(frozen=True)
class Meanwhile:
    """While a run is at work: the first time the failpoint is passed with `when` giving a row, `do` happens."""

    failpoint: str
    when: str
    do: tuple[Event, ...]


@dataclass(frozen=True)
class Night:
    """A run, begun an hour after what came before. `raises` is the code of the error that ends it."""

    kind: str = "manual"
    full: bool = False
    entities: tuple[str, ...] = ()
    scope: Fields = field(default_factory=dict)
    slot: str | None = None
    raises: str | None = None
    meanwhile: tuple[Meanwhile, ...] = ()
    calls_per_day: int = 1_000_000
    adapter: Fields = field(default_factory=dict)
    """Settings of the adapter other than the usual ones."""
    hours_later: float = 1
    holder: str = ""
    """Who runs; this process unless another machine is named."""


Event: TypeAlias = (
    EditHere
    | CreateHere
    | DeleteHere
    | EditThere
    | CreateThere
    | WithdrawThere
    | PurgeThere
    | Corrupt
    | Heal
    | MergeThere
    | MergeHere
    | Review
    | Faults
    | Switch
    | Passed
    | Decide
    | Undo
    | AddRule
    | RequestTransfer
    | CallOff
    | Resume
    | TeamDecides
    | AnswerHold
    | AnswerQuarantine
    | Forget
    | Night
)


def edit_here(label: str, **columns: Any) -> EditHere:
    return EditHere(label, columns)


def create_here(label: str, **columns: Any) -> CreateHere:
    return CreateHere(label, columns)


def edit_there(label: str, **fields: Any) -> EditThere:
    return EditThere(label, fields)


def create_there(label: str, fields: Fields) -> CreateThere:
    return CreateThere(label, fields)


def switch(**values: Any) -> Switch:
    return Switch(values)


def fault(kind: str, match: Fields | None = None, **parameters: Any) -> Faults:
    """One fault, once unless `match` says otherwise."""
    return Faults(({"match": {"nth": 1, **(match or {})}, "fault": kind, "parameters": parameters},))


def no_faults() -> Faults:
    return Faults(())
