// Colours of figures. Classes are made in Python, once for all steps; here they are looked up.

/** Opacity by which the shader knows what to hatch. */
export const HATCHED = 128;
const FILLED = 235;

export function rgb(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

function packed(colour, alpha) {
  const [red, green, blue] = rgb(colour);
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export class Scale {
  constructor({ breaks, colours, zero, withheld, signed = false }) {
    this.breaks = breaks;
    this.colours = colours.map((colour) => packed(colour, FILLED));
    this.zero = signed ? null : packed(zero, FILLED);
    this.withheld = packed(withheld, HATCHED);
  }

  /** Colour of a figure, as a 32-bit word of red, green, blue and opacity. */
  of(figure) {
    if (Number.isNaN(figure)) return this.withheld;
    if (figure === 0 && this.zero !== null) return this.zero;
    const { breaks } = this;
    let kind = 0;
    while (kind < breaks.length && figure >= breaks[kind]) kind += 1;
    return this.colours[kind];
  }
}
