import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { bundle } from "../../../../routes/pages/build/bundle.ts";
import { fingerprint } from "../../../../routes/pages/build/fingerprint.ts";
import { buildPages } from "../../../../routes/pages/build/main.ts";
import type { BuiltFile } from "../../../../routes/pages/built_pages.ts";
import { projectPath } from "../../../support/paths.ts";

/** Most bytes of all scripts and styles of the dashboard, gzipped; the console comes on top. */
const MAX_GZIPPED_BYTES = 48 * 1024;

const ROOT = projectPath("").replace(/\/$/, "");

const bytesOf = ({ gzip }: BuiltFile) => Buffer.from(gzip, "base64");

Deno.test("scripts and styles of the dashboard stay within their budget, and nothing loads more", async () => {
  const { assets, document, client } = await bundle(ROOT, "test");
  const sizes = Object.entries(assets).map(([name, file]) => [name, bytesOf(file).length] as const);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  assert.ok(total <= MAX_GZIPPED_BYTES, `${total} bytes: ${JSON.stringify(sizes)}`);
  for (const [name, file] of Object.entries(assets)) {
    assert.match(name, /^[\w.]+-[0-9A-Z]{8}\.(?:js|css)$/, "the hash is in the name");
    const text = gunzipSync(bytesOf(file)).toString();
    assert.doesNotMatch(text, /\b(?:eval|new Function)\(/, name);
    assert.doesNotMatch(text, /@import|url\((?!data:|#)/, name);
  }
  for (const [, name] of document.matchAll(/"\/assets\/([^"]+)"/g)) assert.ok(assets[name!], name);
  const { version } = JSON.parse(Deno.readTextFileSync(projectPath("deno.json")));
  const [first] = gunzipSync(bytesOf(client)).toString().split("\n");
  assert.equal(first, `/* @telemetry/client ${version} */`);
});

Deno.test("pages that are built are not built again, and the look costs little", async () => {
  await buildPages();
  const times: number[] = [];
  for (let run = 0; run < 10; run += 1) {
    const from = performance.now();
    assert.equal(await buildPages(), false);
    times.push(performance.now() - from);
  }
  // The best of ten: other tests have the processors as well.
  assert.ok(Math.min(...times) < 60, `a start must not wait for it: ${times}`);
});

Deno.test("a source that changes, comes or goes makes other pages; nothing else does", () => {
  const root = Deno.makeTempDirSync();
  try {
    for (const folder of ["routes/pages/views", "protocol"]) {
      Deno.mkdirSync(`${root}/${folder}`, { recursive: true });
    }
    const files = ["deno.json", "deno.lock", "routes/pages/deno.json", "routes/pages/views/a.tsx"];
    for (const file of files) Deno.writeTextFileSync(`${root}/${file}`, "1");
    const first = fingerprint(root);
    Deno.utimeSync(`${root}/routes/pages/views/a.tsx`, 1, 1);
    Deno.writeTextFileSync(`${root}/routes/pages/notes.txt`, "x");
    assert.equal(fingerprint(root), first);
    Deno.writeTextFileSync(`${root}/protocol/b.ts`, "1");
    const second = fingerprint(root);
    assert.notEqual(second, first);
    Deno.renameSync(`${root}/protocol/b.ts`, `${root}/protocol/c.ts`);
    assert.notEqual(fingerprint(root), second);
    Deno.removeSync(`${root}/protocol/c.ts`);
    assert.equal(fingerprint(root), first);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});
