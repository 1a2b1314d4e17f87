// The two ends of an exchange: an upstream that writes or counts a body, and a client that counts or writes one.

import { once } from "node:events";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { encodePayment, signPayment } from "../support/payment.ts";
import { readText, startServer, type TestServer } from "../support/server.ts";
import { AMOUNT, type Direction, isPaid, UPSTREAM_SECONDS } from "./directions.ts";
import { newTransfer, receive, send, type Transfer } from "./transfer.ts";

/** As long as the gate lets an upstream take. */
const EXCHANGE_MS_MAX = UPSTREAM_SECONDS * 1000;

export interface Upstream extends TestServer {
  /** Which exchange is under way: there is one at a time. */
  current: { readonly direction: Direction; readonly transfer: Transfer; flaw: Error | null } | null;
}

export async function startUpstream(): Promise<Upstream> {
  const upstream: Upstream = {
    current: null,
    ...(await startServer(async (incoming, outgoing) => {
      const { current } = upstream;
      if (current === null) return void outgoing.end();
      await serve(current.direction, current.transfer, incoming, outgoing).catch((flaw) => {
        current.flaw = flaw;
        outgoing.destroy();
      });
    })),
  };
  return upstream;
}

async function serve(
  direction: Direction,
  transfer: Transfer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  if (direction.way === "download") {
    outgoing.writeHead(200, framing(direction, transfer));
    return send(transfer, outgoing);
  }
  await receive(transfer, incoming);
  outgoing.end("taken");
}

const framing = ({ isDeclared }: Direction, { bytes }: Transfer): Record<string, string> =>
  isDeclared ? { "content-length": String(bytes) } : { "transfer-encoding": "chunked" };

/** One exchange to its end; throws where it is not what it was to be. */
export async function exchange(gate: string, upstream: Upstream, direction: Direction, bytes: number) {
  const transfer = newTransfer(bytes, direction.stops);
  const current = { direction, transfer, flaw: null as Error | null };
  upstream.current = current;
  try {
    await ask(gate, direction, transfer);
  } catch (error) {
    throw current.flaw ?? error;
  } finally {
    upstream.current = null;
  }
  const { receivedBytes, heldBytes } = transfer;
  if (receivedBytes !== bytes) throw new Error(`of ${bytes} bytes ${receivedBytes} arrived`);
  return { heldBytes };
}

async function ask(gate: string, direction: Direction, transfer: Transfer): Promise<void> {
  const isUpload = direction.way === "upload";
  const headers = { ...(isUpload && framing(direction, transfer)), ...(await paymentFor(direction)) };
  const outgoing = request(`${gate}${direction.path}/goods`, {
    ...{ method: isUpload ? "POST" : "GET", headers, agent: false, signal: AbortSignal.timeout(EXCHANGE_MS_MAX) },
  });
  const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
  const sent = isUpload ? send(transfer, outgoing) : Promise.resolve(void outgoing.end());
  // A refusal breaks the upload off, and says more than that.
  sent.catch(() => undefined);
  const [answer] = await answered;
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${await readText(answer)}`);
  if (isPaid(direction) !== "payment-response" in answer.headers) throw new Error("it was not sold as it should be");
  if (isUpload) await readText(answer);
  else await receive(transfer, answer);
  await sent;
}

async function paymentFor(direction: Direction): Promise<Record<string, string>> {
  return isPaid(direction) ? { "payment-signature": encodePayment(await signPayment(AMOUNT)) } : {};
}
