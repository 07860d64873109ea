/**
 * The golden messages: written by hand from the contract, one message per file, one folder for each
 * version of the protocol.
 *
 * A file is the exact bytes of its message and one line feed. The line feed belongs to the file, as
 * editors and diffs want it, and not to the message.
 *
 * @module
 */

/** The golden messages of one version. */
export interface Goldens {
  /** The name of every golden message: its file without `.json`. */
  readonly names: readonly string[];
  /** The names of what the gateway sends; the others are what clients send. */
  readonly serverNames: readonly string[];
  /**
   * The text of a golden message.
   *
   * @throws {Error} When the file is not one line with one line feed at its end.
   */
  read(name: string): string;
}

function goldens(version: string): Goldens {
  const directory = new URL(`${version}/`, import.meta.url);
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name.replace(/\.json$/, ""));
  names.sort();
  return {
    names,
    serverNames: names.filter((name) => !name.startsWith("client_")),
    read(name) {
      const file = Deno.readTextFileSync(new URL(`${name}.json`, directory));
      const text = file.slice(0, -1);
      if (!file.endsWith("\n") || text.includes("\n")) throw new Error(`${name} is not one line`);
      return text;
    },
  };
}

const V1 = goldens("v1");

/** The name of every golden message of v1. */
export const GOLDEN_NAMES: readonly string[] = V1.names;

/** The names of what the gateway sends in v1. */
export const SERVER_GOLDEN_NAMES: readonly string[] = V1.serverNames;

/** The text of a golden message of v1. */
export const readGolden: (name: string) => string = V1.read;

/** The golden messages of v2. */
export const V2_GOLDENS: Goldens = goldens("v2");
