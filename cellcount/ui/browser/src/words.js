// Figures in words, by the rules of cellcount/ui/words.py: a test has both say the same.

const grouped = (decimals) =>
  new Intl.NumberFormat("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
const WHOLE = grouped(0);
const TWO = grouped(2);
const SHORT = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 3 });
const MILLION = 1e6;

function halfToEven(value) {
  const near = Math.round(value);
  return Math.abs(value % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

/** A figure rounded to the first digit of its standard error: millions in words. */
function number(value, error, mostDecimals) {
  if (value === 0) return "0";
  const step = 10 ** Math.floor(Math.log10(error));
  const kept = halfToEven(value / step) * step;
  if (Math.abs(kept) >= MILLION) {
    const decimals = Math.min(Math.max(6 - Math.floor(Math.log10(step) + 1e-9), 0), mostDecimals);
    return `${grouped(decimals).format(kept / MILLION)} million`;
  }
  const text = Math.abs(kept) >= 100 || Number.isInteger(kept) ? WHOLE.format(kept) : SHORT.format(kept);
  return text === "-0" ? "0" : text;
}

/** A figure; as it was released where its standard error is not known. */
export function figure(value, error) {
  if (error > 0) return number(value, error, 2);
  return Number.isInteger(value) || Math.abs(value) >= 100 ? WHOLE.format(value) : TWO.format(value);
}

/** The 95 % interval, not below zero unless the figure is a difference. */
export function interval(value, error, { signed = false, z = 1.959964 } = {}) {
  const low = number(signed ? value - z * error : Math.max(value - z * error, 0), error, 3);
  const high = number(value + z * error, error, 3);
  const both = low.endsWith(" million") && high.endsWith(" million");
  return `${both ? low.slice(0, -" million".length) : low} to ${high}`;
}

/** What the precision of a figure is called. */
export function label(value, error, { limits, words }) {
  const variation = value > 0 ? error / value : Infinity;
  let kind = 0;
  while (kind < limits.length && variation >= limits[kind]) kind += 1;
  return words[kind];
}
