// A request for a stream that is to say what it used: OpenAI's chat and completion endpoints do so where
// `stream_options.include_usage` asks for it.

import { isObject, parseJson } from "../std/index.ts";

const JSON_LIMITS = { depthMax: 64, nodesMax: 100_000 };

/** The body itself where it asks for no stream, asks for it already, or cannot be read. */
export function askForUsage(body: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(body);
  const json = parseJson(text, JSON_LIMITS);
  if (!json.ok || !isObject(json.value) || json.value["stream"] !== true) return body;
  const { stream_options: options } = json.value;
  if (isObject(options) && options["include_usage"] === true) return body;
  if (options === undefined) {
    // All else stays as it was written: numbers that JavaScript would round, and the order of members.
    return new TextEncoder().encode(`${text.slice(0, text.lastIndexOf("}"))},"stream_options":${WITH_USAGE}}`);
  }
  const asked = isObject(options) ? { ...options, include_usage: true } : { include_usage: true };
  return new TextEncoder().encode(JSON.stringify({ ...json.value, stream_options: asked }));
}

const WITH_USAGE = '{"include_usage":true}';
