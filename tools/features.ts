// Which optional parts a bundle is built with: the module `features` with those that its table needs, and null for the
// others. The build command writes it, so that nobody chooses.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Config, offersOf } from "../src/config/index.ts";
import type { Features } from "../src/features.ts";
import { isSolana } from "../src/x402/index.ts";

interface Part {
  /** Where it is exported, by its own name. */
  readonly from: string;
  readonly isNeeded: (config: Config) => boolean;
}

const isDirect: Part["isNeeded"] = ({ facilitators }) => facilitators.some(({ kind }) => kind === "direct");

const parts: { readonly [Name in keyof Features]: Part } = {
  buildCdpAuth: {
    from: "facilitator/index.ts",
    isNeeded: ({ facilitators }) => facilitators.some((one) => one.kind === "http" && one.auth?.kind === "cdp"),
  },
  openDirect: { from: "direct/index.ts", isNeeded: isDirect },
  RelayerObject: { from: "direct/index.ts", isNeeded: isDirect },
  buildChain: {
    from: "chain/index.ts",
    isNeeded: ({ rpc }) => [...rpc.keys()].some((network) => !isSolana(network)),
  },
  buildSolanaChain: {
    from: "chain/index.ts",
    isNeeded: ({ rpc }) => [...rpc.keys()].some(isSolana),
  },
  transferChecked: {
    from: "schemes/index.ts",
    isNeeded: ({ routes }) =>
      routes
        .flatMap(({ access }) => offersOf(access))
        .some(({ terms }) => terms.some(({ requirements }) => isSolana(requirements.network))),
  },
  sellComputed: {
    from: "gateway/index.ts",
    isNeeded: ({ routes }) => routes.some(({ access }) => access.kind === "computed"),
  },
  metering: {
    from: "gateway/index.ts",
    isNeeded: ({ routes }) => routes.flatMap(({ access }) => offersOf(access)).some(({ meter }) => meter !== null),
  },
};

const root = resolve(import.meta.dirname, "..");

/** Wrangler's own; FAREGATE_FEATURES names another, as a build has no arguments of its own. */
export const featuresFile = process.env["FAREGATE_FEATURES"] ?? join(root, ".faregate/features.ts");

/** What is left out is not imported from here; a test of the bundle tells that no other way leads to it. */
export function featuresText(config: Config): string {
  const entries = Object.entries(parts).map(([name, { from, isNeeded }]) => ({
    name,
    from,
    isThere: isNeeded(config),
  }));
  return [
    "// Written by the build command of wrangler.toml; src/features.ts is the whole of it.",
    ...entries.flatMap(({ name, from, isThere }) =>
      isThere ? [`import { ${name} } from ${JSON.stringify(join(root, "src", from))};`] : [],
    ),
    `export default { ${entries.map(({ name, isThere }) => (isThere ? name : `${name}: null`)).join(", ")} };`,
    "",
  ].join("\n");
}

/** In one step, and only where it says something else: a bundler may be reading or watching it. */
export function writeFeatures(config: Config, file: string): void {
  const text = featuresText(config);
  if (readIfThere(file) === text) return;
  mkdirSync(dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, text);
  renameSync(fresh, file);
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
