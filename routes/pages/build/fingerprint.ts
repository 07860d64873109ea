/**
 * Tells whether the built pages are those of the sources: a hash of everything that they are made of.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Files that go into the pages, beside the folders: versions and options. */
const FILES = ["deno.json", "deno.lock", "routes/pages/deno.json"] as const;

/** Folders whose sources go into the pages; the wire types and pure helpers are in `protocol/`. */
const FOLDERS = ["routes/pages", "protocol"] as const;

const SOURCE = /\.(?:tsx?|css|html|svg)$/;

/**
 * The hash of the contents of all sources, in hexadecimal. It depends on nothing else, so neither a
 * checkout nor a copy builds the pages again.
 *
 * @param root The project's folder.
 */
export function fingerprint(root: string): string {
  const hash = createHash("sha256");
  for (const path of [...FILES, ...FOLDERS.flatMap((folder) => sourcesBelow(root, folder))]) {
    hash.update(`${path}\0`).update(Deno.readFileSync(`${root}/${path}`)).update("\0");
  }
  return hash.digest("hex");
}

function sourcesBelow(root: string, folder: string): string[] {
  return [...Deno.readDirSync(`${root}/${folder}`)]
    .sort((one, other) => one.name < other.name ? -1 : 1)
    .flatMap(({ name, isDirectory }) => {
      if (name === "node_modules") return [];
      if (isDirectory) return sourcesBelow(root, `${folder}/${name}`);
      return SOURCE.test(name) ? [`${folder}/${name}`] : [];
    });
}
