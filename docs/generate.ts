/**
 * Writes the generated documents: `deno task docs`. A test fails when a committed one is not current.
 *
 * @module
 */
import { connectionMachine } from "../actors/connection/machine.ts";
import { renderChannelReference } from "./channels_reference.ts";
import { renderCommandsReference } from "./commands_reference.ts";
import { renderConfigurationReference } from "./configuration_reference.ts";
import { renderErrorCodes, renderRestReference } from "./rest_reference.ts";
import { stateDiagram, withDiagram } from "./state_diagram.ts";

/** Every generated document: its path, and how to make its text from the one that is there. */
export const GENERATED_DOCUMENTS: Readonly<Record<string, (current: string) => string>> = {
  "docs/channels.md": (current) => renderChannelReference(current),
  "docs/commands.md": renderCommandsReference,
  "docs/configuration.md": renderConfigurationReference,
  "docs/errors.md": renderErrorCodes,
  "docs/rest_guide.md": (current) => renderRestReference(current),
  "docs/state_diagram.md": (current) => withDiagram(current, stateDiagram(connectionMachine)),
};

if (import.meta.main) {
  for (const [path, render] of Object.entries(GENERATED_DOCUMENTS)) {
    Deno.writeTextFileSync(path, render(Deno.readTextFileSync(path)));
    // deno-lint-ignore no-console
    console.log(`wrote ${path}`);
  }
}
