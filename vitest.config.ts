import { availableParallelism } from "node:os";
import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { NEW_ED25519, RFC_ED25519, SHARED_SECRET } from "./test/support/signing-keys.ts";

const whole = { branches: 100 };

/** All of them, whatever the tables need. */
const FEATURES = join(import.meta.dirname, "src/features.ts");

type Around = NonNullable<Exclude<Parameters<typeof cloudflareTest>[0], (...args: never[]) => unknown>["miniflare"]>;

/** On a busy machine things take their time; nothing here is held by how long they take. */
const PATIENT = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 10_000 } } };

/** The whole Worker in workerd around one table of `test/worker/`; its tests stand in the folder of its name. */
function worker(
  name: string,
  table: string,
  miniflare: Around,
  include = `test/${name}/**/*.test.ts`,
): TestProjectInlineConfiguration {
  return {
    plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" }, miniflare })],
    resolve: { alias: { pricing: join(import.meta.dirname, "test/worker", table), features: FEATURES } },
    test: {
      name,
      include: [include],
      ...PATIENT,
      globalSetup: ["test/support/network.ts"],
      setupFiles: ["test/support/request-log.ts"],
    },
  };
}

/** Its files tell one chain how far it is. */
const oneByOne = ({ test, ...project }: TestProjectInlineConfiguration): TestProjectInlineConfiguration => ({
  ...project,
  test: { ...test, fileParallelism: false },
});

const KEY = { API_KEY: "secret-of-the-upstream" };
const RPC_KEY = { RPC_KEY: "secret-of-the-rpc" };
const OTHER_KEY = { OTHER_KEY: "secret-of-the-other" };

const LOCK_KEYS = {
  OLD_KEY: RFC_ED25519,
  NEW_KEY: NEW_ED25519,
  SHARED_KEY: SHARED_SECRET,
  GATE_SECRET: "secret-of-the-gate",
};
const WRONG_LOCK_KEYS = { ...LOCK_KEYS, NEW_KEY: "not-to-be-told", SHARED_KEY: "bm90LXRvLWJlLXRvbGQ=" };

/** Clauses that are provoked over HTTP; the others are read. */
const PROVOKED = "test/conformance/{status,clauses}.test.ts";
const PROVOKED_BY_PAYERS = "test/conformance/payers.test.ts";

/** What of the platform's module the ledger's object needs in Node. */
const PLATFORM = { "cloudflare:workers": join(import.meta.dirname, "test/simulation/cloudflare-workers.ts") };

/** An upstream behind a service binding, which no network reaches. */
const answerAsService = ({ method, url }: { method: string; url: string }): Response =>
  Response.json({ service: true, method, url });

export default defineConfig({
  test: {
    // Half of a worker project's work is done in a process of workerd's.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    coverage: {
      provider: "istanbul",
      include: ["src/**"],
      reporter: ["text", "json-summary"],
      thresholds: {
        "src/route/**": whole,
        "src/tariff/**": whole,
        "src/x402/**": whole,
        "src/schemes/**": whole,
        "src/gateway/**": whole,
        "src/ledger/state.ts": whole,
        "src/chain/{fate,identity,judgement,nonce,receipt,transaction}.ts": whole,
        "src/chain/solana*.ts": whole,
        "src/direct/{fees,order,outbox,refusals,shelf,sighting,survey,token,transaction,trust,upkeep}.ts": whole,
      },
    },
    projects: [
      {
        resolve: { alias: PLATFORM },
        test: {
          ...PATIENT,
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/conformance/**/*.test.ts", "test/*.test.ts"],
          exclude: [PROVOKED, PROVOKED_BY_PAYERS],
          setupFiles: ["test/support/seed.ts"],
        },
      },
      worker("worker", "pricing.ts", { bindings: KEY }),
      worker("conformance", "pricing.ts", { bindings: KEY }, PROVOKED),
      worker("worker-table", "pricing-table.ts", {
        bindings: { ...KEY, ...OTHER_KEY },
        serviceBindings: { LEGACY: answerAsService },
      }),
      worker("worker-ledger", "pricing-ledger.ts", {}),
      worker("conformance-payers", "pricing-chain.ts", { bindings: RPC_KEY }, PROVOKED_BY_PAYERS),
      oneByOne(worker("worker-chain", "pricing-chain.ts", { bindings: RPC_KEY })),
      worker("worker-solana", "pricing-solana.ts", {}),
      worker("worker-service", "pricing-service.ts", { serviceBindings: { LEGACY: answerAsService } }),
      worker("worker-lock", "pricing-lock.ts", { bindings: LOCK_KEYS }),
      worker("worker-lock-misconfigured", "pricing-lock.ts", { bindings: WRONG_LOCK_KEYS }),
      worker("worker-misconfigured", "pricing.ts", {}),
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/worker-direct/wrangler.toml" } })],
        test: {
          ...PATIENT,
          name: "worker-direct",
          include: ["test/worker-direct/**/*.test.ts"],
          globalSetup: ["test/support/chain-network.ts"],
        },
      },
      {
        resolve: { alias: PLATFORM },
        test: {
          ...PATIENT,
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
        },
      },
      {
        test: {
          ...PATIENT,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
        },
      },
    ],
  },
});
