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


class FactsChanged(UsageError):
    """Mismatch {id} is no longer as it was shown: {reason}"""

    code = "facts_changed"
    hint = "Look again with national-sync mismatch show {id}, then decide on what you see."


class CannotUndo(UsageError):
    """The decision about mismatch {id} cannot be taken back: {reason}"""

    code = "cannot_undo"


class ValueRefused(UsageError):
    """This value does not fit the field {field}: {reason}"""

    code = "value_refused"
    hint = "Give the value anew; nothing was changed."


class TransferRefused(UsageError):
    """This transfer cannot be requested: {reason}"""

    code = "transfer_refused"
    hint = "See the transfers under way: national-sync transfer list"


class TeamUnclear(UsageError):
    """Several teams have the name {name}; give one of the numbers {numbers}."""

    code = "team_unclear"
    hint = "See which is which: national-sync team list"


class TeamRefused(UsageError):
    """This cannot be done with the team:\n{problems}"""

    code = "team_refused"
    hint = "Nothing was changed. Look at the teams: national-sync team list"


class StationRefused(UsageError):
    """This cannot be done with the station:\n{problems}"""

    code = "station_refused"
    hint = "Nothing was changed. Look at the stations: national-sync station list"


class TrainingRefused(UsageError):
    """This training cannot be taken:\n{problems}"""

    code = "training_refused"
    hint = "Nothing was changed. Look at the trainings: national-sync training session list"


class HoursRefused(UsageError):
    """These hours cannot be entered:\n{problems}"""

    code = "hours_refused"
    hint = "Correct what is named above and enter them again. Nothing was written down."


class HourCaseRefused(UsageError):
    """This cannot be done about the hours: {reason}"""

    code = "hour_case_refused"
    hint = "See what is open: national-sync hours corrections, national-sync hours objections"


class MergeRefused(UsageError):
    """These two registrations cannot be merged: {reason}"""

    code = "merge_refused"
    hint = "See who is registered twice: national-sync volunteer duplicates"


class MergeStands(UsageError):
    """Merge {id} cannot be taken back: {reason}"""

    code = "merge_stands"
    hint = "Correct by hand what has to be otherwise; see: national-sync volunteer merges"


class PersonChanged(UsageError):
    """The two registrations are no longer as they were shown; nothing was changed."""

    code = "person_changed"
    hint = "Look again with: national-sync volunteer merge KEEP GONE --dry-run"


class PlanChanged(UsageError):
    """The plan under hold {id} has changed since it was shown."""

    code = "plan_changed"
    hint = "Look again with national-sync hold show {id}, then approve what you see."


class LoginRequired(UsageError):
    """This needs a login: who acts must be known."""

    code = "login_required"
    hint = "national-sync login NAME. Without an account yet, make the first one: national-sync operator add NAME"


class LoginUnknown(LoginRequired):
    """The login kept on this machine is not known to the database: another user's, another database's, or ended."""

    code = "login_unknown"
    hint = "Log in anew: national-sync login NAME"


class LoginExpired(LoginRequired):
    """The login of {name} has expired."""

    code = "login_expired"
    hint = "Log in anew: national-sync login {name}"


class AccountDisabled(LoginRequired):
    """The account {name} has been disabled."""

    code = "account_disabled"
    hint = "An administrator can enable it: national-sync operator enable {name}"


class LoginFileUnusable(LoginRequired):
    """The file that keeps the login cannot be used: {file}: {reason}"""

    code = "login_file_unusable"
    hint = "Correct its folder's rights, then log in anew: national-sync login NAME"


class LoginFileUnsafe(LoginRequired):
    """The file that keeps the login is open to other users of this machine, or is another user's: {file}"""

    code = "login_file_unsafe"
    hint = "Remove it, then log in anew: national-sync login NAME. Somebody may have used it: national-sync audit list"


class LoginRefused(UsageError):
    """The name or the password is wrong, or the account is locked or disabled."""

    code = "login_refused"
    hint = (
        "Try again with care: {tries} wrong passwords lock an account for {minutes} minutes. "
        "An administrator can set a new password: national-sync operator password NAME"
    )


class NotAllowed(UsageError):
    """The account {name} ({state}) has no right to do this."""

    code = "not_allowed"
    hint = "Ask somebody with that right, or an administrator. Who you are: national-sync whoami"


class KeyMissing(UsageError):
    """The request carries no idempotency key."""

    code = "key_missing"
    hint = "Make a new random key for each new wish, and use it again only to repeat the very same request."


class KeyReused(UsageError):
    """The idempotency key was used for another request before."""

    code = "key_reused"
    hint = "Make a new random key for each new wish."


class StillRunning(NationalSyncError):
    """The same request, or another one about this account, is still at work."""

    code = "still_running"
    retryable = True
    hint = "Repeat the request with the same key in a moment."


class SecondPersonNeeded(UsageError):
    """{name} asked for this refund; somebody else has to approve it."""

    code = "second_person_needed"
    hint = "Let another operator run: national-sync redemption approve {id}"


class InvariantBroken(NationalSyncError):
    """An invariant does not hold: {invariant}"""

    code = "invariant_broken"


class TallyOvertaken(NationalSyncError):
    """Another star run with other rules or another cut-off has taken over the tally; this one stopped."""

    code = "tally_overtaken"
    exit_code = 5
    hint = "Let the other one end, then run the same command again. Nothing was certified."


class StarsRefused(UsageError):
    """The stars cannot be certified like this."""

    code = "stars_refused"


class SigningKeyMissing(UsageError):
    """The key that certificates are signed with is not there: {file}"""

    code = "signing_key_missing"
    hint = (
        "Make it once: national-sync certificate key --create, or restore it from the copy kept apart. "
        "Nothing was certified."
    )


class CodeRefused(UsageError):
    """This certificate is not genuine: {reason}"""

    code = "code_refused"
    exit_code = 1
    hint = "Ask the office that is named on it, and give the number printed on it."


class GlyphMissing(UsageError):
    """The font for printing lacks these characters: {characters}"""

    code = "glyph_missing"
    hint = "Write them with characters that the font has, or print this one by hand. Nothing was printed."


class RegistrationRefused(UsageError):
    """The registration cannot be taken:\n{problems}"""

    code = "registration_refused"
    hint = "Correct the form and submit it again. Nothing was taken."


class WrongStep(UsageError):
    """Registration {id} is {state}; it cannot be {wanted} now."""

    code = "wrong_step"
    hint = "Look at it with national-sync volunteer registration {id}. Nothing was changed."


class CardRefused(UsageError):
    """There is no card for volunteer {id}: {reason}"""

    code = "card_refused"
    hint = "A card is for volunteers whom the national side has registered. Nothing was printed."


class SheetRefused(UsageError):
    """The file {file} cannot be taken:\n{problems}"""

    code = "sheet_refused"
    hint = "Correct the cells named above and give the file again. Nothing of it was taken."


class KioskRefused(NationalSyncError):
    """The kiosk cannot do this."""

    code = "kiosk_refused"


class RequestNotSigned(KioskRefused):
    """This request does not come from a device that is admitted here."""

    code = "request_not_signed"
    hint = "Ask the office to admit this device; it gives a one-time code."


class RequestUntimely(KioskRefused):
    """The time of this request is not the server's time."""

    code = "request_untimely"
    retryable = True
    hint = "Try again in a moment. If it stays so, the clock of this device has to be set."


class RequestRepeated(KioskRefused):
    """This request has been received before."""

    code = "request_repeated"
    hint = "Try again."


class RequestMalformed(KioskRefused):
    """This request has not the form that the kiosk expects."""

    code = "request_malformed"
    hint = "Load the page anew: it may be older than the server."


class RequestTooLarge(KioskRefused):
    """This request is too large."""

    code = "request_too_large"
    hint = "Load the page anew: it may be older than the server."


class RequestTooSlow(KioskRefused):
    """This request took too long to arrive."""

    code = "request_too_slow"
    retryable = True
    hint = "Try again in a moment."


class PlaceUnknown(KioskRefused):
    """There is nothing here."""

    code = "place_unknown"
    hint = "Load the page anew: it may be older than the server."


class WrongDevice(KioskRefused):
    """This device is not meant for this."""

    code = "wrong_device"
    hint = "The office can admit it as a kiosk or as a till."


class DeviceCodeRefused(KioskRefused):
    """This code is not valid: wrong, used before, or older than ten minutes."""

    code = "device_code_refused"
    hint = "Ask the office for a new code."


class PersonRefused(KioskRefused):
    """The card or the PIN was not accepted."""

    code = "person_refused"
    hint = "Check both and try again with care: five wrong PINs lock the PIN. The volunteer office can help."


class SignedOut(KioskRefused):
    """You have been signed out."""

    code = "signed_out"
    hint = "Begin again with your card. Nothing has been lost."


class TooManyTries(KioskRefused):
    """Too much has been tried here within a short time."""

    code = "too_many_tries"
    retryable = True
    hint = "Please wait ten minutes, or go to the volunteer office."


class MirrorStale(KioskRefused):
    """The hours shown here are too old to be spent at present."""

    code = "mirror_stale"
    retryable = True
    hint = "Your hours are safe. Please come again tomorrow, or ask the volunteer office."


class PageOutdated(KioskRefused):
    """This page is older than the server; it is being loaded anew."""

    code = "page_outdated"
    retryable = True
    hint = "Please wait a few seconds and begin again with your card. Nothing has been lost."


class NotGenuine(KioskRefused):
    """This is not the code of a card or a certificate of this city, or it has been changed."""

    code = "not_genuine"
    hint = "Scan the code that is printed on the paper itself, or ask the office that is named on it."


class NothingToVerifyWith(KioskRefused):
    """Cards and certificates cannot be verified here at present."""

    code = "nothing_to_verify_with"
    hint = "Ask the office that is named on the paper, and give the number printed on it."


class RedemptionRefused(KioskRefused):
    """{reason}"""

    code = "redemption_refused"
    hint = "Choose something else, or ask the volunteer office."
