// Buyers who call one after the other, each with a payment of its own, over connections that stay open.

import { Agent, request } from "node:http";
import { ask } from "../../bench/ask.ts";
import { HOST } from "../../bench/load.ts";
import { paymentHeader, readChallenge, type Signed } from "../../bench/payments.ts";
import type { Running } from "../../bench/running.ts";

export interface Call {
  readonly status: number;
  /** Of a refusal. */
  readonly reason: string | null;
  readonly sentMs: number;
  readonly tookMs: number;
}

export interface Till {
  /** Until it is closed, or no payment is left. */
  readonly sell: () => Promise<readonly Call[]>;
  readonly close: () => void;
}

const PATH = "/priced";

export async function openTill({ runtime: { port } }: Running, payments: readonly Signed[]): Promise<Till> {
  const { headers } = await ask(port, PATH);
  const challenge = readChallenge(String(headers["payment-required"]));
  const { url: resourceUrl } = challenge.resource as { readonly url: string };
  const agent = new Agent({ keepAlive: true });
  let isOpen = true;
  let next = 0;
  return {
    async sell() {
      const calls: Call[] = [];
      for (let i = next++; isOpen && i < payments.length; i = next++) {
        // A call of its own each: a payer's next one for the same call would wait for what became of the last.
        const query = `?call=${i}`;
        const resource = { url: resourceUrl + query };
        const payment = paymentHeader({ ...challenge, resource }, payments[i] as Signed);
        calls.push(await buy(port, agent, PATH + query, payment));
      }
      return calls;
    },
    close() {
      isOpen = false;
    },
  };
}

async function buy(port: number, agent: Agent, path: string, payment: string): Promise<Call> {
  const sentMs = performance.now();
  const { status, body } = await send(port, agent, path, payment);
  const tookMs = performance.now() - sentMs;
  return { status, reason: status === 200 ? null : JSON.parse(body).error, sentMs, tookMs };
}

function send(
  port: number,
  agent: Agent,
  path: string,
  payment: string,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host: HOST, "payment-signature": payment };
    const sent = request({ port, host: "127.0.0.1", path, headers, agent });
    sent.once("error", reject).once("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.end();
  });
}
