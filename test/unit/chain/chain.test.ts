import { pad } from "viem";
import { afterEach, describe, expect, test } from "vitest";
import { type Authorization, buildChain, type Fate } from "../../../src/chain/index.ts";
import {
  type FakeChain,
  type FakeRpc,
  HEAD,
  json,
  RpcRefusal,
  rawBlock,
  secondsOf,
  startFakeRpc,
} from "../../support/fake-rpc.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import {
  authorization,
  canceled,
  mined,
  OTHER,
  OTHER_NONCE,
  type RawEvent,
  TRANSACTION,
  transfer,
  used,
} from "../../support/token-logs.ts";

/** Long, so that a busy machine is not taken for an RPC that does not answer. */
const TIMEOUT_MS = 4000;
/** For an RPC that never does. */
const SHORT_MS = 1000;
const paid: Fate = { kind: "paid", transaction: TRANSACTION, amount: "10000" };
const unused: Fate = { kind: "unused", chainTimeMs: secondsOf(HEAD) * 1000 };
const unavailable = { kind: "unavailable" };
const hint = { transaction: TRANSACTION };

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(chain: Partial<FakeChain>): Promise<FakeRpc> {
  const rpc = await startFakeRpc(chain);
  servers.push(rpc);
  return rpc;
}

const askAt = (urls: readonly string[], changes: Partial<Authorization> = {}, timeoutMs = TIMEOUT_MS): Promise<Fate> =>
  buildChain({ urls, timeoutMs }).fateOf({ ...authorization, ...changes });

async function ask(chain: Partial<FakeChain>, changes: Partial<Authorization> = {}): Promise<Fate> {
  const { url } = await start(chain);
  return askAt([url], changes);
}

const holding = (...events: readonly RawEvent[]): Partial<FakeChain> => ({ receipts: [mined(events)] });
const methodsOf = ({ seen }: FakeRpc) => seen.map((calls) => calls.map(({ method }) => method).join(" "));

describe("an unanswered settlement", () => {
  test.each([
    ["is paid where its transfer was mined", holding(used(), transfer()), paid],
    ["is canceled where its authorization was", holding(canceled()), { kind: "canceled" }],
    ["is canceled where its nonce paid somebody else", holding(used(), transfer(10000, OTHER)), { kind: "canceled" }],
    ["is unused as of the head where its nonce is", { isUsed: false }, unused],
    ["is unknown where the nonce is used and no log tells by what", {}, unavailable],
    ["is unknown where the transfer is not beside its nonce", holding(used(), transfer(1), transfer()), unavailable],
  ] as const)("%s", async (_, chain, fate) => {
    expect(await ask(chain)).toMatchObject(fate);
  });

  test("is unknown, and not canceled, where its nonce was used long before the claim", async () => {
    const old = { receipts: [mined([canceled()], TRANSACTION, 1000)] };
    expect(await ask(old)).toMatchObject(unavailable);
  });

  test("is unknown where the nonce was used in more transactions than a nonce can be", async () => {
    const receipts = [1, 2, 3, 4, 5].map((i) => mined([used(), transfer()], `0x${String(i).repeat(64)}`, 5000 + i));
    expect(await ask({ receipts })).toMatchObject(unavailable);
  });

  test("is unknown where nobody can be asked", async () => {
    expect(await askAt([])).toEqual({ kind: "unavailable", detail: "no RPC is configured" });
  });
});

describe("what is asked", () => {
  test("is the nonce's state at the very block whose time is told", async () => {
    const rpc = await start({ isUsed: false });
    await askAt([rpc.url]);
    expect(methodsOf(rpc)).toEqual(["eth_chainId eth_getBlockByNumber", "eth_call eth_getBlockByNumber"]);
    expect(rpc.seen[1]?.[0]?.params[1]).toBe(`0x${HEAD.toString(16)}`);
  });

  test("is the logs of this payer and nonce from some minutes before the claim to the same block", async () => {
    const rpc = await start(holding(used(), transfer()));
    const sinceMs = secondsOf(4700) * 1000;
    await askAt([rpc.url], { sinceMs });
    const call = rpc.seen.flat().find(({ method }) => method === "eth_getLogs");
    const [filter] = (call?.params ?? []) as unknown as readonly [
      { fromBlock: string; toBlock: string; topics: string[][] },
    ];
    expect(secondsOf(Number(filter.fromBlock)) * 1000).toBeLessThanOrEqual(sinceMs - 5 * 60_000);
    expect(Number(filter.toBlock)).toBe(HEAD);
    expect(filter.topics.slice(1)).toEqual([
      [`0x${"0".repeat(24)}${authorization.payer.slice(2).toLowerCase()}`],
      [authorization.nonce.toLowerCase()],
    ]);
  });

  test("is the chain's number once for each URL", async () => {
    const rpc = await start({ isUsed: false });
    const chain = buildChain({ urls: [rpc.url], timeoutMs: TIMEOUT_MS });
    for (let i = 0; i < 3; i++) expect(await chain.fateOf(authorization)).toEqual(unused);
    expect(rpc.seen.flat().filter(({ method }) => method === "eth_chainId")).toHaveLength(1);
  });

  test("is the chain's number again where it was another one", async () => {
    let id = "0x1";
    const rpc = await start({ isUsed: false, answers: { eth_chainId: () => id } });
    const chain = buildChain({ urls: [rpc.url], timeoutMs: TIMEOUT_MS });
    expect(await chain.fateOf(authorization)).toMatchObject(unavailable);
    id = "0x14a34";
    expect(await chain.fateOf(authorization)).toEqual(unused);
    expect(await chain.fateOf({ ...authorization, network: "eip155:8453" })).toMatchObject(unavailable);
  });

  test("goes through the fetcher that is given", async () => {
    const { url } = await start({ isUsed: false });
    const hosts: string[] = [];
    const fetcher = {
      fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
        hosts.push(String(input));
        return fetch(url, init);
      },
    };
    const chain = buildChain({ urls: ["https://rpc.example"], timeoutMs: TIMEOUT_MS }, fetcher);
    expect(await chain.fateOf(authorization)).toEqual(unused);
    expect(new Set(hosts)).toEqual(new Set(["https://rpc.example"]));
  });
});

describe("where more blocks are asked for than its own, a payment", () => {
  /** Mined in that block, from which on its nonce reads as used. */
  const minedIn = (block: number, ...events: readonly RawEvent[]): Partial<FakeChain> => ({
    receipts: [mined(events, TRANSACTION, block)],
    answers: usedFrom(block),
  });
  const look = async (chain: Partial<FakeChain>, confirmations: number, changes: Partial<Authorization> = {}) => {
    const rpc = await start(chain);
    const fate = await buildChain({ urls: [rpc.url], timeoutMs: TIMEOUT_MS }).fateOf(
      { ...authorization, ...changes },
      confirmations,
    );
    return { rpc, fate };
  };
  const unusedIn = (block: number): Fate => ({ kind: "unused", chainTimeMs: secondsOf(block) * 1000 });

  test.each([
    ["counts in a block that is deep enough", HEAD - 2, paid],
    ["does not count a block above that: it is unused as of the older one", HEAD - 1, unusedIn(HEAD - 2)],
    ["does not count at the head", HEAD, unusedIn(HEAD - 2)],
  ])("%s", async (_, block, fate) => {
    expect((await look(minedIn(block, used(), transfer()), 3)).fate).toEqual(fate);
    // The head is enough where nobody asks for more.
    expect((await look(minedIn(block, used(), transfer()), 1)).fate).toEqual(paid);
  });

  test("is not canceled either in a block that may go again", async () => {
    expect((await look(minedIn(HEAD - 2, canceled()), 3)).fate).toEqual({ kind: "canceled" });
    expect((await look(minedIn(HEAD - 1, canceled()), 3)).fate).toEqual(unusedIn(HEAD - 2));
  });

  test("is not believed for a transaction that somebody named", async () => {
    const { rpc, fate } = await look(minedIn(HEAD, used(), transfer()), 3, hint);
    expect(fate).toEqual(unusedIn(HEAD - 2));
    expect(methodsOf(rpc).join()).not.toContain("Receipt");
  });

  test("is looked for in the first block of a chain that has not so many", async () => {
    const { fate } = await look({ isUsed: false, head: 1 }, 3);
    expect(fate).toEqual(unusedIn(0));
  });

  test("is unknown where an RPC does not show the older block", async () => {
    const answers = { eth_getBlockByNumber: (tag: string) => (tag === "latest" ? rawBlock(HEAD) : null) };
    expect((await look({ ...minedIn(HEAD - 5, used(), transfer()), answers }, 3)).fate).toMatchObject(unavailable);
  });
});

describe("a transaction that the facilitator named", () => {
  test("is looked at first, and is enough where it pays", async () => {
    const rpc = await start(holding(used(), transfer()));
    expect(await askAt([rpc.url], hint)).toEqual(paid);
    expect(methodsOf(rpc)).toEqual(["eth_chainId eth_getTransactionReceipt"]);
  });

  test.each([
    ["was never mined", { transaction: OTHER_NONCE }],
    ["is no hash", { transaction: "0x1234" }],
    ["is empty", { transaction: "" }],
  ])("does not keep the payment from being found where it %s", async (_, changes) => {
    expect(await ask(holding(used(), transfer()), changes)).toEqual(paid);
  });

  test.each([
    ["holds the value's transfer, and not the nonce", [transfer()]],
    ["cancels another's nonce", [canceled(OTHER)]],
    ["says that this nonce is canceled, which its state does not say", [canceled()]],
  ])("does not decide where it %s", async (_, events) => {
    expect(await ask({ ...holding(...events), isUsed: false }, hint)).toEqual(unused);
  });

  test("does not keep the rest from being answered where it cannot be shown", async () => {
    const answers = { eth_getTransactionReceipt: refuse };
    expect(await ask({ isUsed: false, answers }, hint)).toEqual(unused);
  });

  test("does not cost a second wait where the RPC does not answer", async () => {
    const rpc = await start({ serve: () => undefined });
    expect(await askAt([rpc.url], hint, SHORT_MS)).toMatchObject(unavailable);
    expect(rpc.seen).toHaveLength(1);
  });
});

const KEY = "secret-key";
const text =
  (status: number, body: string): FakeChain["serve"] =>
  (response) =>
    void response.writeHead(status).end(body);
const swapped: FakeChain["serve"] = (response, replies, calls) =>
  json(
    response,
    replies.map((reply, i) => ({ ...reply, id: (calls[i]?.id ?? 0) + 1 })),
  );

const padded: FakeChain["serve"] = (response, replies) =>
  json(
    response,
    replies.map((reply, i) => (i === 0 ? { ...reply, more: Array.from({ length: 150_000 }, () => 0) } : reply)),
  );

/** One part, and more bytes than are read. */
const swollen: FakeChain["serve"] = (response, replies) =>
  json(
    response,
    replies.map((reply, i) => (i === 0 ? { ...reply, more: "x".repeat(2 * 1024 * 1024) } : reply)),
  );

const refuse = (): never => {
  throw new RpcRefusal(KEY);
};

/** The head as one machine has it, and the same block as another one shows it. */
const split = (shown: unknown): Partial<FakeChain> => ({
  isUsed: false,
  answers: { eth_getBlockByNumber: (tag: string) => (tag === "latest" ? rawBlock(HEAD) : shown) },
});

const broken: readonly (readonly [string, Partial<FakeChain>])[] = [
  ["breaks the connection", { serve: (response) => void response.socket?.destroy() }],
  ["answers 500 with results", { serve: (response, replies) => json(response, replies, 500) }],
  ["answers 429", { serve: text(429, "slow down") }],
  ["answers 400", { serve: text(400, "batches are not served") }],
  ["answers 204", { serve: text(204, "") }],
  ["answers a page", { serve: text(200, "<h1>hello</h1>") }],
  ["answers nothing", { serve: text(200, "") }],
  ["answers what is nested too deeply", { serve: text(200, "[".repeat(1000)) }],
  ["answers more than is read", { serve: text(200, `[${'"x",'.repeat(1_000_000)}1]`) }],
  ["answers more bytes than are read", { serve: swollen }],
  ["answers more parts than are counted", { serve: padded }],
  ["answers other ids", { serve: swapped }],
  ["answers some calls", { serve: (response, replies) => json(response, replies.slice(1)) }],
  [
    "refuses batches",
    { serve: (response) => json(response, { jsonrpc: "2.0", id: null, error: { code: -32600, message: KEY } }) },
  ],
  ["is on another chain", { answers: { eth_chainId: () => "0x2105" } }],
  ["is on no chain", { answers: { eth_chainId: () => null } }],
  ["has no latest block", { answers: { eth_getBlockByNumber: () => null } }],
  ["has the state on a machine that has not seen that block", split(null)],
  ["has the state on a machine that shows an older block", split(rawBlock(HEAD - 1))],
  [
    "has the state after another turn of the chain",
    split({ ...rawBlock(HEAD), timestamp: rawBlock(HEAD - 1).timestamp }),
  ],
  ["refuses the nonce's state", { answers: { eth_call: refuse } }],
  [
    "refuses older blocks",
    {
      answers: {
        eth_getBlockByNumber: (tag: string) => (tag === "latest" || Number(tag) === HEAD ? rawBlock(HEAD) : refuse()),
      },
    },
  ],
  ["refuses logs", { answers: { eth_getLogs: refuse } }],
  ["refuses receipts", { answers: { eth_getTransactionReceipt: refuse } }],
  ["has no state at that block", { answers: { eth_call: () => "0x" } }],
  ["has a state that is neither true nor false", { answers: { eth_call: () => `0x${"02".padStart(64, "0")}` } }],
  ["has a state that is too long", { answers: { eth_call: () => `0x${"0".repeat(127)}1` } }],
  ["has no logs of a used nonce", { answers: { eth_getLogs: () => [] } }],
  ["has null for logs", { answers: { eth_getLogs: () => null } }],
  [
    "has logs of another nonce",
    { answers: { eth_getLogs: () => mined([used(authorization.payer, OTHER_NONCE)]).logs } },
  ],
  ["has logs of another contract", { answers: { eth_getLogs: () => mined([used(undefined, undefined, OTHER)]).logs } }],
  ["has logs of other events", { answers: { eth_getLogs: () => mined([transfer()]).logs } }],
  ["has logs of blocks to come", { answers: { eth_getLogs: () => mined([used()], TRANSACTION, HEAD + 1).logs } }],
  ["has logs of no event", { answers: { eth_getLogs: () => [{ ...mined([used()]).logs[0], topics: [] }] } }],
  ["has a log twice", { answers: { eth_getLogs: () => [0, 0].map(() => mined([used()]).logs[0]) } }],
  ["has no receipt of a log's transaction", { answers: { eth_getTransactionReceipt: () => null } }],
  ["has a receipt without the log", { answers: { eth_getTransactionReceipt: () => mined([]) } }],
  [
    "has another transaction's receipt",
    { answers: { eth_getTransactionReceipt: () => mined([used(), transfer()], OTHER_NONCE) } },
  ],
];

describe("an RPC that", () => {
  const good = holding(used(), transfer());

  test.each(broken)("%s proves nothing, and the next one is asked", async (_, trouble) => {
    const [bad, next] = await Promise.all([start({ ...good, ...trouble }), start(good)]);
    const alone = await askAt([`${bad.url}/${KEY}`]);
    expect(alone).toMatchObject({ kind: "unavailable", detail: expect.stringMatching(/^RPC 1 ./) });
    expect(JSON.stringify(alone)).not.toContain(KEY);
    expect(await askAt([bad.url, next.url])).toEqual(paid);
  });

  test.each<readonly [string, FakeChain["serve"]]>([
    ["hangs", () => undefined],
    ["hangs in the middle of its answer", (response) => void response.writeHead(200).write('[{"jsonrpc"')],
  ])("%s is given up at the deadline, and the next one is asked", async (_, serve) => {
    const [bad, next] = await Promise.all([start({ ...good, serve }), start(good)]);
    expect(await askAt([bad.url], {}, SHORT_MS)).toEqual({ kind: "unavailable", detail: "RPC 1 did not answer" });
    expect(await askAt([bad.url, next.url], {}, SHORT_MS)).toEqual(paid);
  });

  test("redirects is not followed", async () => {
    const target = await start(good);
    const serve: FakeChain["serve"] = (response) => void response.writeHead(307, { location: target.url }).end();
    expect(await ask({ serve })).toMatchObject({ kind: "unavailable", detail: "RPC 1 answered 307" });
    expect(target.seen).toEqual([]);
  });

  test("is not there leaves the next one to be asked, and each is named in its turn", async () => {
    const gone = await startServer(() => undefined);
    await gone.stop();
    const { url } = await start(good);
    expect(await askAt([gone.url, url])).toEqual(paid);
    expect(await askAt([gone.url, gone.url])).toEqual({
      kind: "unavailable",
      detail: "RPC 1 did not answer; RPC 2 did not answer",
    });
  });

  test("is good is the only one that is asked", async () => {
    const [first, second] = await Promise.all([start(good), start(good)]);
    expect(await askAt([first.url, second.url])).toEqual(paid);
    expect(second.seen).toEqual([]);
  });

  test("breaks down over logs is not asked for fewer of them", async () => {
    const serve: FakeChain["serve"] = (response, replies, calls) =>
      json(response, replies, calls.some(({ method }) => method === "eth_getLogs") ? 500 : 200);
    const rpc = await start({ ...good, serve });
    expect(await askAt([rpc.url])).toMatchObject({ kind: "unavailable", detail: "RPC 1 answered 500" });
    expect(methodsOf(rpc).filter((methods) => methods.includes("eth_getLogs"))).toHaveLength(1);
  });

  test.each([
    [10, HEAD - 20, HEAD - 30],
    [30, HEAD - 20, HEAD - 30],
    [10, HEAD, HEAD - 1],
    [10, HEAD - 40_000, HEAD - 40_030],
    [5, HEAD - 500, HEAD - 500],
  ])("serves %i blocks of logs at a time is asked first where the nonce became used", async (most, block, claim) => {
    const head = HEAD + 50_000;
    const [at, sinceMs] = [block + 50_000, secondsOf(claim + 50_000) * 1000];
    const receipts = [mined([used(), transfer()], TRANSACTION, at)];
    const logs = receipts.flatMap((receipt) => receipt.logs.slice(0, 1));
    const rpc = await start({ head, receipts, answers: { ...usedFrom(at), eth_getLogs: narrow(most, logs) } });
    expect(await askAt([rpc.url], { sinceMs })).toEqual(paid);
    expect(rpc.seen.length).toBeLessThan(30);
    expect(Math.max(...rpc.seen.map((calls) => calls.length))).toBeLessThanOrEqual(10);
  });

  test.each<[string, FakeChain["answers"]]>([
    ["has no older states", { eth_call: (_: object, at: string) => (Number(at) === HEAD ? ONE : refuse()) }],
    ["has the nonce used in every block", {}],
    ["has the nonce unused again", { eth_call: (_: object, at: string) => (Number(at) === HEAD ? ONE : flip(at)) }],
  ])("serves ten blocks of logs at a time and %s is given up, and the next one is asked", async (_, answers) => {
    const { url } = await start({ ...good, answers: { ...answers, eth_getLogs: narrow(10) } });
    const next = await start(good);
    expect(await askAt([url])).toMatchObject({ detail: expect.stringContaining("too many questions") });
    expect(await askAt([url, next.url])).toEqual(paid);
  });

  test("has no older states is asked for the logs of half a day, and for each page once", async () => {
    const head = HEAD + 50_000;
    const [at, sinceMs] = [head - 21_580, secondsOf(head - 21_600) * 1000];
    const receipts = [mined([used(), transfer()], TRANSACTION, at)];
    const logs = receipts.flatMap((receipt) => receipt.logs.slice(0, 1));
    const eth_call = (_: object, block: string) => (Number(block) < head - 128 ? refuse() : ONE);
    const rpc = await start({ head, receipts, answers: { eth_call, eth_getLogs: narrow(2000, logs) } });
    expect(await askAt([rpc.url], { sinceMs })).toEqual(paid);
    expect(methodsOf(rpc).filter((methods) => methods.includes("eth_getLogs"))).toHaveLength(11);
  });

  test("serves a few hundred blocks of logs at a time is asked for so many", async () => {
    const logs = mined([used(), transfer()]).logs.slice(0, 1);
    const rpc = await start({ ...good, answers: { eth_getLogs: narrow(300, logs) } });
    expect(await askAt([rpc.url])).toEqual(paid);
  });
});

const ONE = pad("0x1", { size: 32 });
/** Used in the blocks of one half of the range that is looked at, and unused in those of the other one. */
const flip = (at: string): string => pad(Number(at) > 4700 && Number(at) < 5400 ? "0x1" : "0x0", { size: 32 });
const usedFrom = (block: number): FakeChain["answers"] => ({
  eth_call: (_: object, at: string) => pad(Number(at) >= block ? "0x1" : "0x0", { size: 32 }),
});

/** Refuses longer ranges, and has these logs. */
function narrow(blocksMax: number, logs: readonly { readonly blockNumber: string }[] = []) {
  return ({ fromBlock, toBlock }: { fromBlock: string; toBlock: string }) => {
    if (Number(toBlock) - Number(fromBlock) >= blocksMax) throw new RpcRefusal("range too large");
    const isWithin = (block: number): boolean => block >= Number(fromBlock) && block <= Number(toBlock);
    return logs.filter(({ blockNumber }) => isWithin(Number(blockNumber)));
  };
}
