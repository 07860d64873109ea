/**
 * The rules of the layout: who may import whom, and how large a file may be.
 *
 * @module
 */
import { findCycles, importsOf, type Sources, withoutComments } from "./imports.ts";

/** Most lines of a file. */
export const MAX_LINES = 400;

/** Most lines of `main.ts`. */
export const MAX_MAIN_LINES = 120;

/** The top level: nothing else may stand there, apart from what begins with a dot. */
export const TOP_LEVEL: ReadonlySet<string> = new Set([
  ...["actors", "docs", "protocol", "routes", "tests"],
  ...["deno.json", "deno.lock", "main.ts", "README.md", "LICENSE", "CHANGELOG.md"],
  "CONTRIBUTING.md",
  // Made by running things; git ignores them.
  ...["coverage", "data", "dist", "node_modules"],
]);

/** Our own folders and the entry point: whatever else is imported is a package or the platform. */
const OURS = /^(?:actors\/|protocol\/|routes\/|tests\/|docs\/|main\.ts$)/;

/** One rule about the imports of a part of the tree. */
interface ImportRule {
  readonly says: string;
  readonly about: (path: string) => boolean;
  /** Which imports it forbids them. */
  readonly forbids: (imported: string) => boolean;
}

const isOurs = (imported: string) => OURS.test(imported);
const below = (...folders: string[]) => (path: string) =>
  folders.some((folder) => path.startsWith(`${folder}/`));
const isXstate = (imported: string) => /^(?:npm:)?xstate(?:[@/]|$)/.test(imported);

const IMPORT_RULES: readonly ImportRule[] = [
  {
    says: "protocol/ imports nothing of ours outside protocol/",
    about: below("protocol"),
    forbids: (imported) => isOurs(imported) && !below("protocol")(imported),
  },
  {
    says: "protocol/ is pure, apart from the client",
    about: (path) => below("protocol")(path) && !below("protocol/client")(path),
    forbids: (imported) => imported.startsWith("node:"),
  },
  {
    says: "actors/ imports neither routes/ nor main.ts nor tests",
    about: below("actors"),
    forbids: (imported) => below("routes", "tests", "docs")(imported) || imported === "main.ts",
  },
  {
    says: "actors/stream/ does no I/O",
    about: below("actors/stream"),
    // node:buffer computes and reaches nothing.
    forbids: (imported) => imported.startsWith("node:") && imported !== "node:buffer",
  },
  {
    says: "only actors/connection and actors/hub import xstate",
    about: (path) =>
      below("actors", "protocol", "routes")(path) &&
      !below("actors/connection", "actors/hub")(path),
    forbids: isXstate,
  },
  {
    says: "routes/ imports neither main.ts nor tests",
    about: below("routes"),
    forbids: (imported) => below("tests", "docs")(imported) || imported === "main.ts",
  },
];

/** Folders whose code may not reach for the outside world. */
const isPure = (path: string) =>
  below("actors/stream")(path) ||
  (below("protocol")(path) && !below("protocol/client")(path));

/** What reaches outside without an import. */
const OUTSIDE = /\b(?:Deno\.|process\.|fetch\(|new WebSocket\(|localStorage\b)/;

/** Everything in the sources that breaks a rule, one line each; empty when nothing does. */
export function findViolations(sources: Sources): string[] {
  const violations: string[] = [];
  for (const [path, source] of sources) {
    for (const imported of importsOf(path, source)) {
      for (const rule of IMPORT_RULES) {
        if (rule.about(path) && rule.forbids(imported)) {
          violations.push(`${path} imports ${imported}: ${rule.says}`);
        }
      }
    }
    const outside = isPure(path) ? OUTSIDE.exec(withoutComments(source))?.[0] : undefined;
    if (outside !== undefined) violations.push(`${path} uses ${outside}: it has to be pure`);
    const lines = source.trimEnd().split("\n").length;
    const limit = path === "main.ts" ? MAX_MAIN_LINES : MAX_LINES;
    if (lines > limit) violations.push(`${path} has ${lines} lines: at most ${limit}`);
  }
  for (const cycle of findCycles(sources)) violations.push(`import cycle: ${cycle.join(" → ")}`);
  return violations;
}

/** Names at the top level that do not belong there. */
export function findStrays(topLevel: Iterable<string>): string[] {
  return [...topLevel].filter((name) => !name.startsWith(".") && !TOP_LEVEL.has(name));
}
