// Copies and bundles what the pages take from npm into build/vendor/, whole or not at all.
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const made = join(root, "build.new");
const vendor = join(made, "vendor");

// Source maps are not shipped, and a link to a missing file stops collectstatic.
const withoutSourceMap = (text) => text.replace(/\n?\/\*# sourceMappingURL=.*?\*\/\s*$/s, "\n");

async function tabler() {
  const css = await readFile(join(modules, "@tabler/core/dist/css/tabler.min.css"), "utf8");
  await mkdir(join(vendor, "tabler"), { recursive: true });
  await writeFile(join(vendor, "tabler/tabler.min.css"), withoutSourceMap(css));
}

async function inter() {
  const from = join(modules, "@fontsource-variable/inter");
  const css = await readFile(join(from, "wght.css"), "utf8");
  const files = [...css.matchAll(/url\(\.\/files\/([^)]+)\)/g)].map((match) => match[1]);
  await mkdir(join(vendor, "inter/files"), { recursive: true });
  await writeFile(join(vendor, "inter/inter.css"), css);
  await Promise.all(
    files.map((file) => cp(join(from, "files", file), join(vendor, "inter/files", file))),
  );
}

async function echarts() {
  await build({
    entryPoints: [join(root, "assets/echarts.js")],
    outfile: join(vendor, "echarts/echarts.min.js"),
    bundle: true,
    minify: true,
    format: "iife",
    globalName: "echarts",
    target: ["es2020"],
    legalComments: "inline",
  });
}

await rm(made, { recursive: true, force: true });
await Promise.all([tabler(), inter(), echarts()]);
await rm(join(root, "build"), { recursive: true, force: true });
await rename(made, join(root, "build"));
