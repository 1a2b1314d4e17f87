// What the commands have in common: options, headers, help, and the words about wrong ones. Exit code 2 means that nothing
// was tried.

import { resolve } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";

type Config = Required<Pick<ParseArgsConfig, "options">>;

export class UsageError extends Error {}

/** Like node:util's, but an unknown option is a UsageError with one sentence. */
export function parseOptions<const C extends Config>(config: C, args: string[]) {
  try {
    return parseArgs({ ...config, args, allowPositionals: true });
  } catch (error) {
    const [sentence = ""] = (error as Error).message.split(/\. To specify|\n/);
    throw new UsageError(sentence.replace(/\.?$/, "."));
  }
}

export function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port is a number from 0 (any free port) to 65535, not "${text}".`);
}

/** An http or https URL, as it was written. */
export function parseUrl(name: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError(`${name} is an http or https URL, such as http://127.0.0.1:3000, not "${text}".`);
}

/** What the gate can put a path behind: a URL without query, fragment or user. */
export function parseBaseUrl(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const { search, hash, username, password } = new URL(parseUrl(name, text));
  if (search + hash + username + password === "" && !/[?#]/.test(text)) return text;
  throw new UsageError(`${name} is a URL without query, fragment or user, not "${text}".`);
}

/** Relative to where the operator is: npm runs scripts from the project's root. */
export function parsePath(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (text === "") throw new UsageError("A path is empty.");
  return resolve(process.env.INIT_CWD ?? process.cwd(), text);
}

/** Of lines such as `Name: value`; a body's type is JSON where it is some, unless a line says something else. */
export function parseHeaders(lines: readonly string[], body: string | undefined): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new UsageError(`--header is "Name: value", not "${line}".`);
    headers.append(name, value);
  }
  if (body !== undefined && !headers.has("content-type")) headers.set("content-type", typeOf(body));
  return headers;
}

function typeOf(body: string): string {
  try {
    JSON.parse(body);
    return "application/json";
  } catch {
    // What fetch says of a text.
    return "text/plain;charset=UTF-8";
  }
}

const HELP = ["--help", "-h"];

/** Runs a command; its result is the exit code. What it throws is told in words, without a stack. */
export async function runCommand(usage: string, command: () => Promise<number | undefined>): Promise<void> {
  if (process.argv.slice(2).some((word) => HELP.includes(word))) return console.log(`Usage: ${usage}`);
  try {
    process.exitCode = await command();
  } catch (error) {
    const isUsage = error instanceof UsageError;
    console.error(isUsage ? `${error.message}\n\nUsage: ${usage}` : (error as Error).message);
    process.exitCode = isUsage ? 2 : 1;
  }
}
