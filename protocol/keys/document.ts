/**
 * The text of the keys file. It is read as a whole or not at all: one fault anywhere leaves the keys
 * that are in force as they are.
 *
 * @module
 */
import { findNodeAtLocation, type Node, type ParseError, parseTree } from "jsonc-parser";
import { z } from "zod";
import { joinPath } from "../fault.ts";
import { type ChannelSet, PRODUCT_CHANNELS } from "../channel_set.ts";
import { type KeyRecord, keyRecord, MAX_KEYS } from "./record.ts";

/** Largest text that is read, in bytes. */
export const MAX_KEYS_FILE_BYTES = 1_048_576;

/** Deepest nesting that is read; a document has 5 levels. */
const MAX_DEPTH = 16;

const keysDocument = (channels: ChannelSet) =>
  z.strictObject({
    version: z.literal(1, { error: "expected 1; a newer gateway may have written this file" }),
    keys: z.array(keyRecord(channels)).max(MAX_KEYS, `expected at most ${MAX_KEYS} keys`),
  });

/** The outcome of {@link parseKeys}. */
export type KeysResult =
  | { readonly ok: true; readonly keys: readonly KeyRecord[] }
  | {
    readonly ok: false;
    /** Where, counted from 1. */
    readonly line: number;
    /** What is wrong there and what is expected; repeats no value of the file. */
    readonly message: string;
  };

/**
 * Reads the text of a keys file.
 *
 * @param idOf Computes the short id of a secret from its digest in hex.
 */
export function parseKeys(
  text: string,
  idOf: (sha256: string) => string,
  channels: ChannelSet = PRODUCT_CHANNELS,
): KeysResult {
  const source = text.replace(/^\uFEFF/, " ");
  const fault = (offset: number, message: string): KeysResult => ({
    ok: false,
    line: lineAt(source, offset),
    message,
  });
  if (source.trim() === "") return fault(0, `the file is empty; ${EXAMPLE} has no keys`);
  const deep = findTooDeep(source);
  if (deep !== undefined) return fault(deep, "nested too deep for a keys file");
  const errors: ParseError[] = [];
  const root = parseTree(source, errors, { disallowComments: true });
  const [error] = errors;
  if (error !== undefined || root === undefined) return fault(error?.offset ?? 0, "not JSON");
  const repeated = findRepeated(root);
  if (repeated !== undefined) return fault(repeated.offset, "a key of the object stands twice");
  const parsed = keysDocument(channels).safeParse(JSON.parse(source));
  if (!parsed.success) {
    const { node, message } = locate(root, parsed.error.issues[0]!);
    return fault(node.offset, message);
  }
  return resolve(parsed.data.keys, idOf, (path, message) =>
    fault(
      (findNodeAtLocation(root, ["keys", ...path]) ?? root).offset,
      `${[...path].reduce<string>(joinPath, "keys")}: ${message}`,
    ));
}

const EXAMPLE = '{"version": 1, "keys": []}';

/** Writes keys as the text of a file: one line for each limit and secret, so that changes can be read. */
export function formatKeys(keys: readonly KeyRecord[]): string {
  return `${JSON.stringify({ version: 1, keys }, undefined, 2)}\n`;
}

type Path = readonly (string | number)[];

/** Fills in the ids of secrets, and checks what must be unique in the file. */
function resolve(
  keys: readonly z.output<ReturnType<typeof keyRecord>>[],
  idOf: (sha256: string) => string,
  fault: (path: Path, message: string) => KeysResult,
): KeysResult {
  const names = new Set<string>();
  const digests = new Set<string>();
  const resolved: KeyRecord[] = [];
  for (const [at, key] of keys.entries()) {
    if (names.has(key.name)) return fault([at, "name"], "another key has the same name");
    names.add(key.name);
    const secrets = [];
    for (const [index, { id, sha256, ...rest }] of key.secrets.entries()) {
      const computed = idOf(sha256);
      const path = [at, "secrets", index];
      if (id !== undefined && id !== computed) {
        return fault([...path, "id"], `is not that of sha256, ${computed}; it may be left out`);
      }
      if (digests.has(sha256)) return fault([...path, "sha256"], "the secret stands here twice");
      digests.add(sha256);
      secrets.push({ id: computed, sha256, ...rest });
    }
    resolved.push({ ...key, secrets });
  }
  return { ok: true, keys: resolved };
}

/** Where an issue of the schema is, and what it says. */
function locate(root: Node, issue: z.core.$ZodIssue): { node: Node; message: string } {
  const path = issue.path.filter((part) => typeof part !== "symbol");
  const message = `${path.reduce<string>(joinPath, "") || "the file"}: ${issue.message}`;
  if (issue.code === "unrecognized_keys") {
    const property = findNodeAtLocation(root, [...path, issue.keys[0]!])?.parent;
    return { node: property ?? root, message };
  }
  // What is missing is reported at the object that lacks it.
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node !== undefined) return { node, message };
  }
  return { node: root, message };
}

/** The first property whose name stands before it in the same object. */
function findRepeated(root: Node): Node | undefined {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const children = node.children ?? [];
    open.push(...children);
    if (node.type !== "object") continue;
    const names = new Set<unknown>();
    for (const property of children) {
      const name = property.children?.[0]?.value;
      if (names.has(name)) return property;
      names.add(name);
    }
  }
  return undefined;
}

/** Where a text is nested deeper than any document: the parser recurses, and a stack is bounded. */
function findTooDeep(text: string): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"' || character === "\n") inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") {
      if (++depth > MAX_DEPTH) return at;
    } else if (character === "}" || character === "]") depth--;
  }
  return undefined;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++;
  }
  return line;
}
