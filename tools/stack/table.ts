// Fits a pricing table to the local stack: its networks, its facilitators, its upstream. Pure, and no judge of the table:
// what has another shape than expected passes through untouched, for the Worker's own check to report.

const localNetwork = "base-sepolia";
const localNames = [localNetwork, "eip155:84532"];

/** Without a `url` it is the sample API. */
export interface UpstreamChoice {
  kind: "given" | "own" | "sample";
  url: string | undefined;
  warnings: string[];
}

type JsonObject = Record<string, unknown>;

/**
 * Which API the gate is put in front of: the one on the command line; else, for a table that was asked for by name, its
 * own if that is on this machine; else the sample API, with a warning where the table says something different.
 */
export function chooseUpstream(
  table: unknown,
  options: { given: string | undefined; ownTable: boolean },
): UpstreamChoice {
  if (options.given !== undefined) return { kind: "given", url: options.given, warnings: [] };
  if (!options.ownTable) return { kind: "sample", url: undefined, warnings: [] };
  const upstream = isObject(table) ? namedUpstream(table) : undefined;
  const elsewhere = whereElse(upstream);
  if (elsewhere === undefined) return { kind: "own", url: upstreamUrl(upstream), warnings: [] };
  const warning = `upstream: ${elsewhere} is not on this machine, the sample API takes its place (--upstream names another)`;
  return { kind: "sample", url: undefined, warnings: [warning] };
}

/** The table for the local stack. Without `upstream` the table's own stays. */
export function fitTable(
  table: unknown,
  options: { facilitator: string; upstream: string | undefined },
): { table: unknown; warnings: string[] } {
  if (!isObject(table)) return { table, warnings: [] };
  const warnings: string[] = [];
  const local = fitPayment({ facilitators: [], ...table }, options.facilitator, "", warnings);
  if (isObject(table.routes)) local.routes = fitRoutes(table.routes, options.facilitator, warnings);
  if (options.upstream !== undefined) local.upstream = replaceUrl(table.upstream, options.upstream);
  return { table: local, warnings };
}

function fitRoutes(routes: JsonObject, facilitator: string, warnings: string[]): JsonObject {
  const entries = Object.entries(routes).map(([key, route]) => {
    const path = `routes[${JSON.stringify(key)}].`;
    return [key, isObject(route) ? fitPayment(route, facilitator, path, warnings) : route];
  });
  return Object.fromEntries(entries);
}

/** The members that a table and a route have in common. */
function fitPayment(holder: JsonObject, facilitator: string, path: string, warnings: string[]): JsonObject {
  const fitted = { ...holder };
  if (Array.isArray(holder.accepts)) fitted.accepts = fitAccepts(holder.accepts, `${path}accepts`, warnings);
  // The first one's own settings, such as its time limits, are kept with the other address.
  if (Array.isArray(holder.facilitators)) fitted.facilitators = [replaceUrl(holder.facilitators[0], facilitator)];
  return fitted;
}

function fitAccepts(accepts: unknown[], path: string, warnings: string[]): unknown[] {
  const fitted = accepts.map((entry, index) => fitOption(entry, `${path}[${index}]`, warnings));
  const keys = fitted.map(optionKey);
  return fitted.filter((_, index) => keys.indexOf(keys[index] ?? "") === index);
}

function fitOption(entry: unknown, path: string, warnings: string[]): unknown {
  const name = isObject(entry) ? entry.network : entry;
  if (typeof name !== "string" || localNames.includes(name)) return entry;
  warnings.push(`${path}: ${name} is ${localNetwork} here, on the local chain`);
  if (!isObject(entry)) return localNetwork;
  // An asset of another network has no contract on the local chain; its default stablecoin takes its place.
  const { asset: _foreign, ...option } = entry;
  return { ...option, network: localNetwork };
}

/** Equal for entries that would be the same offer twice. */
function optionKey(entry: unknown): string {
  const option = isObject(entry) ? entry : { network: entry };
  const network = localNames.includes(String(option.network)) ? localNetwork : option.network;
  return JSON.stringify([network, String(option.asset ?? "").toLowerCase(), option.scheme ?? "exact"]);
}

function namedUpstream(table: JsonObject): unknown {
  const { upstream, upstreams } = table;
  return typeof upstream === "string" && isObject(upstreams) ? (upstreams[upstream] ?? upstream) : upstream;
}

function upstreamUrl(upstream: unknown): string | undefined {
  const url = isObject(upstream) ? upstream.url : upstream;
  return typeof url === "string" && URL.canParse(url) ? url : undefined;
}

/** What an upstream means that cannot be reached here; undefined for a loopback URL, and for what is no upstream at all. */
function whereElse(upstream: unknown): string | undefined {
  if (isObject(upstream) && upstream.service !== undefined)
    return `service binding ${JSON.stringify(upstream.service)}`;
  const url = upstreamUrl(upstream);
  return url === undefined || isLoopback(url) ? undefined : url;
}

function replaceUrl(target: unknown, url: string): unknown {
  if (!isObject(target)) return url;
  const { service: _service, ...rest } = target;
  return { ...rest, url };
}

function isLoopback(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The names in `{{NAME}}` anywhere in the table: secrets that the Worker will ask for. */
export function secretNames(table: unknown): string[] {
  const names = [...JSON.stringify(table ?? null).matchAll(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/g)].map(([, name]) => name);
  return [...new Set(names.filter((name) => name !== undefined))];
}
