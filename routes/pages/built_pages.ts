/**
 * The pages as they were built: one file of data, which is embedded in the binary like a module.
 *
 * @module
 */

/** The built file, from the project's folder; `deno task build:pages` writes it. */
export const BUILT_FILE = "dist/pages.json";

/** A file as it is served. */
export interface BuiltFile {
  /** Its media type. */
  readonly type: string;
  /** Its bytes, gzipped, in base64. */
  readonly gzip: string;
  /** A hash of its contents, in quotes. */
  readonly etag: string;
}

/** What was built. */
export interface BuiltPages {
  /** The hash of the sources. */
  readonly fingerprint: string;
  /** The document that every view begins with. */
  readonly document: string;
  /** Scripts, styles and images by name; the name holds a hash of the contents. */
  readonly assets: Readonly<Record<string, BuiltFile>>;
  /** The client as one module, for pages of others. */
  readonly client: BuiltFile;
}

let built: Promise<BuiltPages | undefined> | undefined;

/** The built pages; `undefined` when `deno task build:pages` has not run. */
export function loadPages(): Promise<BuiltPages | undefined> {
  // The literal path lets `deno compile` find the file, and spares the gateway a permission.
  built ??= import("../../dist/pages.json", { with: { type: "json" } }).then(
    (module) => module.default as unknown as BuiltPages,
    () => undefined,
  );
  return built;
}
