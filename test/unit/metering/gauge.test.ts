// The use of an answer, read off it on its way.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalText } from "../../../src/metering/decimal.ts";
import { EVENT_BYTES_MAX, EventReader } from "../../../src/metering/events.ts";
import { Gauge } from "../../../src/metering/gauge.ts";
import type { Meter, Source } from "../../../src/metering/meter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const answer = (...paths: readonly string[]): Source => ({
  kind: "answer",
  paths: paths.map((path) => path.split(".")),
});

function meterOf(sources: readonly Source[], isOptional: boolean): Meter {
  const rates = sources.map((source) => ({
    title: "x",
    source,
    dollars: { digits: 1n, scale: 0 },
    isOptional,
  }));
  return {
    rates,
    fixed: { digits: 0n, scale: 0 },
    min: { digits: 0n, scale: 0 },
    includeUsage: false,
    receiptComment: false,
    onMissingUsage: "nothing",
  };
}

const EVENTS = { "content-type": "text/event-stream; charset=utf-8" };
const JSON_TYPE = { "content-type": "application/json" };

function read(
  sources: readonly Source[],
  headers: Record<string, string>,
  chunks: readonly (string | Uint8Array)[],
  { bytesMax = 1000, isWhole = true, isOptional = false } = {},
): readonly (string | null)[] {
  const gauge = new Gauge(meterOf(sources, isOptional), { headers: new Headers(headers) }, bytesMax);
  for (const chunk of chunks) gauge.feed(typeof chunk === "string" ? bytes(chunk) : chunk);
  return gauge.end(1234.2, isWhole).map((use) => use && decimalText(use));
}

describe("an answer in one piece", () => {
  test("is read whole, in however many chunks it comes", () => {
    const text = '{"usage":{"prompt_tokens":12,"note":"é","completion_tokens":0.5}}';
    const sources = [answer("usage.prompt_tokens"), answer("usage.completion_tokens"), answer("usage.total")];
    const whole = bytes(text);
    for (const size of [1, 2, 7, whole.byteLength]) {
      const chunks = Array.from({ length: Math.ceil(whole.byteLength / size) }, (_, i) =>
        whole.slice(i * size, (i + 1) * size),
      );
      expect(read(sources, JSON_TYPE, chunks)).toEqual(["12", "0.5", null]);
    }
  });

  test("has the first of several paths that is there", () => {
    const source = answer("usage.input_tokens", "usage.prompt_tokens");
    expect(read([source], JSON_TYPE, ['{"usage":{"prompt_tokens":3}}'])).toEqual(["3"]);
    expect(read([source], JSON_TYPE, ['{"usage":{"prompt_tokens":3,"input_tokens":4}}'])).toEqual(["4"]);
  });

  test.each<[string, Record<string, string>, string, object]>([
    ["is no JSON", JSON_TYPE, "{", {}],
    ["is no object", JSON_TYPE, "[1]", {}],
    ["is compressed", { ...JSON_TYPE, "content-encoding": "gzip" }, '{"n":1}', {}],
    ["is longer than what may be held", JSON_TYPE, '{"n":1}', { bytesMax: 6 }],
    ["broke off", JSON_TYPE, '{"n":1}', { isWhole: false }],
    ["says what is no use", JSON_TYPE, '{"n":"many"}', {}],
    ["says a number that JSON may have rounded", JSON_TYPE, '{"n":9007199254740993}', {}],
  ])("is not read where it %s", (_, headers, text, options) => {
    expect(read([answer("n")], headers, [text], options)).toEqual([null]);
  });
});

describe("a stream of events", () => {
  test("has the use of the last event that says it", () => {
    const chunks = [
      'data: {"choices":[],"usage":null}\n\n',
      'data: {"usage":{"prompt_tokens":5,"completion_tokens":1}}\n\n',
      'data: {"usage":{"prompt_tokens":5,"completion_tokens":9}}\n\n',
      "data: [DONE]\n\n",
    ];
    expect(read([answer("usage.prompt_tokens"), answer("usage.completion_tokens")], EVENTS, chunks)).toEqual([
      "5",
      "9",
    ]);
  });

  test("may say its parts in different events", () => {
    const chunks = [
      'event: message_start\ndata: {"message":{"usage":{"input_tokens":25,"output_tokens":1}}}\n\n',
      'event: message_delta\ndata: {"usage":{"output_tokens":15}}\n\nevent: message_stop\ndata: {}\n\n',
    ];
    const sources = [answer("message.usage.input_tokens"), answer("usage.output_tokens")];
    expect(read(sources, EVENTS, chunks)).toEqual(["25", "15"]);
  });

  test("that breaks off has said nothing that was its last word, and one that ends has, whole or not", () => {
    const chunks = ['data: {"n":1}\n\n', 'data: {"n":2}\n'];
    expect(read([answer("n")], EVENTS, chunks, { isWhole: false })).toEqual([null]);
    expect(read([answer("n")], EVENTS, chunks)).toEqual(["2"]);
  });

  test("is read past an event that is too long", () => {
    const long = `data: {"n":7,"x":"${"x".repeat(EVENT_BYTES_MAX)}"}\ndata: more\n\n`;
    expect(read([answer("n")], EVENTS, [long, 'data: {"n":8}\n\n'])).toEqual(["8"]);
    expect(read([answer("n")], EVENTS, ['data: {"n":6}\n\n', long, "data: {}\n\n"])).toEqual(["6"]);
    expect(read([answer("n")], EVENTS, ['data: {"n":6}\n\n', long.trimEnd()])).toEqual(["6"]);
  });
});

test("headers, bytes and seconds are uses, also of an answer that breaks off", () => {
  const sources: readonly Source[] = [
    { kind: "header", name: "x-rows" },
    { kind: "header", name: "x-none" },
    { kind: "bytes" },
    { kind: "seconds" },
  ];
  for (const isWhole of [true, false]) {
    expect(read(sources, { "x-rows": "42", "x-none": "many" }, ["abc", "de"], { isWhole })).toEqual([
      "42",
      null,
      "5",
      "1.235",
    ]);
  }
});

/** As the standard reads a stream, from its whole text (HTML, "Interpreting an event stream"). */
function eventsOf(text: string): readonly string[] {
  const blocks = `${text}\n\n`.split(/\r\n|\r|\n/);
  const events: string[] = [];
  let data: string[] = [];
  for (const line of blocks) {
    if (line === "") {
      if (data.length > 0) events.push(data.join("\n"));
      data = [];
    } else if (line === "data") data.push("");
    else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
  }
  return events;
}

test("events are the same in whatever chunks they come, and whichever line ends they have", () => {
  const line = fc.constantFrom(
    "data: a",
    "data:b",
    "data",
    "data:  c",
    ": comment",
    "event: x",
    "id: 1",
    "data: é",
    "dataset: 1",
  );
  const end = fc.constantFrom("\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r");
  fc.assert(
    fc.property(fc.array(fc.tuple(line, end)), fc.array(fc.integer({ min: 1, max: 9 })), (lines, sizes) => {
      const text = lines.flat().join("");
      const whole = bytes(text);
      const found: string[] = [];
      const reader = new EventReader((data) => found.push(data));
      let at = 0;
      for (const size of [...sizes, whole.byteLength]) {
        reader.feed(whole.subarray(at, at + size));
        reader.feed(new Uint8Array());
        at += size;
      }
      reader.end();
      expect(found).toEqual(eventsOf(text));
    }),
  );
});

describe("what is optional", () => {
  const sources: readonly Source[] = [answer("n"), { kind: "header", name: "x-rows" }];

  test.each<[string, Record<string, string>, string]>([
    ["an answer in one piece", JSON_TYPE, '{"m":1}'],
    ["a stream of events", EVENTS, 'data: {"m":1}\n\n'],
  ])("was not used where %s was read without it", (_, headers, text) => {
    expect(read(sources, headers, [text], { isOptional: true })).toEqual(["0", "0"]);
  });

  test.each<[string, Record<string, string>, string, object]>([
    ["is no JSON", JSON_TYPE, "{", {}],
    ["is compressed", { ...JSON_TYPE, "content-encoding": "gzip" }, '{"m":1}', {}],
    ["is longer than what may be held", JSON_TYPE, '{"m":1}', { bytesMax: 6 }],
    ["broke off", EVENTS, 'data: {"m":1}\n\n', { isWhole: false }],
    ["has no event", EVENTS, ": hello\n\n", {}],
  ])("is missing where the answer %s", (_, headers, text, options) => {
    expect(read(sources, headers, [text], { isOptional: true, ...options })).toEqual([null, "0"]);
  });
});

test("an answer is read however much there is in it, within its bytes", () => {
  const text = `{"data":[${"0,".repeat(150_000)}0],"n":5}`;
  expect(read([answer("n")], JSON_TYPE, [text], { bytesMax: 1e6 })).toEqual(["5"]);
});
