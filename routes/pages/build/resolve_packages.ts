/**
 * Lets esbuild find packages where Deno has them, so that no `node_modules` is needed.
 *
 * @module
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";

/** Resolves the packages that our sources import as Deno does, and those of a package from there. */
export const resolvePackages: Plugin = {
  name: "resolve-packages",
  setup(build) {
    build.onResolve({ filter: /^[a-z@]/ }, ({ path, kind, importer }) => {
      if (kind === "entry-point" || kind === "url-token") return undefined;
      const url = resolveAsDeno(path);
      return {
        path: url === undefined ? createRequire(importer).resolve(path) : fileURLToPath(url),
      };
    });
  },
};

/** The file of a package that `deno.json` names; `undefined` for another one. */
function resolveAsDeno(specifier: string): string | undefined {
  try {
    const url = import.meta.resolve(specifier);
    return url.startsWith("file:") ? url : undefined;
  } catch {
    return undefined;
  }
}
