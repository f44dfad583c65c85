// Areas in the colours of a scale.

import { GeoJsonLayer } from "@deck.gl/layers";

import { ABSENT, WITHHELD } from "./codes.js";
import { Figures } from "./figures.js";
import { HATCHED, rgb } from "./scale.js";

export class Areas extends Figures {
  constructor(declared, tables) {
    super(declared, tables);
    this.collection = JSON.parse(tables.shapes.getChild(declared.shapes).get(0));
  }

  mark(at, step, palette) {
    return [
      [palette.land, 6],
      [palette.mark, 3],
    ].map(
      ([colour, width]) =>
        new GeoJsonLayer({
          id: `marked-${this.declared.id}-${at}-${width}`,
          data: this.collection.features.filter((feature) => feature.properties.row === at),
          filled: false,
          stroked: true,
          getLineColor: rgb(colour),
          lineWidthUnits: "pixels",
          getLineWidth: width,
        }),
    );
  }

  layer(id, step, scale, edge) {
    const paint = ({ properties }) => {
      const code = this.columns[step][properties.row];
      if (code === ABSENT) return [0, 0, 0, 0];
      const word = code === WITHHELD ? scale.withheld : scale.of(this.figures[code]);
      const opacity = code === WITHHELD ? Math.round(HATCHED / 2) : word >>> 24;
      return [word & 255, (word >> 8) & 255, (word >> 16) & 255, opacity];
    };
    return new GeoJsonLayer({
      id,
      data: this.collection,
      filled: true,
      stroked: true,
      getFillColor: paint,
      getLineColor: rgb(edge),
      lineWidthUnits: "pixels",
      getLineWidth: 0.6,
      pickable: true,
      updateTriggers: { getFillColor: [step, scale] },
    });
  }
}
