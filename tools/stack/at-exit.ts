// Child processes must not outlive the process that started them, whoever that is: the launcher, a test, a benchmark.
// Covered are a normal end, an uncaught error and the signals below. `kill -9` leaves nobody to act.

const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
const signals = Object.keys(numbers) as (keyof typeof numbers)[];
const endings = new Set<() => void>();
let signalsAreTaken = false;

/** Runs `end` (synchronous) when this process ends, and answers how to call that off. */
export function atExit(end: () => void): () => void {
  if (endings.size === 0) listen();
  endings.add(end);
  return () => {
    endings.delete(end);
    if (endings.size === 0) unlisten();
  };
}

/** For a launcher with signal handlers of its own, which stop the children in order: then no signal ends the process here. */
export function takeSignals(onSignal: (signal: NodeJS.Signals) => void): void {
  signalsAreTaken = true;
  for (const signal of signals) process.on(signal, onSignal);
}

function listen(): void {
  process.on("exit", endAll);
  for (const signal of signals) process.on(signal, exit);
}

function unlisten(): void {
  process.off("exit", endAll);
  for (const signal of signals) process.off(signal, exit);
}

function endAll(): void {
  for (const end of endings) end();
}

function exit(signal: NodeJS.Signals): void {
  if (!signalsAreTaken) process.exit(128 + numbers[signal as keyof typeof numbers]);
}
