"""Tables of any content, written as programs write them, for the property that each reads back as itself."""

import csv
import gzip
import io

from hypothesis import strategies as st

HEADER = ["order_id", "customer", "order_date", "amount", "note"]
# What people write in notes and names: letters of the West, which all encodings have, and all that means something to a dialect.
LETTERS = "abcdefgh ABC äöüßéèñçã€ 0123456789 .,;|\t'\"\"#&()-/:"

cell = st.text(alphabet=LETTERS, max_size=30).map(str.strip)
note = st.one_of(cell, cell, cell.map(lambda t: t + "\nsecond line" if t else t))
row = st.tuples(st.sampled_from(["{i}.{c}0", "{i},{c}0", "-{i}{c}00"]), cell.map(lambda t: "c" + t), note)
tables = st.lists(row, min_size=8, max_size=30)
styles = st.fixed_dictionaries({
    "separator": st.sampled_from([",", ";", "\t", "|"]),
    "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    "end": st.sampled_from(["\n", "\r\n", "\r"]),
    "encoding": st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]),
    "said": st.booleans(),
    "title": st.sampled_from([[], [["Sales report, My Shop"], []], [["Report"], ["Period: 2024-01-01 - 2024-12-31"]]]),
    "footer": st.booleans(),
    "blank": st.integers(0, 3),
    "packed": st.booleans(),
})


def rows_of(table):
    """the cells of the table, with orders, days and amounts that look like such"""
    return [[str(1001 + i), customer, f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}", amount.format(i=i + 1, c=i % 10), text] for i, (amount, customer, text) in enumerate(table)]


def written(rows, style):
    f = io.StringIO(newline="")
    if style["said"]:
        f.write(f"sep={style['separator']}{style['end']}")
    # csv does not quote a line break that isn't the file's own.
    quoting = csv.QUOTE_ALL if style["end"] == "\r" else style["quoting"]
    writer = csv.writer(f, delimiter=style["separator"], quoting=quoting, lineterminator=style["end"])
    for title in style["title"]:
        writer.writerow(title)
    writer.writerow(HEADER)
    for i, cells in enumerate(rows):
        writer.writerow(cells)
        if style["blank"] and i % style["blank"] == 0:
            f.write(style["end"])
    if style["footer"]:
        writer.writerow(["Total", "", "", "99.90"])
    data = f.getvalue().encode(style["encoding"])
    return gzip.compress(data) if style["packed"] else data
