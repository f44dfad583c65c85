// What lies under the figures: water, land, outlines of areas and names of places; tiles where a server of them is set.

import { GeoJsonLayer, SolidPolygonLayer, TextLayer, BitmapLayer } from "@deck.gl/layers";
import { TileLayer } from "@deck.gl/geo-layers";

import { rgb } from "./scale.js";

// Beyond the date line too, for a map of the world may show it.
const WORLD = [{ polygon: [[-360, -85], [0, -85], [360, -85], [360, 85], [0, 85], [-360, 85]] }]; // prettier-ignore

export class Ground {
  constructor(table, names) {
    const parse = (column) => JSON.parse(table.getChild(column).get(0));
    this.land = parse("land");
    this.areas = parse("areas");
    this.chosen = parse("chosen");
    this.names = names
      ? Array.from({ length: names.numRows }, (_, at) => ({
          text: names.getChild("name").get(at),
          at: [names.getChild("lon").get(at), names.getChild("lat").get(at)],
          size: names.getChild("size").get(at),
        }))
      : [];
  }

  below(palette, tiles) {
    const layers = [
      new SolidPolygonLayer({
        id: "water",
        data: WORLD,
        getPolygon: (each) => each.polygon,
        getFillColor: rgb(palette.sea),
        extruded: false,
      }),
      new GeoJsonLayer({
        id: "land",
        data: this.land,
        filled: true,
        stroked: false,
        getFillColor: rgb(palette.land),
        updateTriggers: { getFillColor: palette.land },
      }),
    ];
    if (tiles) {
      layers.push(
        new TileLayer({
          id: "tiles",
          data: tiles.url,
          minZoom: 0,
          maxZoom: 19,
          tileSize: 256,
          renderSubLayers: ({ tile, data, id }) =>
            data &&
            new BitmapLayer({
              id,
              image: data,
              bounds: [tile.bbox.west, tile.bbox.south, tile.bbox.east, tile.bbox.north],
            }),
        }),
      );
    }
    return layers;
  }

  above(palette) {
    return [
      outlineLayer("areas", this.areas, palette.border, 0.8),
      outlineLayer("chosen", this.chosen, palette.edge, 2),
    ];
  }

  labels(palette, font) {
    if (!this.names.length) return null;
    return new TextLayer({
      id: "names",
      data: this.names,
      getText: (each) => each.text,
      getPosition: (each) => each.at,
      getSize: (each) => each.size,
      getColor: rgb(palette.text),
      fontFamily: font,
      fontWeight: 600,
      characterSet: "auto",
      fontSettings: { sdf: true, fontSize: 40, buffer: 6, radius: 10, cutoff: 0.2 },
      outlineWidth: 3,
      outlineColor: [...rgb(palette.land), 235],
      pickable: false,
    });
  }
}

function outlineLayer(id, data, colour, width) {
  return new GeoJsonLayer({
    id,
    data,
    filled: false,
    stroked: true,
    getLineColor: rgb(colour),
    lineWidthUnits: "pixels",
    getLineWidth: width,
    updateTriggers: { getLineColor: colour },
  });
}
