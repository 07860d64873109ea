/**
 * The generated documents in the tree are what `deno task docs` would write.
 *
 * @module
 */
import assert from "node:assert/strict";
import { renderConfigurationReference } from "../docs/configuration_reference.ts";
import { GENERATED_DOCUMENTS } from "../docs/generate.ts";
import { CONFIG_OPTIONS } from "../protocol/config/options.ts";

for (const [path, render] of Object.entries(GENERATED_DOCUMENTS)) {
  Deno.test(`${path} is current`, () => {
    const current = Deno.readTextFileSync(path);
    assert.equal(current, render(current), "run: deno task docs");
  });
}

Deno.test("the configuration reference has one row for every option", () => {
  const rows = renderConfigurationReference().split("\n");
  for (const { path, variable, flag, description } of CONFIG_OPTIONS) {
    const found = rows.filter((row) => row.startsWith(`| \`${path}\` |`));
    assert.equal(found.length, 1, path);
    for (const part of [variable, flag, description]) assert.ok(found[0]!.includes(part), path);
  }
});
