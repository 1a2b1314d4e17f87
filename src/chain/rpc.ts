// JSON-RPC 2.0 over HTTP: one batch of calls is one request, with a deadline over headers and body, a cap on what is
// read, and no redirect followed. Everything in an answer is somebody's word until its shape was looked at. A URL often
// holds a key, and what a provider says may repeat it: neither is ever in a fault.

import { err, isObject, type JsonObject, ok, parseJson, type Result, readAnswer } from "../std/index.ts";
import { identities, identityOf } from "./identity.ts";

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

/** Of one call. The error is the code of its refusal: a call that reverts is answered with one. */
export type Reply = Result<unknown, string>;

/** The same, with each call's own result or refusal. */
export type AskEach = (calls: readonly Call[]) => Promise<Result<readonly Reply[], Fault>>;

/** One URL. It answers for no other network than the one that it was seen to be on. */
export type Endpoint = (network: string) => AskEach;

export type Fetch = Pick<Fetcher, "fetch">;

const BODY_BYTES_MAX = 2 * 1024 * 1024;
const JSON_LIMITS = { depthMax: 16, nodesMax: 100_000 };
/** How providers turn down a question that is too large for them. */
const REFUSING_STATUSES = [400, 413];

export const fault = (detail: string): Fault => ({ kind: "broken", detail });

export const buildEndpoints = ({ urls, timeoutMs }: ChainSettings, fetcher: Fetch): readonly Endpoint[] =>
  urls.map((url) => buildEndpoint((body) => post(url, body, timeoutMs, fetcher)));

/** Reads from one URL after the other until one can be relied on, whole: what two of them say is never mixed. */
export async function failOver<T>(
  endpoints: readonly Endpoint[],
  network: string,
  read: (ask: Ask, askEach: AskEach) => Promise<Result<T, Fault>>,
): Promise<Result<T, string>> {
  const details: string[] = [];
  for (const [i, endpoint] of endpoints.entries()) {
    const askEach = endpoint(network);
    const found = await read(askAll(askEach), askEach);
    if (found.ok) return found;
    details.push(`RPC ${i + 1} ${found.error.detail}`);
  }
  return err(details.join("; ") || "no RPC is configured");
}

/** CAIP-2 of the network that the first URL which says so is on; null where none does. */
export async function readNetwork(
  { urls, timeoutMs }: ChainSettings,
  fetcher: Fetch = globalThis,
): Promise<string | null> {
  for (const url of urls) {
    for (const { call, networkOf } of identities) {
      const replies = await askBatch((body) => post(url, body, timeoutMs, fetcher), [call]);
      const [answer] = replies.ok ? replies.value : [];
      const network = answer?.ok ? networkOf(answer.value) : null;
      if (network !== null) return network;
    }
  }
  return null;
}

const askAll =
  (askEach: AskEach): Ask =>
  async (calls) => {
    const replies = await askEach(calls);
    return replies.ok ? resultsOf(replies.value) : replies;
  };

type Post = (body: string) => Promise<Result<unknown, Fault>>;

function buildEndpoint(post: Post): Endpoint {
  // Only what was confirmed is kept: a URL that was wrong once is asked again.
  let confirmed: string | null = null;
  return (network) => async (calls) => {
    if (confirmed === network) return askBatch(post, calls);
    const { call, networkOf } = identityOf(network);
    const replies = await askBatch(post, [call, ...calls]);
    if (!replies.ok) return replies;
    const [id = err("unknown"), ...others] = replies.value;
    if (!id.ok) return err(refused(id.error));
    if (networkOf(id.value) !== network) return err(fault("is on another chain"));
    confirmed = network;
    return ok(others);
  };
}

async function askBatch(post: Post, calls: readonly Call[]): Promise<Result<readonly Reply[], Fault>> {
  const json = await post(JSON.stringify(calls.map((call, id) => ({ jsonrpc: "2.0", id, ...call }))));
  return json.ok ? readReplies(json.value, calls.length) : json;
}

/** @param count of calls, whose ids are their places */
export function readReplies(json: unknown, count: number): Result<readonly Reply[], Fault> {
  const replies: readonly unknown[] = Array.isArray(json) ? json : [json];
  const own = Array.from({ length: count }, (_, id) =>
    replies.filter(isObject).filter((reply) => reply["id"] === id && isReply(reply)),
  );
  const isWhole = replies.length === count && own.every(({ length }) => length === 1);
  if (isWhole) return ok(own.flat().map(replyOf));
  // A batch that is refused as a whole is answered with one error.
  const refusal = replies.filter(isObject).find(({ error }) => isObject(error));
  return err(refusal ? refused(codeOf(refusal["error"])) : fault("did not answer each call once"));
}

const isReply = (reply: JsonObject): boolean =>
  isObject(reply["error"]) || (reply["jsonrpc"] === "2.0" && "result" in reply);

const replyOf = ({ error, result }: JsonObject): Reply => (isObject(error) ? err(codeOf(error)) : ok(result));

/** The same where every call has to have its result. */
export function readBatch(json: unknown, count: number): Result<readonly unknown[], Fault> {
  const replies = readReplies(json, count);
  return replies.ok ? resultsOf(replies.value) : replies;
}

function resultsOf(replies: readonly Reply[]): Result<readonly unknown[], Fault> {
  const results: unknown[] = [];
  for (const reply of replies) {
    if (!reply.ok) return err(refused(reply.error));
    results.push(reply.value);
  }
  return ok(results);
}

export const refused = (code: string): Fault => ({ kind: "refused", detail: `refused with code ${code}` });

function codeOf(error: unknown): string {
  const code = isObject(error) ? error["code"] : null;
  return Number.isSafeInteger(code) ? String(code) : "unknown";
}

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
