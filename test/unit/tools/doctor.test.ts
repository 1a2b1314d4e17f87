import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { numberToHex } from "viem";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAccount } from "../../../src/schemes/index.ts";
import { secretsAtHand } from "../../../tools/local-secrets.ts";
import { type Ended, npmRun } from "../../support/command.ts";
import { HEAD, rawBlock, startFakeRpc } from "../../support/fake-rpc.ts";
import { PAY_TO } from "../../support/payment.ts";
import { startServer, type TestServer } from "../../support/server.ts";

const directory = mkdtempSync(join(tmpdir(), "faregate-doctor-"));
let asked: IncomingMessage[] = [];
let api: TestServer;
/** Its path says which status it answers with, and the last part what it settles. */
let facilitator: TestServer;
let askedFacilitator: IncomingMessage[] = [];

beforeEach(async () => {
  asked = [];
  askedFacilitator = [];
  facilitator = await startServer((request, response) => {
    askedFacilitator.push(request);
    const [, status, network] = /^\/(\d{3})\/(.+)\/supported$/.exec(request.url ?? "") ?? [];
    const kinds = status === "200" ? [{ x402Version: 2, scheme: "exact", network }] : undefined;
    response.writeHead(Number(status)).end(JSON.stringify({ kinds }));
  });
  // Its path says which status it answers with.
  api = await startServer((request, response) => {
    asked.push(request);
    response.writeHead(Number(/\d{3}/.exec(request.url ?? "")?.[0] ?? 404)).end();
  });
});
afterEach(() => Promise.all([api.stop(), facilitator.stop()]));
afterAll(() => rmSync(directory, { recursive: true }));

const settling = (): string => `${facilitator.url}/200/eip155:84532`;

function doctor(
  upstream: object | string,
  routes: object,
  facilitators: unknown[] = [settling()],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const file = join(directory, "pricing.json");
  writeFileSync(file, JSON.stringify({ upstream, payTo: PAY_TO, accepts: ["base-sepolia"], facilitators, routes }));
  return npmRun("doctor", ["--pricing", file], { API_KEY: "never-to-be-told", ...env }).ended;
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
    expect(stdout).toContain(`closed  ${url}/sold/200 cannot be reached from here (ECONNREFUSED).`);
    expect(code).toBe(0);
    api = await startServer(() => undefined);
  });

  test("says of a host that there is not that this is no lock, and exits with 2", async () => {
    const { code, stdout } = await doctor("https://api.invalid", { "/sold/200": "$1" });
    expect(stdout).toMatch(
      /^unknown https:\/\/api\.invalid\/sold\/200 cannot be reached from here \((ENOTFOUND|EAI_AGAIN)\): this says nothing about a lock\.$/m,
    );
    expect(code).toBe(2);
  });

  test("asks for what is sold at a price that follows the request as an entry of it says", async () => {
    const { stdout } = await doctor(locked(), {
      "/query/403": { by: { query: "model" }, table: { none: "free", "a b": "$1" } },
      "/header/403": { by: { header: "x-model" }, table: { large: "$1" } },
      "/size/403": { by: "bodyBytes", table: { "100": "$1" } },
      "/mcp/403": { by: "mcp", table: { "tools/call": "$1" }, otherwise: "free" },
      "/rest/403": { by: { body: "/model" }, table: { large: "$2" }, otherwise: "$3" },
    });
    expect(stdout).toContain(`locked  ${api.url}/v2/`);
    const sent = asked.map(({ url, headers }) => [url, headers["x-model"]]);
    expect(sent.toSorted()).toEqual([
      ["/v2/header/403", "large"],
      ["/v2/mcp/403", undefined],
      ["/v2/query/403?model=a+b", undefined],
      ["/v2/rest/403", undefined],
      ["/v2/size/403", undefined],
    ]);
  });

  test("asks for nothing where no entry that a GET can mean is sold", async () => {
    const { stdout } = await doctor(locked(), {
      "/query/200": { by: { query: "model" }, table: { none: "free" } },
      "/body/200": { by: { body: "/model" }, table: { large: "$2" } },
    });
    expect([stdout.includes("no route of it sells a GET"), asked]).toEqual([true, []]);
  });

  test("asks nothing of what only changes things, and exits with 0", async () => {
    const { code, stdout } = await doctor(locked(), { "POST /sold/200": "$1" });
    expect(stdout).toContain("no route of it sells a GET");
    expect(code).toBe(0);
    expect(asked).toEqual([]);
  });
});

describe("npm run doctor asks the facilitators", { timeout: 30_000 }, () => {
  const routes = { "/sold/403": "$1" };
  const auth = (name: string): object => ({ headers: { "x-api-key": `{{${name}}}` } });

  test("and says what each settles of what the table accepts, with its key where that is at hand", async () => {
    const { code, stdout } = await doctor(locked(), routes, [
      { url: settling(), auth: auth("API_KEY") },
      `${facilitator.url}/200/eip155:8453`,
    ]);
    expect(stdout).toContain(`answers ${settling()} settles exact on base-sepolia.`);
    expect(stdout).toContain(`answers ${facilitator.url}/200/eip155:8453 settles nothing that the table accepts.`);
    expect(askedFacilitator.map(({ headers }) => headers["x-api-key"]).toSorted()).toEqual([
      "never-to-be-told",
      undefined,
    ]);
    expect([code, stdout.includes("never-to-be-told")]).toEqual([0, false]);
  });

  test("and exits with 1 where one turns it away", async () => {
    const { code, stdout } = await doctor(locked(), routes, [`${facilitator.url}/401/eip155:84532`, settling()]);
    expect(stdout).toContain(`SILENT  ${facilitator.url}/401/eip155:84532: supported answered 401`);
    expect(code).toBe(1);
  });

  test("and exits with 1 where none settles what the table accepts", async () => {
    const { code, stdout } = await doctor(locked(), routes, [`${facilitator.url}/200/eip155:8453`]);
    expect(stdout).toContain("LACKING exact on base-sepolia: no facilitator of the table lists it.");
    expect(code).toBe(1);
  });

  test("but for one whose key is not at hand", async () => {
    const { code, stdout } = await doctor(locked(), routes, [{ url: settling(), auth: auth("NOT_HERE") }]);
    expect(stdout).toContain(`unasked ${settling()}: its key is not at hand (NOT_HERE=… npm run doctor).`);
    expect([code, askedFacilitator]).toEqual([0, []]);
  });
});

describe("npm run doctor asks the RPCs of an account that settles itself", { timeout: 30_000 }, () => {
  const KEY = `0x${"11".repeat(32)}`;
  const { address } = openAccount(KEY) ?? expect.fail();
  const GWEI = 1_000_000_000n;
  /** A usual transfer at two gwei and a quarter more, as the gate reckons. */
  const ONE = (110_000n * 2n * GWEI * 5n) / 4n;
  const servers: TestServer[] = [];
  afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.stop()))));

  async function rpcOf(balance: bigint, chainId = "0x14a34"): Promise<string> {
    const rpc = await startFakeRpc({
      answers: {
        eth_chainId: () => chainId,
        eth_getBlockByNumber: () => ({ ...rawBlock(HEAD), baseFeePerGas: numberToHex(GWEI / 2n) }),
        eth_gasPrice: () => numberToHex((3n * GWEI) / 2n),
        eth_getBalance: () => numberToHex(balance),
      },
    });
    servers.push(rpc);
    return rpc.url;
  }

  const askOf = (rpc: readonly string[], env: NodeJS.ProcessEnv = { RELAYER_KEY: KEY }): Promise<Ended> => {
    const direct = { key: "{{RELAYER_KEY}}", network: "base-sepolia", rpc, maxFeeGwei: 100 };
    return doctor(locked(), { "/sold/403": "$1" }, [{ direct }], env);
  };

  test("and says how many settlements its gas money pays for", async () => {
    const { code, stdout, stderr } = await askOf([await rpcOf(73n * ONE)]);
    const has = "has 0.020075 of the network's coin, the gas of 73 settlements.";
    expect(stdout).toContain(`answers the account ${address} on base-sepolia ${has}`);
    expect([code, (stdout + stderr).includes(KEY.slice(2))]).toEqual([0, false]);
  });

  test("and exits with 1 where that pays for none", async () => {
    const { code, stdout } = await askOf([await rpcOf(ONE - 1n)]);
    expect(stdout).toContain(`EMPTY   the account ${address} on base-sepolia has `);
    expect(code).toBe(1);
  });

  test("and exits with 1 where one of them is on another chain, and says which", async () => {
    const { code, stdout } = await askOf([await rpcOf(ONE), `${await rpcOf(ONE, "0x1")}/{{API_KEY}}`]);
    expect(stdout).toContain("the gas of 1 settlements.");
    expect(stdout).toContain(`SILENT  the account ${address} on base-sepolia: RPC 2 is on another chain.`);
    expect([code, stdout.includes("never-to-be-told")]).toEqual([1, false]);
  });

  test("and exits with 1 where its secret is no key, or no RPC answers", async () => {
    const wrong = await askOf([await rpcOf(ONE)], { RELAYER_KEY: "not-to-be-told" });
    expect(wrong.stdout).toContain(
      "SILENT  the account of {{RELAYER_KEY}} on base-sepolia: the secret is no account's key.",
    );
    expect([wrong.code, wrong.stdout.includes("not-to-be-told")]).toEqual([1, false]);
    const alone = await askOf([`${api.url}/503`]);
    expect([alone.code, alone.stdout]).toEqual([1, expect.stringContaining("RPC 1 answered 503.")]);
  });

  test("but where a secret of it is missing, and says which", async () => {
    const { code, stdout } = await askOf([`${await rpcOf(ONE)}/{{NOT_HERE}}`], {});
    expect(stdout).toContain(
      "unasked the account of {{RELAYER_KEY}} on base-sepolia: its secrets are not at hand (RELAYER_KEY=… NOT_HERE=… npm run doctor).",
    );
    expect(code).toBe(0);
  });
});

test("secrets are those of the environment, and of a .dev.vars beside wrangler.toml", () => {
  expect(secretsAtHand(directory, { ONE: "1" })).toEqual({ ONE: "1" });
  writeFileSync(join(directory, ".dev.vars"), 'ONE="first"\n# none\nTWO=second\n');
  expect(secretsAtHand(directory, { ONE: "1" })).toEqual({ ONE: "1", TWO: "second" });
});
