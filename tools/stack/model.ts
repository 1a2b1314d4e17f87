// A model behind an endpoint like OpenAI's (`POST /v1/chat/completions`), for the local stack and for tests: every word of
// the last message is a token, and the answer says each of them once more. It streams where it is asked to, says what was
// used where it is asked to, breaks off at the word `break`, and as the model `slow` it waits with everything but its first
// word until it is told to go on.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type Listener, listen } from "./listen.ts";

export interface Model extends Listener {
  /** What was asked, as it came. */
  readonly asked: readonly string[];
  readonly goOn: () => void;
}

interface Question {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly messages: readonly { readonly content: string }[];
}

export async function startModel(): Promise<Model> {
  const asked: string[] = [];
  let waiting: (() => void)[] = [];
  const told = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    asked.push(body);
    await answerQuestion(body, response, told);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const goOn = (): void => {
    for (const resume of waiting) resume();
    waiting = [];
  };
  return { ...(await listen(server, 0)), asked, goOn };
}

/**
 * @param body of the request
 * @param told what the model `slow` waits for
 */
export async function answerQuestion(body: string, response: ServerResponse, told: () => Promise<void>): Promise<void> {
  const question = readQuestion(body);
  if (question === null) refuse(response);
  else if (question.stream) await stream(question, response, told);
  else complete(question, response);
}

/** Null where it has no messages to answer. */
function readQuestion(body: string): Question | null {
  try {
    const question = JSON.parse(body) as Question;
    return Array.isArray(question.messages) ? question : null;
  } catch {
    return null;
  }
}

function refuse(response: ServerResponse): void {
  response.writeHead(400, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { message: "There are no messages.", type: "invalid_request_error" } }));
}

const about = ({ model }: Question) => ({ id: "chatcmpl-1", object: "chat.completion", created: 1, model });

const wordsOf = ({ messages }: Question): readonly string[] => messages.at(-1)?.content.split(" ") ?? [];

const usageOf = ({ length }: readonly string[]) => ({
  prompt_tokens: length,
  completion_tokens: length,
  total_tokens: 2 * length,
});

function complete(question: Question, response: ServerResponse): void {
  const words = wordsOf(question);
  const message = { role: "assistant", content: words.join(" ") };
  const choices = [{ index: 0, message, finish_reason: "stop" }];
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ ...about(question), choices, usage: usageOf(words) }));
}

async function stream(question: Question, response: ServerResponse, told: () => Promise<void>): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (more: object): void => {
    response.write(`data: ${JSON.stringify({ ...about(question), object: "chat.completion.chunk", ...more })}\n\n`);
  };
  const words = wordsOf(question);
  for (const [i, content] of words.entries()) {
    if (content === "break") return void response.destroy();
    send({ choices: [{ index: 0, delta: { content: `${content} ` }, finish_reason: null }] });
    if (i === 0 && question.model === "slow") await told();
  }
  if (question.stream_options?.include_usage) send({ choices: [], usage: usageOf(words) });
  response.end("data: [DONE]\n\n");
}
