import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { npmRun, type Running } from "../support/command.ts";
import { startFakeUpstream } from "../support/fake-upstream.ts";
import { getRaw } from "../support/raw-http.ts";
import { reconciled } from "./reconciled.ts";

const directory = mkdtempSync(join(tmpdir(), "faregate-local-"));
const env = { FAREGATE_LOCAL: join(directory, "local.json"), TMPDIR: directory };
const running: Running[] = [];

const start = (...args: string[]): Running => {
  const stack = npmRun("start", ["--port", "0", ...args], env);
  running.push(stack);
  return stack;
};

const readyOf = async (stack: Running) => JSON.parse(await stack.line(/^\{"ready":true/));

const write = (name: string, table: object | string): string => {
  const file = join(directory, name);
  writeFileSync(file, typeof table === "string" ? table : JSON.stringify(table));
  return file;
};

const table = {
  upstream: "https://api.example.com",
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  accepts: ["base"],
  facilitators: ["https://facilitator.example.com"],
  routes: { "/a": "$1" } as Record<string, unknown>,
};

afterEach(async () => {
  for (const { signal, ended } of running.splice(0)) {
    signal("SIGINT");
    await ended;
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("npm start", () => {
  test("prints one line of JSON when it is ready, and a call can be paid", async () => {
    const stack = start();
    const ready = await readyOf(stack);
    expect(Object.keys(ready)).toEqual([
      "ready",
      "gate",
      "upstream",
      "facilitator",
      "rpc",
      "network",
      "asset",
      "buyer",
    ]);
    expect(JSON.parse(readFileSync(env.FAREGATE_LOCAL, "utf8"))).toEqual(ready);
    const { code, stdout } = await npmRun("pay", [`${ready.gate}/v1/quotes/ETH`], env).ended;
    expect(stdout).toContain('"amount": "1000"');
    expect(stdout).toContain('"symbol":"ETH"');
    expect(stdout).toMatch(/0x[0-9a-f]{64} on eip155:84532/);
    expect(code).toBe(0);
    const v1 = await npmRun("pay", [`${ready.gate}/v1/quotes/ETH`, "--v1"], env).ended;
    expect(v1.stdout).toContain('"maxAmountRequired": "1000"');
    expect(v1.stdout).toMatch(/0x[0-9a-f]{64} on base-sepolia/);
    expect(v1.code).toBe(0);
  });

  test("has the routes of the sample API, priced, free and closed", async () => {
    const { gate } = await readyOf(start("--quiet"));
    const statusOf = async (path: string) => (await fetch(gate + path)).status;
    expect(await statusOf("/health")).toBe(200);
    for (const path of ["/v1/quotes/ETH", "/v1/slow", "/v1/stream", "/v1/fail", "/v1/echo"]) {
      expect(await statusOf(path)).toBe(402);
    }
    expect(await statusOf("/admin/users")).toBe(404);
    const failed = await npmRun("pay", [`${gate}/v1/fail`], env).ended;
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("Answer: 500");
    const free = await npmRun("pay", [`${gate}/health`], env).ended;
    expect(free.code).toBe(1);
    expect(free.stdout).toContain("free");
  });

  test("puts any local server behind any table, on whatever networks the table names", async () => {
    const upstream = await startFakeUpstream();
    const pricing = write("own.json", { ...table, routes: { "/goods": "$0.02" } });
    const stack = start("--quiet", "--upstream", upstream.url, "--pricing", pricing);
    const ready = await readyOf(stack);
    expect(ready.upstream).toBe(upstream.url);
    const { code, stdout } = await npmRun("pay", [`${ready.gate}/goods/ok`], env).ended;
    expect(stdout).toContain('{"goods":true}');
    expect(code).toBe(0);
    stack.signal("SIGINT");
    expect((await stack.ended).stderr).toContain("base-sepolia");
    await upstream.stop();
  });

  test("sells by use, and its wallet pays for that", async () => {
    const bytes = { usd: "1", per: "1K", of: { measured: "bytes" } };
    const price = { upto: "$1", meter: [bytes] };
    const pricing = write("use.json", { ...table, routes: { "/v1/quotes/*": price, "/v1/stream": price } });
    const stack = start("--quiet", "--pricing", pricing);
    const { gate } = await readyOf(stack);
    // The first request of all.
    const { code, stdout } = await npmRun("pay", [`${gate}/v1/quotes/ETH`], env).ended;
    const [, answer = ""] = /(\{"symbol":.*\})\n/.exec(stdout) ?? [];
    expect(stdout).toContain('"scheme": "upto"');
    expect([code, answer.length > 20]).toEqual([0, true]);
    const dollars = (answer.length / 1000 + 0.001).toFixed(6);
    expect(stdout).toContain(`Paid $${dollars} in transaction 0x`);
    const streamed = await npmRun("pay", [`${gate}/v1/stream`], env).ended;
    expect(streamed.stdout).toMatch(/Paid \$\d+\.\d{6} in transaction 0x\w{64} on eip155:\d+ \(\d+ bytes at /);
    expect(streamed.code).toBe(0);
    stack.signal("SIGINT");
    await stack.ended;
  });

  test("tells of what is sold by use what it came to, also where that is nothing and where it breaks off", async () => {
    const upstream = await startFakeUpstream();
    const price = { upto: "$1", meter: [{ usd: "1", per: "1K", of: "usage.units" }] };
    const routes = { "/nothing": { price }, "/least": { price: { ...price, min: "$0.0001" } } };
    const pricing = write("least.json", { ...table, routes });
    const { gate } = await readyOf(start("--quiet", "--upstream", upstream.url, "--pricing", pricing));
    const paid = (path: string) => npmRun("pay", [gate + path], env).ended;
    const whole = await paid("/nothing/ok");
    expect(whole.stdout).toMatch(/\{"goods":true\}\nNothing was charged: this call costs nothing\.\n$/);
    const streamed = await paid("/nothing/stream/whole");
    expect(streamed.stdout).toMatch(
      /last\n\n\nNothing was charged: nobody knows what was used, .* missing: minimum\)\.\n$/,
    );
    const broken = await paid("/least/stream/broken");
    expect(broken.stdout).toMatch(
      /data: first\n\n\n\nThe answer broke off\.\n\nPaid \$0\.000100 in transaction 0x\w{64} on .* missing: minimum\)\.\n$/,
    );
    expect([whole.code, streamed.code, broken.code, broken.stderr]).toEqual([1, 1, 1, ""]);
    await upstream.stop();
  });

  test("sells a model's answer by the token, as the README shows it, streamed and in one piece", async () => {
    const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
    const shown =
      /^ {4}npm start -- (--pricing \S+)\n {4}npm run pay -- http:\/\/127\.0\.0\.1:8787(\S+) --body '(.+)'$/m;
    const [, options = "", path = "", body = ""] = shown.exec(readme) ?? expect.fail("it shows nothing of that");
    const { gate } = await readyOf(start("--quiet", ...options.split(" ")));
    const streamed = await npmRun("pay", [gate + path, "--body", body], env).ended;
    expect(streamed.stdout).toContain('"scheme": "upto"');
    expect(streamed.stdout).toContain('data: {"id":"chatcmpl-1","object":"chat.completion.chunk"');
    const price = "5 usage.prompt_tokens at $0.15/1K + 5 usage.completion_tokens at $0.60/1K = $0.00375";
    expect(streamed.stdout).toMatch(/Paid \$0\.003750 in transaction 0x\w{64} on eip155:84532 /);
    expect([streamed.code, streamed.stdout]).toEqual([0, expect.stringContaining(price)]);
    const whole = await npmRun("pay", [gate + path, "--body", body.replace('"stream":true,', "")], env).ended;
    expect(whole.stdout).toContain('"content":"what is a fare gate"');
    expect([whole.code, whole.stdout]).toEqual([0, expect.stringContaining("Paid $0.003750 in transaction")]);
    const nothing = await npmRun("pay", [gate + path, "--body", "{}"], env).ended;
    expect([nothing.code, nothing.stdout]).toEqual([1, expect.stringContaining("Answer: 400")]);
  });

  test("fits a table with hosts, upstreams and tokens of its own to this machine", async () => {
    const asset = "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42";
    const pricing = write("whole.json", {
      ...table,
      upstream: { url: "https://api.example.com", host: "client" },
      upstreams: { reports: "https://reports.example.com" },
      tokens: [{ network: "base", asset, name: "EURC", version: "2", decimals: 6 }],
      hosts: ["https://pay.example.com", "beta.example.com"],
      routes: {
        "pay.example.com/v1/quotes/*": "free",
        "/v1/echo": { price: { amount: "2500", asset }, upstream: "reports", accepts: ["base"] },
        "/v1/quotes/*": { price: "$0.5", mode: "observe" },
      },
    });
    const stack = start("--quiet", "--pricing", pricing);
    const { gate } = await readyOf(stack);
    const { code, stdout } = await npmRun("pay", [`${gate}/v1/echo`], env).ended;
    expect(stdout).toContain('"amount": "2500"');
    expect(code).toBe(0);
    expect((await fetch(`${gate}/v1/quotes/ETH`)).status).toBe(200);
    expect((await getRaw(gate, "/v1/quotes/ETH", "pay.example.com")).status).toBe(200);
    expect((await getRaw(gate, "/v1/quotes/ETH", "other.example.com")).status).toBe(421);
    stack.signal("SIGINT");
    const { stderr } = await stack.ended;
    for (const words of ["upstreams.reports: ", "units of USDC here", "is served too", "the API sees its own"]) {
      expect(stderr).toContain(words);
    }
  });

  test("keeps its state across runs, the seller's books among it, which say the same as its chain", async () => {
    const stateDir = join(directory, "state");
    for (const payments of [1, 2]) {
      const stack = start("--quiet", "--state", stateDir);
      const { gate, rpc } = await readyOf(stack);
      expect((await npmRun("pay", [`${gate}/v1/quotes/ETH`], env).ended).code).toBe(0);
      const { code, words } = await reconciled({ rpc, stateDir });
      expect(words).toMatch(new RegExp(` ${payments} +${payments}000 +${payments} +${payments}000 +0\n`));
      expect(code).toBe(0);
      stack.signal("SIGINT");
      expect((await stack.ended).stderr).toMatch(/^(Note: .+\n)*$/);
    }
  });

  test("says at once which secret is missing, and takes it from the environment", async () => {
    const upstream = { url: "https://api.example.com", headers: { "x-api-key": "{{SOME_API_KEY}}" } };
    const pricing = write("secret.json", { ...table, upstream });
    const args = ["--port", "0", "--quiet", "--pricing", pricing];
    const statusOf = async (stack: Running): Promise<[number, string]> => {
      running.push(stack);
      const { status } = await fetch(`${(await readyOf(stack)).gate}/a`);
      stack.signal("SIGINT");
      return [status, (await stack.ended).stderr];
    };
    const [bare, said] = await statusOf(npmRun("start", args, env));
    expect([bare, said]).toEqual([
      500,
      expect.stringContaining("Note: every answer is 500: the secret SOME_API_KEY is missing: "),
    ]);
    const [given, quiet] = await statusOf(npmRun("start", args, { ...env, SOME_API_KEY: "x" }));
    expect([given, quiet.includes("is missing")]).toEqual([402, false]);
  });

  test("asks its own chain what became of a payment, and no other network's", async () => {
    const rpc = { base: "https://rpc.example.com/{{RPC_KEY}}", "base-sepolia": "https://rpc.example.com/" };
    const stack = start("--quiet", "--pricing", write("rpc.json", { ...table, rpc }));
    const ready = await readyOf(stack);
    expect((await fetch(`${ready.gate}/a`)).status).toBe(402);
    stack.signal("SIGINT");
    const { stderr } = await stack.ended;
    expect(stderr).toContain("rpc.base: is left out");
    expect(stderr).toContain(`rpc.base-sepolia: ${ready.rpc} takes its place`);
  });

  test("says where a correct table does not fit the local token", async () => {
    const token = { network: "base", asset: "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42", name: "D", version: "1" };
    const pricing = write("fine.json", {
      ...table,
      tokens: [{ ...token, decimals: 18, dollar: true }],
      accepts: [{ network: "base", asset: token.asset }],
      routes: { "/a": "$0.000000001" },
    });
    const { code, stderr } = await start("--pricing", pricing).ended;
    expect(code).toBe(1);
    expect(stderr).toContain("does not fit the local chain");
    expect(stderr).toContain("USDC has 6 decimals");
  });

  test("ends at Ctrl-C with everything that it started", async () => {
    const stack = start("--quiet");
    const ready = await readyOf(stack);
    const group = execFileSync("ps", ["-eo", "pid,ppid"], { encoding: "utf8" });
    const children = descendants(group, stack.pid);
    expect(children.length).toBeGreaterThanOrEqual(3);
    stack.signal("SIGINT");
    await stack.ended;
    await expect.poll(() => children.filter(isRunning)).toEqual([]);
    await expect(fetch(ready.gate)).rejects.toThrow();
  });

  test("refuses a table that is wrong with every mistake in it, and starts nothing", async () => {
    const pricing = write("wrong.json", { upstream: 1, routes: { "GET /a": "$0", b: "free" }, accepts: ["nowhere"] });
    const { code, stdout, stderr } = await start("--pricing", pricing).ended;
    expect(code).toBe(1);
    expect(stdout).not.toContain('"ready"');
    for (const place of ["upstream:", "payTo:", "facilitators:", "accepts[0]:", 'routes["GET /a"]:', "routes.b:"]) {
      expect(stderr).toContain(place);
    }
  });

  test("says what an option should be", async () => {
    const { code, stderr } = await npmRun("start", ["--port", "many"], env).ended;
    expect(code).toBe(2);
    expect(stderr).toContain("--port is a number");
  });
});

describe("npm run check", () => {
  test("lists a key that stands twice with line and column", async () => {
    const file = write("twice.json", '{\n  "routes": {\n    "/a": "$1",\n    "/a": "free"\n  }\n}');
    const { code, stderr } = await npmRun("check", [], { FAREGATE_PRICING: file }).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('line 4, column 5: the key "/a" stands twice');
  });

  test("misses a binding that the table names", async () => {
    const upstream = { url: "https://legacy.internal", service: "LEGACY" };
    for (const changes of [{ upstream }, { routes: { "/a": { price: "$1", upstream } } }]) {
      const file = write("service.json", { ...table, ...changes });
      const { code, stderr } = await npmRun("check", [], { FAREGATE_PRICING: file }).ended;
      expect(code).toBe(1);
      expect(stderr).toContain("env production: the binding LEGACY is missing");
    }
  });

  test("prints what a correct table means, to people only", async () => {
    const { code, stdout, stderr } = await npmRun("check").ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("7 routes");
    expect(stdout).toMatch(/^\/v1\/echo and below +\$0\.001 +1000 USDC on base-sepolia$/m);
    const build = readFileSync(join(import.meta.dirname, "../../wrangler.toml"), "utf8");
    expect(build).toContain('command = "npm run --silent check -- --quiet"');
    expect(await npmRun("check", ["--quiet"]).ended).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("npm run explain", () => {
  test("says what a request would get and why, by its exit code too", async () => {
    const sold = await npmRun("explain", ["GET", "/v1/quotes/ETH"]).ended;
    expect([sold.code, sold.stderr]).toEqual([0, ""]);
    expect(sold.stdout).toContain("GET http://localhost/v1/quotes/ETH\n");
    expect(sold.stdout).toContain("GET /v1/quotes/:symbol  $0.001  wins");
    expect(sold.stdout).toContain("https://legacy.example.com/v1/quotes/ETH\n");
    expect(sold.stdout).toMatch(/PAYMENT-REQUIRED, \d+ bytes:\n {2}\{/);
    expect(sold.stdout).not.toContain("A running gate adds");
    const model = await npmRun("explain", ["POST", "/v1/chat/completions", "--pricing", "demo/llm/pricing.json"]).ended;
    expect(model.stdout).toMatch(/A running gate adds .+:\n {2}eip2612GasSponsoring, where its facilitator lists it/);
    const refused = await npmRun("explain", ["GET", "https://h.example/v1/../admin"]).ended;
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("Its plain form, if that is what is meant: /admin");
  });

  test("takes the first of the table's hosts for a path alone", async () => {
    const file = write("hosts.json", { ...table, hosts: ["https://pay.example.com", "b.example"] });
    const { code, stdout } = await npmRun("explain", ["head", "/a", "--pricing", file]).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('"url": "https://pay.example.com/a"');
  });

  test("says nothing of a request where it cannot", async () => {
    const file = write("wrong.json", { ...table, routes: { a: "$1" } });
    for (const [args, words] of [
      [["GET"], "Name a method and a URL"],
      [["GET", "a/b"], "URL is a path, or an http or https URL"],
      [["1", "/a"], '"1" is not a method'],
      [["GET", "/a", "--pricing", file], "routes.a: "],
    ] as const) {
      const { code, stdout, stderr } = await npmRun("explain", args).ended;
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(words);
    }
  });
});

/** Every process below one, from a table of pids and parents. */
function descendants(table: string, root: number): number[] {
  const pairs = table.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    pairs.flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid, ...below(pid)] : []));
  return below(root);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
