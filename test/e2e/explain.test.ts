// What `npm run explain` says and what the gate does are one: for generated tables, and requests in odd spellings, over
// real sockets.

import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Explanation, explain } from "../../tools/explanation.ts";
import { readText, startServer, type TestServer } from "../support/server.ts";
import { type Gates, startGates } from "./gates.ts";
import { type GeneratedRequest, type GeneratedTable, requests, tables } from "./generated-table.ts";

const SEED = Number(process.env["FAREGATE_EXPLAIN_SEED"] ?? 20_261_125);
const TABLES = 100;
/** A thousand take about a minute. FAREGATE_EXPLAIN_REQUESTS asks for fewer or more, FAREGATE_EXPLAIN_SEED for others. */
const REQUESTS_PER_TABLE = Number(process.env["FAREGATE_EXPLAIN_REQUESTS"] ?? 1000);
/** Tables that are asked at the same time, each on connections of its own. */
const LANES = 8;

/** What can be seen of an answer from outside. */
interface Verdict {
  readonly status: number;
  readonly allow: string | null;
  readonly flaw: string | null;
  readonly challenge: string | null;
  /** Where the upstream was asked; null where it was not. */
  readonly upstream: string | null;
}

let upstream: TestServer;
let gates: Gates;
let generated: readonly GeneratedTable[];

beforeAll(async () => {
  upstream = await startServer((request, response) => {
    response.writeHead(200, { "x-asked": `http://${request.headers.host}${request.url}`, "content-length": 0 }).end();
  });
  generated = fc.sample(tables(upstream.url), { seed: SEED, numRuns: TABLES });
  gates = await startGates(generated.map(({ table }) => table));
});
afterAll(async () => {
  await gates?.stop();
  await upstream?.stop();
});

const agent = new Agent({ keepAlive: true, maxSockets: 2 });

async function ask(gate: string, { method, host, target }: GeneratedRequest): Promise<Verdict> {
  const { hostname, port } = new URL(gate);
  const options = { hostname, port, method, path: target, headers: { host }, agent };
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    httpRequest(options, resolve).on("error", reject).end(),
  );
  const text = await readText(answer);
  const header = (name: string): string | null => (answer.headers[name] as string | undefined) ?? null;
  return {
    status: answer.statusCode ?? 0,
    allow: header("allow"),
    flaw: answer.statusCode === 400 && method !== "HEAD" ? (JSON.parse(text).flaw ?? null) : null,
    challenge: header("payment-required"),
    upstream: header("x-asked"),
  };
}

const said = ({ status, allow, flaw, challenge, upstream: asked }: Explanation, method: string): Verdict => ({
  status,
  allow,
  flaw: method === "HEAD" ? null : flaw,
  challenge,
  upstream: status === 402 ? null : asked,
});

/** How often each status was the verdict; the first request that is judged in two ways ends it. */
async function compareAll(perTable: number): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>();
  const left = [...generated.entries()];
  const compareNext = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [i, table] = next;
      for (const request of fc.sample(requests(table), { seed: SEED + i, numRuns: perTable })) {
        const { status } = await compare(gates.urls[i] ?? "", table, request);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, compareNext));
  return statuses;
}

async function compare(gate: string, { table, config }: GeneratedTable, request: GeneratedRequest): Promise<Verdict> {
  const { method, host, target } = request;
  const explained = said(await explain(config, method, `http://${host}${target}`), method);
  const answered = await ask(gate, request);
  // As texts, and not by a matcher: so many of those would take longer than asking, and hide what is equal.
  if (JSON.stringify(explained) !== JSON.stringify(answered)) {
    expect.fail(`judged in two ways: ${JSON.stringify({ table, request, explained, answered }, null, 2)}`);
  }
  return explained;
}

test(`explain and the gate agree on ${REQUESTS_PER_TABLE} requests against each of ${TABLES} tables`, {
  timeout: 600_000,
}, async () => {
  const statuses = await compareAll(REQUESTS_PER_TABLE);
  const total = TABLES * REQUESTS_PER_TABLE;
  const share = (...some: readonly number[]): number =>
    some.reduce((sum, status) => sum + (statuses.get(status) ?? 0), 0) / total;
  const shares = { passed: share(200), priced: share(402), refused: share(400, 404, 405, 421) };
  console.info(shares, statuses);
  expect([...statuses.keys()].toSorted()).toEqual([200, 400, 402, 404, 405, 421]);
  expect(Math.min(...Object.values(shares))).toBeGreaterThan(0.1);
  for (const status of statuses.keys()) expect(share(status), String(status)).toBeGreaterThan(0.01);
});

test("every gate has a table of its own, with routes of all kinds among them", () => {
  const routes = generated.flatMap(({ config }) => config.routes);
  const count = (isSo: (route: (typeof routes)[number]) => boolean): number => routes.filter(isSo).length;
  expect(new Set(generated.map(({ table }) => JSON.stringify(table))).size).toBe(TABLES);
  expect(count(({ host }) => host !== null)).toBeGreaterThan(TABLES / 2);
  expect(count(({ segments }) => segments.includes(null))).toBeGreaterThan(TABLES / 2);
  expect(count(({ rest }) => rest)).toBeGreaterThan(TABLES / 2);
  for (const kind of ["free", "closed", "paid"]) {
    expect(count(({ access }) => access.kind === kind)).toBeGreaterThan(TABLES / 2);
  }
});
