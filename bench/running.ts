// A Worker that runs, and the requests that its clients send it.

import { type Answer, ask } from "./ask.ts";
import { requestText } from "./load.ts";
import { paymentHeader, readChallenge, type Signed } from "./payments.ts";
import { type Runtime, startRuntime } from "./runtime.ts";
import type { Subject } from "./subjects.ts";

export interface Running {
  readonly subject: Subject;
  readonly runtime: Runtime;
  /** From the start of the process to its first answer, which is a challenge. */
  readonly startMs: number;
}

/** @param priced the path that is asked first */
export async function start(subject: Subject, priced = "/priced"): Promise<Running> {
  const runtime = await startRuntime(subject.worker);
  try {
    const askedMs = performance.now();
    await askChallenge(subject, runtime, priced);
    return { subject, runtime, startMs: runtime.listeningMs + performance.now() - askedMs };
  } catch (error) {
    await runtime.stop();
    throw error;
  }
}

async function askChallenge({ name, prefix }: Subject, { port }: Runtime, path: string): Promise<Answer> {
  const answer = await ask(port, prefix + path);
  if (answer.status !== 402) throw new Error(`${name} answers ${answer.status} on the priced path ${path}`);
  return answer;
}

/** Without a payment. */
export const plain = ({ subject }: Running, path: string): readonly string[] => [requestText(subject.prefix + path)];

/** One for each payment, as the path's own challenge asks for it. */
export async function paying(
  { subject, runtime }: Running,
  payments: readonly Signed[],
  { path = "/priced", lengthMin = 0 }: { readonly path?: string; readonly lengthMin?: number } = {},
): Promise<readonly string[]> {
  const { headers } = await askChallenge(subject, runtime, path);
  const challenge = readChallenge(String(headers["payment-required"]));
  return payments.map((payment) =>
    requestText(subject.prefix + path, { "payment-signature": paymentHeader(challenge, payment, lengthMin) }),
  );
}
