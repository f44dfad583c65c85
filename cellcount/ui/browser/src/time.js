// The time bar: play, pause, step, speed; the area's curve lies behind the slider.

const SPEEDS = [1, 2, 4, 8];
const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M6 5h4v14H6zm8 0h4v14h-4z",
  back: "M15.4 7.4 14 6l-6 6 6 6 1.4-1.4-4.6-4.6z",
  on: "M10 6 8.6 7.4l4.6 4.6-4.6 4.6L10 18l6-6z",
};

export function icon(path) {
  return `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
}

export class TimeBar {
  /**
   * @param element where it is drawn
   * @param move called with the step to show, and whether it stands there now
   */
  constructor(element, move) {
    this.element = element;
    this.move = move;
    this.step = 0;
    this.steps = null;
    this.told = null;
    this.speed = 2;
    this.timer = null;
    element.className = "time";
    element.innerHTML = `
      <div class="buttons">
        <button type="button" class="back" aria-label="One step back" title="One step back (left arrow)">${icon(ICONS.back)}</button>
        <button type="button" class="play" aria-label="Play" title="Play or pause (space)">${icon(ICONS.play)}</button>
        <button type="button" class="on" aria-label="One step on" title="One step on (right arrow)">${icon(ICONS.on)}</button>
      </div>
      <div class="now" aria-hidden="true"></div>
      <div class="track">
        <svg preserveAspectRatio="none" aria-hidden="true"><path class="band"/><path class="curve"/></svg>
        <input type="range" min="0" step="1" aria-label="Time">
      </div>
      <label><span class="visually-hidden">Speed, steps a second</span><select title="Speed, steps a second">${SPEEDS.map(
        (each) => `<option value="${each}">${each} a second</option>`,
      ).join("")}</select></label>
      <div class="said" aria-live="off"></div>`;
    this.button = element.querySelector(".play");
    this.slider = element.querySelector("input");
    this.now = element.querySelector(".now");
    this.said = element.querySelector(".said");
    this.button.addEventListener("click", () => this.toggle());
    element.querySelector(".back").addEventListener("click", () => this.stepBy(-1));
    element.querySelector(".on").addEventListener("click", () => this.stepBy(1));
    this.slider.addEventListener("input", () => this.stand(Number(this.slider.value)));
    const speed = element.querySelector("select");
    speed.value = String(this.speed);
    speed.addEventListener("change", () => {
      this.speed = Number(speed.value);
      if (this.timer) this.#run();
    });
  }

  /** Take other steps. The label that is shown stays where there is one like it; at first it is the one asked for. */
  set(steps) {
    const kept = this.steps ? steps.labels.indexOf(this.steps.labels[this.step]) : -1;
    const same = this.steps?.id === steps.id;
    // The page goes by what it was last told of these steps.
    if (this.told?.of === steps.id) this.step = same ? this.step : this.told.step;
    else if (!same) this.step = this.steps && kept >= 0 ? kept : steps.start;
    this.steps = steps;
    this.step = Math.min(this.step, steps.labels.length - 1);
    this.slider.max = String(steps.labels.length - 1);
    this.element.hidden = steps.labels.length < 2;
    if (this.element.hidden) this.pause();
    this.#draw();
    this.#show();
  }

  /** Begin at another step, for as long as nobody has moved the bar: gives whether it did. */
  begin(start) {
    if (this.told?.of === this.steps.id || this.timer || start === this.step) return false;
    this.step = Math.min(start, this.steps.labels.length - 1);
    this.#show();
    return true;
  }

  toggle() {
    if (this.timer) this.pause();
    else this.#run();
  }

  pause() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.#button(ICONS.play, "Play");
    this.#tell();
  }

  stepBy(by) {
    const { length } = this.steps.labels;
    this.stand((this.step + by + length) % length);
  }

  /** Show a step and stay there. */
  stand(step) {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
      this.#button(ICONS.play, "Play");
    }
    this.step = step;
    this.#show();
    this.#tell();
  }

  #tell() {
    this.told = { of: this.steps.id, step: this.step };
    this.move(this.step, true);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
  }

  #run() {
    clearInterval(this.timer);
    this.#button(ICONS.pause, "Pause");
    this.timer = setInterval(() => {
      this.step = (this.step + 1) % this.steps.labels.length;
      this.#show();
      this.move(this.step, false);
    }, 1000 / this.speed);
  }

  #button(path, name) {
    this.button.innerHTML = icon(path);
    this.button.setAttribute("aria-label", name);
  }

  #show() {
    const label = this.steps.labels[this.step];
    const said = this.steps.words[this.step] ?? "";
    this.now.textContent = label;
    this.said.textContent = said;
    this.slider.value = String(this.step);
    this.slider.setAttribute("aria-valuetext", said ? `${label}: ${said}` : label);
  }

  #draw() {
    const { curve, low, high } = this.steps;
    const svg = this.element.querySelector(".track svg");
    const known = (curve ?? []).filter((value) => value !== null);
    svg.style.display = known.length > 1 ? "" : "none";
    if (known.length < 2) return;
    const last = curve.length - 1;
    const top = Math.max(...known, ...(high ?? []).filter((value) => value !== null)) || 1;
    svg.setAttribute("viewBox", "0 0 1000 100");
    // The ends of the curve lie where the ends of the slider's way are, half a thumb from its sides.
    const across = (step) => 8 + (984 * step) / last;
    const up = (value) => 78 - (72 * value) / top;
    const line = (values) =>
      values.map((value, step) => (value === null ? null : `${across(step).toFixed(1)},${up(value).toFixed(1)}`));
    const path = (points) =>
      points
        .map((point, at) => (point === null ? "" : `${at === 0 || points[at - 1] === null ? "M" : "L"}${point}`))
        .join("");
    svg.querySelector(".curve").setAttribute("d", path(line(curve)));
    const whole = low && high && !low.includes(null) && !high.includes(null);
    svg
      .querySelector(".band")
      .setAttribute("d", whole ? `M${line(high).join("L")}L${line(low).reverse().join("L")}Z` : "");
  }
}
