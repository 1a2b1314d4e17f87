// The network between gate and facilitator, or between a gate that settles itself and its RPC, which can lose what passes
// through it.

import { readText, startServer, type TestServer } from "./server.ts";

/** What happens to a call: it never arrives, or its answer never does. */
export type Loss = "none" | "request" | "answer";

/** A test changes them while calls are made; to `believe` is to answer a verify in the facilitator's place. */
export interface Losses {
  settle: Loss;
  verify: "none" | "believe";
}

/** Passes everything on, but for what is lost: then it breaks the connection. */
export function startLossyProxy(target: string, lose: Losses): Promise<TestServer> {
  return startServer(async (request, response) => {
    const body = await readText(request);
    if (request.url === "/verify" && lose.verify === "believe") {
      // On Solana no member of its own names the payer, and an answer need not.
      const payer = JSON.parse(body).paymentPayload.payload.authorization?.from;
      return response.writeHead(200).end(JSON.stringify({ isValid: true, payer }));
    }
    if (request.url === "/settle" && lose.settle === "request") return request.socket.destroy();
    const method = request.method ?? "GET";
    const headers = { "content-type": "application/json" };
    const answer = await fetch(target + request.url, method === "GET" ? {} : { method, headers, body });
    const text = await answer.text();
    if (request.url === "/settle" && lose.settle === "answer") return request.socket.destroy();
    return response.writeHead(answer.status, headers).end(text);
  });
}

/** The same between the gate and an RPC: where a settlement's answer is lost, nothing is heard from its transaction on. */
export function startLossyRpc(target: string, lose: Losses): Promise<TestServer> {
  let isDark = false;
  return startServer(async (request, response) => {
    const body = await readText(request);
    isDark &&= lose.settle === "answer";
    if (isDark) return request.socket.destroy();
    isDark = lose.settle === "answer" && body.includes("eth_sendRawTransaction");
    const headers = { "content-type": "application/json" };
    const answer = await fetch(target, { method: "POST", headers, body });
    const text = await answer.text();
    return isDark ? request.socket.destroy() : response.writeHead(answer.status, headers).end(text);
  });
}
