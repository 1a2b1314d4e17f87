// A free route against no gate at all: the same bytes are sent to an origin both ways, and what docs/transparency.md does
// not name has to be the same.

import { readFileSync } from "node:fs";
import { request as requestTo } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cellsOf } from "../support/held-tests.ts";
import { PAY_TO } from "../support/payment.ts";
import { type Echo, SILENT, startPlainOrigin } from "../support/plain-origin.ts";
import { type ReadAnswer, readAnswer, sendRaw } from "../support/raw-http.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { type Gates, startGates } from "./gates.ts";

const written = readFileSync(join(import.meta.dirname, "../../docs/transparency.md"), "utf8");
const listed = (kind: "request" | "response") =>
  cellsOf(written, `| ${kind} header | here it is | why |`).map(([name = "", word = ""]) => ({
    name: name.replaceAll("`", "").replace("*", "anything"),
    word,
  }));
const requestList = listed("request");
const responseList = listed("response");
const namesOf = (list: typeof requestList): string[] => list.map(({ name }) => name).toSorted();

let origin: TestServer;
let relay: TestServer;
let relayed: readonly string[];
let gates: Gates;
beforeAll(async () => {
  const paths: string[] = [];
  relayed = paths;
  origin = await startPlainOrigin();
  relay = await startServer((request, response) => {
    const [, gate = "", path = ""] = /^\/to\/(\d)(.*)/.exec(request.url ?? "") ?? [];
    const headers = request.rawHeaders;
    paths.push(path);
    const onward = requestTo(`${gates.urls[Number(gate)]}${path}`, { headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  const upstreams = [origin.url, `${relay.url}/to/0`, `${relay.url}/to/2`, `${origin.url}/base`];
  const table = { payTo: PAY_TO, accepts: ["base-sepolia"], facilitators: ["http://127.0.0.1:1"] };
  gates = await startGates(upstreams.map((upstream) => ({ ...table, upstream, routes: { "/*": "free" } })));
});
afterAll(async () => {
  await gates?.stop();
  await relay?.stop();
  await origin?.stop();
});

interface Sent {
  readonly method?: string;
  readonly lines?: readonly string[];
  /** Latin-1, with its framing in `lines`. */
  readonly body?: string;
}

async function sendTo(url: string, path: string, { method = "GET", lines = [], body = "" }: Sent): Promise<ReadAnswer> {
  const head = [`${method} ${path} HTTP/1.1`, "Host: api.example.com", "Connection: close", ...lines];
  return readAnswer((await sendRaw(url, `${head.join("\r\n")}\r\n\r\n${body}`)).text);
}

const both = (path: string, sent: Sent = {}): Promise<readonly ReadAnswer[]> =>
  Promise.all([sendTo(origin.url, path, sent), sendTo(gates.urls[0] ?? "", path, sent)]);

const atGate = (gate: number, path: string): Promise<ReadAnswer> => sendTo(gates.urls[gate] ?? "", path, {});

const echoed = async (path: string, sent: Sent = {}): Promise<Echo> =>
  JSON.parse((await sendTo(gates.urls[0] ?? "", path, sent)).body);

/** Lines of one name are one list. */
const arrivedOf = ({ rawHeaders }: Echo): ReadonlyMap<string, string> => {
  const pairs = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1] ?? ""]] : []));
  const grouped = Map.groupBy(pairs, ([name = ""]) => name);
  return new Map([...grouped].map(([name, same]) => [name, same.map(([, value]) => value).join(", ")]));
};

const withLength = (body: string): Sent => ({ lines: [`Content-Length: ${body.length}`], body });
const inChunks = (...chunks: readonly string[]): Sent => ({
  lines: ["Transfer-Encoding: chunked"],
  body: [...chunks, ""].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join(""),
});
const MEBIBYTE = "\u0000\u00ff\r\n0123456789abc".repeat(65_536).slice(0, 1024 * 1024);

describe("a client of a free route gets what the origin answers", () => {
  test.each(
    [200, 201, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 410, 418, 429, 500, 503].flatMap((status) => [
      [status, ""] as const,
      [status, SILENT] as const,
    ]),
  )("with the status %i%s", async (status, more) => {
    const [direct, passed] = await both(`/free/status/${status}${more}`);
    expect(direct?.status).toBe(status);
    expect(passed).toEqual(direct);
  });

  const withSilence = (names: readonly string[]): string[] => [...names, ...names.map((name) => name + SILENT)];

  test.each(withSilence(["empty", "byte", "mebibyte", "chunked", "gzip", "notgzip", "events", "headers"]))(
    "with a body or headers of its own (%s)",
    async (name) => {
      const [direct, passed] = await both(`/free/${name}`);
      expect(direct?.status).toBe(200);
      expect(passed).toEqual(direct);
    },
  );

  test.each(withSilence(["empty", "byte", "mebibyte", "chunked", "gzip", "headers", "status/404", "ranged"]))(
    "to HEAD too (%s)",
    async (name) => {
      const [direct, passed] = await both(`/free/${name}`, { method: "HEAD" });
      expect(direct?.body).toBe("");
      expect(passed).toEqual(direct);
    },
  );

  test("to a request with its ETag: 304, and the whole of it for another one", async () => {
    const [direct, passed] = await both("/free/tagged", { lines: ['If-None-Match: "v1"'] });
    expect(direct?.status).toBe(304);
    expect(passed).toEqual(direct);
    const [again, whole] = await both("/free/tagged", { lines: ['If-None-Match: "v0"'] });
    expect(again?.status).toBe(200);
    expect(whole).toEqual(again);
  });

  test("to a request for a part", async () => {
    const [direct, passed] = await both("/free/ranged", { lines: ["Range: bytes=2-5"] });
    expect(direct).toMatchObject({ status: 206, body: "2345" });
    expect(passed).toEqual(direct);
  });

  test.each([
    ["a preflight", "OPTIONS", ["Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-theirs"]],
    ["what a script asks", "PUT", ["Content-Length: 0"]],
  ])("about other origins (%s)", async (_, method, lines) => {
    const [direct, passed] = await both("/free/shared", { method, lines: ["Origin: https://app.example", ...lines] });
    expect(direct?.headers).toMatchObject({ "access-control-allow-credentials": "true" });
    expect(passed).toEqual(direct);
  });

  test.each(["trailers", "early"])("without what the runtime does not carry (%s)", async (name) => {
    const [direct, passed] = await both(`/free/${name}`);
    const { trailer: _, ...kept } = direct?.headers ?? {};
    expect(passed).toEqual({ ...direct, headers: kept });
  });

  test("without the headers that are listed as removed, and with every other", async () => {
    const names = [...namesOf(responseList), "x-stays", "server", "x-paymentless", "my-payment-response"];
    const body = JSON.stringify(names.filter((name) => name !== "connection"));
    const [direct, passed] = await both("/free/removed", { method: "POST", ...withLength(body) });
    const missing = Object.keys(direct?.headers ?? {}).filter((name) => !(name in (passed?.headers ?? {})));
    expect([...missing, "connection"].toSorted()).toEqual(namesOf(responseList));
    expect(Object.keys(passed?.headers ?? {}).filter((name) => !(name in (direct?.headers ?? {})))).toEqual([]);
  });
});

describe("an origin behind a free route gets what the client sends", () => {
  test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("with the method %s", async (method) => {
    expect(await echoed("/free/echo", { method })).toMatchObject({ method, body: "" });
  });

  test.each([
    ["no byte", withLength("")],
    ["one byte", withLength("\u0000")],
    ["a mebibyte", withLength(MEBIBYTE)],
    ["chunks", inChunks("a", "bc", "\r\n0\r\n\r\n")],
    ["a mebibyte in chunks", inChunks(MEBIBYTE.slice(0, 70_000), MEBIBYTE.slice(70_000))],
  ])("with a body of %s, framed as it was", async (_, sent) => {
    const all = { method: "POST", ...sent };
    const direct: Echo = JSON.parse((await sendTo(origin.url, "/free/echo", all)).body);
    const passed = await echoed("/free/echo", all);
    expect(passed.body === direct.body).toBe(true);
    for (const name of ["content-length", "transfer-encoding"]) {
      expect(arrivedOf(passed).get(name)).toBe(arrivedOf(direct).get(name));
    }
  });

  test("with a compressed body and its encoding", async () => {
    const body = "\u001f\u008bnot opened";
    const passed = await echoed("/free/echo", {
      method: "POST",
      lines: ["Content-Encoding: gzip", `Content-Length: ${body.length}`],
      body,
    });
    expect(passed.body).toBe(body);
    expect(arrivedOf(passed).get("content-encoding")).toBe("gzip");
  });

  test("with every byte that a query may have, apart from an apostrophe, which arrives encoded", async () => {
    const characters = Array.from({ length: 0x7e - 0x20 }, (_, i) => String.fromCharCode(0x21 + i));
    const query = `${characters.filter((one) => !/["#<>]/.test(one)).join("&")}&%2e%2e/%zz&a=&&b;c+d%20e`;
    expect((await echoed(`/free/echo?${query}`)).url).toBe(`/free/echo?${query.replace("'", "%27")}`);
    expect((await echoed("/free/echo?")).url).toBe("/free/echo?");
  });

  test.each(['"', "<", ">"])("but for %s in a query, which is 400", async (character) => {
    expect((await sendTo(gates.urls[0] ?? "", `/free/echo?${character}`, {})).status).toBe(400);
  });

  test("without trailers", async () => {
    const sent = { method: "POST", lines: ["Transfer-Encoding: chunked"], body: "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n" };
    expect(await echoed("/free/echo", sent)).toMatchObject({ body: "a", trailers: [] });
  });
});

/** What clients and the things before the gate really send. */
const ORDINARY = [
  ...["Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Cookie"],
  ...["CDN-Loop", "Content-Type", "Content-Language", "Date", "DNT", "DPoP", "Early-Data", "From", "If-Match"],
  ...["If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Idempotency-Key", "Max-Forwards"],
  ...["Origin", "Pragma", "Prefer", "Priority", "Range", "Referer", "Save-Data", "Sec-Fetch-Mode", "Sec-CH-UA"],
  ...["Sign-In-With-X", "Traceparent", "Tracestate", "Upgrade-Insecure-Requests", "User-Agent", "X-Api-Key"],
  ...["X-Real-IP", "X-Request-Id", "X-Correlation-Id", "X-Requested-With", "X-CSRF-Token", "X-Amzn-Trace-Id"],
  ...["X_Under_Score", "X-Odd!#$%&'*+.^_`|~", "x", "X-Paymentless", "My-X-Forwarded-For", "Warning", "X-Wap-Profile"],
];

describe("an origin that says what reached it shows", () => {
  const sample = (name: string): string => (name === "connection" ? "close, x-hop" : `value-of ${name}`);

  test("exactly the differences that are listed, whatever a client sends", async () => {
    const names = [...ORDINARY, ...requestList.map(({ name }) => name)].map((name) => name.toLowerCase());
    const sent = new Map(names.filter((name) => name !== "host").map((name) => [name, sample(name)]));
    const lines = [...sent].map(([name, value]) => `${name}: ${value}`);
    const arrived = arrivedOf(await echoed("/free/echo", { lines: [...lines, "X-Hop: 1"] }));
    expect(arrived.has("x-hop")).toBe(false);
    const changed = [...sent].filter(([name, value]) => arrived.get(name) !== value).map(([name]) => name);
    const unasked = [...arrived.keys()].filter((name) => !sent.has(name));
    expect([...new Set([...changed, ...unasked])].toSorted()).toEqual(namesOf(requestList));
    for (const { name } of requestList.filter(({ word }) => word === "removed")) {
      expect([name, arrived.has(name)]).toEqual([name, false]);
    }
  });

  test("nothing but what is listed as rebuilt where the client sends no header at all", async () => {
    const rebuilt = new Set(requestList.filter(({ word }) => word !== "removed").map(({ name }) => name));
    const arrived = arrivedOf(await echoed("/free/echo"));
    expect([...arrived.keys()].filter((name) => !rebuilt.has(name))).toEqual([]);
    expect(arrived.get("x-forwarded-host")).toBe("api.example.com");
  });

  test("every line of a header that is sent more than once, in its order", async () => {
    const lines = ["X-List: a", "Accept: text/html", "x-list: b", "Accept: */*;q=0.1", "X-LIST: c, d"];
    const arrived = arrivedOf(await echoed("/free/echo", { lines }));
    expect(arrived.get("x-list")).toBe("a, b, c, d");
    expect(arrived.get("accept")).toBe("text/html, */*;q=0.1");
  });

  test("an empty value, spaces inside a value, and UTF-8 as they were sent", async () => {
    const utf8 = Buffer.from("cafés ☕").toString("latin1");
    const arrived = arrivedOf(await echoed("/free/echo", { lines: ["X-Empty:", "X-Spaces: a  b", `X-Utf: ${utf8}`] }));
    expect([arrived.get("x-empty"), arrived.get("x-spaces"), arrived.get("x-utf")]).toEqual(["", "a  b", utf8]);
  });
});

describe("an address of the upstream's own becomes the gate's", () => {
  test.each(["301", "201", "200"])("in an answer with the status %s", async (status) => {
    const { headers } = await atGate(3, `/pointing/${status}`);
    expect(headers).toMatchObject({
      location: "http://api.example.com/there?x=1#y",
      "content-location": "http://api.example.com/here",
    });
  });

  test("and one outside of its prefix stays", async () => {
    const { headers } = await atGate(0, "/base/pointing/301");
    expect(headers["location"]).toBe("http://api.example.com/base/there?x=1#y");
    const beside = await atGate(3, "/beside");
    expect(beside.headers["location"]).toBe(`${origin.url}/elsewhere`);
  });
});

test("a cookie by a name of the gate's stays at the gate, and others pass", async () => {
  const { headers } = await atGate(0, "/free/ours");
  expect(headers["set-cookie"]).toBe("theirs=1");
});

describe("a gate behind a gate", () => {
  test("serves, and the origin is told of both", async () => {
    const answer = await atGate(1, "/free/echo");
    expect(answer.status).toBe(200);
    expect(arrivedOf(JSON.parse(answer.body)).get("via")).toBe("1.1 faregate, 1.1 faregate");
  });

  test("that is itself answers 508 after a few rounds", async () => {
    const answer = await atGate(2, "/free/round");
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([508, "loop_detected"]);
    expect(relayed.filter((path) => path === "/free/round")).toHaveLength(4);
  });
});
