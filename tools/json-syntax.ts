// What is wrong with a text that should be JSON, in words: the first mistake alone, because what follows one is often none.

import jsonc, { type ParseError } from "jsonc-parser";
import { redacted } from "../src/std/index.ts";

interface Flaw {
  readonly at: number;
  readonly remedy: string;
}

/** A sentence that begins with line and column, and the line itself below it; null for JSON. */
export function syntaxMistake(text: string): string | null {
  const encoding = encodingMistake(text);
  if (encoding !== null) return encoding;
  const errors: ParseError[] = [];
  jsonc.parseTree(text, errors, { disallowComments: true });
  const [first] = errors.toSorted((a, b) => a.offset - b.offset);
  if (!first) return null;
  const { at, remedy } = flawOf(text, first);
  return [`${place(text, at)}: ${remedy}`, ...shown(text, at)].join("\n");
}

export const lineOf = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;

export const place = (text: string, offset: number): string =>
  `line ${lineOf(text, offset)}, column ${offset - text.lastIndexOf("\n", offset - 1)}`;

function encodingMistake(text: string): string | null {
  if (text.startsWith("\uFEFF")) return "the file begins with a byte order mark; save it as UTF-8 without one";
  if (text.startsWith("\uFFFD") || text.includes("\0")) return "the file is not UTF-8; save it as that";
  return text.trim() === "" ? "the file is empty; write a JSON object" : null;
}

const COMMENT = "JSON has no comments; remove it";
const CLOSINGS: { readonly [mark: string]: string } = { "}": "brace", "]": "bracket" };

function flawOf(text: string, { error, offset, length }: ParseError): Flaw {
  const name = jsonc.printParseErrorCode(error);
  const end = text.slice(0, offset).trimEnd().length;
  const [last, next] = [text[end - 1], text[offset]];
  const closing = CLOSINGS[next ?? ""];
  const isMissing = name === "PropertyNameExpected" || name === "ValueExpected";
  if (isMissing && last === "," && closing) {
    return { at: end - 1, remedy: `a comma stands before the closing ${closing}; remove it` };
  }
  if (isMissing && next === ",") return { at: offset, remedy: "this comma is one too many; remove it" };
  if (name === "CommaExpected" && !closing) return commaFlaw(text, offset, end);
  if (name === "ColonExpected") return { at: end, remedy: "a colon is missing behind the key" };
  if (name === "InvalidSymbol") return { at: offset, remedy: symbolRemedy(text.slice(offset, offset + length)) };
  if (name === "ValueExpected" && last === ":") return { at: end, remedy: "a value is missing behind the colon" };
  if (closing && /^(Comma|Close)/.test(name)) return { at: offset, remedy: `this ${closing} closes what is not open` };
  if (closing && name === "EndOfFileExpected") {
    return { at: offset, remedy: `this closing ${closing} is one too many; remove it` };
  }
  return { at: offset, remedy: REMEDIES[name] ?? "this is not JSON" };
}

const REMEDIES: { readonly [name: string]: string } = {
  InvalidCommentToken: COMMENT,
  UnexpectedEndOfComment: COMMENT,
  UnexpectedEndOfString: "this text has no closing quote in its line; write one",
  UnexpectedEndOfNumber: "a number ends in a digit",
  InvalidUnicode: 'a backslash in a text begins an escape; write "\\\\" for a backslash',
  InvalidEscapeCharacter: 'a backslash in a text begins an escape; write "\\\\" for a backslash',
  InvalidCharacter: 'a text holds no tab and no other control character; write "\\t" for a tab',
  CloseBraceExpected: "the file ends before its closing brace; write it",
  CloseBracketExpected: "the file ends before its closing bracket; write it",
  EndOfFileExpected: "the table ends before this; remove what follows",
  ValueExpected: "a value is missing here",
  PropertyNameExpected: "a key in double quotes is missing here",
};

/** It belongs behind what stands before, which may be the line above. */
function commaFlaw(text: string, offset: number, end: number): Flaw {
  const isLeadingZero = end === offset && /\d/.test(text[offset] ?? "");
  if (isLeadingZero) return { at: end - 1, remedy: "a number does not begin with a zero; remove it" };
  const isAbove = text.slice(end, offset).includes("\n");
  return { at: end, remedy: isAbove ? "a comma is missing at the end of this line" : "a comma is missing here" };
}

const WORDS = ["true", "false", "null"];

function symbolRemedy(symbol: string): string {
  const word = symbol.toLowerCase();
  if (symbol.startsWith("#")) return COMMENT;
  if (/^['`\u2018-\u201F\u00AB\u00BB]/.test(symbol)) return 'write double quotes (") around a text';
  if (/^[-+]?\.\d/.test(symbol)) return `a number has a digit before its dot; write ${symbol.replace(".", "0.")}`;
  if (/^\+\d/.test(symbol)) return `a number has no plus; write ${symbol.slice(1)}`;
  if (WORDS.includes(word)) return `write ${word}`;
  if (symbol.startsWith(";")) return "write a comma in its place";
  if (symbol.startsWith("=")) return "write a colon in its place";
  if (/^[\w$]/.test(symbol)) return redacted(`write double quotes around it: ${JSON.stringify(symbol)}`);
  return "this is not JSON; remove it";
}

const SHOWN_MAX = 100;

/** The line and a mark below the place; nothing of a line that may hold a key. */
function shown(text: string, at: number): readonly string[] {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const [line = ""] = text.slice(start).split(/\r?\n/, 1);
  if (redacted(line) !== line) return [];
  const from = Math.max(0, at - start - SHOWN_MAX / 2);
  const part = line.slice(from, from + SHOWN_MAX).replaceAll("\t", " ");
  return [part, `${" ".repeat(at - start - from)}^`].map((row) => `      ${row}`);
}
