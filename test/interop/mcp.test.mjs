// The Model Context Protocol's own SDK on both sides of the gate: a server that does not know of payments, and a client whose
// `fetch` pays. The table has nothing but the tools: each costs what it says, and what a client needs before it calls one
// costs nothing.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { balanceOf, buyer, startChain } from "../../tools/stack/chain.ts";
import { startFacilitator } from "../../tools/stack/facilitator.ts";
import { startGate } from "../../tools/stack/gate.ts";
import { listen } from "../../tools/stack/listen.ts";

const PAYEE = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const parts = [];
const started = async (part) => {
  parts.unshift(part);
  return part;
};

const called = [];
function toolServer() {
  const server = new McpServer({ name: "tools", version: "1.0.0" });
  for (const name of ["search", "echo", "secret"]) {
    server.registerTool(name, { inputSchema: { text: z.string() } }, async ({ text }) => {
      called.push(name);
      return { content: [{ type: "text", text: `${name}: ${text}` }] };
    });
  }
  return server;
}

/** With a session for each client, as the SDK's documentation shows it. */
async function startServer() {
  const sessions = new Map();
  const open = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await toolServer().connect(transport);
    return transport;
  };
  const server = createServer(async (request, response) => {
    const transport = sessions.get(request.headers["mcp-session-id"]) ?? (await open());
    await transport.handleRequest(request, response);
  });
  return listen(server, 0);
}

let chain;
let gate;
const directory = mkdtempSync(join(tmpdir(), "faregate-mcp-"));
beforeAll(async () => {
  chain = await started(await startChain());
  const facilitator = await started(await startFacilitator({ rpc: chain.rpc }));
  const server = await started(await startServer());
  const price = {
    by: "mcp",
    table: { "tools/call search": "$0.01", "tools/call echo": "$0.002" },
    otherwise: "closed",
  };
  const table = {
    upstream: server.url,
    payTo: PAYEE,
    accepts: ["base-sepolia"],
    facilitators: [facilitator.url],
    routes: { "/mcp": { price } },
  };
  const pricingFile = join(directory, "pricing.json");
  writeFileSync(pricingFile, JSON.stringify(table));
  gate = await started(await startGate({ pricingFile, stateDir: join(directory, "state") }));
}, 60_000);
afterAll(async () => {
  for (const part of parts) await part.stop();
  rmSync(directory, { recursive: true });
});

async function connect(fetcher) {
  const client = new Client({ name: "agent", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(`${gate.url}/mcp`), { fetch: fetcher });
  await client.connect(transport);
  const close = async () => {
    await transport.terminateSession();
    await client.close();
  };
  return { client, close };
}

const paying = () => {
  const account = privateKeyToAccount(buyer.privateKey);
  return wrapFetchWithPayment(fetch, new x402Client().register("eip155:*", new ExactEvmScheme(account)));
};
const call = (client, name) => client.callTool({ name, arguments: { text: "fare" } });

describe("an MCP server behind the gate", { timeout: 30_000 }, () => {
  test("is greeted and listed by a client without a wallet, whose calls are priced", async () => {
    const { client, close } = await connect(fetch);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["search", "echo", "secret"]);
    await expect(call(client, "search")).rejects.toMatchObject({ code: 402 });
    expect(called).toEqual([]);
    await close();
  });

  test("sells each tool at its price to a client whose fetch pays", async () => {
    const { client, close } = await connect(paying());
    const bought = [];
    for (const name of ["search", "echo"]) {
      const before = await balanceOf(chain.rpc, PAYEE);
      const { content } = await call(client, name);
      bought.push([content, (await balanceOf(chain.rpc, PAYEE)) - before]);
    }
    const said = (text) => [{ type: "text", text }];
    expect(bought).toEqual([
      [said("search: fare"), 10_000n],
      [said("echo: fare"), 2000n],
    ]);
    expect(called).toEqual(["search", "echo"]);
    await close();
  });

  test("keeps a tool closed that the table does not name", async () => {
    const { client, close } = await connect(paying());
    const before = await balanceOf(chain.rpc, PAYEE);
    await expect(call(client, "secret")).rejects.toMatchObject({ code: 403 });
    expect([called.includes("secret"), (await balanceOf(chain.rpc, PAYEE)) - before]).toEqual([false, 0n]);
    await close();
  });
});
