/**
 * The golden messages of protocol v1: written by hand from the contract, one message per file.
 *
 * A file is the exact bytes of its message and one line feed. The line feed belongs to the file, as
 * editors and diffs want it, and not to the message.
 *
 * @module
 */

const DIRECTORY = new URL("v1/", import.meta.url);

/** The name of every golden message: its file without `.json`. */
export const GOLDEN_NAMES: readonly string[] = [...Deno.readDirSync(DIRECTORY)]
  .map(({ name }) => name.replace(/\.json$/, "")).sort();

/** The names of what the gateway sends; the others are what clients send. */
export const SERVER_GOLDEN_NAMES: readonly string[] = GOLDEN_NAMES.filter((name) =>
  !name.startsWith("client_")
);

/**
 * The text of a golden message.
 *
 * @throws {Error} When the file is not one line with one line feed at its end.
 */
export function readGolden(name: string): string {
  const file = Deno.readTextFileSync(new URL(`${name}.json`, DIRECTORY));
  const text = file.slice(0, -1);
  if (!file.endsWith("\n") || text.includes("\n")) throw new Error(`${name} is not one line`);
  return text;
}
