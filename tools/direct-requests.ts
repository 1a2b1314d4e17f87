// What the APIs behind the gate answer to whoever asks them directly, without any header of the gate's: an API that then
// hands out what is sold has no lock. Only GET is asked, because any other method could change something there.

import type { Config, PricedRoute } from "../src/config/index.ts";
import { addressOf, type UpstreamSettings } from "../src/upstream/index.ts";

export type Finding =
  /** It answered with something that looks like the goods. */
  | { readonly kind: "open"; readonly url: string; readonly status: number }
  | { readonly kind: "locked"; readonly url: string; readonly status: number }
  /** An answer that a locked API and an open one could give. */
  | { readonly kind: "unclear"; readonly url: string; readonly status: number }
  | { readonly kind: "unreachable"; readonly url: string }
  | { readonly kind: "unasked"; readonly upstream: string; readonly why: string };

/** Of one upstream; the first that is open tells enough. */
const ROUTES_MAX = 5;
const TIMEOUT_MS = 10_000;

export function askDirectly(config: Config): Promise<readonly Finding[]> {
  return Promise.all(config.upstreams.map((upstream) => askUpstream(config, upstream)));
}

async function askUpstream(config: Config, upstream: UpstreamSettings): Promise<Finding> {
  const name = upstream.url.href;
  if (upstream.service !== null) {
    return { kind: "unasked", upstream: name, why: `it is behind the service binding ${upstream.service}` };
  }
  const urls = urlsOf(config, upstream);
  if (urls.length === 0) return { kind: "unasked", upstream: name, why: "no route of it sells a GET" };
  const findings: Finding[] = [];
  for (const url of urls) findings.push(await ask(url));
  const byWeight = (["open", "unclear", "locked"] as const).map((kind) => findings.find((one) => one.kind === kind));
  return byWeight.find((finding) => finding !== undefined) ?? { kind: "unreachable", url: urls[0] ?? name };
}

/** Those without a `:name` first: nobody knows which values of it the API has. */
function urlsOf({ routes, hosts }: Config, upstream: UpstreamSettings): readonly string[] {
  const sold = routes.filter(
    ({ access, methods }) =>
      access.kind === "paid" && access.upstream === upstream && (methods === null || methods.includes("GET")),
  );
  const openPlaces = ({ names, rest }: PricedRoute): number =>
    names.filter((name) => name === null).length + Number(rest);
  return sold
    .toSorted((a, b) => openPlaces(a) - openPlaces(b))
    .slice(0, ROUTES_MAX)
    .map(({ names, host }) => {
      const asked = host ?? hosts?.[0]?.host.replace(/:\d+$/, "") ?? upstream.url.hostname;
      const { origin, prefix } = addressOf(upstream, asked);
      return `${origin}${prefix}/${names.map((name) => name ?? "1").join("/")}`;
    });
}

async function ask(url: string): Promise<Finding> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const { status, body } = await fetch(url, { redirect: "manual", signal });
    await body?.cancel();
    if (status >= 200 && status <= 299) return { kind: "open", url, status };
    return { kind: [401, 402, 403].includes(status) ? "locked" : "unclear", url, status };
  } catch {
    return { kind: "unreachable", url };
  }
}

export function formatFinding(finding: Finding): string {
  switch (finding.kind) {
    case "open":
      return `OPEN    ${finding.url} answered ${finding.status} without the gate: whoever knows this address pays nothing. See docs/origin-lock.md.`;
    case "locked":
      return `locked  ${finding.url} answered ${finding.status}.`;
    case "unclear":
      return `unclear ${finding.url} answered ${finding.status}, which an API without a lock may answer too.`;
    case "unreachable":
      return `closed  ${finding.url} cannot be reached from here.`;
    case "unasked":
      return `unasked ${finding.upstream}: ${finding.why}.`;
  }
}
