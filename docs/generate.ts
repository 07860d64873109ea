/**
 * Writes the generated documents: `deno task docs`. A test fails when a committed one is not current.
 *
 * @module
 */
import { renderConfigurationReference } from "./configuration_reference.ts";

/** Every generated document: its path, and how to make its text. */
export const GENERATED_DOCUMENTS: Readonly<Record<string, () => string>> = {
  "docs/configuration.md": renderConfigurationReference,
};

if (import.meta.main) {
  for (const [path, render] of Object.entries(GENERATED_DOCUMENTS)) {
    Deno.writeTextFileSync(path, render());
    // deno-lint-ignore no-console
    console.log(`wrote ${path}`);
  }
}
