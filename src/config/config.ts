// `pricing.json`, parsed once at start-up: to a compiled table, or to every mistake in it at once.

import * as v from "valibot";
import type { FacilitatorSettings } from "../facilitator/index.ts";
import type { CorsPolicy } from "../outcome/index.ts";
import { Matcher, type Route } from "../route/index.ts";
import { err, isObject, ok, type Result } from "../std/index.ts";
import type { UpstreamSettings } from "../upstream/index.ts";
import { type Mistake, mistakesOf, pathText } from "./mistake.ts";
import { checkRoutes, compileRoutes, type Report, readNetworks, readPayTo } from "./routes.ts";
import { type PricingTable, pricingTable } from "./schema.ts";

export interface Config {
  readonly matcher: Matcher;
  /** In the order of the file. */
  readonly routes: readonly Route[];
  readonly unmatched: "closed" | "free";
  /** For priced routes, and for what the gate answers itself. */
  readonly cors: CorsPolicy;
  readonly upstream: UpstreamSettings;
  readonly facilitator: FacilitatorSettings;
  /** Bodies whose declared length is at most this are read whole. */
  readonly bufferBytesMax: number;
}

/** The longest that one attempt may take: verify, the upstream, settle. */
export function attemptMs({ upstream, facilitator }: Pick<Config, "upstream" | "facilitator">): number {
  return facilitator.verifyTimeoutMs + upstream.timeoutMs + facilitator.settleTimeoutMs;
}

/** What an authorization has to last beyond every budget: signing and the way to us take time too. */
const SPARE_MS = 10_000;

export function parseConfig(json: unknown): Result<Config, readonly Mistake[]> {
  const mistakes: Mistake[] = [];
  const report: Report = (path, remedy) => void mistakes.push({ path: pathText(path), remedy });
  const shape = v.safeParse(pricingTable, json);
  for (const issue of shape.issues ?? []) mistakes.push(...mistakesOf(issue));
  // These read the raw values, so that they speak also where the shape is wrong elsewhere.
  const raw = isObject(json) ? json : {};
  const payTo = readPayTo(raw["payTo"], report);
  const accepted = readNetworks(raw["accepts"], report);
  const keys = checkRoutes(raw["routes"], accepted, report);
  checkFacilitators(raw["facilitators"], report);
  if (!shape.success || shape.output.facilitators.length === 0) return err(mistakes);
  const { output: table } = shape;
  const { maxTimeoutSeconds, unmatched, cors, bufferBytesMax } = table;
  const receivers = accepted.map((network) => ({ ...network, payTo, maxTimeoutSeconds }));
  const routes = compileRoutes(table, keys, receivers, report);
  const config = { ...settings(table, report), matcher: new Matcher(routes), routes, unmatched, cors, bufferBytesMax };
  return mistakes.length > 0 ? err(mistakes) : ok(config);
}

function checkFacilitators(value: unknown, report: Report): void {
  if (!Array.isArray(value) || value.length === 1) return;
  report(["facilitators"], `write exactly one; more cannot be used yet (there are ${value.length})`);
}

function settings(table: PricingTable, report: Report): Pick<Config, "upstream" | "facilitator"> {
  const { url, timeoutSeconds, headers, service } = table.upstream;
  const upstream = {
    url: new URL(url.replace(/\/$/, "")),
    timeoutMs: timeoutSeconds * 1000,
    headers: Object.entries(headers),
    service: service ?? null,
  };
  const [facilitator] = table.facilitators.map(({ url, verifyTimeoutSeconds, settleTimeoutSeconds }) => ({
    url: url.replace(/\/$/, ""),
    verifyTimeoutMs: verifyTimeoutSeconds * 1000,
    settleTimeoutMs: settleTimeoutSeconds * 1000,
  })) as [FacilitatorSettings];
  const neededMs = attemptMs({ upstream, facilitator }) + SPARE_MS;
  if (table.maxTimeoutSeconds * 1000 < neededMs) {
    const least = Math.ceil(neededMs / 1000);
    report(["maxTimeoutSeconds"], `write at least ${least}: a payment has to outlast the upstream and the facilitator`);
  }
  return { upstream, facilitator };
}
