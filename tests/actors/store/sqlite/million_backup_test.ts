/**
 * What publishers notice of a backup of a million events.
 *
 * @module
 */
import assert from "node:assert/strict";
import { runBackup } from "../../../support/backup_command.ts";
import { marketData } from "../../../support/events.ts";
import { GatewayProcess } from "../../../support/gateway_process.ts";
import { HttpApi } from "../../../support/http_api.ts";
import { fillMillion, MILLION } from "../../../support/million_events.ts";
import { BOOT, TempDir } from "../../../support/store_fixture.ts";

/** How much slower publishing may be meanwhile, at the 99th percentile. */
const MOST_TIMES = 2;

/** Requests a second, each with one event, sent at even times whether or not others are answered. */
const RATE = 200;

/** Time of measurement before and after the backup, each, in seconds: machines are not always idle. */
const SECONDS = 15;

const LONG = Deno.env.get("TELEMETRY_TEST_LONG") === "1";
const skipped = LONG ? "" : " (skipped: set TELEMETRY_TEST_LONG=1)";

/** Publishes until told to stop; returns how long each answer took, in ms, sorted. */
async function publishing(api: HttpApi, until: () => boolean): Promise<number[]> {
  const millis: number[] = [];
  const answers: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let sent = 0; !until(); sent++) {
    const due = startedAt + sent * 1_000 / RATE;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    // From when it was due: a stall counts for all that wait behind it.
    answers.push(
      api.publish(marketData(`S${sent % 500}`, "1.5")).then(() => {
        millis.push(performance.now() - due);
      }),
    );
  }
  await Promise.all(answers);
  return millis.sort((one, other) => one - other);
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(sorted.length * share)]!;
}

function summary(name: string, sorted: readonly number[]): string {
  const of = (share: number) => at(sorted, share).toFixed(1);
  const most = sorted.at(-1)!.toFixed(1);
  return `${name}: ${sorted.length} requests, p50 ${of(0.5)}, p99 ${of(0.99)}, most ${most} ms`;
}

Deno.test({
  name: `publishing during a backup of ${MILLION.toLocaleString("en")} events is at most ` +
    `${MOST_TIMES} times as slow at the 99th percentile${skipped}`,
  ignore: !LONG,
  fn: async () => {
    using root = new TempDir();
    const data = `${root.path}/data`;
    await fillMillion(data);
    await using gateway = await GatewayProcess.start({
      env: {
        TELEMETRY_STORE: "sqlite",
        TELEMETRY_DATA_DIR: data,
        TELEMETRY_BOOT_ID: BOOT,
        TELEMETRY_RETENTION_EVENTS: "1000000",
      },
    });
    const api = new HttpApi(gateway);
    const warm = performance.now() + 3_000;
    await publishing(api, () => performance.now() > warm);
    const aWhile = () => {
      const end = performance.now() + SECONDS * 1_000;
      return publishing(api, () => performance.now() > end);
    };
    const before = await aWhile();
    let made = false;
    const startedAt = performance.now();
    const backup = runBackup([`${root.path}/b.db`, "--url", gateway.url], {
      TELEMETRY_API_KEY: gateway.apiKey,
    }).finally(() => made = true);
    const during = await publishing(api, () => made);
    const { code, out, err } = await backup;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const after = await aWhile();
    const without = [...before, ...after].sort((one, other) => one - other);
    // deno-lint-ignore no-console
    console.info([
      `backup in ${seconds} s: ${out.split("\n")[0]}`,
      summary("before", before),
      summary("after", after),
      summary("before and after", without),
      summary("during", during),
    ].join("\n"));
    assert.equal(code, 0, err);
    assert.ok(at(during, 0.99) <= MOST_TIMES * at(without, 0.99));
  },
});
