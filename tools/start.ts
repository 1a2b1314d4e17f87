// `npm start`: the whole local stack until Ctrl-C. For programs, one line of JSON on standard output says that it is
// ready; everything that is not an answer to "is it ready" goes around it in words, or to standard error.

import { parseBaseUrl, parseOptions, parsePath, parsePort, runCommand, UsageError } from "./command-line.ts";
import { writeReady } from "./local-file.ts";
import { formatPayment, isPayment, parseRequestLine } from "./payment-line.ts";
import { takeSignals } from "./stack/at-exit.ts";
import { type Ready, type Stack, type StackOptions, startStack } from "./stack/index.ts";

const usage = "npm start -- [--port N] [--pricing FILE] [--upstream URL] [--facilitator URL] [--state DIR] [--quiet]";

const optionTypes = {
  port: { type: "string" },
  pricing: { type: "string" },
  upstream: { type: "string" },
  facilitator: { type: "string" },
  state: { type: "string" },
  quiet: { type: "boolean" },
} as const;

const parentCheckMs = 250;
const forever = new Promise<never>(() => {});

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions({ options: optionTypes }, process.argv.slice(2));
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not an option.`);
  const quiet = values.quiet ?? false;
  const options: StackOptions = {
    port: parsePort(values.port),
    pricing: parsePath(values.pricing),
    upstream: parseBaseUrl("--upstream", values.upstream),
    facilitator: parseBaseUrl("--facilitator", values.facilitator),
    stateDir: parsePath(values.state),
    onWarning: (warning) => console.error(`Note: ${warning}`),
    onLog: logWriter(process.stdout.isTTY && !quiet),
  };
  const stack = startStack(options);
  const signal = stopAtSignal(stack);
  // A part that Ctrl-C has ended while it was starting is no news to whoever pressed it.
  const { ready } = await stack.catch((error) => (signal.came ? forever : Promise.reject(error)));
  writeReady(ready);
  if (!quiet) console.log(words(ready, values.pricing === undefined && values.upstream === undefined));
  console.log(JSON.stringify(ready));
  return forever;
});

/** Ends the process at a signal: with 0 when every part has stopped, at once at a second signal. */
function stopAtSignal(stack: Promise<Stack>): { came: boolean } {
  const signal = { came: false };
  const onSignal = (): void => {
    if (signal.came) process.exit(130);
    signal.came = true;
    // A start that is under way is let through to its end first: only then is it known what there is to stop.
    const stopped = stack.then(({ stop }) => stop());
    stopped.catch(() => {}).finally(() => process.exit(0));
  };
  takeSignals(onSignal);
  if (process.env.npm_lifecycle_event !== undefined) atParentEnd(onSignal);
  return signal;
}

/** npm passes a signal on to its shell, which ends without telling us: then only its absence does. */
function atParentEnd(then: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, parentCheckMs);
  timer.unref();
}

/** Payments are shown to people only, other requests to nobody; whatever else the Worker says goes to standard error. */
function logWriter(showPayments: boolean): (text: string) => void {
  return (text) => {
    const request = parseRequestLine(text);
    if (request === undefined) console.error(text);
    else if (showPayments && isPayment(request)) console.log(formatPayment(request, new Date()));
  };
}

function words(ready: Ready, isSample: boolean): string {
  return `
Faregate runs on this machine. The chain is a local one: no real money moves.

  gate         ${ready.gate}
  upstream     ${ready.upstream}${isSample ? "  (a sample API)" : ""}
  facilitator  ${ready.facilitator}
  chain        ${ready.rpc}  (${ready.network})

Pay for a call:  npm run pay -- ${ready.gate}/${isSample ? "v1/quotes/ETH" : "…"}
Stop:            Ctrl-C
`;
}
