/**
 * The client's guide says what the code says.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MarkdownDocument } from "../../support/markdown.ts";
import { projectPath } from "../../support/paths.ts";

const GUIDE = new MarkdownDocument("docs/websocket_client.md");

/** The literals of a union in a source. */
function literalsOf(path: string, type: string): string[] {
  const source = Deno.readTextFileSync(projectPath(path));
  const [, union] = new RegExp(`export type ${type} =([^;]+);`).exec(source)!;
  return [...union!.matchAll(/"([^"]+)"/g)].map(([, literal]) => literal!);
}

/** The first column of a table of the guide. */
function firstColumn(header: string): string[] {
  return GUIDE.table(header).map(([cell]) => cell!.replaceAll("`", ""));
}

Deno.test("the client's guide lists every code of an error, and no other", () => {
  assert.deepEqual(firstColumn("`code`"), literalsOf("protocol/client/errors.ts", "ErrorCode"));
});

Deno.test("the client's guide lists every reason of a gap, and no other", () => {
  assert.deepEqual(firstColumn("`reason`"), literalsOf("protocol/client/errors.ts", "GapReason"));
});

Deno.test("the client's guide lists every state of a connection, and no other", () => {
  const source = Deno.readTextFileSync(projectPath("protocol/client/connection.ts"));
  const states = [...source.matchAll(/readonly status: "(\w+)"/g)].map(([, state]) => state);
  assert.deepEqual(firstColumn("`status`"), states);
});
