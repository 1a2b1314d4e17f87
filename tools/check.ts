// `npm run check`: whether the pricing table and the bindings of `wrangler.toml` can be built. Wrangler runs it before
// every build, so what is wrong is neither deployed nor started. FAREGATE_PRICING names another file than the
// project's own.

import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { unstable_readConfig } from "wrangler";
import { type Config, parseConfig, sentence } from "../src/config/index.ts";
import { textMistakes } from "./pricing-file.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Every environment that wrangler.toml has; the unnamed one is the local one. */
const ENVIRONMENTS = [undefined, "testnet", "production"];

function check(file: string): readonly string[] {
  const text = readFileSync(file, "utf8");
  const broken = textMistakes(text);
  if (broken.length > 0) return broken;
  const config = parseConfig(JSON.parse(text));
  return config.ok ? bindingMistakes(config.value) : config.error.map(sentence);
}

function bindingMistakes({ upstream: { service } }: Config): readonly string[] {
  return ENVIRONMENTS.flatMap((env) => {
    const { kv_namespaces, durable_objects, services } = unstable_readConfig({
      config: join(root, "wrangler.toml"),
      ...(env !== undefined && { env }),
    });
    const bound = new Set([...kv_namespaces, ...(services ?? [])].map(({ binding }) => binding));
    for (const { name } of durable_objects.bindings) bound.add(name);
    const needed = ["SPENT", "LEDGER", ...(service === null ? [] : [service])];
    return needed
      .filter((name) => !bound.has(name))
      .map((name) => `wrangler.toml${env === undefined ? "" : `, env ${env}`}: the binding ${name} is missing`);
  });
}

const file = process.env["FAREGATE_PRICING"] ?? join(root, "pricing.json");
const mistakes = check(file);
if (mistakes.length > 0) {
  const name = relative(process.cwd(), file);
  const count = mistakes.length === 1 ? "one mistake" : `${mistakes.length} mistakes`;
  console.error(`${name} has ${count}:\n${mistakes.map((mistake) => `  ${mistake}`).join("\n")}`);
  process.exitCode = 1;
}
