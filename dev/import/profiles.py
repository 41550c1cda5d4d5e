"""Profiles: what the columns of an export are. Each is a file of profiles/, whose README.md says what stands in it."""

import re
import tomllib
import unicodedata
from pathlib import Path

from refusal import Refusal

ROLES = ["customer", "refund_customer", "order_id", "ordered_at", "time_of_day", "zone", "amount", "price", "quantity", "refund", "refunded_at", "cancelled_at",
         "currency", "country", "source", "product"]


def word(name):
    """A name as it is compared: without case, accents, spaces and signs."""
    text = unicodedata.normalize("NFKD", str(name).casefold().replace("#", " number ").replace("№", " number ").replace("ß", "ss"))
    return "".join(c for c in text if c.isalnum())


def bare_word(name):
    """The same without what stands in brackets at the end: Total (EUR)"""
    return word(re.sub(r"\s*(\([^()]*\)|\[[^][]*\])\s*$", "", str(name)))


def names_of(entry):
    return entry["any"] if isinstance(entry, dict) else [entry]


class Profile:
    def __init__(self, key, data):
        self.key = key
        self.data = data
        self.title = data["title"]
        self.others = data.get("with", [])

    def fits(self, header, match=None):
        """how many of its names the header has, if it has all"""
        words = {word(name) for name in header}
        match = self.data["match"] if match is None else match
        good = all(any(word(name) in words for name in names_of(entry)) for entry in match)
        return len(match) if good else 0

    def columns(self, role, header):
        """the columns of the header that can be it, the surest first"""
        return find(self.data.get(role, []), header, self.key == "generic")

    def names(self):
        """all names that it knows of"""
        for role in ROLES + ["plus", "minus"]:
            yield from self.data.get(role, [])
        for entry in self.data["match"] + [name for other in self.others for name in other["match"]]:
            yield from names_of(entry)
        for rule in ("status", "kind"):
            yield from self.data.get(rule, {}).get("columns", [])


def find(names, header, loosely=False):
    """places in the header of these names, in their order; loosely: with something in brackets behind it, too"""
    places = []
    for compare in (word, bare_word) if loosely else (word,):
        words = [compare(name) for name in header]
        for name in names:
            places += [place for place, w in enumerate(words) if w == word(name) and place not in places]
    return places


def load():
    """the profiles by their names, as in --profile"""
    return {path.stem: Profile(path.stem, tomllib.loads(path.read_text())) for path in sorted((Path(__file__).parent / "profiles").glob("*.toml"))}


def choose(profiles, header, asked=None):
    """(profile, None), or (profile, other): the file is that other one which the profile goes with"""
    if asked is not None:
        if asked not in profiles:
            raise Refusal(f"no profile is called {asked}", "There are: " + ", ".join(profiles))
        candidates = [profiles[asked]]
    else:
        candidates = [p for p in profiles.values() if p.data["match"]]
    best = max(candidates, key=lambda p: p.fits(header))
    if best.fits(header) or asked == "generic":
        return best, None
    others = [(p, other) for p in candidates for other in p.others if p.fits(header, other["match"])]
    if others:
        return others[0]
    return (profiles[asked] if asked is not None else profiles["generic"]), None


class Rule:
    """Which rows are orders, by the values of a column."""

    def __init__(self, data, words, asked=None):
        """words: [words] of generic.toml; asked: the values that are orders, as the user says"""
        self.orders = {word(v) for v in data.get("orders", [])} if asked is None else {word(v) for v in asked}
        self.not_orders = {word(v) for v in data.get("not", [])} if asked is None else set()
        self.gives_back = {word(v) for v in data.get("refunded", words["refunded"])}
        self.other = data.get("other") if asked is None else "not"
        self.no = {word(v) for v in words["no"]}
        self.signs = [plain(v) for v in words["not"]]
        # values that neither the profile nor the words know
        self.unknown = set()

    def counts(self, value):
        w = word(value)
        if w in self.orders:
            return True
        if w in self.not_orders:
            return False
        if self.other:
            return self.other == "order"
        if w in self.no or w and any(re.search(r"\b" + re.escape(sign), plain(value)) for sign in self.signs):
            return False
        if w and self.orders:
            self.unknown.add(value)
        return True

    def gave_back(self, value):
        return word(value) in self.gives_back


def plain(text):
    text = unicodedata.normalize("NFKD", str(text).casefold())
    return "".join(c for c in text if not unicodedata.combining(c)).replace("_", " ").replace("-", " ")
