// JSON-RPC 2.0 over HTTP: one batch of calls is one request, with a deadline over headers and body, a cap on what is
// read, and no redirect followed. Everything in an answer is somebody's word until its shape was looked at. A URL often
// holds a key, and what a provider says may repeat it: neither is ever in a fault.

import { err, isObject, ok, parseJson, type Result, readAnswer } from "../std/index.ts";
import { parseQuantity } from "./hex.ts";

export interface ChainSettings {
  /** RPC URLs of one network, in order of preference. They have to take batches of ten calls. */
  readonly urls: readonly string[];
  /** For one request, headers and body together. */
  readonly timeoutMs: number;
}

export interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

export interface Fault {
  /** `refused`: it answered, and does not do this; it may do less of it. `broken`: nothing to rely on came. */
  readonly kind: "refused" | "broken";
  readonly detail: string;
}

/** The results of all calls in their order, or the first reason why there are none. */
export type Ask = (calls: readonly Call[]) => Promise<Result<readonly unknown[], Fault>>;

/** One URL. It answers for no other network than the one that it was seen to be on. */
export type Endpoint = (network: string) => Ask;

export type Fetch = Pick<Fetcher, "fetch">;

const BODY_BYTES_MAX = 2 * 1024 * 1024;
const JSON_LIMITS = { depthMax: 16, nodesMax: 100_000 };
/** How providers turn down a question that is too large for them. */
const REFUSING_STATUSES = [400, 413];
const chainId: Call = { method: "eth_chainId", params: [] };

export const fault = (detail: string): Fault => ({ kind: "broken", detail });

export const buildEndpoints = ({ urls, timeoutMs }: ChainSettings, fetcher: Fetch): readonly Endpoint[] =>
  urls.map((url) => buildEndpoint((body) => post(url, body, timeoutMs, fetcher)));

/** Reads from one URL after the other until one can be relied on, whole: what two of them say is never mixed. */
export async function failOver<T>(
  endpoints: readonly Endpoint[],
  network: string,
  read: (ask: Ask) => Promise<Result<T, Fault>>,
): Promise<Result<T, string>> {
  const details: string[] = [];
  for (const [i, endpoint] of endpoints.entries()) {
    const found = await read(endpoint(network));
    if (found.ok) return found;
    details.push(`RPC ${i + 1} ${found.error.detail}`);
  }
  return err(details.join("; ") || "no RPC is configured");
}

type Post = (body: string) => Promise<Result<unknown, Fault>>;

function buildEndpoint(post: Post): Endpoint {
  // Only what was confirmed is kept: a URL that was wrong once is asked again.
  let confirmed: string | null = null;
  return (network) => async (calls) => {
    if (confirmed === network) return askBatch(post, calls);
    const results = await askBatch(post, [chainId, ...calls]);
    if (!results.ok) return results;
    const [id, ...others] = results.value;
    if (`eip155:${parseQuantity(id)}` !== network) return err(fault("is on another chain"));
    confirmed = network;
    return ok(others);
  };
}

async function askBatch(post: Post, calls: readonly Call[]): Promise<Result<readonly unknown[], Fault>> {
  const json = await post(JSON.stringify(calls.map((call, id) => ({ jsonrpc: "2.0", id, ...call }))));
  return json.ok ? readBatch(json.value, calls.length) : json;
}

/** @param count of calls, whose ids are their places */
export function readBatch(json: unknown, count: number): Result<readonly unknown[], Fault> {
  // A batch that is refused as a whole is answered with one error.
  const replies = Array.isArray(json) ? json : [json];
  const refusal = replies.find((reply) => isObject(reply) && isObject(reply["error"]));
  if (refusal) return err({ kind: "refused", detail: `refused with code ${codeOf(refusal.error)}` });
  const results = Array.from({ length: count }, (_, id) =>
    replies.filter((reply) => isObject(reply) && reply["id"] === id && reply["jsonrpc"] === "2.0" && "result" in reply),
  );
  const isWhole = replies.length === count && results.every(({ length }) => length === 1);
  return isWhole ? ok(results.map(([reply]) => reply.result)) : err(fault("did not answer each call once"));
}

const codeOf = ({ code }: { readonly code?: unknown }): string =>
  Number.isSafeInteger(code) ? String(code) : "unknown";

async function post(url: string, body: string, timeoutMs: number, fetcher: Fetch): Promise<Result<unknown, Fault>> {
  try {
    const response = await fetcher.fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { status } = response;
    const bytes = await readAnswer(response, BODY_BYTES_MAX);
    if (REFUSING_STATUSES.includes(status)) return err({ kind: "refused", detail: `answered ${status}` });
    if (status !== 200) return err(fault(`answered ${status}`));
    if (!bytes) return err(fault("answered nothing"));
    if (!bytes.ok) return err({ kind: "refused", detail: "answered more than is read" });
    const json = parseJson(new TextDecoder().decode(bytes.value), JSON_LIMITS);
    if (json.ok) return json;
    return err(
      json.error === "not_json" ? fault("answered no JSON") : { kind: "refused", detail: "answered too much" },
    );
  } catch {
    return err(fault("did not answer"));
  }
}
