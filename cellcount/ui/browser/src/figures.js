// Figures by row and step of things that have an id and a name: areas, flows, places.

import { ABSENT, decoded } from "./codes.js";

export class Figures {
  constructor(declared, tables) {
    const table = tables[declared.data];
    this.declared = declared;
    this.table = table;
    this.count = table.numRows;
    this.ids = table.getChild("id");
    this.names = table.getChild("name");
    this.figures = decoded(declared.codes);
    this.columns = columns(table, "s", declared.steps);
    this.errorColumns = columns(table, "e", declared.steps);
    this.errorFigures = declared.errorCodes ? decoded(declared.errorCodes) : null;
  }

  /** The figure at a step; NaN where withheld, undefined where there is none. */
  value(at, step) {
    const code = this.columns[step][at];
    return code === ABSENT ? undefined : this.figures[code];
  }

  /** Its standard error; NaN where not known. */
  error(at, step) {
    return this.errorColumns ? this.errorFigures[this.errorColumns[step][at]] : NaN;
  }

  placeOf(at) {
    return this.names.get(at);
  }

  idOf(at) {
    return this.ids.get(at);
  }

  rowOf(id) {
    for (let at = 0; at < this.count; at += 1) if (this.ids.get(at) === id) return at;
    return undefined;
  }
}

/** The columns of a table that hold the steps of something; null where it has none. */
export function columns(table, prefix, steps) {
  if (!table.getChild(`${prefix}0`)) return null;
  return Array.from({ length: steps }, (_, step) => table.getChild(`${prefix}${step}`).toArray());
}
