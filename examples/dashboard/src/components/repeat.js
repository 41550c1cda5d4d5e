// What the page takes from repeat_within. Its last days are those of the few customers who came first:
// a share of them would be news of nobody, such as 100 % of one customer.
import {percent, plural} from "./format.js";

// So many customers make a share, and so many can at least be counted.
const enough = 30;
export const least = 5;

export const within = (days) => (days === 365 ? "a year" : days === 730 ? "two years" : days === 1 ? "a day" : `${days} days`);

// The days to be drawn and what to say of them; null: too few customers have had the time.
export function shownRepeat(rows) {
  const sure = rows.filter((d) => d.eligible >= enough);
  if (sure.length) {
    const last = sure.at(-1);
    const quarter = sure.find((d) => d.days === 90) ?? last;
    const title =
      `${percent(quarter.rate, 0)} order a second time within ${within(quarter.days)}` +
      (last.days > quarter.days ? `, ${percent(last.rate, 0)} within ${within(last.days)}` : "");
    return {days: sure, title};
  }
  const some = rows.filter((d) => d.eligible >= least);
  if (!some.length) return null;
  const last = some.at(-1);
  return {days: some, title: `${last.repeated} of ${plural(last.eligible, "customer")} ordered a second time within ${within(last.days)}`};
}

// So few are told as a count, not as a share.
export const few = (n) => n < enough;
