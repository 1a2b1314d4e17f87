import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const whole = { branches: 100 };

export default defineConfig({
  test: {
    coverage: {
      provider: "istanbul",
      include: ["src/**"],
      reporter: ["text", "json-summary"],
      thresholds: {
        "src/route/**": whole,
        "src/x402/**": whole,
        "src/schemes/**": whole,
        "src/gateway/**": whole,
        "src/ledger/state.ts": whole,
      },
    },
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts", "test/*.test.ts"] } },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { API_KEY: "secret-of-the-upstream" } },
          }),
        ],
        resolve: { alias: { pricing: path("./test/worker/pricing.ts") } },
        test: { name: "worker", include: ["test/worker/**/*.test.ts"], globalSetup: ["test/support/network.ts"] },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
