import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ended, npmRun } from "../../support/command.ts";
import { PAY_TO } from "../../support/payment.ts";
import { startServer, type TestServer } from "../../support/server.ts";

const directory = mkdtempSync(join(tmpdir(), "faregate-doctor-"));
let asked: IncomingMessage[] = [];
let api: TestServer;

beforeEach(async () => {
  asked = [];
  // Its path says which status it answers with.
  api = await startServer((request, response) => {
    asked.push(request);
    response.writeHead(Number(/\d{3}/.exec(request.url ?? "")?.[0] ?? 404)).end();
  });
});
afterEach(() => api.stop());
afterAll(() => rmSync(directory, { recursive: true }));

function doctor(upstream: object | string, routes: object): Promise<Ended> {
  const file = join(directory, "pricing.json");
  const facilitators = ["https://facilitator.example.com"];
  writeFileSync(file, JSON.stringify({ upstream, payTo: PAY_TO, accepts: ["base-sepolia"], facilitators, routes }));
  return npmRun("doctor", ["--pricing", file], { API_KEY: "never-to-be-told" }).ended;
}

const locked = (): object => ({ url: `${api.url}/v2`, headers: { authorization: "Bearer {{API_KEY}}" } });

describe("npm run doctor", { timeout: 30_000 }, () => {
  test("says loudly that an API hands out what is sold, and exits with 1", async () => {
    const { code, stdout, stderr } = await doctor(locked(), {
      "/secret/:id": "$1",
      "/sold/200": "$1",
      "POST /sold/201": "$1",
      "/free/*": "free",
    });
    expect(stdout).toContain(`OPEN    ${api.url}/v2/sold/200 answered 200 without the gate`);
    expect(code).toBe(1);
    expect(stdout + stderr).not.toContain("never-to-be-told");
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(["GET /v2/sold/200", "GET /v2/secret/1"]);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  test.each([
    ["locked", "that it refuses", "/sold/403"],
    ["locked", "that it refuses", "/sold/401"],
    ["unclear", "that its answer tells nothing", "/sold/404"],
  ])("says %s, %s, and exits with 0 (%s)", async (word, _, route) => {
    const { code, stdout } = await doctor(locked(), { [route]: "$1" });
    expect(stdout).toContain(`${word.padEnd(7)} ${api.url}/v2${route} answered`);
    expect(code).toBe(0);
  });

  test("says that an API cannot be reached from here, and exits with 0", async () => {
    const { url } = api;
    await api.stop();
    const { code, stdout } = await doctor(url, { "/sold/200": "$1" });
    expect(stdout).toContain("cannot be reached from here");
    expect(code).toBe(0);
    api = await startServer(() => undefined);
  });

  test("asks nothing of what only changes things, and exits with 0", async () => {
    const { code, stdout } = await doctor(locked(), { "POST /sold/200": "$1" });
    expect(stdout).toContain("no route of it sells a GET");
    expect(code).toBe(0);
    expect(asked).toEqual([]);
  });
});
