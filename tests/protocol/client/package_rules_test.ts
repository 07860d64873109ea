/**
 * What the client may load: itself, and in the file outbox the platform's files.
 *
 * @module
 */
import assert from "node:assert/strict";
import { importsOf, loadsOf } from "../../support/imports.ts";
import { sourceFiles } from "../../support/source_files.ts";

const FILES = sourceFiles(["protocol/client"]);

/** What a file of the client loads from outside of it. */
function loadsOutside(path: string, source: string): string[] {
  return loadsOf(path, source).filter((loaded) => !loaded.startsWith("protocol/client/"));
}

Deno.test("the client has no dependency at run time: it imports types alone from protocol/", () => {
  assert.ok(FILES.length > 20);
  for (const path of FILES) {
    const allowed = path.endsWith("/file_outbox.ts") ? ["node:fs/promises"] : [];
    assert.deepEqual(loadsOutside(path, Deno.readTextFileSync(path)), allowed, path);
  }
});

Deno.test("one file of the client refers to the types of the wire", () => {
  const referring = FILES.filter((path) =>
    importsOf(path, Deno.readTextFileSync(path)).some((imported) =>
      imported.startsWith("protocol/") && !imported.startsWith("protocol/client/")
    )
  );
  assert.deepEqual(referring, ["protocol/client/wire_types.ts"]);
});

Deno.test("a value that is imported from protocol/ is found, a type is not", () => {
  const path = "protocol/client/a.ts";
  assert.deepEqual(loadsOutside(path, 'import { ENDINGS } from "../close_codes.ts";'), [
    "protocol/close_codes.ts",
  ]);
  assert.deepEqual(loadsOutside(path, 'import { z } from "zod";'), ["zod"]);
  assert.deepEqual(loadsOutside(path, 'import type { ENDINGS } from "../close_codes.ts";'), []);
});
