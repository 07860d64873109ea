/**
 * Measures whole servers: `deno task bench:load`, `--help` for its options.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { projectPath } from "../support/paths.ts";
import { renderDocument } from "./document.ts";
import { describeMachine } from "./machine.ts";
import { helpText, readOptions } from "./options.ts";
import { pinLoad } from "./pinning.ts";
import { flameGraphOf, profileRow } from "./profile.ts";
import { renderReport } from "./render.ts";
import { keepResult, lastResult } from "./results.ts";
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
  const pinned = await pinLoad();
  if (!pinned) progress("taskset or a second core is missing: nothing is pinned");
  const peersMissing = await installPeers(progress);
  if (peersMissing !== undefined) progress(`without the peers that need packages: ${peersMissing}`);
  const { runs, seconds, quick } = options;
  const settings: BenchSettings = { runs, seconds, quick, peersMissing, progress };
  const rows = ROWS.filter(({ id }) => options.rows.length === 0 || options.rows.includes(id));
  const machine = await describeMachine(pinned, peersMissing === undefined);
  let failed = 0;
  for (const row of rows) {
    progress(`${row.id}: ${row.title}`);
    if (options.profile) {
      await profileRow(row, settings);
      continue;
    }
    const report = await row.run(settings);
    failed += Number(report.faults.length > 0);
    if (quick) {
      console.log(`${report.faults.length === 0 ? "ok    " : "FAILED"} ${row.id}: ${row.title}`);
      for (const fault of report.faults) console.log(`       ${fault}`);
      continue;
    }
    console.log(`\n## ${row.title}\n\n${renderReport(report)}\n`);
    const date = new Date().toISOString().slice(0, 10);
    keepResult(row, { report, machine, runs, seconds, date });
    writeDocument();
  }
  if (quick) console.log(`${rows.length - failed} passed, ${failed} failed`);
  if (failed > 0) Deno.exitCode = 1;
}

function writeDocument(): void {
  const entries = ROWS.map((row) => {
    return { row, result: lastResult(row), flameGraph: flameGraphOf(row) };
  });
  Deno.writeTextFileSync(projectPath("docs/benchmarks.md"), renderDocument(entries));
}

await main();
