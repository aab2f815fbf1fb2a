"""The words of the touch page, by the names its templates use."""

from __future__ import annotations

from typing import Final

from national_sync.i18n import N_, _

WORDS: Final[dict[str, str]] = {
    "title": N_("Volunteer hours"),
    "city": N_("Puer volunteers"),
    "larger": N_("Larger text"),
    "start": N_("Please show your card"),
    "start_how": N_("Hold the code of your card, or the one on your phone, under the reader."),
    "card_code": N_("Code of the card"),
    "next": N_("Next"),
    "pin": N_("Please type your PIN"),
    "pin_how": N_("The six digits that came with your card. Cover them with your hand."),
    "erase": N_("Erase"),
    "cancel": N_("Cancel"),
    "hello": N_("Hello, {name}"),
    "usable": N_("hours you can spend"),
    "held": N_("{hours} hours are set aside."),
    "deficit": N_("{hours} hours have to be made up first."),
    "as_of": N_("As of {time}"),
    "never": N_("The hours have not been read yet."),
    "stale": N_("These hours are too old to be spent at present. They are safe; please come again tomorrow."),
    "see_offers": N_("See what you can have"),
    "see_lines": N_("Latest changes"),
    "finish": N_("Finish"),
    "back": N_("Back"),
    "offers": N_("What you can have"),
    "no_offers": N_("There is nothing on offer here at present."),
    "hours": N_("{hours} hours"),
    "left": N_("{pieces} left"),
    "choose": N_("Choose"),
    "not_now": N_("Not now"),
    "lines": N_("Latest changes"),
    "no_lines": N_("No hours have been counted yet."),
    "sure": N_("Is this what you want?"),
    "sure_how": N_("{hours} hours are spent when you confirm. Until {time} they are set aside for you."),
    "confirm": N_("Yes, spend the hours"),
    "give_back": N_("No, give them back"),
    "done": N_("Done"),
    "done_how": N_("Show this code at {merchant}, until {time}."),
    "print": N_("Print a slip"),
    "still_there": N_("Are you still there?"),
    "still_there_how": N_("Otherwise you are signed out in a moment. Nothing is lost."),
    "here": N_("Yes, I am here"),
    "offline": N_("There is no connection at present. Nothing has been lost; please wait a moment."),
    "pair": N_("Set this device up"),
    "pair_how": N_("Type the one-time code that the office gave you. It is good for ten minutes."),
    "problem": N_("That did not work"),
    "again": N_("Back to the beginning"),
    "step_card": N_("Card"),
    "step_choose": N_("Choice"),
    "step_confirm": N_("Confirmation"),
    "step_voucher": N_("Voucher"),
    "slip": N_("Voucher"),
}


def word(name: str, /, **facts: object) -> str:
    """In the language in use."""
    return _(WORDS[name], **facts)
