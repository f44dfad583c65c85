// The legend: the classes of the scale, which do not move with time, and what is not a figure.

export function drawLegend(element, { title, rows, keys, note }, palette) {
  element.replaceChildren();
  element.style.background = `${palette.land}E6`;
  element.style.color = palette.text;
  if (!title && !rows.length && !keys.length) {
    element.hidden = true;
    return;
  }
  element.hidden = false;
  element.append(span("title", title));
  for (const { colour, words } of rows) element.append(entry("class", colour, null, words));
  for (const { colour, outline, words } of keys) element.append(entry("key", colour, outline, words));
  if (note) element.append(span("note", note));
}

function entry(kind, colour, outline, words) {
  const row = span(kind);
  const swatch = span("swatch");
  swatch.style.background = colour;
  if (outline) swatch.style.outline = `1px solid ${outline}`;
  const text = document.createElement("span");
  text.textContent = words;
  row.append(swatch, text);
  return row;
}

function span(name, text = "") {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}
