// The component that Streamlit mounts. One map lives for as long as its element does, whatever data come to it.

import style from "./style.css";
import { MapView } from "./map.js";

const maps = new WeakMap();

/** Use WebGL once, before there is anything to draw: the first time takes a browser a while. */
export function wake() {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.clear(gl.COLOR_BUFFER_BIT);
  gl?.flush();
}

export default function mount({ parentElement, data, setStateValue, setTriggerValue }) {
  const tell = { state: setStateValue, trigger: setTriggerValue };
  let held = maps.get(parentElement);
  if (!held) {
    if (!MapView.possible()) {
      parentElement.innerHTML = `<style>${style}</style><p class="missing" role="note"></p>`;
      parentElement.querySelector("p").textContent =
        "This browser cannot draw the map, for it has no WebGL 2. A picture of it stands here instead, and the table has the same figures.";
      setStateValue("drawable", false);
      return undefined;
    }
    const sheet = document.createElement("style");
    sheet.textContent = style;
    parentElement.append(sheet);
    held = { map: new MapView(parentElement, tell), applied: "" };
    maps.set(parentElement, held);
  }
  held.map.tell = tell;
  // The page runs again for many reasons: what has not changed is not drawn again.
  const { spec, ...tables } = data;
  if (held.applied !== spec.digest) {
    held.applied = spec.digest;
    held.map.apply(spec, tables);
  }
  held.map.begin(spec.steps.start);
  held.map.describe(spec.alt);
  window.cellcountMaps = { ...window.cellcountMaps, [spec.key]: held.map };
  return () => {
    held.map.destroy();
    maps.delete(parentElement);
    delete window.cellcountMaps[spec.key];
  };
}
