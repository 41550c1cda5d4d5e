"""Amounts as people write them, a column at a time.

1.234 is a thousand in one file and a little more than one in another, so what the point and the comma mean is decided
by all values of the column: Reading.learn() of each, decide(), then Reading.read() of each. Signs and codes of currencies may stand
on either side; brackets and any minus are below zero; any space or apostrophe may stand between thousands.
"""

import re
from decimal import Decimal

from babel.numbers import get_currency_symbol, list_currencies

from refusal import Refusal

CODES = set(list_currencies("en"))


def signs():
    """Each currency's sign, as one writes it abroad and at home. What several use is that of the largest."""
    found = {"US$": "USD", "$": "USD", "£": "GBP", "¥": "JPY", "Fr.": "CHF", "SFr.": "CHF", "Rs.": "INR", "Rs": "INR", "zł": "PLN", "Kč": "CZK",
             "C$": "CAD", "A$": "AUD", "AU$": "AUD"}
    for code in CODES:
        sign = get_currency_symbol(code, "en")
        if sign != code:
            found.setdefault(sign, code)
    return found


SIGNS = signs()
CURRENCY = "|".join(sorted((re.escape(s) for s in SIGNS), key=len, reverse=True)) + r"|[A-Za-z]{3}(?![A-Za-z])"
MINUS = "-\u2212\u2013\u2010\u2011\ufe63\uff0d"
SHAPE = re.compile(
    rf"(?P<open>\()?\s*(?P<sign1>[{MINUS}+])?\s*(?P<cur1>{CURRENCY})?\s*(?P<sign2>[{MINUS}+])?\s*"
    r"(?P<number>[0-9](?:[0-9.,'’´`\s\u00a0\u2009\u202f]*[0-9])?[.,]?|[.,][0-9]+)(?P<exponent>[eE][+-]?[0-9]{1,3})?"
    rf"\s*(?P<sign3>[{MINUS}])?\s*(?P<cur2>{CURRENCY})?\s*(?P<sign4>[{MINUS}])?\s*(?P<close>\))?"
)
PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]{1,2})?")
GAPS = re.compile(r"['’´`\s\u00a0\u2009\u202f]")
GAPPED = re.compile(r"[0-9]{1,3}(?:['’´`\s\u00a0\u2009\u202f][0-9]{2,3})*['’´`\s\u00a0\u2009\u202f][0-9]{3}(?:[.,][0-9]*)?")
EMPTY = {"", "null", "\\n", "na", "n/a", "nan", "none", "-", "--", "–", "—", "#n/a"}


def is_empty(cell):
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in EMPTY)


class Reading:
    """The amounts of one column. decimal: ',' or '.', once that is known"""

    def __init__(self, name, asked=None):
        self.name = name
        self.asked = asked
        self.decimal = asked
        self.votes = {",": 0, ".": 0}
        self.examples = {}
        self.doubtful = None
        self._parts = {}

    def learn(self, cell):
        if not isinstance(cell, str):
            return
        text = cell.strip()
        # Most are; and two digits at most behind a point say what it is.
        if PLAIN.fullmatch(text):
            if "." in text:
                self._vote(".", text)
            return
        if is_empty(text):
            return
        match = SHAPE.fullmatch(text)
        if not match:
            return
        number = GAPS.sub("", match["number"])
        points, commas = number.count("."), number.count(",")
        if points and commas:
            self._vote("," if number.rfind(",") > number.rfind(".") else ".", text)
        elif points > 1 or commas > 1:
            self._vote("," if points else ".", text)
        elif points or commas:
            mark = "." if points else ","
            before, after = number.split(mark)
            if len(after) == 3 and 1 <= len(before) <= 3 and before != "0" and not before.startswith("0"):
                # A thousand, or three digits of a fraction.
                if GAPS.search(match["number"]):
                    self._vote(mark, text)
                else:
                    self.doubtful = self.doubtful or text
            else:
                self._vote(mark, text)

    def _vote(self, mark, text):
        self.votes[mark] += 1
        self.examples.setdefault(mark, text)

    def decide(self):
        if self.decimal:
            return
        comma, point = self.votes[","], self.votes["."]
        if comma and point and min(comma, point) * 20 > max(comma, point):
            raise Refusal(f"the amounts in {self.name!r} are written in two ways: {self.examples['.']} and {self.examples[',']}",
                          "Say which is right, --decimal . or --decimal , and what is not so is left out.")
        if comma or point:
            self.decimal = "," if comma > point else "."
        elif self.doubtful:
            mark = "." if "." in self.doubtful else ","
            whole, part = self.doubtful.split(mark)
            raise Refusal(f"{self.doubtful} in {self.name!r} may be a thousand and more, or less than a thousand with three digits behind the {'point' if mark == '.' else 'comma'}: no amount in the column tells",
                          f"Say which: --decimal {',' if mark == '.' else '.'} makes it a thousand and more, --decimal {mark} a number with a fraction.")
        else:
            self.decimal = "."

    def read(self, cell):
        """(the number as PostgreSQL reads it, its currency or None), or None if it is no amount"""
        if not isinstance(cell, str):
            if isinstance(cell, bool) or not isinstance(cell, (int, float, Decimal)):
                return None
            return (repr(cell), None)
        text = cell.strip()
        if self.decimal == "." and PLAIN.fullmatch(text):
            return (text, None)
        match = SHAPE.fullmatch(text)
        if not match:
            return None
        number = match["number"]
        if GAPS.search(number):
            if not GAPPED.fullmatch(number):
                return None
            number = GAPS.sub("", number)
        thousands = "," if self.decimal == "." else "."
        if thousands in number:
            whole = number.split(self.decimal)[0]
            if not re.fullmatch(rf"[0-9]{{1,3}}(?:\{thousands}[0-9]{{2,3}})*\{thousands}[0-9]{{3}}", whole) or thousands in number[len(whole):]:
                return None
            number = number.replace(thousands, "")
        if number.count(self.decimal) > 1:
            return None
        number = number.replace(self.decimal, ".") + (match["exponent"] or "")
        minus = [sign for sign in (match["sign1"], match["sign2"], match["sign3"], match["sign4"]) if sign]
        if len(minus) > 1 or bool(match["open"]) != bool(match["close"]) or (match["open"] and minus) or (match["cur1"] and match["cur2"]):
            return None
        currency = match["cur1"] or match["cur2"]
        if currency:
            currency = SIGNS.get(currency) or currency.upper()
            if currency not in CODES:
                return None
        below = match["open"] or (minus and minus[0] != "+")
        return ("-" + number if below else number, currency)
