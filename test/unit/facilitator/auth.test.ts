// Who asks a facilitator, told in every way that a table can name; Coinbase's side of it judges every token.

import type { IncomingMessage } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import {
  type Authorize,
  type AuthSettings,
  buildCdpAuth,
  buildFacilitator,
  openAuth,
  readSupported,
} from "../../../src/facilitator/index.ts";
import { missingSecret } from "../../../src/std/index.ts";
import {
  type CdpKeyPair,
  type CdpServer,
  KEY_ID,
  newEc,
  newEd25519,
  parseToken,
  startCdpServer,
  strangersKey,
} from "../../support/cdp.ts";
import { NETWORK } from "../../support/payment.ts";
import { startServer, type TestServer } from "../../support/server.ts";

const payer = `0x${"12".repeat(20)}`;
const expected = { payer, network: NETWORK } as const;
const answer = {
  isValid: true,
  success: true,
  payer,
  network: NETWORK,
  transaction: `0x${"ab".repeat(32)}`,
  kinds: [],
};

const started: TestServer[] = [];
afterEach(async () => {
  for (const { stop } of started.splice(0)) await stop();
});

const keep = <Server extends TestServer>(server: Server): Server => {
  started.push(server);
  return server;
};

const cdp = (keyId = KEY_ID): AuthSettings => ({ kind: "cdp", keyId, secret: "{{CDP_KEY_SECRET}}" });
const fixed = (...headers: [string, string][]): AuthSettings => ({ kind: "headers", headers });

let nonces = 0;
const open = (settings: AuthSettings | null, secrets: object, changes: object = {}) =>
  openAuth(settings, {
    secrets: { ...secrets },
    buildCdpAuth,
    nowMs: Date.now,
    newNonce: () => `nonce-of-a-test-${nonces++}`,
    ...changes,
  });

function opened(...args: Parameters<typeof open>): Authorize | null {
  const auth = open(...args);
  return auth.ok ? auth.value : expect.fail(auth.error.join());
}

function clientOf(url: string, authorize: Authorize | null) {
  const notes = { read: async () => null, write: async () => undefined };
  const parts = { authorize, notes, nowMs: Date.now, random: Math.random };
  return buildFacilitator({ url, verifyTimeoutMs: 2000, settleTimeoutMs: 2000 }, parts);
}

const REFUSED = { ok: false, error: "supported answered 401 without kinds" };

/** Everything that a facilitator is ever asked. */
async function askAll(base: string, authorize: Authorize | null) {
  const facilitator = clientOf(base, authorize);
  return {
    verdict: await facilitator.verify("{}", expected),
    settlement: await facilitator.settleAgain("{}", expected),
    supported: await readSupported(base, 2000, authorize),
  };
}

const SERVED = {
  verdict: { kind: "valid" },
  settlement: { kind: "settled", transaction: answer.transaction },
  supported: { ok: true, value: { kinds: [], extensions: [], signers: {} } },
};

const startCdp = async (key: CdpKeyPair["publicKey"]): Promise<CdpServer> =>
  keep(await startCdpServer(key, (_, response) => response.end(JSON.stringify(answer))));

describe("headers that are always the same", () => {
  async function headersSeen(settings: AuthSettings | null, secrets: object) {
    const seen: IncomingMessage["headers"][] = [];
    const { url } = keep(
      await startServer(({ headers }, response) => {
        seen.push(headers);
        response.end(JSON.stringify(answer));
      }),
    );
    expect(await askAll(url, opened(settings, secrets))).toEqual(SERVED);
    return seen;
  }

  test("come with whatever is asked, and what is sent is JSON all the same", async () => {
    const settings = fixed(["authorization", "Bearer {{KEY}}"], ["X-Client", "gate of {{NAME}}"]);
    const seen = await headersSeen(settings, { KEY: "k-1", NAME: "us" });
    const told = { authorization: "Bearer k-1", "x-client": "gate of us" };
    expect(seen).toMatchObject([
      { ...told, "content-type": "application/json" },
      { ...told, "content-type": "application/json" },
      told,
    ]);
    expect(seen).toHaveLength(3);
  });

  test("are told without the line break that a file ends with", async () => {
    const [first] = await headersSeen(fixed(["x-api-key", "{{KEY}}"]), { KEY: "k-1\r\n" });
    expect(first?.["x-api-key"]).toBe("k-1");
  });

  test("are none where the table names none", async () => {
    const seen = await headersSeen(null, {});
    expect(seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined, undefined]);
  });
});

describe("a key of Coinbase CDP", () => {
  const [ed25519, sec1] = [newEd25519(), newEc("sec1")];
  const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";

  test.each<[string, CdpKeyPair]>([
    ["of Ed25519", ed25519],
    ["of Ed25519, with a line break behind it", { ...ed25519, secret: `${ed25519.secret}\n` }],
    ["of an EC key in SEC 1", sec1],
    [
      "of an EC key in SEC 1, whose line breaks are written out",
      { ...sec1, secret: sec1.secret.replaceAll("\n", "\\n") },
    ],
    ["of an EC key in SEC 1, behind its parameters", { ...sec1, secret: parameters + sec1.secret }],
    ["of an EC key in PKCS#8", newEc("pkcs8")],
  ])("%s signs for everything that is asked", async (_, { secret, publicKey }) => {
    const { url, host, asked } = await startCdp(publicKey);
    expect(await askAll(`${url}/platform/v2/x402`, opened(cdp(), { CDP_KEY_SECRET: secret }))).toEqual(SERVED);
    expect(asked.map(({ call, refusal }) => [call, refusal])).toEqual([
      [`POST ${host}/platform/v2/x402/verify`, null],
      [`POST ${host}/platform/v2/x402/settle`, null],
      [`GET ${host}/platform/v2/x402/supported`, null],
    ]);
  });

  test("has a name that may be a secret too", async () => {
    const { secret, publicKey } = newEd25519();
    const { url, asked } = await startCdp(publicKey);
    const authorize = opened(cdp("{{CDP_KEY_ID}}"), { CDP_KEY_SECRET: secret, CDP_KEY_ID: `${KEY_ID}\n` });
    await askAll(url, authorize);
    expect(asked.map(({ refusal }) => refusal)).toEqual([null, null, null]);
  });

  test("signs each call anew, for two minutes", async () => {
    const { secret, publicKey } = newEd25519();
    const { url, asked } = await startCdp(publicKey);
    const nowMs = Date.now();
    const authorize = opened(cdp(), { CDP_KEY_SECRET: secret }, { nowMs: () => nowMs });
    const facilitator = clientOf(url, authorize);
    for (let i = 0; i < 3; i++) expect(await facilitator.verify("{}", expected)).toEqual({ kind: "valid" });
    expect(new Set(asked.map(({ token }) => token)).size).toBe(3);
    const second = Math.floor(nowMs / 1000);
    for (const { token } of asked) {
      expect(parseToken(token).claims).toMatchObject({ nbf: second, iat: second, exp: second + 120 });
    }
  });

  test.each<[string, (url: string) => readonly [method: string, url: string]]>([
    ["another path", (url) => ["POST", `${url}/verify`]],
    ["another method", (url) => ["GET", `${url}/settle`]],
    ["another host", (url) => ["POST", `${url.replace("127.0.0.1", "localhost")}/settle`]],
  ])("signs a token that is no good for %s", async (_, signed) => {
    const { secret, publicKey } = newEc("sec1");
    const { url, asked } = await startCdp(publicKey);
    const authorize = opened(cdp(), { CDP_KEY_SECRET: secret });
    const headers = Object.fromEntries((await authorize?.(...signed(url))) ?? []);
    expect((await fetch(`${url}/settle`, { method: "POST", headers })).status).toBe(401);
    expect(asked.map(({ refusal }) => refusal)).toEqual(["another call"]);
  });

  test.each([
    ["121 seconds ago", -121, "another time"],
    ["in a minute", 60, "another time"],
  ])("signs a token that is no good where it was made %s", async (_, seconds, refusal) => {
    const { secret, publicKey } = newEd25519();
    const { url, asked } = await startCdp(publicKey);
    const nowMs = (): number => Date.now() + seconds * 1000;
    expect((await askAll(url, opened(cdp(), { CDP_KEY_SECRET: secret }, { nowMs }))).supported).toEqual(REFUSED);
    expect(new Set(asked.map((one) => one.refusal))).toEqual(new Set([refusal]));
  });
});

test("a facilitator that does not take it vouches for nothing, and what it was told to settle stays unknown", async () => {
  const { url, asked } = await startCdp(strangersKey());
  const { verdict, settlement, supported } = await askAll(url, opened(cdp(), { CDP_KEY_SECRET: newEd25519().secret }));
  expect(verdict).toEqual({ kind: "unavailable", detail: "verify answered 401 without isValid" });
  expect(settlement).toEqual({ kind: "unknown", detail: "settle answered 401 without success", transaction: null });
  expect(supported).toEqual(REFUSED);
  expect(asked.map(({ refusal }) => refusal)).toEqual(["another key", "another key", "another key"]);
});

describe("what cannot be told is known before anything is served", () => {
  const noKey =
    "the secret CDP_KEY_SECRET is none of a Coinbase CDP API key: write base64 of 64 bytes (Ed25519), or an EC key of the curve P-256 as a PEM file";

  test.each<[string, AuthSettings, object, readonly string[]]>([
    [
      "a secret that is missing",
      fixed(["x-api-key", "{{KEY}}"], ["x-client", "{{NAME}} {{KEY}}"]),
      { NAME: "" },
      [missingSecret("KEY"), missingSecret("NAME")],
    ],
    [
      "a secret of several lines in a header",
      fixed(["x-api-key", "{{KEY}}"]),
      { KEY: "never-to-be-told\nx-other: 1" },
      ["the secret in a facilitator's header x-api-key is not one line of printable ASCII"],
    ],
    [
      "both secrets of a key",
      cdp("{{CDP_KEY_ID}}"),
      {},
      [missingSecret("CDP_KEY_ID"), missingSecret("CDP_KEY_SECRET")],
    ],
    ["a secret that is no key", cdp(), { CDP_KEY_SECRET: "never-to-be-told" }, [noKey]],
  ])("%s", (_, settings, secrets, error) => {
    expect(open(settings, secrets)).toEqual({ ok: false, error });
  });

  test("a key of Coinbase CDP in a bundle that was built without them", () => {
    const auth = open(cdp(), { CDP_KEY_SECRET: newEd25519().secret }, { buildCdpAuth: null });
    expect(!auth.ok && auth.error).toEqual([
      expect.stringContaining("this bundle was built without them: deploy with"),
    ]);
  });
});
