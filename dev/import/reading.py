"""Files as tables of cells: a text file in any encoding and dialect, packed or not, or a workbook.

The dialect is CleverCSV's word, the parsing the standard library's csv; workbooks are read by openpyxl.
What is here chooses between them, finds the row with the names of the columns, and sees to it that a line
that can't be read is one line: a quote that never ends would otherwise swallow the rest of the file.
"""

import codecs
import contextlib
import csv
import gzip
import io
import itertools
import os
import re
import zipfile
import zlib

import clevercsv

from refusal import Refusal

SEPARATORS = [",", ";", "\t", "|"]
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
SAMPLE = 1 << 16
# Title lines stand above the names of the columns; so far down they are looked for.
LOOKED_AT = 60
# A note with line breaks is a few lines long. A quote that is not closed is longer, and read again.
LONGEST = 500

csv.field_size_limit(1 << 20)


class Table:
    """One file: path, said (how it was read, in words), header (the names), and records()."""

    def __init__(self, path, said, rows, known):
        self.path = path
        self.said = said
        self._rows = rows
        self.header_line, self.header = find_header(path, itertools.islice(rows(None), LOOKED_AT), known)
        # (line, reason) of each line that could not be read
        self.bad = []
        # the rows with anything in them, below the header
        self.seen = 0

    def records(self):
        """(line, cells) of each row below the header, with as many cells as the header has. A row that
        is shorter ends in empty cells, as spreadsheets leave those away; one that is longer is bad."""
        width = len(self.header)
        for line, cells in self._rows(width):
            if cells is None:
                self.seen += 1
                self.bad.append((line, f"a cell of it is longer than {csv.field_size_limit():,} letters"))
                continue
            if line <= self.header_line or (not (cells and cells[0]) and blank(cells)):
                continue
            self.seen += 1
            if len(cells) > width:
                if not blank(cells[width:]):
                    self.bad.append((line, f"it has {len(cells)} cells, the header {width}"))
                    continue
                cells = cells[:width]
            elif len(cells) < width:
                cells = cells + [""] * (width - len(cells))
            yield line, cells


def blank(cells):
    return not any(not isinstance(cell, str) or cell.strip() for cell in cells)


def open_table(path, known, encoding=None, separator=None, sheet=None):
    """known: tells of a name whether it is one that a column may have"""
    start = first_bytes(path)
    if start.startswith(b"PK"):
        return open_workbook(path, known, sheet)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refusal(f"{path} is a workbook in Excel's old form, or behind a password", "Save it as .xlsx or as CSV, without one, and give that.")
    for magic, what in ((b"%PDF", "a PDF"), (b"<", "a page or XML"), (b"{", "JSON"), (b"PAR1", "Parquet")):
        if start.lstrip().startswith(magic):
            raise Refusal(f"{path} is no table of text: it is {what}", "Export the orders as CSV or .xlsx.")
    return open_text(path, known, encoding, separator)


# ---- bytes -------------------------------------------------------------------


def first_bytes(path):
    # It is read more than once.
    if os.path.exists(path) and not os.path.isfile(path):
        raise Refusal(f"{path} is no file", "Save what it says as one, and give that.")
    try:
        with open_bytes(path) as f:
            start = f.read(64)
    except (OSError, EOFError, zlib.error) as error:
        raise Refusal(f"can't read {path}: {getattr(error, 'strerror', None) or error}") from None
    if not start:
        raise Refusal(f"{path} is empty")
    return start


def open_bytes(path):
    f = open(path, "rb")
    packed = f.read(2) == b"\x1f\x8b"
    f.seek(0)
    return gzip.open(f, "rb") if packed else f


MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
]


@contextlib.contextmanager
def broken(path):
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise Refusal(f"{path} can't be read to its end: {error}") from None


def encoding_of(path):
    """(codec, its name in words). Without a mark a file is UTF-8 if it can be, or nearly: a byte that was
    damaged is a letter of one line, no other encoding. What is not is what Windows writes in the West."""
    with open_bytes(path) as f, broken(path):
        sample = f.read(SAMPLE)
        for mark, codec, name in MARKS:
            if sample.startswith(mark):
                return codec, name
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        if max(even, odd) > len(sample) / 8:
            return ("utf-16-le", "UTF-16") if odd > even else ("utf-16-be", "UTF-16")
        good = bad = 0
        for line in itertools.chain(io.BytesIO(sample), f):
            if not line.isascii():
                try:
                    line.decode("utf-8")
                    good += 1
                except UnicodeDecodeError:
                    bad += 1
    # The sample may have been cut within a letter.
    if bad <= 1 + good // 20 and good >= bad and (good or not bad):
        return "utf-8", "UTF-8"
    return "cp1252", "Windows-1252"


# ---- text --------------------------------------------------------------------


def open_text(path, known, encoding, separator):
    if encoding:
        try:
            codec, name = codecs.lookup(encoding).name, encoding
        except LookupError:
            raise Refusal(f"no encoding is called {encoding}", "Such as --encoding utf-8 or --encoding windows-1252.") from None
    else:
        codec, name = encoding_of(path)

    def lines():
        with broken(path), io.TextIOWrapper(open_bytes(path), encoding=codec, errors="replace", newline="") as f:
            # No text has this letter, and PostgreSQL takes none.
            yield from (line.replace("\0", "") for line in f)

    sample = list(itertools.islice(lines(), LOOKED_AT))
    skipped = 0
    said = re.fullmatch(r'"?sep=(.)"?\s*', sample[0]) if sample else None
    if said:
        skipped = 1
        separator = separator or said[1]
    if separator in ("\\t", "tab"):
        separator = "\t"
    text = "".join(sample[skipped:])[:SAMPLE]
    dialect = dialect_of(path, text, separator)
    words = [NAMES.get(dialect["delimiter"], repr(dialect["delimiter"])) + " between the columns", name]

    def rows(width):
        return parsed(itertools.islice(lines(), skipped, None), dialect, width, skipped)

    table = Table(path, ", ".join(words), rows, known)
    return table


def dialect_of(path, text, separator):
    if separator is not None and len(separator) != 1:
        raise Refusal(f"a separator is one letter, not {separator!r}", "Such as --separator ';' or --separator tab.")
    found = None
    try:
        found = clevercsv.Detector().detect(text, delimiters=[separator] if separator else SEPARATORS)
    except clevercsv.Error:
        pass
    if not separator and (not found or found.delimiter not in SEPARATORS):
        raise Refusal(f"{path} has no columns: nothing stands between them", "If something does, say --separator ';' (or ',', tab, '|').")
    # What it takes for an escape may be any sign before another, and for a quote any apostrophe: these are the ones that programs write.
    return {
        "delimiter": separator or found.delimiter,
        "quotechar": "'" if found and found.quotechar == "'" and '"' not in text else '"',
        "escapechar": "\\" if found and found.escapechar == "\\" else None,
    }


def parsed(lines, dialect, width, before):
    """(number of its first line, cells) of each row. Where a row goes over several lines and has not the
    width of the header, or an odd number of quotes, its first line is read alone, quotes as any letter."""
    taken = []
    again = []

    def feed():
        while True:
            if again:
                line = again.pop()
            else:
                line = next(lines, None)
                if line is None:
                    return
            taken.append(line)
            if len(taken) > LONGEST:
                return
            yield line

    number = before
    quote = dialect["quotechar"]
    reader = csv.reader(feed(), **dialect)
    while True:
        taken.clear()
        try:
            cells = next(reader)
            good = len(taken) == 1 or ((width is None or len(cells) == width) and len(taken) <= LONGEST
                                       and sum(line.count(quote) for line in taken) % 2 == 0)
        except StopIteration:
            if not taken:
                return
            good = False
        except csv.Error:
            good = False
        if not good:
            again.extend(reversed(taken[1:]))
            del taken[1:]
            try:
                cells = next(csv.reader(taken, delimiter=dialect["delimiter"], quoting=csv.QUOTE_NONE), [])
            except csv.Error:
                cells = None
            reader = csv.reader(feed(), **dialect)
        yield number + 1, cells
        number += len(taken)


# What a file that is cut short, or no file of its kind, ends in.
BROKEN = (zipfile.BadZipFile, zlib.error, SyntaxError, KeyError, ValueError, OSError, EOFError, TypeError, AttributeError, IndexError)


# ---- workbooks ---------------------------------------------------------------


def open_workbook(path, known, sheet):
    import openpyxl

    try:
        with open_bytes(path) as f:
            book = openpyxl.load_workbook(io.BytesIO(f.read()), read_only=True, data_only=True)
        names = book.sheetnames
    except BROKEN as error:
        raise Refusal(f"{path} begins as a workbook (or another packed file) does, but can't be read as one: {error}",
                      "Unpack it, or open it in the program that it is from, and save it as .xlsx or as CSV.") from None
    if sheet is not None and sheet not in names:
        raise Refusal(f"{path} has no sheet {sheet!r}", "Its sheets: " + ", ".join(names))

    def rows_of(name):
        def rows(width):
            try:
                for line, cells in enumerate(book[name].iter_rows(values_only=True), 1):
                    cells = list(cells)
                    while cells and cells[-1] is None and len(cells) > (width or 0):
                        cells.pop()
                    yield line, ["" if cell is None else cell for cell in cells]
            except BROKEN as error:
                raise Refusal(f"{path} can't be read to its end: {error}", "Save it again as .xlsx or as CSV.") from None
        return rows

    problem = None
    for name in [sheet] if sheet is not None else names:
        try:
            return Table(path, f"workbook, sheet {name!r}" if len(names) > 1 else "workbook", rows_of(name), known)
        except Refusal as refusal:
            problem = problem or refusal
    raise problem or Refusal(f"{path} has no sheet")


# ---- the names of the columns --------------------------------------------------


def find_header(path, rows, known):
    """(line, names): the row with most names that columns have, or else the first that is as wide as most."""
    rows = [(line, [str(cell).strip() for cell in cells]) for line, cells in rows if cells]
    rows = [(line, cells) for line, cells in rows if any(cells)]
    if not rows:
        raise Refusal(f"{path} has no rows")

    def score(cells):
        return sum(1 for cell in set(cells) if cell and known(cell))

    best = max(rows, key=lambda row: score(row[1]))
    # One may be the first word of a line of totals.
    if score(best[1]) < 2:
        widths = [len(cells) for _, cells in rows]
        usual = max(set(widths), key=lambda w: (widths.count(w), w))
        best = next(row for row in rows if len(row[1]) == usual)
        if any(re.fullmatch(r"[-+(]?[\d.,:/ -]*\d[\d.,:/ )-]*", cell) for cell in best[1]):
            raise Refusal(f"{path} doesn't say what its columns are: line {best[0]} is {shown(best[1])}",
                          "Put a line with their names above it, such as customer, date, amount.")
    line, cells = best
    while cells and not cells[-1]:
        cells = cells[:-1]
    if len(cells) < 2:
        raise Refusal(f"{path} has one column: {shown(cells)}", "Is another letter between the columns? --separator ';' (or ',', tab, '|')")
    names = []
    for place, cell in enumerate(cells, 1):
        # Longer names than PostgreSQL has would be cut, and two may begin alike.
        name = "".join(letter if letter.isprintable() else " " for letter in cell).strip("\ufeff ") or f"column {place}"
        base = name = name.encode()[:55].decode(errors="ignore")
        n = 1
        while name in names:
            n += 1
            name = f"{base} ({n})"
        names.append(name)
    return line, names


def shown(cells):
    text = ", ".join(str(cell) for cell in cells)
    return text if len(text) <= 80 else text[:79] + "…"
