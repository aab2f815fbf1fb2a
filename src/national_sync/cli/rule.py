"""`national-sync rule`: mismatches that are settled without a person, by standing rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from national_sync.cli.choices import COUNTY, NUMBER
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _
from national_sync.prose.fields import column_named, field_name
from national_sync.prose.words import word

if TYPE_CHECKING:
    from national_sync.reconcile.rules import NewRule


Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(cls=Group, help=N_("Rules that settle mismatches without a person."))
def rule() -> None:
    pass


_number = click.argument("number", type=NUMBER, metavar="NO")


def _terms(*, required: bool) -> Callable[[Command], Command]:
    """The options that say what a rule is."""

    def decorated(command: Command) -> Command:
        for option in (
            click.option(
                "--kind", cls=Option, default="both_edited", show_default=True, help=N_("The kind of mismatch.")
            ),
            click.option("--county", cls=Option, type=COUNTY, metavar="CODE", help=N_("Only in this county.")),
            click.option(
                "--field",
                cls=Option,
                default="",
                help=N_("Only this field, by its code or in words; otherwise every field."),
            ),
            click.option(
                "--keep",
                cls=Option,
                type=click.Choice(["local", "national"]),
                required=required,
                help=N_("Which value stays."),
            ),
            click.option("--entity", cls=Option, required=required, help=N_("The entity, such as volunteer.")),
        ):
            command = option(command)
        return command

    return decorated


def _rule(*, kind: str, entity: str, field: str, county: str | None, keep: str) -> NewRule:
    from national_sync.errors import UsageError
    from national_sync.reconcile.rules import NewRule
    from national_sync.records import Entity, mirror_columns
    from national_sync.sync.kinds import MismatchKind

    for given, known in ((kind, [*MismatchKind]), (entity, [*Entity])):
        if given not in known:
            raise UsageError(N_("{given} is none of: {known}"), given=given, known=", ".join(str(one) for one in known))
    column = column_named(field, mirror_columns(Entity(entity)))
    return NewRule(Entity(entity), keep, MismatchKind(kind), column, county or "")


@rule.command(help=N_("Add a rule; it decides from the next run on, also about what is open now."))
@_terms(required=True)
@pass_invocation
def add(invocation: Invocation, /, **terms: str) -> None:
    from national_sync.reconcile.rules import add_rule, show_rule

    new = _rule(**terms)
    with invocation.open().database() as database, database.write(durable=True) as connection:
        added = add_rule(connection, invocation.operator(connection), new, invocation.now)
        stored = show_rule(connection, added)
    words = N_("Rule {id}: {rule}. See what it would have decided: national-sync rule test {id}")
    invocation.answer({"rule": stored}, lambda: _(words, id=added, rule=_in_words(stored)))


@rule.command("list", help=N_("List the rules, in the order in which they are asked."))
@click.option("--all", "removed", cls=Option, is_flag=True, help=N_("Also those that were removed."))
@pass_invocation
def list_(invocation: Invocation, removed: bool) -> None:
    from national_sync.reconcile.rules import list_rules

    with invocation.open().database() as database, database.read() as connection:
        rules = list_rules(connection, removed=removed)
    invocation.answer({"rules": rules}, lambda: _list_in_words(rules))


def _list_in_words(rules: Sequence[Mapping[str, Any]]) -> str:
    from national_sync.prose.layout import table

    if not rules:
        return _(N_("There is no rule. Add one: national-sync rule add --help"))
    headings = [_(N_("No.")), _(N_("Rule")), _(N_("By")), _(N_("Decided"))]
    rows = [
        (
            one["id"],
            _in_words(one) + ("" if one["removed_at"] is None else f" ({word('removed')})"),
            one["created_by"],
            one["decided"],
        )
        for one in rules
    ]
    return table(headings, rows)


def _in_words(stored: Mapping[str, Any]) -> str:
    return _(
        N_("{county}: {entity} {field}, {kind}: {decision}"),
        county=stored["county"] or _(N_("whole city")),
        entity=word(stored["entity"]),
        field=field_name(stored["field"]) if stored["field"] else _(N_("every field")),
        kind=word(stored["kind"]),
        decision=word(f"keep_{stored['keep']}"),
    )


@rule.command(help=N_("Remove a rule. What it has decided stays decided."))
@_number
@pass_invocation
def remove(invocation: Invocation, number: int) -> None:
    from national_sync.reconcile.rules import remove_rule, show_rule

    with invocation.open().database() as database, database.write(durable=True) as connection:
        remove_rule(connection, invocation.operator(connection), number, invocation.now)
        stored = show_rule(connection, number)
    invocation.answer({"rule": stored}, lambda: _(N_("Rule {id} is removed."), id=number))


@rule.command(help=N_("Say what a rule, standing or only thought of, would have decided about past mismatches."))
@click.argument("number", type=NUMBER, metavar="[NO]", required=False)
@_terms(required=False)
@pass_invocation
def test(invocation: Invocation, /, number: int | None, **terms: Any) -> None:
    from dataclasses import asdict

    from national_sync.errors import UsageError
    from national_sync.reconcile.rules import rule_of, show_rule, try_rule

    if number is None and not (terms["entity"] and terms["keep"]):
        raise UsageError(N_("Name a rule by its number, or say --entity and --keep."))
    with invocation.open().database() as database, database.read() as connection:
        invocation.reader(connection)
        thought_of = _rule(**terms) if number is None else rule_of(show_rule(connection, number))
        tested = asdict(try_rule(connection, thought_of))
    invocation.answer({"test": tested}, lambda: _tested_in_words(tested))


def _tested_in_words(tested: Mapping[str, Any]) -> str:
    lines = [
        _(N_("{count} open mismatches fit, and would be decided by the next run."), count=tested["open"]),
        _(
            N_("Of {past} that persons have settled, {alike} were settled as the rule would."),
            past=tested["past"],
            alike=tested["alike"],
        ),
    ]
    if tested["otherwise"]:
        numbers = ", ".join(map(str, tested["otherwise"]))
        lines.append(_(N_("Otherwise were settled: {numbers} (national-sync mismatch show NO)"), numbers=numbers))
    return "\n".join(lines)
