/**
 * Profiles the gateway under the load of a row, and draws what it found.
 *
 * @module
 */
import { fileExists, projectPath } from "../support/paths.ts";
import { drawFlames, flamesOf } from "./flame_graph.ts";
import { RESULTS_FOLDER } from "./results.ts";
import type { BenchSettings, Row } from "./row.ts";
import { profileGateways } from "./servers/gateway.ts";

const DOCS = projectPath("docs/");

/** Path of a row's flame graph from `docs/`; `undefined` when there is none. */
export function flameGraphOf({ id }: Row): string | undefined {
  const path = `flame_graphs/${id}.svg`;
  return fileExists(DOCS + path) ? path : undefined;
}

/**
 * Runs the gateway once under the load of a row with the runtime's profiler. The picture shows what
 * is measured: neither the start nor the warm-up, and in rows of fan-out not the connecting.
 */
export async function profileRow(row: Row, settings: BenchSettings): Promise<void> {
  Deno.mkdirSync(RESULTS_FOLDER, { recursive: true });
  const name = `${row.id}.cpuprofile`;
  profileGateways(["--cpu-prof", `--cpu-prof-dir=${RESULTS_FOLDER}`, `--cpu-prof-name=${name}`]);
  const { window } = await row.once(settings);
  const profile = JSON.parse(Deno.readTextFileSync(`${RESULTS_FOLDER}/${name}`));
  Deno.mkdirSync(`${DOCS}flame_graphs`, { recursive: true });
  const picture = drawFlames(flamesOf(profile, window), `The gateway, ${row.title}`);
  Deno.writeTextFileSync(`${DOCS}flame_graphs/${row.id}.svg`, picture);
  settings.progress(`wrote dist/bench/${name} and docs/flame_graphs/${row.id}.svg`);
}
