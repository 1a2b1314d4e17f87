// A request for a stream that is to say what it used: OpenAI's chat and completion endpoints do so where
// `stream_options.include_usage` asks for it. What an API could read in another way than this is not taken for a request
// without a stream.

import { isObject, parseJson } from "../std/index.ts";
import { isJson, memberOf, textOf, withMember } from "../tariff/index.ts";

const JSON_LIMITS = { depthMax: 64, nodesMax: 100_000 };

/** The body itself where it asks for no stream, or asks for it already; null where another parser may see another request. */
export function askForUsage(body: Uint8Array, headers: Headers): Uint8Array | null {
  const text = isJson(headers) ? textOf(body) : null;
  if (text === null || MEMBERS.some((pointer) => memberOf(text, pointer).kind === "ambiguous")) return null;
  const json = parseJson(text, JSON_LIMITS);
  if (!json.ok || !isObject(json.value)) return null;
  const { stream, stream_options: options } = json.value;
  if (typeof (stream ?? false) !== "boolean") return null;
  if (!stream || (isObject(options) && options["include_usage"] === true)) return body;
  // All else stays as it was written: numbers that JavaScript would round, and the order of members.
  const asked = isObject(options) ? withMember(text, USAGE, "true") : withMember(text, OPTIONS, WITH_USAGE);
  return new TextEncoder().encode(asked);
}

const OPTIONS = ["stream_options"];
const USAGE = ["stream_options", "include_usage"];
const MEMBERS = [["stream"], USAGE];
const WITH_USAGE = '{"include_usage":true}';
