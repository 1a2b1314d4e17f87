// The use of an answer, read off it on its way.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalText } from "../../../src/metering/decimal.ts";
import { EventReader } from "../../../src/metering/events.ts";
import { Gauge } from "../../../src/metering/gauge.ts";
import { chargeFor, type Meter, type Source } from "../../../src/metering/meter.ts";
import { bytes, foundIn, inParts, objectOf, someSizes } from "./json-texts.ts";

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
    onMissingUsage: { left: "nothing", otherwise: "nothing" },
  };
}

const EVENTS = { "content-type": "text/event-stream; charset=utf-8" };
const JSON_TYPE = { "content-type": "application/json" };

function read(
  sources: readonly Source[],
  headers: Record<string, string>,
  chunks: readonly (string | Uint8Array)[],
  { isWhole = true, isOptional = false } = {},
): readonly (string | null)[] {
  const gauge = new Gauge(meterOf(sources, isOptional), { headers: new Headers(headers) });
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

  test("may begin with a byte order mark", () => {
    expect(read([answer("n")], JSON_TYPE, ['\ufeff{"n":1}'])).toEqual(["1"]);
    expect(
      read([answer("n")], JSON_TYPE, [Uint8Array.of(0xef), Uint8Array.of(0xbb), Uint8Array.of(0xbf), '{"n":1}']),
    ).toEqual(["1"]);
  });

  test("says whole numbers that JSON.parse would round", () => {
    expect(read([answer("n")], JSON_TYPE, ['{"n":9007199254740993}'])).toEqual(["9007199254740993"]);
  });

  test("has the first of several paths that is there", () => {
    const source = answer("usage.input_tokens", "usage.prompt_tokens");
    expect(read([source], JSON_TYPE, ['{"usage":{"prompt_tokens":3}}'])).toEqual(["3"]);
    expect(read([source], JSON_TYPE, ['{"usage":{"prompt_tokens":3,"input_tokens":4}}'])).toEqual(["4"]);
  });

  test.each<[string, Record<string, string>, string | Uint8Array, object]>([
    ["is no JSON", JSON_TYPE, "{", {}],
    ["is no object", JSON_TYPE, "[1]", {}],
    ["is compressed", { ...JSON_TYPE, "content-encoding": "gzip" }, '{"n":1}', {}],
    ["broke off", JSON_TYPE, '{"n":1}', { isWhole: false }],
    ["says what is no use", JSON_TYPE, '{"n":"many"}', {}],
    ["begins with half a byte order mark", JSON_TYPE, Uint8Array.of(0xef, 0xbb, ...bytes('{"n":1}')), {}],
    ["begins with two of them", JSON_TYPE, '\ufeff\ufeff{"n":1}', {}],
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

  test.each<[string, string | null]>([
    ['data: {"n":7}\n\ndata: [DONE]\n\n', "7"],
    ['data: {"n":7}\r\rdata:[DONE]\r\r: still here\r', "7"],
    // It has not been said to its end, or it is something else.
    ['data: {"n":7}\n\ndata: [DONE]\n', null],
    ['data: {"n":7}\n\ndata: [DONE]!\n\n', null],
    ['data: {"n":7}\n\ndata: x[DONE]\n\n', null],
    ['data: {"n":7}\n\ndata: [DONE\n\n', null],
    ['data: {"n":7}\n\nevent: [DONE]\n\n', null],
    ["data: [DONE]\n\n", null],
  ])("that says that it is over is whole, though its connection stays open: %j", (text, use) => {
    for (const chunks of [[text], [...text]]) {
      expect(read([answer("n")], EVENTS, chunks, { isWhole: false })).toEqual([use]);
    }
  });

  test("has what a long event says, and nothing of one that is no JSON", () => {
    const long = `data: {"n":7,"x":"${"x".repeat(1_000_000)}"\n`;
    expect(read([answer("n")], EVENTS, ['data: {"n":6}\n\n', long, "data: }\n\n", "data: {}\n\n"])).toEqual(["7"]);
    expect(read([answer("n")], EVENTS, ['data: {"n":6}\n\n', long, "data: more\n\n"])).toEqual(["6"]);
    expect(read([answer("n")], EVENTS, ['data: {"n":6}\n\n', long])).toEqual(["6"]);
  });

  test("may begin with a byte order mark, which is none of its events'", () => {
    expect(read([answer("n")], EVENTS, ['\ufeffdata: {"n":1}\n\n'])).toEqual(["1"]);
    expect(read([answer("n")], EVENTS, ['data: {"n":1}\n\n\ufeffdata: {"n":2}\n\n'])).toEqual(["1"]);
    expect(read([answer("n")], EVENTS, ['data: {"n":1}\n\ndata: \ufeff{"n":2}\n\n'])).toEqual(["1"]);
    expect(read([answer("n")], EVENTS, [Uint8Array.of(0xef, 0xbb), 'data: {"n":1}\n\n'])).toEqual([null]);
  });

  test("is read as its events are parsed, however they are divided", () => {
    const line = fc.constantFrom(
      'data: {"n":1}',
      'data:{"n":2,',
      'data: "m":{"k":3}}',
      "data",
      'data: "n":null}',
      'data: {"m":{"k":"4"',
      "data:}}",
      "data:  ",
      "data: [DONE]",
      ": {}",
      "event: x",
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(line, someEnd)), someSizes, (lines, sizes) => {
        const text = lines.flat().join("");
        const gauge = new Gauge(meterOf([answer("n"), answer("m.k")], false), { headers: new Headers(EVENTS) });
        inParts(bytes(text), sizes, (part) => gauge.feed(part));
        const objects = eventsOf(text)
          .map(objectOf)
          .filter((json) => json !== null);
        const last = (path: readonly string[]) =>
          objects.map((json) => foundIn(json, [[path]])[0]).findLast((value) => value !== null) ?? null;
        expect(gauge.end(0, true).map((use) => use && decimalText(use))).toEqual([last(["n"]), last(["m", "k"])]);
      }),
      { numRuns: 1000 },
    );
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

const someEnd = fc.constantFrom("\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r");

test("events are the same in whatever chunks they come, and whichever line ends they have", () => {
  const line = fc.constantFrom(
    "data: a",
    "data:b",
    "data",
    "data: ",
    "data:  c",
    "dat",
    ": comment",
    "event: x",
    "id: 1",
    "data: é",
    "dataset: 1",
    " data: d",
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(line, someEnd)), someSizes, (lines, sizes) => {
      const text = lines.flat().join("");
      const found: string[] = [];
      const decoder = new TextDecoder();
      let data = "";
      const reader = new EventReader({
        feed: (chunk) => {
          data += decoder.decode(chunk, { stream: true });
        },
        end: () => {
          found.push(data);
          data = "";
        },
      });
      inParts(bytes(text), sizes, (part) => reader.feed(part));
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
    ["broke off", EVENTS, 'data: {"m":1}\n\n', { isWhole: false }],
    ["has no event", EVENTS, ": hello\n\n", {}],
  ])("is missing where the answer %s", (_, headers, text, options) => {
    expect(read(sources, headers, [text], { isOptional: true, ...options })).toEqual([null, "0"]);
  });
});

describe("a use behind more than anybody would hold", () => {
  const MB = 1_000_000;
  const tokens: Meter = {
    ...meterOf([answer("usage.tokens")], false),
    rates: [{ title: "tokens", source: answer("usage.tokens"), dollars: { digits: 6n, scale: 7 }, isOptional: false }],
  };
  const authorized = { decimals: 6, max: 50_000n };

  test.each<[string, Record<string, string>, string, number, string]>([
    ["an answer of one long text", JSON_TYPE, '{"x":"', 32 * MB, '","usage":{"tokens":20000}}'],
    ["an answer that is said to be long by a name", JSON_TYPE, '{"', 32 * MB, '":1,"usage":{"tokens":20000}}'],
    ["a long event", EVENTS, 'data: {"x":"', 8 * MB, '","usage":{"tokens":20000}}\n\n'],
    ["a long comment", EVENTS, ": ", 8 * MB, '\ndata: {"usage":{"tokens":20000}}\n\n'],
  ])("is charged exactly where that is %s, and nothing of it is held", (_, headers, begin, length, end) => {
    const gauge = new Gauge(tokens, { headers: new Headers(headers) });
    const chunk = new Uint8Array(64_000).fill(0x78);
    gauge.feed(bytes(begin));
    const before = heldBytes();
    for (let fed = 0; fed < length; fed += chunk.byteLength) gauge.feed(chunk);
    expect(heldBytes() - before).toBeLessThan(MB);
    gauge.feed(bytes(end));
    expect(chargeFor(tokens, gauge.end(0, true), authorized)).toEqual({
      amount: 12_000n,
      isMissing: false,
      calculation: "20000 tokens = $0.012",
    });
  });

  test("is charged exactly where it stands behind levels upon levels, of which little is held, and no longer than they last", () => {
    const depth = 9_999;
    const gauge = new Gauge(tokens, { headers: new Headers(JSON_TYPE) });
    const before = heldBytes();
    gauge.feed(bytes('{"x":['));
    const [begins, ends] = ["[", "]"].map((bracket) => bytes(bracket.repeat(depth - 1))) as [Uint8Array, Uint8Array];
    const comma = bytes(",");
    for (let times = 0; times < 100; times++) {
      for (const chunk of times === 0 ? [begins] : [ends, comma, begins]) gauge.feed(chunk);
    }
    expect(heldBytes() - before).toBeLessThan(2 * MB);
    gauge.feed(ends);
    expect(heldBytes() - before).toBeLessThan(MB / 2);
    gauge.feed(bytes('],"usage":{"tokens":20000}}'));
    expect(chargeFor(tokens, gauge.end(0, true), authorized).amount).toBe(12_000n);
  });

  test("is read however much there is before it", () => {
    const text = `{"data":[${"0,".repeat(150_000)}0],"n":5}`;
    expect(read([answer("n")], JSON_TYPE, [text])).toEqual(["5"]);
  });
});

/** What is alive, in the heap and beside it. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
