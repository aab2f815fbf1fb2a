"""Every error this program raises on purpose.

The docstring of a class is its default message and the key of its translation. `code` is stable and
machine-readable, `retryable` is what retries ask, `hint` names the next step, `exit_code` is what the
command line returns. Texts may hold `{placeholders}` filled from the keyword arguments; personal data
never goes into them.
"""

from __future__ import annotations

from typing import ClassVar


class NationalSyncError(Exception):
    """Something went wrong inside national-sync."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 7
    hint: ClassVar[str] = ""

    def __init__(self, message: str = "", /, *, hint: str = "", **facts: object) -> None:
        self.template = message or (type(self).__doc__ or "")
        self.hint_template = hint or self.hint
        self.facts = facts
        super().__init__(self.template.format(**facts) if facts else self.template)


class UsageError(NationalSyncError):
    """The command cannot be carried out as given."""

    code = "usage"
    exit_code = 2


class SettingsInvalid(UsageError):
    """The settings cannot be used:\n{problems}"""

    code = "settings_invalid"
    hint = "Correct the lines named above, then run: national-sync doctor"


class KeyUnusable(UsageError):
    """The key file cannot be used: {reason}"""

    code = "key_unusable"
    hint = (
        "Restore the key file this database was made with (sealed values stay unreadable "
        "without it), then run: national-sync doctor. Nothing was changed."
    )


class DatabaseMissing(UsageError):
    """There is no database yet at {place}."""

    code = "database_missing"
    hint = "Create it with: national-sync init"


class DatabaseTooNew(UsageError):
    """The database was made by a newer national-sync (schema {found}, this program knows {known})."""

    code = "database_too_new"
    hint = "Install the newer program on this machine, then run: national-sync doctor. Nothing was read or changed."


class DatabaseOutdated(UsageError):
    """The database has an older schema ({found}, this program needs {known})."""

    code = "database_outdated"
    hint = "Make a copy of the database, then run: national-sync init"


class TriggersMissing(NationalSyncError):
    """The database lacks triggers that notice edits made here: {names}"""

    code = "triggers_missing"
    hint = (
        "Put them back with: national-sync init, then compare both sides with: national-sync verify. Nothing was sent."
    )


class DatabaseUnwritable(NationalSyncError):
    """The database cannot be written: {reason}"""

    code = "database_unwritable"
    exit_code = 7
    hint = (
        "Free disk space or correct the file rights, look with national-sync doctor, "
        "then run the same command again. What was stored so far is kept."
    )


class DatabaseUnreachable(DatabaseUnwritable):
    """The database server cannot be reached: {reason}"""

    code = "database_unreachable"
    hint = (
        "Start the database server or correct [database] url, look with national-sync doctor, "
        "then run the same command again. What was stored so far is kept."
    )


class RunInProgress(NationalSyncError):
    """Run {run} is at work (held by {holder})."""

    code = "run_in_progress"
    exit_code = 5
    hint = "Wait for it, or watch it with: national-sync sync status"


class SlotTaken(NationalSyncError):
    """The run of {slot} has already been done."""

    code = "slot_taken"
    exit_code = 5


class LeaseLost(NationalSyncError):
    """Another run has taken over; this one stopped before its next write."""

    code = "lease_lost"
    exit_code = 5
    hint = "See who runs with: national-sync sync status"


class StopRequested(NationalSyncError):
    """The run was asked to stop and stopped between two steps; its progress is kept."""

    code = "stop_requested"
    exit_code = 6
    hint = "Continue with: national-sync sync run"


class NationalSideError(NationalSyncError):
    """The national system did not serve this call."""

    code = "national_side"
    exit_code = 6
    hint = "Progress is kept. Look with national-sync doctor, then run: national-sync sync run"


class NationalUnavailable(NationalSideError):
    """The national system cannot be reached or does not answer properly: {reason}"""

    code = "national_unavailable"
    retryable = True


class NationalBusy(NationalSideError):
    """The national system asks us to slow down (again in {retry_after_seconds} s)."""

    code = "national_busy"
    retryable = True


class CircuitOpen(NationalSideError):
    """Calls to the national system are paused after repeated failures, until {until}."""

    code = "circuit_open"


class QuotaSpent(NationalSideError):
    """Today's call quota of {quota} is spent."""

    code = "quota_spent"
    hint = "Progress is kept. The next run after midnight continues by itself."


class CredentialsRefused(NationalSideError):
    """The national system refused the application id or its signature: {reason}"""

    code = "credentials_refused"
    hint = "Check the application id and the secret file, and the clock of this machine: national-sync doctor"


class ClockSkewed(NationalSideError):
    """This machine's clock differs from the national system's by {seconds} s."""

    code = "clock_skewed"
    hint = "Set the clock (timedatectl set-ntp true), then run: national-sync doctor. Progress is kept."


class CertificateRefused(NationalSideError):
    """The certificate of {host} is not trusted: {reason}"""

    code = "certificate_refused"
    hint = (
        "Ask the network office whether the address is right; an authority of its own belongs into ca_file. "
        "Never switch the check off. Then run: national-sync doctor"
    )


class ProtocolBroken(NationalSideError):
    """The national system answered in a form that is not understood: {reason}"""

    code = "protocol_broken"


class RequestRefused(NationalSideError):
    """The national system refused the request (code {national_code}): {words}"""

    code = "request_refused"


class CapabilityMissing(NationalSideError):
    """The national system does not offer {capability}."""

    code = "capability_missing"


class NotFound(UsageError):
    """There is no {noun} {id}."""

    code = "not_found"


class AlreadySettled(UsageError):
    """{noun} {id} is already settled ({state})."""

    code = "already_settled"


class PlanChanged(UsageError):
    """The plan under hold {id} has changed since it was shown."""

    code = "plan_changed"
    hint = "Look again with national-sync hold show {id}, then approve what you see."


class InvariantBroken(NationalSyncError):
    """An invariant does not hold: {invariant}"""

    code = "invariant_broken"
