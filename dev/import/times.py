"""Times as people write them, a column at a time.

Which form a column has, and whether 05/09 is of September or of May, is decided by all its values: Reading.learn() of
each, decide(), then Reading.read() of each. What is read is what PostgreSQL reads in the session's time zone, with an offset where one is written.
"""

import datetime
import re
import unicodedata

from babel.dates import get_month_names

from amounts import is_empty
from refusal import Refusal

LANGUAGES = ["en", "de", "fr", "es", "pt", "it", "nl", "pl", "sv", "da", "nb", "fi", "cs", "tr"]
FIRST_YEAR = 1970


def plain(text):
    """lower case, without accents and points"""
    text = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in text if not unicodedata.combining(c)).replace(".", "")


def month_names():
    found, twice = {"sept": 9, "marz": 3, "maerz": 3}, set()
    for language in LANGUAGES:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, name in get_month_names(width, context, locale=language).items():
                    name = plain(name)
                    if name.isalpha() and found.setdefault(name, month) != month and language not in LANGUAGES[:5]:
                        twice.add(name)
    # "lis" is July in no language and November in one, "cze" June: only what all agree upon.
    return {name: month for name, month in found.items() if name not in twice}


MONTHS = month_names()
# Zones that programs write as letters, in hours east. Which of several "CST" is meant: that of the United States.
ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
         "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "BST": 1}

CLOCK = (r"(?:(?:T|,?\s+(?:at |um |a |à |las |kl\.? )?|\s*-\s+)(?P<H>\d{1,2})[:h.](?P<M>\d{2})(?:[:.m](?P<S>\d{2})s?)?(?:[.,](?P<F>\d{1,9}))?(?:\s*Uhr)?"
         r"\s*(?P<half>[AaPp]\.?\s?[Mm]\.?)?\s*(?P<zone>[A-Z]{1,4}(?![A-Za-z])(?:[+-]\d{2}:?\d{2})?|[+-]\d{2}(?::?\d{2})?)?(?:\s*\([A-Za-z ]+\))?)?\s*")
WEEKDAY = r"(?:[^\W\d_]+\.?,?\s+)?"
NAME = r"(?P<name>[^\W\d_]+)\.?"
FORMS = {
    "ymd": re.compile(r"(?P<date>(?P<y>\d{4})(?P<gap>[-/.])(?P<m>\d{1,2})(?P=gap)(?P<d>\d{1,2}))" + CLOCK),
    "compact": re.compile(r"(?P<date>(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2}))" + CLOCK.replace(r"(?P<H>\d{1,2})[:h.]", r"(?P<H>\d{2}):?").replace(r"(?:[:.m](?P<S>", r"(?:[:.m]?(?P<S>")),
    "two": re.compile(r"(?P<date>(?P<a>\d{1,2})(?P<gap>[-/.])(?P<b>\d{1,2})(?P=gap)(?P<y>\d{4}|\d{2}))" + CLOCK),
    "named": re.compile("(?P<date>" + WEEKDAY + r"(?P<d>\d{1,2})(?:\.|st|nd|rd|th|º|er)?[-\s]*(?:de\s+|of\s+)?" + NAME + r",?[-\s]+(?:de\s+|del\s+)?(?P<y>\d{4}|\d{2}))" + CLOCK),
    "named first": re.compile("(?P<date>" + WEEKDAY + NAME + r"[-\s]+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?[-\s]+(?P<y>\d{4}))" + CLOCK),
    "month": re.compile(r"(?P<date>(?P<y>\d{4})[-/.](?P<m>\d{1,2})|(?P<m2>\d{1,2})[-/.](?P<y2>\d{4}))"),
    "epoch": re.compile(r"(?P<epoch>\d{9,10}(?:\.\d+)?|\d{12,13}|\d{15,16})"),
    "serial": re.compile(r"(?P<serial>\d{5}(?:[.,]\d+)?)"),
}
WORDS = {
    "ymd": "year-month-day", "compact": "yearmonthday", "named": "with names of months", "named first": "with names of months",
    "month": "months only: each stands for its first day", "epoch": "seconds since 1970", "serial": "days as spreadsheets count them",
}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
# Day 60 of spreadsheets is a 29 February that was not; all that are read are later.
SERIAL = datetime.datetime(1899, 12, 30)


class Reading:
    """The times of one column.  order: 'dmy' or 'mdy' of days and months as two numbers, once that is known"""

    def __init__(self, name, asked=None, day_first=None):
        """asked: the order that the user wants; day_first: what is likely where nothing in the column tells, or None"""
        self.name = name
        self.order = self.asked = asked
        self.likely = day_first
        self.form = None
        self.offsets = 0
        self.bare = 0
        self.dated = 0
        self.said = ""
        self._counts = dict.fromkeys(FORMS, 0)
        self._dates = {}
        self._days = {}
        self._starts = {}
        self._seen = 0
        self._sequence = []

    def learn(self, cell):
        if not isinstance(cell, str):
            return
        text = cell.strip()
        # What form it is shows early, and what the two numbers are may show late.
        if self._seen < 2000:
            if is_empty(text) or text.startswith("0000-00-00"):
                return
            self._seen += 1
            for form, shape in FORMS.items():
                match = shape.fullmatch(text)
                if match and (form != "named" and form != "named first" or plain(match["name"]) in MONTHS):
                    self._counts[form] += 1
        if self._counts["two"]:
            start = text[:10]
            date = self._starts.get(start)
            if date is None:
                match = FORMS["two"].match(start)
                date = self._starts[start] = match["date"] if match else ""
                if match:
                    self._days[date] = (int(match["a"]), int(match["b"]), match["gap"])
            if date and len(self._sequence) < 100000 and (not self._sequence or self._sequence[-1] != date):
                self._sequence.append(date)

    def decide(self):
        if any(self._counts.values()):
            self.form = max(FORMS, key=lambda form: self._counts[form])
            if {self.form} & {"named", "named first"}:
                self.form = "named" if self._counts["named"] >= self._counts["named first"] else "named first"
            self.said = WORDS.get(self.form, "")
        if self.form == "two":
            self._decide_order()

    def _decide_order(self):
        days = self._days.values()
        first = [date for date, (a, b, _) in self._days.items() if a > 12 >= b]
        second = [date for date, (a, b, _) in self._days.items() if b > 12 >= a]
        because = ""
        if not self.order:
            if first and second:
                raise Refusal(f"the times in {self.name!r} are written in two ways: {first[0]} and {second[0]}",
                              "Say which is right, --dates dmy or --dates mdy, and what is not so is left out.")
            if first or second:
                self.order = "dmy" if first else "mdy"
                because = f"as {(first or second)[0]} shows"
            else:
                self.order, because = self._guess(days)
        self.said = ("day/month/year" if self.order == "dmy" else "month/day/year") + (f", {because}" if because else "")

    def _guess(self, days):
        """No day is above 12. Rows mostly stand in the order of their time, one way round or the other."""
        def turns(order):
            key = [self._key(date, order) for date in self._sequence]
            up = sum(1 for a, b in zip(key, key[1:]) if b < a)
            return min(up, len(key) - 1 - up if key else 0)
        dmy, mdy = turns("dmy"), turns("mdy")
        if len(self._sequence) >= 8 and dmy != mdy and min(dmy, mdy) * 4 <= max(dmy, mdy):
            order = "dmy" if dmy < mdy else "mdy"
            return order, f"as the rows are in the order of their time so; each of the {len(self._sequence)} could be the other"
        if any(gap == "." for _, _, gap in days):
            return "dmy", "as days with points are; each could be the other"
        order = "mdy" if self.likely is False else "dmy"
        return order, "a guess: each could be the other"

    def _key(self, date, order):
        match = FORMS["two"].match(date)
        a, b = int(match["a"]), int(match["b"])
        return (year_of(match["y"]), b, a) if order == "dmy" else (year_of(match["y"]), a, b)

    def read(self, cell):
        """a time as PostgreSQL reads it, or None if it is none"""
        if isinstance(cell, datetime.datetime):
            return cell.isoformat(" ")
        if isinstance(cell, datetime.date):
            return cell.isoformat()
        if not isinstance(cell, str):
            # A workbook's cell that is not shown as a time.
            cell = f"{cell:.10f}" if isinstance(cell, float) else str(cell)
            if self.form is None:
                self.form = "serial" if FORMS["serial"].fullmatch(cell) else None
        text = cell.strip()
        if self.form is None:
            return None
        match = FORMS[self.form].fullmatch(text)
        if not match:
            # The form of most; a file put together from two has others.
            for form, shape in FORMS.items():
                if form not in ("serial", "epoch", "month", "two") and (match := shape.fullmatch(text)):
                    return self._read(form, match)
            return None
        return self._read(self.form, match)

    def _read(self, form, match):
        try:
            if form == "epoch":
                number = match["epoch"]
                digits = len(number.split(".")[0])
                seconds = float(number) / (1 if digits <= 10 else 1000 if digits <= 13 else 1000000)
                when = EPOCH + datetime.timedelta(seconds=seconds)
                self.offsets += 1
                return when.isoformat(" ") if when.year >= FIRST_YEAR else None
            if form == "serial":
                days = float(match["serial"].replace(",", "."))
                if not 20000 <= days < 80000:
                    return None
                when = SERIAL + datetime.timedelta(seconds=round(days * 86400))
                self.bare += 1
                return when.isoformat(" ")
            date = self._dates.get(match["date"])
            if date is None:
                date = self._dates[match["date"]] = self._date(form, match)
        except (ValueError, OverflowError):
            return None
        if date == "":
            return None
        if form == "month" or match["H"] is None:
            self.dated += 1
            return date
        hour, minute, second = int(match["H"]), int(match["M"]), int(match["S"] or 0)
        if match["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if match["half"][0] in "Pp" else 0)
        if hour > 23 or minute > 59 or second > 59:
            return None
        zone = match["zone"] or ""
        if zone:
            name = zone.rstrip("+-0123456789:")
            if name and name != zone:
                # GMT+0200, as browsers write it
                if name not in ("GMT", "UTC"):
                    return None
                zone = zone[len(name):]
            elif name:
                if name not in ZONES:
                    return None
                zone = f"{ZONES[name]:+03d}"
            if int(zone[1:3]) > 15:
                return None
            self.offsets += 1
        else:
            self.bare += 1
        fraction = "." + match["F"][:6] if match["F"] else ""
        return f"{date} {hour:02d}:{minute:02d}:{second:02d}{fraction}{zone}"

    def _date(self, form, match):
        """'2024-09-05', or '' if there is no such day"""
        day = 1
        if form == "two":
            a, b = int(match["a"]), int(match["b"])
            year, month, day = (year_of(match["y"]), b, a) if self.order == "dmy" else (year_of(match["y"]), a, b)
        elif form in ("named", "named first"):
            month = MONTHS.get(plain(match["name"]), 0)
            year, day = year_of(match["y"]), int(match["d"])
        elif form == "month":
            year, month = int(match["y"] or match["y2"]), int(match["m"] or match["m2"])
        else:
            year, month, day = int(match["y"]), int(match["m"]), int(match["d"])
        try:
            return datetime.date(year, month, day).isoformat() if year >= FIRST_YEAR else ""
        except ValueError:
            return ""


def year_of(text):
    year = int(text)
    return year if len(text) == 4 else year + (1900 if year >= 70 else 2000)
