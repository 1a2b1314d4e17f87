// What docs/pricing.md shows of prices by use, before answers as the APIs write them that it names: whole and streamed
// ones of the same use cost the same, to the last unit.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NETWORK, type Payment } from "../../support/payment.ts";
import { FACILITATOR, signUptoPayment } from "../../support/permit2-payment.ts";
import { type Around, isSettled, openGate, textOf } from "./gate.ts";

interface Priced {
  readonly price: { readonly upto: string; readonly meter: readonly { readonly of: string | readonly string[] }[] };
}

const reference = readFileSync(join(import.meta.dirname, "../../../docs/pricing.md"), "utf8");
const blocks = [...reference.matchAll(/```json\n([\s\S]+?)```/g)].map(([, text = ""]) => JSON.parse(text));
const routeOf = (key: string): Priced => blocks.find((block) => key in block)?.[key] ?? expect.fail(key);

const supported = (): object => ({
  kinds: [{ x402Version: 2, scheme: "upto", network: NETWORK, extra: { facilitatorAddress: FACILITATOR } }],
});

/** @returns what was settled, in millionths of a dollar */
async function chargeFor(key: string, route: Priced, text: string, isStream: boolean): Promise<readonly string[]> {
  const settledFor: string[] = [];
  const settle: Around["settle"] = (body) => {
    settledFor.push(JSON.parse(body).paymentRequirements.amount);
    return isSettled(body);
  };
  const headers = { "content-type": isStream ? "text/event-stream; charset=utf-8" : "application/json" };
  const upstream: Around["upstream"] = () => ({ status: 200, headers, body: text });
  const gate = openGate({ bufferBytesMax: 1000, routes: { [key]: route } }, { supported, upstream, settle });
  const [method = "", path = ""] = key.split(" ");
  const body = new TextEncoder().encode(JSON.stringify({ model: "m", stream: isStream }));
  const sent = {
    method,
    headers: new Headers({ "content-type": "application/json", "content-length": String(body.byteLength) }),
    body,
  };
  // Who asks first is not told whom to sign for yet.
  await gate.ask(path, sent);
  const authorized = String(Number(route.price.upto.slice(1)) * 1_000_000);
  const outcome = await gate.pay(path, (await signUptoPayment(authorized)) as unknown as Payment, sent);
  expect(await textOf(outcome)).toBe(text);
  await gate.settled();
  return settledFor;
}

/** @param events data, each of the type that it says */
const eventsOf = (events: readonly object[]): string =>
  events.map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`).join("");

describe("Anthropic's messages, by the table that is shown for them,", () => {
  const key = "POST /v1/messages";
  const input = { input_tokens: 2095, cache_creation_input_tokens: 1024, cache_read_input_tokens: 512 };
  const begun = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null };
  const text = { type: "text", text: "Hello" };
  const whole = JSON.stringify({
    ...begun,
    content: [text],
    stop_reason: "end_turn",
    usage: { ...input, output_tokens: 503 },
  });
  /** @param last what the end says beside the tokens of the answer */
  const streamed = (last: object = {}): string =>
    eventsOf([
      { type: "message_start", message: { ...begun, usage: { ...input, output_tokens: 1 } } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "ping" },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
      { type: "message_delta", delta: { stop_reason: null }, usage: { output_tokens: 250, ...last } },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 503, ...last } },
      { type: "message_stop" },
    ]);
  // 2095 * 3 + 503 * 15 + 512 * 0.3 + 1024 * 3.75 millionths of a dollar, rounded up.
  const CHARGE = ["17824"];

  test.each<[string, string, boolean]>([
    ["answered whole", whole, false],
    ["streamed", streamed(), true],
    ["streamed with all of the use at the end, too", streamed(input), true],
    ["streamed with a use at the end that is not known there", streamed({ input_tokens: null }), true],
  ])("cost the same, %s", async (_, answer, isStream) => {
    expect(await chargeFor(key, routeOf(key), answer, isStream)).toEqual(CHARGE);
  });

  test("cost nothing for a cache that was not used", async () => {
    const usage = { input_tokens: 2095, cache_creation_input_tokens: null, output_tokens: 503 };
    expect(await chargeFor(key, routeOf(key), JSON.stringify({ ...begun, usage }), false)).toEqual(["13830"]);
  });

  test("are a use that nobody has said, streamed, where the table names the places of whole answers alone", async () => {
    const route = routeOf(key);
    const meter = route.price.meter.map((rate) => ({ ...rate, of: [rate.of].flat()[0] as string }));
    const price = { ...route.price, meter, min: "$0.001" };
    expect(await chargeFor(key, { ...route, price }, streamed(), true)).toEqual(["1000"]);
  });
});

describe("OpenAI's chat completions, by the table that is shown for them,", () => {
  const key = "POST /v1/chat/completions";
  const usage = { prompt_tokens: 1020, completion_tokens: 501, total_tokens: 1521 };
  const chunk = { id: "chatcmpl-1", object: "chat.completion.chunk", model: "m" };
  const streamed = [
    { ...chunk, choices: [{ delta: { content: "Hello" } }], usage: null },
    { ...chunk, choices: [], usage },
  ];

  test.each<[string, string, boolean]>([
    ["answered whole", JSON.stringify({ ...chunk, choices: [], usage }), false],
    ["streamed", `${streamed.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("")}data: [DONE]\n\n`, true],
  ])("cost the same, %s", async (_, answer, isStream) => {
    expect(await chargeFor(key, routeOf(key), answer, isStream)).toEqual(["454"]);
  });
});
