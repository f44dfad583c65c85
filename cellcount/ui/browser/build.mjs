// Bundles the map into static/map-HASH.js, HASH being of the bundle: a browser never mixes an old one with a new page.
// Beside it stand the licences of everything that is in it.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const served = join(here, "..", "..", "..", "static");
const sources = ["build.mjs", "package.json", "package-lock.json", ...readdirSync(join(here, "src")).map((file) => `src/${file}`)]; // prettier-ignore

/** The same for the same sources: by it a test tells a bundle that was not built again. */
function digest() {
  const found = createHash("sha256");
  for (const file of sources.toSorted()) found.update(`${file}\n`).update(readFileSync(join(here, file)));
  return found.digest("hex");
}

/** Folder of the package that a bundled file is of; none for our own. */
function packageOf(file) {
  const parts = file.split(/[\\/]/);
  const at = parts.lastIndexOf("node_modules");
  if (at < 0) return null;
  return parts.slice(0, at + (parts[at + 1].startsWith("@") ? 3 : 2)).join(sep);
}

/** Every package that is in the bundle, by the text of its licence: many have the same. */
function licences(inputs) {
  const named = new Map();
  for (const folder of new Set(Object.keys(inputs).map(packageOf).filter(Boolean))) {
    const { name, version, license } = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
    const file = readdirSync(join(here, folder)).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? readFileSync(join(here, folder, file), "utf8").trim() : `Licence: ${license}`;
    named.set(text, [...(named.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...named].map(([text, packages]) => `${packages.sort().join("\n")}\n\n${text}`).sort();
  return `The map is bundled from these packages of npm.\n\n${parts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

const { outputFiles, metafile } = await build({
  entryPoints: [join(here, "src", "main.js")],
  bundle: true,
  write: false,
  metafile: true,
  format: "esm",
  target: ["chrome110", "firefox115", "safari16"],
  minify: true,
  legalComments: "none",
  banner: { js: `/* Licences: map-licences.txt. Sources: ${digest()} */` },
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".css": "text" },
  absWorkingDir: here,
});
// Loaders that nothing here uses know where to fetch themselves: the addresses go, so that nothing ever can.
const contents = Buffer.from(outputFiles[0].text.replaceAll(/https?:\/\/(unpkg\.com|cdn\.[a-z.]+)/g, "about:invalid"));
const name = `map-${createHash("sha256").update(contents).digest("hex").slice(0, 12)}.js`;
for (const old of readdirSync(served).filter((file) => /^map-[0-9a-f]{12}\.js$/.test(file) && file !== name)) {
  rmSync(join(served, old));
}
writeFileSync(join(served, name), contents);
writeFileSync(join(served, "map-licences.txt"), licences(metafile.inputs));
console.log(`static/${name}: ${contents.length.toLocaleString("en-GB")} bytes`);
