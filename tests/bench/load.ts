/**
 * Measures whole servers: `deno task bench:load`, `--help` for its options.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { helpText, readOptions } from "./options.ts";
import { pinLoad } from "./pinning.ts";
import { renderReport } from "./render.ts";
import type { BenchSettings } from "./row.ts";
import { ROWS } from "./rows/mod.ts";
import { installPeers } from "./servers/peer_packages.ts";

async function main(): Promise<void> {
  const options = readOptions(Deno.args, ROWS.map(({ id }) => id));
  if (options.help) return console.log(helpText(ROWS));
  const startedAt = performance.now();
  const progress = (line: string) => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    console.error(`[${String(seconds).padStart(4)} s] ${line}`);
  };
  if (!await pinLoad()) progress("taskset or a second core is missing: nothing is pinned");
  const peersMissing = await installPeers(progress);
  if (peersMissing !== undefined) progress(`without the peers that need packages: ${peersMissing}`);
  const { runs, seconds, quick } = options;
  const settings: BenchSettings = { runs, seconds, quick, peersMissing, progress };
  const rows = ROWS.filter(({ id }) => options.rows.length === 0 || options.rows.includes(id));
  for (const row of rows) {
    progress(`${row.id}: ${row.title}`);
    const report = await row.run(settings);
    console.log(`\n## ${row.title}\n\n${renderReport(report)}\n`);
  }
}

await main();
