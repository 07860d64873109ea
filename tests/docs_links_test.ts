/**
 * Every link of the documents leads somewhere.
 *
 * @module
 */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { MarkdownDocument } from "./support/markdown.ts";
import { fileExists, projectPath } from "./support/paths.ts";

const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  ...["docs", "docs/adr"].flatMap((folder) =>
    [...Deno.readDirSync(projectPath(folder))]
      .filter(({ name }) => name.endsWith(".md"))
      .map(({ name }) => `${folder}/${name}`)
  ).sort(),
];

/** What is wrong with a link of a document; `undefined` when it leads somewhere. */
function faultOf({ path, anchors }: MarkdownDocument, link: string): string | undefined {
  if (/^https?:/.test(link)) return undefined;
  const [file, anchor] = link.split("#");
  const target = file === "" ? path : posix.join(posix.dirname(path), file!);
  if (target.endsWith("/")) return undefined;
  if (!fileExists(projectPath(target))) return `${link}: no such file`;
  if (anchor === undefined) return undefined;
  const known = target === path ? anchors : new MarkdownDocument(target).anchors;
  return known.has(anchor) ? undefined : `${link}: no such heading`;
}

for (const path of DOCUMENTS) {
  Deno.test(`every link of ${path} leads to a file and a heading`, () => {
    const document = new MarkdownDocument(path);
    const faults = document.links.flatMap((link) => faultOf(document, link) ?? []);
    assert.deepEqual(faults, []);
  });
}

Deno.test("a link that leads nowhere is found", () => {
  const document = new MarkdownDocument("docs/websocket_guide.md");
  assert.match(faultOf(document, "nothing.md")!, /file/);
  assert.match(faultOf(document, "#nothing")!, /heading/);
  assert.match(faultOf(document, "channels.md#nothing")!, /heading/);
});
