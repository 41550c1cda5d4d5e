"""python3 dev/import --to FOLDER [OPTION...] FILE...

Reads the orders of a shop from the files it has exported, and writes into FOLDER what makes a table of them: import.sql, which psql
runs there, with rows.csv and decisions.csv. dev/demo calls it; dev/demo --help says what the options are.
"""

import argparse
import csv
import itertools
import sys
from pathlib import Path

import meaning
from refusal import Refusal


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        raise Refusal(message, "dev/demo --help tells what there is.")


def arguments(words):
    parser = Arguments(prog="dev/demo", allow_abbrev=False, add_help=False)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--to", required=True)
    for option in ("customer", "order-id", "at", "amount", "refund", "refund-at", "country", "source", "product", "status", "where", "currency", "zone",
                   "encoding", "separator", "sheet", "profile"):
        parser.add_argument("--" + option)
    parser.add_argument("--per", choices=("order", "line"))
    parser.add_argument("--dates", choices=("dmy", "mdy"))
    parser.add_argument("--decimal", choices=(",", "."))
    options = parser.parse_args(words)
    if options.currency is not None:
        options.currency = options.currency.upper()
        if options.currency not in meaning.amounts.CODES:
            raise Refusal(f"no currency is called {options.currency}", "A currency is three letters: --currency EUR")
    return options


def literal(value):
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def write(shop, options, folder):
    for name, rows in (("rows", itertools.chain.from_iterable(shop.rows)),
                       ("decisions", ((i, *decision) for i, decision in enumerate(shop.decisions, 1))),
                       ("files", ((part.number, part.table.path.rsplit("/", 1)[-1], part.table.seen) for part in shop.parts)),
                       ("bad", ((part.number, line, reason) for part in shop.parts for line, reason in part.table.bad))):
        with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8", errors="replace") as f:
            csv.writer(f, lineterminator="\n").writerows(rows)
    # What an expression says takes the place of the column.
    extra = "".join(f", {meaning.identifier(name)} {kind}" for name, kind in shop.extra)
    taken = ", ".join(f"({shop.expressions[name]})::{kind} AS {name}" if name in shop.expressions else f"r.{name}"
                      for name, kind in (("customer", "text"), ("order_id", "text"), ("ordered_at", "timestamptz"), ("amount", "numeric"), ("refund", "numeric"),
                                         ("refunded_at", "timestamptz"), ("country", "text"), ("source", "text"), ("product", "text")))
    head = f"""-- Made of files by dev/import: their rows, and what was asked of them. orders.sql says the rest.
SET timezone = {literal(shop.zone)};
CREATE TEMP TABLE import_row (file int, line int, profile text, problem text, per_order bool, customer text, order_id text, ordered_at timestamptz, amount numeric, refund numeric, refunded_at timestamptz,
	status text, counts bool, gives_back bool, cancelled bool, currency text, country text, source text, product text);
CREATE TEMP TABLE import_cell (file int, line int{extra});
"""
    # A column of a file may have the name of one of ours, so that they stand in a table of their own.
    if shop.extra:
        head += f"""CREATE TEMP TABLE import_both (LIKE import_row);
ALTER TABLE import_both {", ".join(f"ADD COLUMN c{i} {kind}" for i, (_, kind) in enumerate(shop.extra))};
\\copy import_both FROM 'rows.csv' (FORMAT csv)
INSERT INTO import_row SELECT {", ".join(meaning.COLUMNS)} FROM import_both;
INSERT INTO import_cell SELECT file, line, {", ".join(f"c{i}" for i in range(len(shop.extra)))} FROM import_both;
"""
    else:
        head += "\\copy import_row FROM 'rows.csv' (FORMAT csv)\n"
    if shop.expressions:
        keep = "r.file, r.line, r.profile, r.problem, r.per_order, r.status, r.counts, r.gives_back, r.cancelled, r.currency"
        where = f"coalesce(({shop.expressions['where']})::bool, false)" if "where" in shop.expressions else "true"
        names = [name for name, _ in shop.extra]
        head += f"""CREATE TEMP TABLE import_read AS
SELECT {keep}, e.*
FROM import_row AS r JOIN import_cell AS c USING (file, line),
	 LATERAL (SELECT {taken}, {where} AS wanted FROM (SELECT {", ".join("c." + meaning.identifier(n) for n in names)}) AS cell) AS e;
"""
    else:
        head += "CREATE TEMP VIEW import_read AS SELECT *, true AS wanted FROM import_row;\n"
    head += f"""CREATE TEMP TABLE import_asked AS SELECT {literal(options.currency)}::text AS currency, ARRAY[{", ".join(literal(g) for g in shop.guests)}]::text[] AS guests,
	{literal(shop.status_name or None)}::text AS status_name, {literal(shop.zone)}::text AS zone;
CREATE TEMP TABLE import_decision (place numeric, what text, taken text, option text);
\\copy import_decision FROM 'decisions.csv' (FORMAT csv)
CREATE TEMP TABLE import_file (file int, name text, seen int);
\\copy import_file FROM 'files.csv' (FORMAT csv)
CREATE TEMP TABLE import_bad (file int, line int, reason text);
\\copy import_bad FROM 'bad.csv' (FORMAT csv)
"""
    (folder / "import.sql").write_text(head + (Path(__file__).parent / "orders.sql").read_text(), encoding="utf-8")


def main(words):
    try:
        options = arguments(words)
        shop = meaning.collect(options.files, options)
        write(shop, options, Path(options.to))
    except Refusal as refusal:
        # What a file says may have letters that a terminal obeys.
        for start, words_ in (("demo: ", str(refusal)), ("      ", refusal.hint)):
            if words_:
                print(start + "".join(letter if letter.isprintable() else "?" for letter in words_), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
