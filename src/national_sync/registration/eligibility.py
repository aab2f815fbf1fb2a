"""Who may register on a day: clause R2. Pure.

From the fourteenth birthday on and up to the seventieth, that day included. Before, a guardian goes along; after it, a
statement says that the person is fit. Whoever was born on 29 February has the birthday on the 28th in other years
(Civil Code, article 202: where a month lacks the day, its last day counts).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from national_sync.i18n import N_, Phrase
from national_sync.policy import RegistrationRules
from national_sync.registration.validation import Fault


class Eligibility(StrEnum):
    ELIGIBLE = "eligible"
    NEEDS_GUARDIAN = "needs_guardian"
    NEEDS_FITNESS_STATEMENT = "needs_fitness_statement"


def eligibility(born: date, day: date, rules: RegistrationRules) -> Eligibility:
    """By the age on a day."""
    if day < birthday(born, rules.youngest):
        return Eligibility.NEEDS_GUARDIAN
    if day > birthday(born, rules.oldest):
        return Eligibility.NEEDS_FITNESS_STATEMENT
    return Eligibility.ELIGIBLE


def birthday(born: date, age: int) -> date:
    """The day on which this age is reached."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 2, 28)


def what_is_lacking(values: Mapping[str, str | None], day: date, rules: RegistrationRules) -> list[Fault]:
    """What a form still needs for its person to be eligible on a day, with the reason."""
    born = date.fromisoformat(str(values["birth_date"]))
    needed: tuple[str, ...] = ()
    words, age = "", 0
    match eligibility(born, day, rules):
        case Eligibility.NEEDS_GUARDIAN:
            words = N_("is needed: the person is under {age} on {day}")
            needed, age = ("guardian_name", "guardian_phone", "guardian_consented_on"), rules.youngest
        case Eligibility.NEEDS_FITNESS_STATEMENT:
            words = N_("is needed: the person is over {age} on {day}")
            needed, age = ("fitness_stated_on",), rules.oldest
        case Eligibility.ELIGIBLE:
            pass
    lacking = [Fault(name, Phrase(words, age=age, day=day)) for name in needed if not values[name]]
    return lacking + [
        Fault(name, Phrase(N_("lies in the future")))
        for name in ("guardian_consented_on", "fitness_stated_on")
        if values[name] and str(values[name]) > day.isoformat()
    ]
