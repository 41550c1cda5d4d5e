// Numbers and dates as a shop owner reads them.

const nbsp = "\u00a0";

export const count = new Intl.NumberFormat("en", {maximumFractionDigits: 0}).format;

// NULL is not known, and never 0.
const known = (format) => (x) => (x == null || Number.isNaN(x) ? "–" : format(x).replace("-", "−"));

// By Intl, which rounds the decimal that one sees: 0.145 is 15 %, where 100 * 0.145 is below 14.5.
export const percent = (x, digits = 1) =>
  known(
    new Intl.NumberFormat("en", {style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits}).format
  )(x).replace("%", nbsp + "%");

// 2.50: so many of one for each of another.
export const ratio = known(new Intl.NumberFormat("en", {minimumFractionDigits: 2, maximumFractionDigits: 2}).format);

// Money in a currency (EUR ...), or as a bare number if none is known.
// whole: 447,679; cents: 34.50; axis: 12K. From ten millions on, whole is short too.
export function money(currency) {
  const options = currency ? {style: "currency", currency, currencyDisplay: "narrowSymbol"} : {};
  const fixed = (digits) => new Intl.NumberFormat("en", {...options, minimumFractionDigits: digits, maximumFractionDigits: digits}).format;
  const short = (digits) =>
    new Intl.NumberFormat("en", {...options, notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: digits}).format;
  const cents = currency ? new Intl.NumberFormat("en", options).format : fixed(2);
  return {
    whole: known((x) => (Math.abs(x) < 1e7 ? fixed(0)(x) : short(1)(x))),
    cents: known((x) => (Math.abs(x) < 1e4 ? cents(x) : fixed(0)(x))),
    axis: short(1)
  };
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// 2026-03-09 -> 9 Mar 2026. Not by Date, which would move it by the reader's time zone.
export function day(iso) {
  if (iso == null) return "–";
  const [y, m, d] = iso.split("-");
  return `${+d} ${months[m - 1]} ${y}`;
}

// The label of a period (2026-03-09, 2026-W11, 2026-03, 2026-Q1, 2026, FY2027-Q1, FY2027), in words.
export function periodName(label) {
  const [y, part, d] = label.split("-");
  if (!part) return y;
  if (d) return day(label);
  if (/^[WQ]/.test(part)) return `${part} ${y}`;
  return `${months[part - 1]} ${y}`;
}

// The same on an axis, where the year stands below the first tick of it.
export function periodTick(label, previous) {
  const [y, part, d] = label.split("-");
  if (!part) return y;
  const short = d ? `${+d} ${months[part - 1]}` : /^[WQ]/.test(part) ? part : months[part - 1];
  return previous && previous.split("-")[0] === y ? short : `${short}\n${y}`;
}

// 1 day, 2 days.
export const plural = (n, one, many = one + "s") => `${count(n)} ${Math.round(n) === 1 ? one : many}`;

// How long ago so many days are.
export const ago = (days) => (Math.round(days) === 0 ? "today" : `${plural(days, "day")} ago`);

// A name of the user's: of any length, and of any direction of writing.
export function name(text) {
  const letters = [...String(text)];
  const e = document.createElement("bdi");
  e.textContent = letters.length > 60 ? letters.slice(0, 59).join("") + "…" : letters.join("");
  return e;
}
