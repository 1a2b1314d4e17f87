// Whether wrangler.toml binds what a table needs, in each of its environments.

import { join, resolve } from "node:path";
import { unstable_readConfig } from "wrangler";
import type { Config } from "../src/config/index.ts";

/** Every environment that wrangler.toml has; the unnamed one is the local one. */
const ENVIRONMENTS = [undefined, "testnet", "production"];

export const wranglerFile = join(resolve(import.meta.dirname, ".."), "wrangler.toml");

interface Binding {
  readonly name: string;
  /** Its list in wrangler.toml. */
  readonly list: "kv_namespaces" | "durable_objects.bindings" | "ratelimits" | "services" | "d1_databases";
  /** The entry to add there. */
  readonly entry: readonly string[];
  /** What needs it, where that is not every table. */
  readonly why?: string;
}

const durable = (name: string, className: string, why?: string): Binding => ({
  name,
  list: "durable_objects.bindings",
  entry: [`name = "${name}"`, `class_name = "${className}"`],
  ...(why && { why }),
});

/** Without them every answer is 500, or some payments are not taken. */
const ALWAYS: readonly Binding[] = [
  { name: "SPENT", list: "kv_namespaces", entry: ['binding = "SPENT"'] },
  durable("LEDGER", "Ledger"),
  {
    name: "UNPROVEN",
    list: "ratelimits",
    entry: ['name = "UNPROVEN"', 'namespace_id = "a number of its own"', "simple = { limit = 30, period = 60 }"],
  },
];

const BOOKS: Binding = {
  name: "BOOKS",
  list: "d1_databases",
  entry: ['binding = "BOOKS"', 'database_name = "a name of its own"'],
};

/** As sentences with what is to be added. */
export function bindingMistakes({ upstreams, facilitators }: Config, file = wranglerFile): readonly string[] {
  const services = new Map(upstreams.flatMap(({ service, url }) => (service === null ? [] : [[service, url.href]])));
  const needed = [
    ...ALWAYS,
    ...(facilitators.some(({ kind }) => kind === "direct")
      ? [durable("RELAYER", "Relayer", 'a facilitator of your own ("direct")')]
      : []),
    ...Array.from(services, ([name, url]): Binding => {
      const entry = [`binding = "${name}"`, 'service = "the name of that Worker"'];
      return { name, list: "services", entry, why: `the upstream ${url.replace(/\/$/, "")}` };
    }),
  ];
  return ENVIRONMENTS.flatMap((env) => {
    const bound = boundNames(file, env);
    return needed.filter(({ name, list }) => !bound[list].includes(name)).map((binding) => missing(binding, env));
  });
}

/** What the gate works without, and its seller misses. */
export const bindingWarnings = (file = wranglerFile): readonly string[] =>
  ENVIRONMENTS.filter((env) => !boundNames(file, env).d1_databases.includes("BOOKS")).map((env) => missing(BOOKS, env));

function missing({ name, list, entry, why }: Binding, env: string | undefined): string {
  const place = env === undefined ? "wrangler.toml" : `wrangler.toml, env ${env}`;
  const asked = why === undefined ? "" : `, which ${why} needs`;
  const table = env === undefined ? `[[${list}]]` : `[[env.${env}.${list}]]`;
  const block = [table, ...entry].map((line) => `\n      ${line}`).join("");
  return `${place}: the binding ${name} is missing${asked}; add${block}`;
}

function boundNames(file: string, env: string | undefined): { readonly [L in Binding["list"]]: readonly string[] } {
  const { kv_namespaces, durable_objects, services, ratelimits, d1_databases } = unstable_readConfig(
    { config: file, ...(env !== undefined && { env }) },
    { hideWarnings: true },
  );
  return {
    kv_namespaces: namesOf(kv_namespaces),
    "durable_objects.bindings": namesOf(durable_objects.bindings),
    ratelimits: namesOf(ratelimits),
    services: namesOf(services),
    d1_databases: namesOf(d1_databases),
  };
}

type Entries = readonly { readonly binding?: string; readonly name?: string }[];

const namesOf = (entries: Entries = []): readonly string[] => entries.map(({ binding, name }) => binding ?? name ?? "");
