/**
 * Reads the imports of TypeScript sources, closely enough for rules about them.
 *
 * @module
 */
import { posix } from "node:path";

/** Sources by their path from the project's root, with `/` between the parts. */
export type Sources = ReadonlyMap<string, string>;

const IMPORT_PATTERNS = [
  // import … from "x", export … from "x"; names may span lines, statements end with ";".
  /^[ \t]*(?:import|export)\b[^;"']*\bfrom\s*["']([^"']+)["']/gm,
  /^[ \t]*import\s*["']([^"']+)["']/gm,
  /\bimport\(\s*["']([^"']+)["']/g,
];

/** A source without its comments. Strings that look like comments do not survive either. */
export function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/[^\n]*/g, "$1");
}

/** What a source imports, types included: relative paths resolved, packages as written. */
export function importsOf(path: string, source: string): string[] {
  const code = withoutComments(source);
  const specifiers = IMPORT_PATTERNS.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => match[1]!)
  );
  const resolved = specifiers.map((specifier) =>
    specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier
  );
  return [...new Set(resolved)];
}

/** `import type … from "x"` and `export type … from "x"`, which leave nothing behind at run time. */
const TYPE_IMPORT = /^[ \t]*(?:import|export)\s+type\b[^;"'=]*\bfrom\s*["'][^"']+["']/gm;

/** What loading a source loads: {@link importsOf} without what is imported for its types alone. */
export function loadsOf(path: string, source: string): string[] {
  return importsOf(path, withoutComments(source).replaceAll(TYPE_IMPORT, ""));
}

/**
 * Every cycle of files that load each other, once each; empty when there is none. Types may refer to
 * each other across files, as two ends of one relation do: that ties no knot when loading.
 */
export function findCycles(sources: Sources): string[][] {
  const cycles: string[][] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      cycles.push([...trail.slice(start), path]);
      return;
    }
    const source = sources.get(path);
    if (source === undefined || finished.has(path)) return;
    for (const imported of loadsOf(path, source)) visit(imported, [...trail, path]);
    finished.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return cycles;
}
