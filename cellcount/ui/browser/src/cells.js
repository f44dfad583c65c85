// Hexagons whose figures play: where they are is worked out once, a step changes their colours alone.

import { ColumnLayer, PolygonLayer } from "@deck.gl/layers";
import { LayerExtension } from "@deck.gl/core";
import { cellToBoundary, cellToLatLng } from "h3-js";

import { ABSENT, WITHHELD, asText, decoded, indexes } from "./codes.js";
import { columns } from "./figures.js";
import { HATCHED, rgb } from "./scale.js";

/** Draws strokes in the place of a fill where the opacity says that a figure is withheld. */
class Hatching extends LayerExtension {
  getShaders() {
    return {
      inject: {
        "fs:DECKGL_FILTER_COLOR": `
          if (!bool(picking.isActive) && abs(color.a - ${(HATCHED / 255).toFixed(4)}) < 0.004) {
            float across = mod(gl_FragCoord.x + gl_FragCoord.y, 7.0);
            color.a = across < 1.6 ? 0.85 : 0.10;
          }
        `,
      },
    };
  }
}
Hatching.extensionName = "Hatching";
const HATCHING = new Hatching();

export class Cells {
  /**
   * @param declared what Python says of the layer: id, resolution, codes, unit, error parameters, places
   * @param tables Arrow tables by name
   */
  constructor(declared, tables) {
    const table = tables[declared.data];
    this.declared = declared;
    this.count = table.numRows;
    this.steps = declared.steps;
    this.figures = decoded(declared.codes);
    this.by = table.getChild("by")?.toArray() ?? null;
    this.place = table.getChild("place")?.toArray() ?? null;
    this.places = tables[declared.places] ?? null;
    this.index = indexes(table, declared.resolution);
    this.columns = columns(table, "s", declared.steps);
    this.others = columns(table, "o", declared.steps);
    this.errorColumns = columns(table, "e", declared.steps);
    this.otherErrors = columns(table, "u", declared.steps);
    this.errorFigures = declared.errorCodes ? decoded(declared.errorCodes) : null;
    this.curves = declared.curves ? new Curves(declared.curves, tables[declared.curves.data]) : null;
    this.rows = null;
    this.#locate();
  }

  #locate() {
    const positions = new Float64Array(3 * this.count);
    let south = 90;
    let north = -90;
    for (let at = 0; at < this.count; at += 1) {
      const [latitude, longitude] = cellToLatLng(this.index[at]);
      positions[3 * at] = longitude;
      positions[3 * at + 1] = latitude;
      if (latitude < south) south = latitude;
      if (latitude > north) north = latitude;
    }
    this.positions = positions;
    // Cells of one region are alike but for the scale of the projection: one of the middle gives the shape of all.
    const middle = (south + north) / 2;
    let nearest = 0;
    for (let at = 1; at < this.count; at += 1) {
      if (Math.abs(positions[3 * at + 1] - middle) < Math.abs(positions[3 * nearest + 1] - middle)) nearest = at;
    }
    this.shape = this.count ? shapeInMetres(this.index[nearest]) : [];
  }

  /** The figure of a cell, in the measure that is shown; NaN where withheld, undefined where not covered. */
  value(at, step, other = false) {
    const code = (other ? this.others : this.columns)[step][at];
    if (code === ABSENT) return undefined;
    const figure = this.figures[code];
    return this.by ? figure / this.by[at] : figure;
  }

  difference(at, step) {
    const first = this.value(at, step);
    const second = this.value(at, step, true);
    return first === undefined || second === undefined ? undefined : second - first;
  }

  /** Standard error of a cell's figure in the measure that is shown; NaN where not known. */
  error(at, step, other = false) {
    const columns = other ? this.otherErrors : this.errorColumns;
    if (columns) {
      const error = this.errorFigures[columns[step][at]];
      return this.by ? error / this.by[at] : error;
    }
    const code = (other ? this.others : this.columns)[step][at];
    if (!this.curves || code >= ABSENT) return NaN;
    const error = this.curves.error(this.figures[code], this.#area(at), step);
    return this.by ? error / this.by[at] : error;
  }

  #area(at) {
    return this.places.getChild("area").get(this.place[at]);
  }

  placeOf(at) {
    return this.places ? this.places.getChild("place").get(this.place[at]) : "";
  }

  /** Colours of all cells at a step: of the figures, of the ones to compare with, or of the difference. */
  colours(step, scale, of = "first") {
    const words = new Uint32Array(this.count);
    if (of === "difference") {
      for (let at = 0; at < this.count; at += 1) {
        const value = this.difference(at, step);
        words[at] = value === undefined ? 0 : scale.of(value);
      }
      return new Uint8Array(words.buffer);
    }
    const column = (of === "second" ? this.others : this.columns)[step];
    const { figures, by } = this;
    for (let at = 0; at < this.count; at += 1) {
      const code = column[at];
      if (code === ABSENT) continue;
      if (code === WITHHELD) words[at] = scale.withheld;
      else {
        const value = by ? figures[code] / by[at] : figures[code];
        // Per resident has no figure where nobody lives: not drawn.
        if (!Number.isNaN(value) && value !== Infinity) words[at] = scale.of(value);
      }
    }
    return new Uint8Array(words.buffer);
  }

  layer(id, colours) {
    return new ColumnLayer({
      id,
      data: {
        length: this.count,
        attributes: {
          getPosition: { value: this.positions, size: 3 },
          getFillColor: { value: colours, size: 4, normalized: true },
        },
      },
      diskResolution: 6,
      // A hair more than the cell, or the ground shows through between neighbours.
      radius: 1.006,
      vertices: this.shape,
      extruded: false,
      stroked: false,
      pickable: true,
      extensions: [HATCHING],
    });
  }

  /** Its outline, on a wider one in the colour of the ground: it is seen on every colour. */
  mark(at, step, palette) {
    return [
      [palette.land, 6],
      [palette.mark, 3],
    ].map(
      ([colour, width]) =>
        new PolygonLayer({
          id: `marked-${this.declared.id}-${at}-${width}`,
          data: [cellToBoundary(this.index[at], true)],
          getPolygon: (ring) => ring,
          filled: false,
          stroked: true,
          getLineColor: rgb(colour),
          lineWidthUnits: "pixels",
          getLineWidth: width,
        }),
    );
  }

  idOf(at) {
    return asText(this.index[at]);
  }

  rowOf(id) {
    this.rows ??= new Map(this.index.map((index, at) => [asText(index), at]));
    return this.rows.get(id);
  }
}

/** Standard errors by area, part of the day and size of the figure, as Python worked them out. */
class Curves {
  constructor({ sizes, parts, partOfStep }, table) {
    this.logs = sizes.map(Math.log);
    this.parts = parts;
    this.partOfStep = partOfStep;
    this.columns = sizes.map((_, at) => table.getChild(`n${at}`).toArray());
  }

  error(people, area, step) {
    const row = area * this.parts + this.partOfStep[step];
    const { logs, columns } = this;
    const log = Math.log(Math.max(people, 1));
    let at = 0;
    while (at < logs.length - 2 && log > logs[at + 1]) at += 1;
    const share = Math.min(Math.max((log - logs[at]) / (logs[at + 1] - logs[at]), 0), 1);
    // Logarithms of errors over logarithms of figures are nearly straight.
    return Math.exp(columns[at][row] + share * (columns[at + 1][row] - columns[at][row]));
  }
}

/** Corners of a cell around its centre, in metres of the ground, without the first repeated. */
function shapeInMetres(cell) {
  const [latitude, longitude] = cellToLatLng(cell);
  // A degree of the sphere that deck.gl measures metres on.
  const metres = 40.03e6 / 360;
  return cellToBoundary(cell).map(([lat, lng]) => [
    (lng - longitude) * metres * Math.cos((latitude * Math.PI) / 180),
    (lat - latitude) * metres,
  ]);
}

