// A model behind an endpoint like OpenAI's (`POST /v1/chat/completions`): every word of the last message is a token, and the
// answer says each of them once more. It streams where it is asked to, says what was used where it is asked to, and can be
// made to break off half way, or to wait with its last words until it is told to go on.

import type { ServerResponse } from "node:http";
import { readText, startServer, type TestServer } from "./server.ts";

export interface FakeModel extends TestServer {
  /** What was asked, as it came. */
  readonly asked: readonly string[];
  /** Streams wait with everything but their first word until this is called. */
  readonly goOn: () => void;
}

interface Asked {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly messages: readonly { readonly content: string }[];
}

export async function startFakeModel(): Promise<FakeModel> {
  const asked: string[] = [];
  let waiting: (() => void)[] = [];
  const told = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const goOn = (): void => {
    for (const resume of waiting) resume();
    waiting = [];
  };
  const server = await startServer(async (request, response) => {
    const text = await readText(request);
    asked.push(text);
    const question = JSON.parse(text) as Asked;
    if (question.stream) return stream(question, response, told);
    const words = wordsOf(question);
    const message = { role: "assistant", content: words.join(" ") };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ ...about(question), choices: [{ index: 0, message }], usage: usageOf(words) }));
  });
  return { ...server, asked, goOn };
}

const about = ({ model }: Asked) => ({ id: "chatcmpl-1", object: "chat.completion", created: 1, model });

const wordsOf = ({ messages }: Asked): readonly string[] => messages.at(-1)?.content.split(" ") ?? [];

const usageOf = ({ length }: readonly string[]) => ({
  prompt_tokens: length,
  completion_tokens: length,
  total_tokens: 2 * length,
});

async function stream(question: Asked, response: ServerResponse, told: () => Promise<void>): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (more: object): void => {
    response.write(`data: ${JSON.stringify({ ...about(question), object: "chat.completion.chunk", ...more })}\n\n`);
  };
  const words = wordsOf(question);
  for (const [i, content] of words.entries()) {
    if (content === "break") return void response.destroy();
    send({ choices: [{ index: 0, delta: { content: `${content} ` } }], usage: null });
    if (i === 0 && question.model === "slow") await told();
  }
  if (question.stream_options?.include_usage) send({ choices: [], usage: usageOf(words) });
  response.end("data: [DONE]\n\n");
}
