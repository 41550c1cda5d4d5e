"""What the tables say of a shop: which column is what, in which form, and what of it is written for PostgreSQL.

collect() reads the files and answers a Shop: rows of one form whatever the export was (COLUMNS), and decisions, the lines that tell what was
taken as what. Rows are counted, grouped into orders and left out by orders.sql, which knows their expressions, too.
"""

import collections
import re
import zoneinfo
from datetime import datetime
from decimal import Decimal, InvalidOperation
from operator import itemgetter

import amounts
import profiles as profiles_of
import reading
import times
from amounts import is_empty
from refusal import Refusal

# What orders.sql reads.
COLUMNS = ["file", "line", "profile", "problem", "per_order", "customer", "order_id", "ordered_at", "amount", "refund", "refunded_at", "status", "counts", "gives_back",
           "cancelled", "currency", "country", "source", "product"]
# Options that name a column or say an expression, and the role that each is of.
OPTIONS = {"customer": "customer", "order_id": "order_id", "at": "ordered_at", "amount": "amount", "refund": "refund", "refund_at": "refunded_at", "country": "country",
           "source": "source", "product": "product"}
TIMES = {"ordered_at", "refunded_at"}
MONEY = {"amount", "refund"}
WORDS = {"customer": "who bought", "ordered_at": "when", "amount": "for how much"}


class Shop:
    def __init__(self):
        self.rows = []
        # (what, taken as, option) of each decision that is known before the rows are counted
        self.decisions = []
        # role -> SQL, and the columns that it needs: (name, type), which follow COLUMNS in each row
        self.expressions = {}
        self.extra = []
        self.names = {}
        self.zone = "UTC"
        self.said_currency = None
        self.guests = []


class Part:
    """A file with what its columns are: roles -> places of its columns, and the cells of those that are needed."""

    def __init__(self, number, table, profile):
        self.number = number
        self.table = table
        self.profile = profile
        self.roles = {}
        self.places = []
        self.lines = []
        self.cells = []
        self.hashes = []

    def column(self, place):
        return self.cells[self.places.index(place)]

    def name(self, place):
        return self.table.header[place]


def collect(paths, options):
    profiles = profiles_of.load()
    generic = profiles["generic"]
    asked = [getattr(options, option) for option in OPTIONS if getattr(options, option)]
    words = {profiles_of.word(name) for p in profiles.values() for name in p.names()} | {profiles_of.word(name) for name in asked}

    def known(name):
        return profiles_of.word(name) in words or profiles_of.bare_word(name) in words

    mains, others = [], []
    for number, path in enumerate(paths, 1):
        table = reading.open_table(path, known, options.encoding, options.separator, options.sheet)
        profile, other = profiles_of.choose(profiles, table.header, options.profile)
        part = Part(number, table, profile)
        (others if other else mains).append((part, other))
    if not mains:
        part, other = others[0]
        raise Refusal(f"{part.table.path} says {other['has']}, but nothing of orders", "Give the file of the orders, too: dev/demo ORDERS.csv " + part.table.path)

    shop = Shop()
    shop.guests = generic.data["words"]["guests"]
    readings = Readings(options, mains)
    shop.parts = []
    for part, _ in mains:
        choose_columns(part, shop, options, generic, [o for p, o in others], [p for p, o in others])
        shop.parts.append(part)
    for part, _ in others:
        part.places = list(range(len(part.table.header)))
    for part, _ in mains + others:
        fill(part)
    for part, _ in mains:
        settle(part, options, generic)
        for role in TIMES | MONEY | {"price", "quantity"}:
            for place in part.roles.get(role, []):
                readings.learn(part, role, place)
        for role in ("plus", "minus"):
            for place in part.roles.get(role, []):
                readings.learn(part, "amount", place)
        for place in part.extra:
            readings.learn_any(part, place)
    joined = join_tables([part for part, _ in mains], others, readings)
    readings.decide()
    shop.extra = [(kind["name"], kind["type"]) for kind in readings.types.values()]
    choose_zone(shop, options, [part for part, _ in mains])
    for part, _ in mains:
        write(part, shop, options, readings, generic, joined)
        # A few rows that can't be read are left out; where they are many, what is left is not the shop.
        lost = [problem for problem in part.problems if problem]
        if len(lost) >= 5 and len(lost) * 4 > len(part.problems) and not (options.dates or options.decimal or options.where):
            line = part.lines[part.problems.index(lost[0])]
            raise Refusal(f"{part.table.path} has {len(lost):,} of {len(part.problems):,} rows in which something can't be read; the first, line {line}: {lost[0]}",
                          "Is it another column, name it: --at, --amount ... Is it written in two ways, say which is right: --dates, --decimal. With --where only some rows are taken.")
    say(shop, options, [part for part, _ in mains], [part for part, _ in others], readings)
    return shop


# ---- which column is what --------------------------------------------------------


def choose_columns(part, shop, options, generic, others, other_parts):
    """part.roles: role -> places of the columns that can be it, of which settle() takes the first with something in it"""
    table, profile = part.table, part.profile
    part.extra = []
    part.joined = {}
    for role in profiles_of.ROLES:
        part.roles[role] = profile.columns(role, table.header)
    for role in ("plus", "minus"):
        part.roles[role] = profile.columns(role, table.header)
    # What a profile doesn't know of, the usual names may.
    if profile is not generic:
        for role in ("refunded_at", "country", "product"):
            part.roles[role] = part.roles[role] or generic.columns(role, table.header)
    for rule in ("status", "kind"):
        columns = profile.data.get(rule, {}).get("columns", [])
        part.roles[rule] = profiles_of.find(columns, table.header, profile is generic)
    for option, role in OPTIONS.items():
        value = getattr(options, option)
        if value is None:
            continue
        if value.lower() == "none" and role not in WORDS:
            part.roles[role] = []
            continue
        place = column_named(table.header, value)
        if place is not None:
            part.roles[role] = [place]
            if role == "amount":
                part.roles["plus"] = part.roles["minus"] = part.roles["price"] = part.roles["quantity"] = []
            if role == "ordered_at":
                part.roles["time_of_day"] = []
            if role == "customer":
                part.roles["refund_customer"] = []
        else:
            part.roles[role] = []
            shop.expressions[role] = expression(part, value, option, shop.names)
    if options.where:
        shop.expressions["where"] = expression(part, options.where, "where", shop.names)
    if options.status:
        column, _, values = options.status.rpartition(":")
        if column.strip():
            place = column_named(table.header, column.strip())
            if place is None:
                raise no_column(part, column.strip(), "status")
            part.roles["status"] = [place]
        elif options.status.lower() == "none":
            part.roles["status"] = part.roles["kind"] = []
        if not part.roles["status"] and options.status.lower() != "none":
            raise Refusal(f"{table.path} has no column that says which rows are orders", "Name it: --status 'COLUMN: value, value'")
    # The other files of the shop that have what this one lacks.
    for other in profile.others:
        place = profiles_of.find([other["on"]], table.header)
        for role in ("customer", "amount", "country", "source"):
            if part.roles[role] or role in shop.expressions:
                continue
            there = [p for p, o in zip(other_parts, others) if o is other]
            if place and there and profile.columns(role, there[0].table.header):
                part.joined[role] = (other, place[0])
    for role, what in WORDS.items():
        if part.roles[role] or role in shop.expressions or role in part.joined:
            continue
        if role == "amount" and part.roles["price"]:
            continue
        other = elsewhere(profile, role)
        if other:
            missing = [o["file"] for o in profile.others if o not in others]
            raise Refusal(f"{table.path} does not say {other['has']}: that is in {other['file']}", f"Give them together: dev/demo {table.path} {' '.join(missing)}")
        option = next(o for o, r in OPTIONS.items() if r == role).replace("_", "-")
        raise Refusal(f"{table.path} does not say {what}: no column has a usual name of the {'time' if role == 'ordered_at' else role}",
                      f"Its columns: {', '.join(table.header)}. Name it with --{option} COLUMN.")
    # Price and quantity make the amount where nothing else does.
    if part.roles["amount"] or "amount" in shop.expressions or "amount" in part.joined:
        part.roles["price"] = part.roles["quantity"] = []
    needed = {place for places in part.roles.values() for place in places} | set(part.extra) | {place for _, place in part.joined.values()}
    part.places = sorted(needed)


def elsewhere(profile, role):
    """the other file of the shop that has what this one lacks"""
    words = {profiles_of.word(name) for name in profile.data.get(role, [])}
    return next((other for other in profile.others if words & {profiles_of.word(n) for entry in other["match"] for n in profiles_of.names_of(entry)}), None)


def column_named(header, name):
    """the column of this name: as it stands, else in any case, else without accents and signs"""
    for compare in (str, str.casefold, profiles_of.word):
        for place, there in enumerate(header):
            if compare(there) == compare(name) and compare(name):
                return place
    return None


def no_column(part, name, option):
    return Refusal(f'{part.table.path} has no column "{name}"', f"Its columns: {', '.join(part.table.header)}. Name one with --{option.replace('_', '-')}.")


TOKEN = re.compile(r'"((?:[^"]|"")*)"|\'(?:[^\']|\'\')*\'|[^\W\d]\w*')


def expression(part, text, option, names):
    """The SQL of it, with the names of columns in quotes; they may stand there in quotes or without, in any case. names: those of the
    columns by their small letters, as other files have them"""
    found = []

    def quoted(match):
        name = match[1].replace('""', '"') if match[1] is not None else match[0]
        if match[0].startswith("'"):
            return match[0]
        place = next((p for p, there in enumerate(part.table.header) if there.casefold() == name.casefold()), None)
        if place is None:
            if match[1] is not None:
                raise no_column(part, name, option)
            return match[0]
        found.append(place)
        if place not in part.extra:
            part.extra.append(place)
        return identifier(names.setdefault(name.casefold(), part.table.header[place]))

    if re.search(r";|--|/\*|\\", re.sub(TOKEN, "", text)):
        raise Refusal(f"--{option.replace('_', '-')} takes a column or one expression, not {text}")
    sql = re.sub(TOKEN, quoted, text)
    if not found:
        raise no_column(part, text, option)
    return sql


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


# ---- their cells -----------------------------------------------------------------


def fill(part):
    """Reads the file, of which only the columns that are needed are kept."""
    places = part.places
    get = itemgetter(*places) if len(places) > 1 else lambda cells: (cells[places[0]],)
    undecided = "per" not in part.profile.data
    kept = []
    for line, cells in part.table.records():
        part.lines.append(line)
        kept.append(get(cells))
        if undecided:
            part.hashes.append(hash(tuple(cells)))
    part.cells = list(zip(*kept)) if kept else [() for _ in places]
    bad = part.table.bad
    if bad and (not kept or len(bad) >= 5 and len(bad) * 4 > part.table.seen):
        raise Refusal(f"{part.table.path}: {len(bad):,} of {part.table.seen:,} rows have more cells than the header; the first, line {bad[0][0]}: {bad[0][1]}",
                      "An amount such as 5,50 needs quotes where commas are between the columns. Or is another letter between them? --separator ';'")
    if not kept:
        raise Refusal(f"{part.table.path} has no rows below its header")


def settle(part, options, generic):
    """One column a role: the first with something in it; and whether amounts are of orders or of their lines."""
    for role, places in part.roles.items():
        if role in ("plus", "minus"):
            continue
        full = next((p for p in places if any(not is_empty(cell) for cell in part.column(p))), None)
        part.roles[role] = [full] if full is not None else places[:1] if role in WORDS or role in ("price", "quantity") else []
    # The day and the time of day may be apart.
    part.times = None
    if part.roles["ordered_at"]:
        part.times = part.column(part.roles["ordered_at"][0])
        if part.roles["time_of_day"]:
            part.times = [f"{text(day)} {text(clock)}".strip() for day, clock in zip(part.times, part.column(part.roles["time_of_day"][0]))]
    part.per = options.per or part.profile.data.get("per")
    part.per_said = None
    part.doubles = 0
    if part.per is None:
        guess_per(part, generic)


def guess_per(part, generic):
    part.per = "line"
    if not part.roles["order_id"] or not part.roles["amount"]:
        return
    orders = part.column(part.roles["order_id"][0])
    if len(set(orders)) == len(orders):
        return
    seen = {}
    for order, amount, row in zip(orders, part.column(part.roles["amount"][0]), part.hashes):
        if not is_empty(order) and not is_empty(amount):
            seen.setdefault(order, []).append((amount, row))
    several = [rows for rows in seen.values() if len(rows) > 1]
    if not several:
        return
    part.doubles = sum(len(rows) - len({row for _, row in rows}) for rows in several)
    if all(len({row for _, row in rows}) == 1 for rows in several):
        part.per = "order"
        part.per_said = "rows that stand twice are counted once"
    elif all(len({amount for amount, _ in rows}) == 1 for rows in several):
        # Each row of an order has the same amount: that of the order, or lines that happen to be alike.
        name = part.name(part.roles["amount"][0])
        of_lines = generic.columns("price", part.table.header) and generic.columns("quantity", part.table.header)
        if profiles_of.bare_word(name) in {profiles_of.word(total) for total in generic.data["words"]["totals"]} and not of_lines:
            part.per = "order"
            part.per_said = "once an order, whose rows all have the same"
        else:
            order = next(order for order, rows in seen.items() if len(rows) > 1)
            raise Refusal(f"{part.table.path} has several rows of one order, such as {text(order)}, and all of an order have the same {name}",
                          "Is it that of the order, say --per order; if rows are to be added up, --per line.")


class Readings:
    """How the times and amounts of each column are written. Columns of one name of one kind of file are one: what one month doesn't tell the next may."""

    def __init__(self, options, mains):
        self.options = options
        self.of = {}
        self.types = {}

    def key(self, part, place):
        return (part.profile.key, part.name(place))

    def get(self, part, role, place):
        key = (*self.key(part, place), role in TIMES)
        if key not in self.of:
            name = part.name(place)
            self.of[key] = (times.Reading(name, self.options.dates, part.profile.data.get("day_first")) if role in TIMES
                            else amounts.Reading(name, self.options.decimal))
        return self.of[key]

    def learn(self, part, role, place):
        reading_ = self.get(part, role, place)
        column = part.times if role == "ordered_at" else part.column(place)
        # A column that is nearly all the same, such as quantities, is soon learned.
        for cell in (column if role in TIMES else set(column)):
            reading_.learn(cell)

    def learn_any(self, part, place):
        """A column in an expression is of numbers or times if nearly all of its cells are."""
        name = part.name(place)
        kind = self.types.setdefault(name.casefold(), {"name": name, "money": amounts.Reading(name, self.options.decimal),
                                                       "time": times.Reading(name, self.options.dates, part.profile.data.get("day_first")), "cells": []})
        cells = [cell for cell in part.column(place) if not is_empty(cell)]
        kind["cells"] += cells[:1000]
        for cell in set(cells):
            kind["money"].learn(cell)
        for cell in cells:
            kind["time"].learn(cell)

    def decide_any(self):
        for kind in self.types.values():
            cells, kind["type"], kind["reading"] = kind["cells"], "text", None
            if cells and sum(1 for c in cells if not isinstance(c, str) or amounts.SHAPE.fullmatch(c.strip())) >= 0.9 * len(cells):
                kind["money"].decide()
                kind["type"], kind["reading"] = "numeric", kind["money"]
            elif cells:
                kind["time"].decide()
                if sum(1 for c in cells if kind["time"].read(c)) >= 0.9 * len(cells):
                    kind["type"], kind["reading"] = "timestamptz", kind["time"]

    def decide(self):
        for reading_ in self.of.values():
            reading_.decide()
        self.decide_any()


def join_tables(mains, others, readings):
    """role -> {key: [cells]} of what other files say"""
    found = {}
    for main, role, other in [(main, role, other) for main in mains for role, (other, _) in main.joined.items()]:
        if role in found:
            continue
        answers = collections.defaultdict(list)
        for part, o in others:
            if o is not other:
                continue
            on = part.column(profiles_of.find([other["on"]], part.table.header)[0])
            place = main.profile.columns(role, part.table.header)[0]
            if role in MONEY:
                readings.learn(part, role, place)
                found.setdefault("reading", {})[role] = readings.get(part, role, place)
            for key, cell in zip(on, part.column(place)):
                answers[text(key)].append(cell)
        found[role] = answers
    return found


def text(cell):
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    # COPY takes a line of \\. for the end, wherever it stands.
    return " ".join(str(cell).split("\n")).replace("\r", " ").strip()


# ---- the shop's time zone ------------------------------------------------------------


def zone_named(name):
    try:
        if not re.fullmatch(r"[A-Za-z]+(/[A-Za-z0-9_+-]+)*", name):
            raise ValueError
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None


def choose_zone(shop, options, parts):
    if options.zone:
        if not zone_named(options.zone) or re.search(r"[+-]\d", options.zone):
            raise Refusal(f"no time zone is called {options.zone}", "A zone is a place: --zone Europe/Berlin, --zone America/New_York")
        shop.zone = options.zone
        shop.zone_said = "said by you"
    seen = collections.Counter()
    for part in parts:
        part.zones = {}
        if not part.roles.get("zone"):
            continue
        for name, n in collections.Counter(part.column(part.roles["zone"][0])).items():
            place = part.profile.data.get("zones", {}).get(name, name)
            if isinstance(place, str) and zone_named(place):
                part.zones[name] = zone_named(place)
                seen[place] += n
    if not options.zone and seen:
        shop.zone = seen.most_common(1)[0][0]
        shop.zone_said = "as the file says"
    elif not options.zone:
        shop.zone_said = None


# ---- the rows ------------------------------------------------------------------------


def write(part, shop, options, readings, generic, joined):
    """shop.rows gets the part's rows, in the order of COLUMNS, with the columns of expressions behind."""
    roles, profile, n = part.roles, part.profile, len(part.lines)
    words = generic.data["words"]

    def cells(role):
        return part.column(roles[role][0]) if roles.get(role) else None

    def texts(role):
        column = cells(role)
        if column is None:
            return [None] * n
        # NA is Namibia.
        known = {c: None if is_empty(c) and not (role == "country" and c == "NA") else text(c) for c in set(column)}
        return [known[c] for c in column]

    problems = [None] * n

    def read(role, column, reading_, what):
        if column is None:
            return [None] * n
        known, bad = {}, {}
        for cell in set(column):
            known[cell] = value = reading_.read(cell)
            if value is None and not is_empty(cell) and not (isinstance(cell, str) and cell.startswith("0000-00-00")):
                bad[cell] = f"{what} can't be read: {text(cell)[:40]}"
        if bad:
            for i, cell in enumerate(column):
                if cell in bad and not problems[i]:
                    problems[i] = bad[cell]
        return [known[cell] for cell in column]

    customer = numbers_as_text(texts("customer"))
    order_id = numbers_as_text(texts("order_id"))
    if roles.get("refund_customer"):
        refund_customer = texts("refund_customer")

    # Times.
    ordered = part.times
    if ordered is not None:
        time_reading = readings.get(part, "ordered_at", roles["ordered_at"][0])
        part.time_reading = time_reading
        ordered_at = read("ordered_at", ordered, time_reading, "the time")
        zone_of_times = profile.data.get("zone_of_times") or ("UTC" if re.search(r"\((UTC|GMT)\)", part.name(roles["ordered_at"][0])) else None)
        part.zone_of_times = zone_of_times
        ordered_at = placed(ordered_at, zone_of_times, cells("zone"), part.zones, shop.zone)
    else:
        part.time_reading = None
        part.zone_of_times = None
        ordered_at = [None] * n
    refunded_at = read("refunded_at", cells("refunded_at"), roles.get("refunded_at") and readings.get(part, "refunded_at", roles["refunded_at"][0]), "the time of the refund")
    refunded_at = placed(refunded_at, part.zone_of_times, cells("zone"), part.zones, shop.zone)

    # Money.
    def money(role, place=None, what="the amount"):
        place = place if place is not None else (roles[role][0] if roles.get(role) else None)
        if place is None:
            return [None] * n
        return read(role, part.column(place), readings.get(part, "amount", place), what)

    amount = money("amount")
    if roles.get("price"):
        price = money("price", what="the price")
        if roles.get("quantity"):
            quantity = money("quantity", what="the quantity")
            amount = [p and q and (product(p[0], q[0]), p[1]) for p, q in zip(price, quantity)]
        else:
            amount = price
    for role, sign in (("plus", 1), ("minus", -1)):
        for place in roles.get(role, []):
            for i, more in enumerate(money(role, place)):
                if more and amount[i] and Decimal(more[0]):
                    amount[i] = (str(Decimal(amount[i][0]) + sign * abs(Decimal(more[0]))), amount[i][1])
    refund = money("refund", what="the refund")

    # Which rows are orders.
    counts = [True] * n
    status = texts("status")
    gives_back = [False] * n
    part.rules = {}
    for rule_name in ("status", "kind"):
        if not roles.get(rule_name):
            continue
        asked = None
        if options.status and rule_name == "status":
            asked = [v.strip() for v in options.status.rpartition(":")[2].split(",")]
        rule = part.rules[rule_name] = profiles_of.Rule(profile.data.get(rule_name, {}), words, asked)
        column = texts(rule_name)
        verdict = {value: rule.counts(value or "") for value in set(column)}
        back = {value: rule_name == "status" and not roles.get("refund") and "refund" not in shop.expressions and rule.gave_back(value or "") for value in set(column)}
        for i, value in enumerate(column):
            # In a file of lines only the first row of an order has a status.
            if value is None and part.per == "order" and amount[i] is None:
                continue
            if not verdict[value]:
                if counts[i] and rule_name == "kind":
                    status[i] = value
                counts[i] = False
            elif back[value]:
                gives_back[i] = True

    cancelled = [c is not None for c in texts("cancelled_at")]
    currencies = currency_of(part, n, texts("currency"), amount, profile)
    if roles.get("refund_customer"):
        # Of a refund the sender is the shop.
        customer = [other if a and Decimal(a[0]) < 0 else c for c, other, a in zip(customer, refund_customer, amount)]
    country, source, goods = texts("country"), texts("source"), texts("product")
    extra = []
    for kind in readings.types.values():
        place = next(p for p in part.extra if part.name(p).casefold() == kind["name"].casefold())
        column = part.column(place)
        if kind["reading"] is None:
            extra.append([text(c) or None for c in column])
        else:
            values = read(kind["name"], column, kind["reading"], repr(kind["name"]))
            extra.append([v and v[0] for v in values] if kind["type"] == "numeric" else values)
    part.problems = problems
    per_order = part.per == "order"
    amount = [a and a[0] for a in amount]
    refund = [r and r[0] for r in refund]
    if part.joined:
        keys = {role: [text(c) for c in part.column(place)] for role, (_, place) in part.joined.items()}
        first = {role: [joined[role].get(key, [None])[0] for key in keys[role]] for role in keys if role != "amount"}
        customer = [text(c) or None for c in first["customer"]] if "customer" in first else customer
        country = [text(c) or None for c in first["country"]] if "country" in first else country
        source = [text(c) or None for c in first["source"]] if "source" in first else source
        if "amount" in keys:
            reading_ = joined["reading"]["amount"]
            amount = []
            for i, key in enumerate(keys["amount"]):
                read_ = [reading_.read(cell) for cell in joined["amount"].get(key, []) if not is_empty(cell)]
                if any(value is None for value in read_):
                    problems[i] = problems[i] or "a payment can't be read"
                amount.append(str(sum(Decimal(value[0]) for value in read_)) if read_ and all(read_) else None)
    shop.rows.append(zip([part.number] * n, part.lines, [profile.key] * n, problems, [per_order] * n, customer, order_id, ordered_at, amount, refund, refunded_at, status, counts,
                         gives_back, cancelled, currencies, country, source, goods, *extra))


def product(price, quantity):
    try:
        return str(Decimal(price) * Decimal(quantity))
    except InvalidOperation:
        return None


def numbers_as_text(column):
    """5033.0 is what a spreadsheet makes of 5033 where some cells of the column are empty."""
    if any(column) and all(c is None or re.fullmatch(r"\d+\.0", c) for c in column):
        return [c and c[:-2] for c in column]
    return column


def placed(column, zone_of_times, names, zones, shop_zone):
    """times without an offset get one where they are of another zone than the shop's"""
    if zone_of_times:
        return [t and (t + "+00" if " " in t and not re.search(r"[+-]\d\d(:?\d\d)?$", t) else t) for t in column]
    if names is None or not zones:
        return column
    answer = []
    for t, name in zip(column, names):
        zone = zones.get(name)
        if t and zone and zone.key != shop_zone and " " in t and not re.search(r"[+-]\d\d(:?\d\d)?$", t):
            t = datetime.fromisoformat(t).replace(tzinfo=zone).isoformat(" ")
        answer.append(t)
    return answer


def currency_of(part, n, column, amount, profile):
    """The currency of each row: that of its column, of the amount's cell, or of the column's name."""
    in_name = None
    if part.roles.get("amount"):
        match = re.search(r"[(\[]([A-Z]{3}|[$€£¥₹])[)\]]\s*$", part.name(part.roles["amount"][0]))
        if match:
            in_name = amounts.SIGNS.get(match[1], match[1])
            in_name = in_name if in_name in amounts.CODES else None
    default = in_name or profile.data.get("assumed_currency")
    known = {None: None}
    answer = []
    for i in range(n):
        cell = column[i]
        if cell not in known:
            code = cell.upper()
            if code not in amounts.CODES:
                code = amounts.SIGNS.get(cell)
                if code is None:
                    match = amounts.SHAPE.fullmatch(cell)
                    sign = match and (match["cur1"] or match["cur2"])
                    code = sign and (amounts.SIGNS.get(sign) or sign.upper())
                    code = code if code in amounts.CODES else None
            known[cell] = code
        answer.append(known[cell] or (amount[i] and amount[i][1]) or (default if amount[i] or default else None))
    return answer


# ---- what was decided ----------------------------------------------------------------


def listed(values):
    values = list(dict.fromkeys(values))
    return ", ".join(values[:6]) + (f" and {len(values) - 6} more" if len(values) > 6 else "")


def say(shop, options, mains, others, readings):
    def names(role):
        found = [part.name(part.roles[role][0]) for part in mains if part.roles.get(role)]
        found += [f"{part.joined[role][0]['on']} -> {part.joined[role][0]['file']}" for part in mains if role in part.joined]
        if role in shop.expressions:
            found = [shop.expressions[role]]
        return listed(found)

    decide = shop.decisions.append
    for part in mains + others:
        decide(("file", f"{part.table.path.rsplit('/', 1)[-1]}: {part.profile.title}, {part.table.seen:,} rows; {part.table.said}", "--profile, --separator, --encoding"))
    decide(("customer", names("customer"), "--customer"))
    if names("order_id"):
        decide(("order number", names("order_id"), "--order-id"))
    forms = [part.time_reading for part in mains if part.time_reading is not None]
    decide(("time", ", ".join([names("ordered_at"), *dict.fromkeys(form.said for form in forms if form.said)]), "--at, --dates"))
    offsets = any(form.offsets for form in forms) or any(part.zone_of_times for part in mains)
    bare = any(form.bare for form in forms) and not all(part.zone_of_times for part in mains)
    if offsets and not bare:
        zone = f"times have a zone; the shop's days are those of {shop.zone}"
    elif any(form.dated for form in forms) and not bare:
        zone = f"days as they stand, in {shop.zone}"
    else:
        zone = f"times without one are of {shop.zone}"
    decide(("time zone", zone + (f", {shop.zone_said}" if shop.zone_said else ", as nothing says another"), "--zone"))
    said = names("amount")
    part = mains[0]
    if not said and part.roles.get("price"):
        said = names("price") + (" x " + names("quantity") if part.roles.get("quantity") else "")
    for role, sign in (("plus", " + "), ("minus", " - ")):
        for place in part.roles.get(role, []):
            said += sign + part.name(place)
    place = part.roles.get("amount") or part.roles.get("price")
    if place and "amount" not in shop.expressions:
        said += ", decimal " + ("comma" if readings.get(part, "amount", place[0]).decimal == "," else "point")
    decide(("amount", said, "--amount, --decimal"))
    if names("order_id"):
        per = part.per_said or ("of the whole order" if part.per == "order" else "an order's rows are added up")
        if part.per == "line" and part.doubles:
            per += f" ({part.doubles} of them stand twice, in all columns)"
        decide(("rows of an order", per, "--per order, --per line"))
    if names("refund"):
        at = names("refunded_at")
        has = any(cell is not None for part in mains if part.roles.get("refunded_at") for cell in part.column(part.roles["refunded_at"][0]) if not is_empty(cell))
        decide(("refunds", names("refund") + (f", given back at {at}" if at and (has or "refunded_at" in shop.expressions) else ", booked at the time of the order, as nothing says when"), "--refund, --refund-at"))
    if names("cancelled_at"):
        decide(("cancelled", f"{names('cancelled_at')} is set, and nothing given back: no order", "--status"))
    if "where" in shop.expressions:
        decide(("only rows", shop.expressions["where"], "--where"))
    segments = [f"{role} {names(role)}" for role in ("country", "source", "product") if names(role)]
    if segments:
        decide(("segments", ", ".join(segments), "--country, --source, --product"))
    unknown = sorted({value for part in mains for rule in part.rules.values() for value in rule.unknown})
    if unknown:
        decide(("not known", f"the status {listed(unknown)}: taken as orders", "--status"))
    shop.status_name = names("status")
