// Source files as syntax trees, for rules about how the house is built. Files are given as text, so that a rule can be
// tried on one that breaks it.

import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Node, SourceFile } from "typescript/unstable/ast";
import { createVirtualFileSystem } from "typescript/unstable/fs";
import { API } from "typescript/unstable/sync";

export interface SourceText {
  /** Such as `src/x402/amount.ts`. */
  readonly path: string;
  readonly text: string;
}

export interface Source extends SourceText {
  readonly tree: SourceFile;
}

const CONFIG = "/tsconfig.json";
/** Nothing is resolved: the trees alone are asked for. */
const SETTINGS = JSON.stringify({ compilerOptions: { noLib: true, noResolve: true, types: [] }, include: ["**/*.ts"] });

/** Each stands for itself, so that several may have one path. */
export function parseSources(texts: readonly SourceText[]): readonly Source[] {
  const files = texts.map(({ path, text }, i) => [`/${i}/${path}`, text]);
  const api = new API({ cwd: "/", fs: createVirtualFileSystem(Object.fromEntries([[CONFIG, SETTINGS], ...files])) });
  try {
    using snapshot = api.updateSnapshot({ openProjects: [CONFIG] });
    const program = snapshot.getProject(CONFIG)?.program;
    return texts.map((source, i) => {
      const tree = program?.getSourceFile(`/${i}/${source.path}`);
      if (!tree) throw new Error(`${source.path} was not parsed`);
      return { ...source, tree };
    });
  } finally {
    api.close();
  }
}

/** Every file below a folder of the project. */
export function readTexts(folder: string): readonly SourceText[] {
  const root = join(import.meta.dirname, "../..");
  const entries: readonly Dirent[] = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => ({
    path: relative(root, file).replaceAll("\\", "/"),
    text: readFileSync(file, "utf8"),
  }));
}

/** The node and everything below it. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  const children: Node[] = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

/** Counted from one. */
export const lineAt = (text: string, position: number): number => text.slice(0, position).split("\n").length;
