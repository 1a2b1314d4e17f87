// How tests speak with the Worker and with what stands around it.

import { exports } from "cloudflare:workers";
import { expect, inject } from "vitest";
import type { FacilitatorCall } from "../support/fake-facilitator.ts";
import type { Seen } from "../support/fake-upstream.ts";
import { encodePayment, type Payment, signPayment } from "../support/payment.ts";
import { nonceOf, type Permit2Payment } from "../support/permit2-payment.ts";

export const ORIGIN = "https://api.example.com";

let counter = 0;

/** A path of its own for each test, so that what reached the upstream can be told apart. */
export const fresh = (path: string): string => {
  const [before, query] = path.split("?");
  return `${before}?${query ? `${query}&` : ""}test=${Date.now()}-${counter++}`;
};

/** @param pathOrUrl a path is one of `ORIGIN` */
export const ask = (pathOrUrl: string, init?: RequestInit): Promise<Response> =>
  exports.default.fetch(
    new Request(pathOrUrl.startsWith("/") ? ORIGIN + pathOrUrl : pathOrUrl, { redirect: "manual", ...init }),
  );

export function pay(pathOrUrl: string, payment: Payment | string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("payment-signature", typeof payment === "string" ? payment : encodePayment(payment));
  return ask(pathOrUrl, { ...init, headers });
}

/** What one test makes the facilitator do would keep the next one from asking it. */
export async function untilFacilitatorIsAsked(): Promise<void> {
  // Each table of these tests sells one of them.
  const paths = ["/paid/ok", "/after/ok"];
  const works = async (): Promise<number> => {
    const tried = paths.map(async (path) => (await pay(fresh(path), await signPayment("10000"))).status);
    return Math.min(...(await Promise.all(tried)));
  };
  await expect.poll(works).toBe(200);
}

export const decode = (header: string | null) =>
  JSON.parse(atob(header ?? "")) as { readonly [key: string]: unknown; readonly accepts: readonly unknown[] };

async function askUpstream<T>(question: string, path: string, upstream = `${inject("upstream")}/base`): Promise<T> {
  const { origin, pathname } = new URL(upstream);
  const response = await fetch(`${origin}/${question}?path=${encodeURIComponent(pathname + path)}`);
  return response.json();
}

/** What reached the upstream by that path. */
export const seen = (path: string, upstream?: string): Promise<Seen[]> => askUpstream("__seen", path, upstream);

/** Once the upstream has a request that it holds, it answers. */
export const release = (path: string): Promise<void> =>
  expect.poll(() => askUpstream("__release", path), { interval: 20 }).toBe(true);

export async function facilitatorCalls(
  { payload }: Payment | Permit2Payment,
  facilitator = inject("facilitator"),
): Promise<FacilitatorCall[]> {
  const nonce = "authorization" in payload ? payload.authorization.nonce : nonceOf(payload.permit2Authorization);
  const response = await fetch(`${facilitator}/__calls?nonce=${nonce.toLowerCase()}`);
  return response.json();
}

export const calledEndpoints = async (payment: Payment | Permit2Payment): Promise<string[]> =>
  (await facilitatorCalls(payment)).map(({ endpoint }) => endpoint);

/** A body whose length nobody declares. */
export const chunked = (...pieces: readonly string[]): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });

/** What is recorded behind an answer is there a moment later; the last try counts. */
export async function eventually(attempt: () => Promise<Response>, status: number): Promise<Response> {
  for (let tries = 0; tries < 20; tries++) {
    const response = await attempt();
    if (response.status === status && !(await response.clone().text()).includes("payment_in_flight")) return response;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return attempt();
}
