// Every condition of the three rooms, each changed in one way: found and built into a scratch copy by Stryker's
// instrumenter, which leaves a switch at each of them, so that one copy holds all mutants.

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");
/** Where nothing is linted or committed, and where the project's modules are found. */
export const SCRATCH = join(ROOT, process.env["FAREGATE_MUTATION_SCRATCH"] ?? "dist/mutation");
export const ROOMS = ["ledger", "schemes", "gateway"] as const;

/** Statements, texts, numbers and calls are not conditions. */
const EXCLUDED = [
  "ArithmeticOperator",
  "ArrowFunction",
  "AssignmentOperator",
  "BlockStatement",
  "CallExpression",
  "MethodExpression",
  "ObjectLiteral",
  "OptionalChaining",
  "Regex",
  "StringLiteral",
  "UnaryOperator",
  "UpdateOperator",
];

export interface Mutant {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly original: string;
  readonly replacement: string;
}

interface Position {
  readonly line: number;
  readonly column: number;
}

interface Instrumented {
  readonly files: readonly { readonly name: string; readonly content: string }[];
  readonly mutants: readonly {
    readonly id: string;
    readonly fileName: string;
    readonly replacement: string;
    readonly location: { readonly start: Position; readonly end: Position };
    readonly status?: string;
  }[];
}

interface Instrumenter {
  instrument(files: readonly object[], options: object): Promise<Instrumented>;
}

/** @returns the mutants that the scratch copy holds */
export async function writeScratch(): Promise<readonly Mutant[]> {
  rmSync(SCRATCH, { recursive: true, force: true });
  const entries = readdirSync(ROOT).filter((entry) => !["node_modules", "dist", ".git"].includes(entry));
  const isOurs = (path: string): boolean => !path.includes("node_modules");
  for (const entry of entries) cpSync(join(ROOT, entry), join(SCRATCH, entry), { recursive: true, filter: isOurs });
  const names = ROOMS.flatMap((room) => readdirSync(join(ROOT, "src", room)).map((file) => `src/${room}/${file}`));
  const texts = new Map(names.map((name) => [name, readFileSync(join(ROOT, name), "utf8")]));
  const sources = names.map((name) => ({ name, mutate: true, content: texts.get(name) }));
  const options = { plugins: null, excludedMutations: EXCLUDED, ignorers: [] };
  const { files, mutants } = await (await instrumenter()).instrument(sources, options);
  for (const { name, content } of files) writeFileSync(join(SCRATCH, name), content);
  return mutants
    .filter(({ status }) => status === undefined)
    .map(({ id, fileName, replacement, location: { start, end } }) => {
      const original = cut(texts.get(fileName) ?? "", start, end);
      return { id, file: fileName, line: start.line + 1, column: start.column + 1, original, replacement };
    });
}

/** From its own folder, which is installed only where mutants are wanted. */
async function instrumenter(): Promise<Instrumenter> {
  const path = join(import.meta.dirname, "node_modules/@stryker-mutator/instrumenter/dist/src/index.js");
  const { Instrumenter } = await import(path);
  const silent = { debug: () => undefined, info: () => undefined, warn: console.warn, isDebugEnabled: () => false };
  return new Instrumenter(silent);
}

function cut(text: string, start: Position, end: Position): string {
  const lines = text.split("\n").slice(start.line, end.line + 1);
  lines[lines.length - 1] = lines.at(-1)?.slice(0, end.column) ?? "";
  lines[0] = lines[0]?.slice(start.column) ?? "";
  return lines.map((line) => line.trim()).join(" ");
}
