// What docs/origin-lock.md tells an API to run lets through what the gate signs, and nothing else.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { baseOf } from "../../src/route/index.ts";
import {
  buildDirectory,
  buildSigner,
  buildUpstream,
  type Paid,
  readSigningKey,
  type SigningKey,
} from "../../src/upstream/index.ts";
import { startServer } from "../support/server.ts";
import { NEW_ED25519, RFC_ED25519 } from "../support/signing-keys.ts";

const text = readFileSync(join(import.meta.dirname, "../../docs/origin-lock.md"), "utf8");
const directory = mkdtempSync(join(tmpdir(), "faregate-lock-"));
const stops: (() => unknown)[] = [];

const keyOf = (keyId: string, secret: string): SigningKey => {
  const bytes = readSigningKey("ed25519", secret) ?? expect.fail();
  return { keyId, algorithm: "ed25519", bytes };
};
const key = keyOf("k1", RFC_ED25519);
const directoryText = async (): Promise<string> => JSON.stringify({ keys: await buildDirectory([key])() });

/** Writes the document's block that begins with its file's name. */
function extract(name: string): string {
  const [, code = expect.fail(`no block ${name}`)] = text.split(`\n// ${name}\n`);
  const file = join(directory, name);
  writeFileSync(file, code.split("\n```")[0] ?? "");
  return file;
}

async function startNode(): Promise<string> {
  process.env["FAREGATE_KEYS"] = await directoryText();
  const { fromGate } = await import(pathToFileURL(extract("faregate.mjs")).href);
  const listener: RequestListener = (request, response) =>
    fromGate(request, response, () => response.end(`for ${request.headers["faregate-payer"] ?? ""}`));
  const { url, stop } = await startServer(listener);
  stops.push(stop);
  return url;
}

async function startGo(): Promise<string> {
  const program = join(directory, "api");
  const env = { ...process.env, GO111MODULE: "off", GOCACHE: process.env["GOCACHE"] ?? join(tmpdir(), "faregate-go") };
  execFileSync("go", ["build", "-o", program, extract("faregate.go"), extract("main.go")], { env });
  const { url, stop } = await startServer(() => undefined);
  await stop();
  const child: ChildProcess = spawn(program, {
    env: { FAREGATE_KEYS: await directoryText(), LISTEN: new URL(url).host },
    stdio: "ignore",
  });
  stops.push(() => child.kill());
  for (let tries = 0; tries < 200; tries++) {
    if (await fetch(url).catch(() => null)) return url;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the program does not listen");
}

const hasGo = spawnSync("go", ["version"]).status === 0;
const origins: readonly (readonly [string, () => Promise<string>])[] = [
  ["Express", startNode],
  ...(hasGo ? [["Go", startGo] as const] : []),
];

const paid: Paid = {
  payer: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  network: "eip155:8453",
  id: "eip155:8453|0xa|0xb|0xc",
  asset: "0xA",
  amount: "1000",
  transaction: null,
};

interface Change {
  readonly paid?: Paid | null;
  readonly key?: SigningKey;
  readonly secondsAgo?: number;
  /** What is put behind the URL on its way. */
  readonly suffix?: string;
  /** What happens to the headers on their way. */
  readonly onTheWay?: (headers: Headers) => void;
}

async function ask(url: string, change: Change): Promise<{ readonly status: number; readonly body: string }> {
  const fetcher = {
    fetch: (to: string, { headers }: { readonly headers: Headers }) => {
      change.onTheWay?.(headers);
      return fetch(to + (change.suffix ?? ""), { headers });
    },
  } as unknown as Pick<Fetcher, "fetch">;
  const signer = buildSigner(change.key ?? key, () => Date.now() - 1000 * (change.secondsAgo ?? 0));
  const [address, timeoutMs] = [new URL(url), 5000];
  const at = { url: address, base: baseOf(address), host: "upstream", timeoutMs, service: null };
  const upstream = buildUpstream({ ...at, headers: [], signer, fetcher });
  const forwarded = await upstream({
    ...{ url, method: "GET", headers: new Headers(), body: null, cancel: null, host: "api.example.com" },
    ...{
      proto: "https",
      priced: true,
      conditions: null,
      paid: change.paid ?? null,
      wholeBytesMax: 1000,
      isRead: false,
    },
  });
  if (forwarded.kind !== "answered") return expect.fail(forwarded.reason);
  const { status, body } = forwarded.answer;
  return { status, body: await new Response(body).text() };
}

afterAll(async () => {
  for (const stop of stops) await stop();
  rmSync(directory, { recursive: true });
});

describe.each(origins)("an API with the document's code for %s", (_, start) => {
  let url = "";
  beforeAll(async () => {
    url = await start();
  }, 120_000);

  test.each([
    ["with a query", "/v1/report?a=b%20c&d=?"],
    ["without a query", "/v1/report"],
    ["of an encoded path", "/v1/%2Freport%C3%A9"],
  ])("answers what the gate signed %s", async (_, path) => {
    expect(await ask(url + path, {})).toEqual({ status: 200, body: "for " });
  });

  test("knows who paid", async () => {
    expect(await ask(`${url}/v1/report`, { paid })).toEqual({ status: 200, body: `for ${paid.payer}` });
  });

  test("refuses who asks it directly", async () => {
    expect((await fetch(`${url}/v1/report`)).status).toBe(403);
  });

  test.each<[string, Change]>([
    ["of another key by the same name", { key: keyOf("k1", NEW_ED25519) }],
    ["of a key that it does not know", { key: { ...key, keyId: "k2" } }],
    ["that is old", { secondsAgo: 120 }],
    ["of the future", { secondsAgo: -120 }],
    ["to which a query was added", { suffix: "?more" }],
    ["whose path was changed", { suffix: "/x" }],
    ["whose payer was changed", { paid, onTheWay: (headers) => headers.set("faregate-payer", "0x1") }],
    ["whose payer was removed", { paid, onTheWay: (headers) => headers.delete("faregate-payer") }],
    ["to which a payer was added", { onTheWay: (headers) => headers.set("faregate-payer", "0x1") }],
    ["without its signature", { onTheWay: (headers) => headers.delete("signature") }],
  ])("refuses a request %s", async (_, change) => {
    expect((await ask(`${url}/v1/report`, change)).status).toBe(403);
  });
});
