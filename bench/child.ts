// A part of the benchmark in a process of its own, asked and answered over Node's channel. What makes the load and what
// answers behind the Worker are kept on the second core, away from the runtime that is measured.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { atExit } from "../tools/stack/at-exit.ts";
import { onCore } from "./runtime.ts";

export interface Child<Question, Answer> {
  readonly ask: (question: Question) => Promise<Answer>;
  readonly stop: () => Promise<void>;
}

type Reply<Answer> = { readonly answer: Answer } | { readonly error: string };

/** @param file of this folder */
export function startChild<Question extends object, Answer>(file: string): Child<Question, Answer> {
  const [command = process.execPath, ...args] = [...onCore(1), process.execPath, join(import.meta.dirname, file)];
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], serialization: "advanced" });
  const forget = atExit(() => child.kill("SIGKILL"));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        const gone = (): void => reject(new Error(`${file} ended`));
        child.once("exit", gone);
        child.once("message", (reply: Reply<Answer>) => {
          child.off("exit", gone);
          if ("answer" in reply) resolve(reply.answer);
          else reject(new Error(reply.error));
        });
        child.send(question);
      }),
    async stop() {
      child.kill("SIGKILL");
      await exited;
      forget();
    },
  };
}

/** In the child: one question at a time. */
export function answerParent<Question, Answer>(answer: (question: Question) => Promise<Answer> | Answer): void {
  process.on("message", async (question: Question) => {
    try {
      process.send?.({ answer: await answer(question) });
    } catch (error) {
      process.send?.({ error: String(error) });
    }
  });
}
