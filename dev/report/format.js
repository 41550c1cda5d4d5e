// Numbers, dates and texts for people; HTML that is safe whatever the text is.

const dash = '–';
const nbsp = '\u00a0';

export function number(n, digits = 0) {
    if (n === null || n === undefined || !Number.isFinite(Number(n))) return dash;
    const text = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(n);
    return /^-[0.,]*$/.test(text) ? text.slice(1) : text.replace('-', '−');
}

// Cents are of interest where there are few of them.
export function money(n) {
    return number(n, Math.abs(n) >= 10000 ? 0 : 2);
}

export function cents(n) {
    return number(n, 2);
}

export function percent(share) {
    if (share === null || share === undefined) return dash;
    const value = 100 * share;
    const digits = value !== 0 && Math.abs(value) < 9.95 ? 1 : 0;
    return number(value, digits) + nbsp + '%';
}

export function count(n, one, many) {
    return number(n) + nbsp + (Number(n) === 1 ? one : many);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// PostgreSQL writes years after 9999 and before 1 in ways of its own: those stay as they are.
export function date(day) {
    const part = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day ?? '');
    return part ? `${Number(part[3])} ${months[part[2] - 1]} ${part[1]}` : day ?? dash;
}

// The name of the period that begins on the day.
export function period(day, kind) {
    const part = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day);
    if (!part) return day;
    const [, year, month, dayOfMonth] = part;
    switch (kind) {
        case 'month': return `${months[month - 1]} ${year}`;
        case 'quarter': return `Q${Math.ceil(month / 3)} ${year}`;
        case 'year': return year;
        default: return `${Number(dayOfMonth)} ${months[month - 1]} ${year}`;
    }
}

export function escape(text) {
    return String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
}

// A text of the user's: of any length, and of any direction of writing.
export function name(text) {
    const letters = [...String(text)];
    const shown = letters.length > 60 ? letters.slice(0, 59).join('') + '…' : letters.join('');
    return `<bdi>${escape(shown)}</bdi>`;
}
