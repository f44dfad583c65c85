// Figures travel as 16-bit codes: a column a step. What a code means is said once, beside them.

export const WITHHELD = 65535;
export const ABSENT = 65534;

/** The figure of every code: NaN where withheld or absent. */
export function decoded({ kind, offset, unit, least, ratio }) {
  const figures = new Float32Array(65536);
  for (let code = 0; code < ABSENT; code += 1) {
    if (kind === "linear") figures[code] = offset + unit * code;
    else figures[code] = code === 0 ? 0 : least * ratio ** (code - 1);
  }
  figures[ABSENT] = NaN;
  figures[WITHHELD] = NaN;
  return figures;
}

/** Indexes of cells as h3-js takes them: pairs of the lower and the upper 32 bits. */
export function indexes(table, resolution) {
  const low = table.getChild("low").toArray();
  const high = table.getChild("high")?.toArray();
  if (high) return Array.from(low, (bits, at) => [bits | 0, high[at]]);
  // One column holds what differs among cells of one resolution up to 8: base cell and digits. The digits beyond the
  // resolution are all 7.
  const unused = 3n * BigInt(15 - resolution);
  const ends = (1n << unused) - 1n;
  const mode = (1n << 59n) | (BigInt(resolution) << 52n);
  return Array.from(low, (bits) => {
    const index = mode | (BigInt(bits) << unused) | ends;
    return [Number(BigInt.asIntN(32, index)), Number(index >> 32n)];
  });
}

export function asText([low, high]) {
  return high.toString(16) + (low >>> 0).toString(16).padStart(8, "0");
}
