import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PAY_TO } from "../support/payment.ts";
import { getRaw, sendRaw } from "../support/raw-http.ts";
import { type Gates, startGates } from "./gates.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

describe("no spelling of a request target reaches a priced resource unpaid", () => {
  test.each([
    // Refused: origins read these in different ways.
    ["/free/../paid/ok", 400],
    ["/free/%2e%2e/paid/ok", 400],
    ["/free/%2E%2e/paid/ok", 400],
    ["/free/./ok", 400],
    ["/free/..%2fpaid/ok", 400],
    ["/free/..%5cpaid/ok", 400],
    ["/free\\..\\paid\\ok", 400],
    ["/free/%252e%252e/paid/ok", 400],
    ["//paid/ok", 400],
    ["/paid//ok", 400],
    ["/free/;/../../paid/ok", 400],
    ["/paid;x=1/ok", 400],
    ["/paid%3bx/ok", 400],
    ["/paid%2fok", 400],
    ["/paid%00/ok", 400],
    ["/paid/ok%0a", 400],
    ["/paid/ok%20", 400],
    ["/paid/ok.", 400],
    ["/paid/%c0%af", 400],
    ["/paid/%ff", 400],
    ["/paid/%zz", 400],
    ["/paid/%", 400],
    ["/\xffpaid/ok", 400],
    ["/%EF%BC%8Fpaid/ok", 400],
    ["/p%EF%BD%81id/ok", 400],
    // Priced: these mean the priced path.
    ["/paid", 402],
    ["/paid/", 402],
    ["/PAID/ok", 402],
    ["/%70aid/ok", 402],
    ["/p%61id/ok", 402],
    ["/paid/ok?x=/../free", 402],
    ["/paid/ok?x=\\%2e%2e;//", 402],
    ["/paid/ok#/free", 402],
    ["http://elsewhere.example/paid/ok", 402],
    // Closed, or named by nothing.
    ["/closed", 404],
    ["/CLOSED/", 404],
    ["/closed/below", 404],
    ["/paidx", 404],
    ["/freepaid/ok", 404],
    ["/.faregate/nothing", 404],
    ["/.FAREGATE/x", 404],
  ])("%s is %i", async (target, status) => {
    const answer = await getRaw(world.gate, target);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('"goods"');
  });

  test("nothing of all this reached the upstream", async () => {
    expect(await world.seen("/")).toEqual([]);
  });
});

describe("what passes arrives in its canonical spelling", () => {
  test.each([
    ["/free/a%20b", "/free/a%20b"],
    ["/free/%7Euser/%41", "/free/~user/A"],
    ["/free/caf%C3%A9", "/free/caf%C3%A9"],
    ["/Free/Case/", "/Free/Case/"],
    ["/free/a:b@c,d=e&f+g", "/free/a:b@c,d=e&f+g"],
    ["/free/x?q=%2e%2e/&q=a;b", "/free/x?q=%2e%2e/&q=a;b"],
  ])("%s", async (target, arrived) => {
    expect((await getRaw(world.gate, target)).status).toBe(200);
    expect((await world.seen(arrived)).map(({ url }) => url)).toContain(arrived);
  });
});

describe("a host that is none", () => {
  test.each(["a?b", "a#b", "user@host", "a b", "a\\b"])("%s is refused", async (host) => {
    const answer = await getRaw(world.gate, "/free/ok", host);
    expect(answer.status).toBe(400);
  });
});

test("a slash in Host moves what is matched and what is forwarded together", async () => {
  expect((await getRaw(world.gate, "/paid/ok", "a.example/free")).status).toBe(200);
  expect((await world.seen("/free/paid/ok")).map(({ url }) => url)).toEqual(["/free/paid/ok"]);
  expect((await getRaw(world.gate, "/free/ok", "a.example/paid")).status).toBe(402);
});

test("a GET with a body is refused", async () => {
  const answer = await sendRaw(
    world.gate,
    "GET /free/ok HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
  );
  expect(answer.status).toBe(400);
});

test.each([
  ["GET", "/free/empty", 200],
  ["HEAD", "/free/empty", 200],
  ["GET", "/paid/empty", 402],
])(
  "a %s of %s that says that its body has no bytes is %i, like one that says nothing",
  async (method, path, status) => {
    const answer = await sendRaw(
      world.gate,
      `${method} ${path} HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(status);
  },
);

test.each(["Content-Length: 0, 0", "Transfer-Encoding: chunked", "Content-Length: 0\r\nTransfer-Encoding: chunked"])(
  "a GET that says %j is refused",
  async (framing) => {
    const head = `GET /free/empty HTTP/1.1\r\nHost: a.example\r\n${framing}\r\nConnection: close\r\n\r\n`;
    expect((await sendRaw(world.gate, `${head}0\r\n\r\n`)).status).toBe(400);
  },
);

test("OPTIONS * names no resource", async () => {
  const answer = await sendRaw(world.gate, "OPTIONS * HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
  expect(answer.status).toBe(400);
});

test("two payment headers are refused", async () => {
  const payment = "PAYMENT-SIGNATURE: e30=\r\n";
  const head = `GET /paid/ok HTTP/1.1\r\nHost: a.example\r\n${payment}${payment}Connection: close\r\n\r\n`;
  const answer = await sendRaw(world.gate, head);
  expect(answer.status).toBe(400);
  expect(answer.text).toContain("exactly one");
});

describe("a route that lets a spelling through", () => {
  let gates: Gates;
  beforeAll(async () => {
    const table = {
      upstream: world.upstream,
      payTo: PAY_TO,
      accepts: ["base-sepolia"],
      facilitators: ["http://127.0.0.1:1"],
      unmatched: "free",
      routes: {
        "/open/*": { price: "free", allowEncodedSlash: true, allowSemicolon: true, allowDoubleSlash: true },
        "/sold": { price: "$0.01", allowEncodedSlash: true },
        "/paid": "$0.01",
        "/r/AbC": { price: "$0.01", caseSensitive: true },
        "/r/abc": { price: "free", caseSensitive: true },
      },
    };
    gates = await startGates([table]);
  });
  afterAll(() => gates?.stop());
  const ask = (target: string) => getRaw(gates.urls[0] ?? "", target);

  test.each([
    ["/open/a%2fb", "/open/a%2Fb"],
    ["/open/a;v=1/b;w", "/open/a;v=1/b;w"],
    ["/open/a%3bb", "/open/a%3Bb"],
    ["/open//a///b", "/open//a///b"],
    ["/OPEN/%61;x%2Fb//", "/OPEN/a;x%2Fb//"],
  ])("has its API see %s as it was written", async (target, arrived) => {
    expect((await ask(target)).status).toBe(200);
    expect((await world.seen(arrived)).map(({ url }) => url)).toContain(arrived);
  });

  test.each([
    // Behind the key's own names alone, and never in what could climb or come out above.
    ["/open%2Fa", 400],
    ["/open;x/a", 400],
    ["//open/a", 400],
    ["/open//", 400],
    ["/open/;x", 400],
    ["/open/..%2Fpaid/ok", 400],
    ["/open/..;/paid/ok", 400],
    ["/open//../paid/ok", 400],
    ["/open/%2F..%2Fpaid", 400],
    ["/open/a%252Fb", 400],
    // Nowhere else, whatever the rest of the table says.
    ["/paid/a%2Fb", 400],
    ["/paid//ok", 400],
    ["/elsewhere/a%2Fb", 400],
    ["/sold/a;b", 400],
    ["/sold/a%2Fb", 402],
    ["/r/AbC", 402],
    ["/r/%41bC/", 402],
    ["/r/abc", 200],
    ["/r/ABC", 400],
    ["/R/abc", 400],
  ])("takes nothing else: %s is %i", async (target, status) => {
    expect((await ask(target)).status).toBe(status);
  });
});
