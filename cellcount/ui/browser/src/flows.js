// Flows: arrows whose width says how many, circles of what each place sends and receives, and arcs over the world.

import { GreatCircleLayer } from "@deck.gl/geo-layers";
import { ScatterplotLayer } from "@deck.gl/layers";
import { FlowLinesLayer } from "@flowmap.gl/layers";

import { ABSENT, WITHHELD } from "./codes.js";
import { Figures } from "./figures.js";
import { rgb } from "./scale.js";

/** The library's arrows, told apart under the pointer as deck.gl 9.4 does: by their number. */
class Arrows extends FlowLinesLayer {
  getShaders() {
    const shaders = super.getShaders();
    const vs = shaders.vs
      .replace("in vec3 instancePickingColors;", "")
      .replace("instancePickingColors", "picking_getPickingColorFromInstanceID()");
    return { ...shaders, vs };
  }
}
Arrows.layerName = "Arrows";

const WIDEST = 12;
const NARROWEST = 0.035;

export class Flows extends Figures {
  constructor(declared, tables) {
    super(declared, tables);
    this.from = positions(this.table, "from_lon", "from_lat");
    this.to = positions(this.table, "to_lon", "to_lat");
    this.most = declared.most;
  }

  #looks(step, scale) {
    const widths = new Float32Array(this.count);
    const words = new Uint32Array(this.count);
    for (let at = 0; at < this.count; at += 1) {
      const code = this.columns[step][at];
      if (code === ABSENT || code === WITHHELD) continue;
      const value = this.figures[code];
      if (value > 0) {
        widths[at] = Math.max(Math.sqrt(value / this.most), NARROWEST * 2);
        words[at] = scale.of(value);
      }
    }
    return { widths, colours: new Uint8Array(words.buffer) };
  }

  /** One flow again, in the colour of what is selected. */
  mark(at, step, palette) {
    const value = this.value(at, step);
    const width = value > 0 ? Math.max(Math.sqrt(value / this.most), NARROWEST * 4) : NARROWEST * 4;
    const ends = {
      getSourcePosition: { value: this.from.slice(3 * at, 3 * at + 3), size: 3 },
      getTargetPosition: { value: this.to.slice(3 * at, 3 * at + 3), size: 3 },
    };
    if (this.declared["@@type"] === "ArcLayer") {
      return new GreatCircleLayer({
        id: `marked-${this.declared.id}-${at}`,
        data: { length: 1, attributes: ends },
        getWidth: width * WIDEST + 1,
        widthUnits: "pixels",
        getSourceColor: rgb(palette.mark),
        getTargetColor: rgb(palette.mark),
      });
    }
    return new Arrows({
      id: `marked-${this.declared.id}-${at}`,
      data: { length: 1, attributes: ends },
      getColor: [...rgb(palette.mark), 255],
      getThickness: width / 2,
      getEndpointOffsets: [0, 0],
      thicknessUnit: WIDEST,
      outlineThickness: 1,
      outlineColor: [...rgb(palette.land), 255],
    });
  }

  layer(id, step, scale, palette) {
    const { widths, colours } = this.#looks(step, scale);
    if (this.declared["@@type"] === "ArcLayer") {
      return new GreatCircleLayer({
        id,
        data: {
          length: this.count,
          attributes: {
            getSourcePosition: { value: this.from, size: 3 },
            getTargetPosition: { value: this.to, size: 3 },
            getSourceColor: { value: colours, size: 4, normalized: true },
            getTargetColor: { value: colours, size: 4, normalized: true },
            getWidth: { value: widths, size: 1 },
          },
        },
        widthScale: WIDEST,
        widthMinPixels: 0.8,
        widthUnits: "pixels",
        pickable: true,
      });
    }
    return new Arrows({
      id,
      data: {
        length: this.count,
        attributes: {
          getSourcePosition: { value: this.from, size: 3 },
          getTargetPosition: { value: this.to, size: 3 },
          getColor: { value: colours, size: 4, normalized: true },
          getThickness: { value: widths.map((width) => width / 2), size: 1 },
        },
      },
      getEndpointOffsets: [0, 0],
      getPickable: 1,
      thicknessUnit: WIDEST,
      drawOutline: true,
      outlineThickness: 0.6,
      outlineColor: [...rgb(palette.land), 255],
      pickable: true,
    });
  }
}

/** Circles whose area says how many leave or arrive, or stay, at a place. */
export class Totals extends Figures {
  constructor(declared, tables) {
    super(declared, tables);
    this.told = this.table.getChild("told");
    this.positions = positions(this.table, "lon", "lat");
    this.most = declared.most;
  }

  placeOf(at) {
    return this.told?.get(at) || super.placeOf(at);
  }

  mark(at, step, palette) {
    return new ScatterplotLayer({
      id: `marked-${this.declared.id}-${at}`,
      data: { length: 1, attributes: { getPosition: { value: this.positions.slice(3 * at, 3 * at + 3), size: 3 } } },
      getRadius: 11,
      radiusUnits: "pixels",
      filled: false,
      stroked: true,
      getLineColor: rgb(palette.mark),
      lineWidthUnits: "pixels",
      getLineWidth: 3,
    });
  }

  layer(id, step, scale, palette) {
    const radii = new Float32Array(this.count);
    for (let at = 0; at < this.count; at += 1) {
      const value = this.value(at, step);
      if (value > 0) radii[at] = Math.sqrt(value / this.most);
    }
    return new ScatterplotLayer({
      id,
      data: {
        length: this.count,
        attributes: { getPosition: { value: this.positions, size: 3 }, getRadius: { value: radii, size: 1 } },
      },
      radiusUnits: "pixels",
      // Many places stand close: their circles are smaller.
      radiusScale: this.count > 150 ? 8 : 14,
      radiusMinPixels: 1.5,
      filled: true,
      stroked: true,
      getFillColor: [...rgb(palette.edge), 45],
      getLineColor: [...rgb(palette.edge), 170],
      lineWidthUnits: "pixels",
      getLineWidth: 1,
      pickable: true,
    });
  }
}

function positions(table, longitude, latitude) {
  const lon = table.getChild(longitude).toArray();
  const lat = table.getChild(latitude).toArray();
  const found = new Float64Array(3 * table.numRows);
  for (let at = 0; at < table.numRows; at += 1) {
    found[3 * at] = lon[at];
    found[3 * at + 1] = lat[at];
  }
  return found;
}
