/**
 * How a Deno server is started so that its loop is watched from inside.
 *
 * @module
 */
import { projectPath } from "../../support/paths.ts";

/** Flags of `deno run` that load the watcher before the server. */
export const LOOP_WATCH: readonly string[] = [
  "--preload",
  projectPath("tests/bench/loop_watch.ts"),
];
