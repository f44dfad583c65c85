// One map: a deck on our own ground, its time bar, legend, tools and what it tells the page.

import { Deck, MapView as Projection, WebMercatorViewport, FlyToInterpolator } from "@deck.gl/core";

import { Areas } from "./areas.js";
import { Cells } from "./cells.js";
import { Flows, Totals } from "./flows.js";
import { Ground } from "./ground.js";
import { drawLegend } from "./legend.js";
import { Scale } from "./scale.js";
import { TimeBar, icon } from "./time.js";
import * as words from "./words.js";

const QUIET = 350;
/** Milliseconds for which a view must rest before the page is told. */
const MOVED = 1;
/** Steps of zoom after which another level of detail may be due. */
const SETTLED = 250;
/** Milliseconds for which a step must stand before the page is told. */
const KINDS = { CellLayer: Cells, AreaLayer: Areas, FlowLayer: Flows, ArcLayer: Flows, TotalLayer: Totals };
const TOOLS = {
  in: ["Zoom in", "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z"],
  out: ["Zoom out", "M5 11h14v2H5z"],
  home: ["Show the whole area", "M12 4 3 11h3v8h5v-5h2v5h5v-8h3z"],
  full: ["Full window", "M5 5h6v2H7v4H5zm8 0h6v6h-2V7h-4zM5 13h2v4h4v2H5zm12 0h2v6h-6v-2h4z"],
};

export class MapView {
  constructor(parent, tell) {
    this.tell = tell;
    this.spec = null;
    this.layers = [];
    this.times = { steps: [], applied: 0, appliedAt: 0, drawn: 0, clicks: 0 };
    this.root = document.createElement("div");
    this.root.className = "map";
    this.root.innerHTML = `
      <div class="canvas">
        <div class="drawing" role="application" tabindex="0"></div>
        <div class="legend" role="group" aria-label="Legend"></div>
        <div class="tools" role="group" aria-label="Map tools">${Object.entries(TOOLS)
          .map(
            ([name, [title, path]]) =>
              `<button type="button" data-tool="${name}" title="${title}" aria-label="${title}">${icon(path)}</button>`,
          )
          .join("")}</div>
        <div class="tip" role="status"></div><div class="loading" role="status">More detail is coming</div>
        <div class="credit"></div>
      </div><div></div>`;
    parent.append(this.root);
    this.canvas = this.root.querySelector(".canvas");
    this.drawing = this.root.querySelector(".drawing");
    this.tip = this.root.querySelector(".tip");
    this.time = new TimeBar(this.root.lastElementChild, (step, stands) => this.#step(step, stands));
    this.root.querySelector(".tools").addEventListener("click", (event) => {
      const tool = event.target.closest("button")?.dataset.tool;
      if (tool) this.#use(tool);
    });
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.canvas.addEventListener("pointerleave", () => this.#hideTip());
  }

  /** Whether this browser can draw at all. */
  static possible() {
    const gl = document.createElement("canvas").getContext("webgl2");
    return Boolean(gl);
  }

  apply(spec, tables) {
    const started = performance.now();
    const before = this.spec;
    this.spec = spec;
    this.tables = tables;
    this.root.style.height = `clamp(21rem, calc(100vh - ${spec.above}rem), 64rem)`;
    this.root.classList.toggle("presented", spec.presented);
    this.scale = new Scale(spec.scale);
    drawLegend(this.root.querySelector(".legend"), spec.legend, spec.palette);
    this.tip.style.background = spec.palette.edge;
    this.tip.style.color = spec.palette.land;
    this.root.querySelector(".loading").style.background = spec.palette.land;
    this.root.querySelector(".loading").style.color = spec.palette.text;
    this.root.querySelector(".credit").textContent = spec.tiles?.attribution ?? "";
    this.ground = new Ground(tables.ground, tables.names);
    this.layers = spec.layers.map((declared) => new KINDS[declared["@@type"]](declared, tables));
    this.#panes();
    if (!before || before.view.id !== spec.view.id) this.#look(spec.view, Boolean(before));
    this.time.set(spec.steps);
    this.#start();
    // What was sent may be of another view than the one that is shown now.
    if (before) this.#rest();
    this.#draw();
    this.#letters();
    this.times.applied = performance.now() - started;
    this.times.appliedAt = performance.now();
  }

  destroy() {
    clearTimeout(this.resting);
    clearTimeout(this.settling);
    this.time.stop();
    this.deck?.finalize();
    this.deck = null;
    this.root.remove();
  }

  /** What the map shows, for those who do not see it. */
  describe(words) {
    this.drawing.setAttribute("aria-label", words);
    this.root.querySelector(".loading").style.visibility = "hidden";
  }

  /** Where the page begins, which may change without anything else that is drawn. */
  begin(start) {
    if (this.time.begin(start)) this.#draw();
  }

  get step() {
    return this.time.step;
  }

  #start() {
    if (this.deck) return;
    this.deck = new Deck({
      parent: this.drawing,
      views: this.views,
      viewState: this.viewState,
      useDevicePixels: Math.min(window.devicePixelRatio || 1, 2),
      layers: [],
      // Thin lines are met by a hand that is a little off.
      pickingRadius: 4,
      layerFilter: ({ layer, viewport }) => {
        const pane = /^(first|second):/.exec(layer.id)?.[1];
        return !pane || this.views.length === 1 || pane === viewport.id;
      },
      onViewStateChange: ({ viewState }) => {
        this.#seen(viewState);
        this.#rest();
      },
      onHover: (info) => this.#hover(info),
      onClick: (info) => this.#click(info),
      // Keys are ours, and the drawing around the canvas is what they are given to.
      onLoad: () => this.drawing.querySelector("canvas")?.removeAttribute("tabindex"),
      onAfterRender: () => {
        this.times.drawn += 1;
      },
      onError: (error) => this.tell.state("fault", String(error?.message ?? error)),
      getCursor: ({ isDragging, isHovering }) => (isDragging ? "grabbing" : isHovering ? "pointer" : "grab"),
    });
  }

  /** Names are drawn in the page's font once it is there: the letters of another would be measured otherwise. */
  #letters() {
    if (this.lettersReady) return;
    const font = getComputedStyle(this.root).fontFamily;
    document.fonts.load(`600 40px ${font}`).then(() => {
      this.lettersReady = true;
      if (this.deck) this.#draw();
    });
  }

  #panes() {
    const two = this.spec.compare === "side";
    const controller = { dragRotate: false, touchRotate: false, keyboard: false, scrollZoom: { smooth: false } };
    this.views = two
      ? [
          new Projection({ id: "first", x: 0, width: "50%", controller }),
          new Projection({ id: "second", x: "50%", width: "50%", controller }),
        ]
      : [new Projection({ id: "first", controller })];
    for (const old of this.canvas.querySelectorAll(".pane-name, .divide")) old.remove();
    if (two) {
      this.canvas.insertAdjacentHTML("beforeend", '<div class="divide"></div>');
      this.spec.panes.forEach((text, at) => {
        const name = document.createElement("div");
        name.className = "pane-name";
        name.textContent = text;
        name.style.left = at ? "75%" : "25%";
        name.style.background = `${this.spec.palette.land}E6`;
        name.style.color = this.spec.palette.text;
        this.canvas.append(name);
      });
    }
    this.deck?.setProps({ views: this.views });
  }

  #size() {
    const { clientWidth, clientHeight } = this.canvas;
    const share = this.views.length === 2 ? 0.5 : 1;
    return { width: Math.max(clientWidth * share, 1), height: Math.max(clientHeight, 1) };
  }

  /** Move to bounds, in a flight where a map is there already. */
  #look(view, flies) {
    const { width, height } = this.#size();
    const padding = { left: Math.min(172, width / 3.5), right: 16, top: 16, bottom: 16 };
    const found = new WebMercatorViewport({ width, height }).fitBounds(
      [
        [view.west, view.south],
        [view.east, view.north],
      ],
      { padding, maxZoom: view.mostZoom },
    );
    const there = {
      longitude: found.longitude,
      latitude: found.latitude,
      zoom: found.zoom,
      minZoom: Math.max(Math.min(found.zoom - 3, 4), 0.5),
      maxZoom: view.mostZoom + 2,
      pitch: 0,
      bearing: 0,
    };
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.loadedZoom = there.zoom;
    this.flying = flies && !still;
    this.flights = (this.flights ?? 0) + 1;
    const flight = this.flights;
    // Of a flight that another one ended, nothing has landed.
    const landed = () => {
      if (flight === this.flights) this.flying = false;
    };
    const way = {
      transitionDuration: 400,
      transitionInterpolator: new FlyToInterpolator(),
      onTransitionEnd: landed,
      onTransitionInterrupt: landed,
    };
    this.viewState = this.flying ? { ...there, ...way } : there;
    this.deck?.setProps({ viewState: this.viewState });
  }

  #seen(viewState) {
    this.viewState = viewState;
    this.deck.setProps({ viewState });
  }

  /** Tell the page where the visitor looks, once the view rests and what is loaded no longer serves it. */
  #rest() {
    this.#hideTip();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      // A slow machine may draw a flight at fewer pictures a second than that.
      if (this.flying) {
        this.#rest();
        return;
      }
      const bounds = this.bounds();
      const { level } = this.spec;
      if (!level) return;
      const [west, south, east, north] = level.loaded;
      const within = bounds.west >= west && bounds.south >= south && bounds.east <= east && bounds.north <= north;
      const closer = bounds.zoom - (level.zoom ?? this.loadedZoom);
      const due =
        !(level.whole || within) || (closer > MOVED && level.finer) || (closer < -MOVED && !level.whole);
      if (!due) return;
      this.root.querySelector(".loading").style.visibility = "visible";
      this.tell.state("view", { of: this.spec.view.id, ...bounds });
    }, QUIET);
  }

  bounds() {
    const { width, height } = this.#size();
    const viewport = new WebMercatorViewport({ ...this.viewState, width, height });
    const [west, south, east, north] = viewport.getBounds();
    return { west, south, east, north, zoom: this.viewState.zoom };
  }

  #step(step, stands) {
    const started = performance.now();
    this.#draw();
    this.times.steps.push(performance.now() - started);
    if (this.times.steps.length > 500) this.times.steps.shift();
    if (this.pointed) this.#hover(this.pointed);
    clearTimeout(this.settling);
    if (stands) {
      this.settling = setTimeout(() => {
        this.tell.state("at", { of: this.spec.steps.id, step: this.step });
      }, SETTLED);
    }
  }

  #draw() {
    const { spec, step, scale } = this;
    const difference = spec.compare === "difference";
    const figures = this.layers.flatMap((layer) => {
      const { id } = layer.declared;
      if (layer instanceof Cells) {
        const first = layer.layer(`first:${id}`, layer.colours(step, scale, difference ? "difference" : "first"));
        if (spec.compare !== "side") return [first];
        return [first, layer.layer(`second:${id}`, layer.colours(step, scale, "second"))];
      }
      if (layer instanceof Areas) return [layer.layer(`all:${id}`, step, scale, spec.palette.border)];
      return [layer.layer(`all:${id}`, step, scale, spec.palette)];
    });
    this.deck.setProps({
      layers: [
        ...this.ground.below(spec.palette, spec.tiles),
        ...figures.filter((layer) => !/^all:(flows|arcs|totals)/.test(layer.id)),
        ...this.ground.above(spec.palette),
        ...figures.filter((layer) => /^all:(flows|arcs)/.test(layer.id)),
        // On their flows, or nobody could point at them.
        ...figures.filter((layer) => /^all:totals/.test(layer.id)),
        ...this.#marks(),
        this.lettersReady ? this.ground.labels(spec.palette, getComputedStyle(this.root).fontFamily) : null,
      ],
    });
  }

  #marks() {
    const { marked, palette } = this.spec;
    return marked.flatMap((id) =>
      this.layers.flatMap((layer) => {
        const at = layer.rowOf(id);
        return at === undefined ? [] : layer.mark(at, this.step, palette);
      }),
    );
  }

  #of(info) {
    if (!info.layer || info.index < 0) return null;
    const id = info.layer.id.split(":")[1]?.split("-hexagon")[0];
    const layer = this.layers.find((each) => info.layer.id.includes(`:${each.declared.id}`) && id);
    if (!layer) return null;
    const at = layer instanceof Areas ? info.object?.properties.row : info.index;
    return at === undefined ? null : { layer, at, pane: info.layer.id.startsWith("second:") ? "second" : "first" };
  }

  #hover(info) {
    const found = info.x >= 0 ? this.#of(info) : null;
    this.pointed = found ? info : null;
    if (!found) {
      this.#hideTip();
      return;
    }
    const lines = this.#told(found);
    if (!lines) {
      this.#hideTip();
      return;
    }
    this.tip.replaceChildren(
      ...lines.map((line, at) => {
        const element = document.createElement(at ? "div" : "b");
        element.textContent = line;
        return element;
      }),
    );
    this.tip.style.visibility = "visible";
    const { clientWidth, clientHeight } = this.canvas;
    const { offsetWidth, offsetHeight } = this.tip;
    this.tip.style.left = `${Math.min(info.x + 14, clientWidth - offsetWidth - 4)}px`;
    this.tip.style.top = `${info.y + 14 + offsetHeight > clientHeight ? info.y - offsetHeight - 8 : info.y + 14}px`;
    if (this.spec.tellsHover) {
      clearTimeout(this.hovering);
      this.hovering = setTimeout(
        () => this.tell.state("hovered", { layer: found.layer.declared.id, id: found.layer.idOf(found.at) }),
        QUIET,
      );
    }
  }

  /** What is said of a thing under the pointer: figure, place, interval. */
  #told({ layer, at, pane }) {
    const { step, spec } = this;
    const { unit, kinds } = layer.declared;
    const precision = spec.precision;
    const place = layer.placeOf(at);
    if (spec.compare === "difference" && layer.others) {
      const value = layer.difference(at, step);
      if (value === undefined) return null;
      if (Number.isNaN(value)) return [spec.withheldWords, place];
      const error = Math.hypot(layer.error(at, step), layer.error(at, step, true));
      const figure = words.figure(value, error);
      const sign = value > 0 && figure !== "0" ? "+" : "";
      const lines = [`${sign}${figure.replace("-", "−")} ${unit}`, place];
      if (error > 0) lines.push(`95 % interval ${words.interval(value, error, { signed: true }).replaceAll("-", "−")}`);
      return lines;
    }
    const second = pane === "second";
    const value = layer.value(at, step, second);
    if (value === undefined) return null;
    if (Number.isNaN(value)) return [spec.withheldWords, place];
    if (kinds) return [kinds[value - 1] ?? "", place, ...(layer.declared.more?.[at] ? [layer.declared.more[at]] : [])];
    const error = layer.error(at, step, second);
    const lines = [`${words.figure(value, error)} ${unit}`, place];
    if (error > 0) {
      lines.push(`95 % interval ${words.interval(value, error)}, ${words.label(value, error, precision)}`);
    }
    return lines.filter(Boolean);
  }

  #hideTip() {
    this.tip.style.visibility = "hidden";
  }

  #click(info) {
    this.times.clicks += 1;
    const found = this.#of(info);
    const at = info.coordinate ? { longitude: info.coordinate[0], latitude: info.coordinate[1] } : {};
    if (!found && !this.spec.tellsGround) return;
    const thing = found ? { layer: found.layer.declared.id, id: String(found.layer.idOf(found.at)) } : { layer: "", id: "" };
    this.tell.trigger("clicked", { of: this.spec.view.id, ...thing, ...at, step: this.step });
  }

  #use(tool) {
    if (tool === "full") {
      if (document.fullscreenElement) document.exitFullscreen();
      else this.root.requestFullscreen?.();
    } else if (tool === "home") {
      this.#look(this.spec.view, true);
      this.#rest();
    } else {
      const { minZoom, maxZoom, zoom } = this.viewState;
      const wanted = Math.min(Math.max(zoom + (tool === "in" ? 1 : -1), minZoom), maxZoom);
      this.#seen({ ...this.viewState, zoom: wanted, transitionDuration: 0 });
      this.#rest();
    }
  }

  #key(event) {
    if (event.target.closest("select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const onSlider = event.target === this.time.slider;
    const onButton = event.target.closest("button");
    const plays = this.spec.steps.labels.length > 1;
    const ours = plays && !onSlider && !event.shiftKey;
    if (event.key === " " && plays && !onButton) this.time.toggle();
    else if (event.key === "ArrowLeft" && ours) this.time.stepBy(-1);
    else if (event.key === "ArrowRight" && ours) this.time.stepBy(1);
    else if (event.key === "Home" && ours) this.time.stand(0);
    else if (event.key === "End" && ours) this.time.stand(this.spec.steps.labels.length - 1);
    else if (event.key === "+" || event.key === "=") this.#use("in");
    else if (event.key === "-") this.#use("out");
    else if (event.key === "0") this.#use("home");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
