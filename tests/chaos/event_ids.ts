/**
 * Publishes events under long `eventId`s, and looks how much memory they take. A script of its own:
 *
 *     deno run -A tests/chaos/event_ids.ts [--events 1000000]
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { parseArgs } from "node:util";
import { attackerHeaders, price, underAttack } from "./attack.ts";
import { conclude, residentMebibytes } from "./process_facts.ts";

const { values } = parseArgs({ options: { events: { type: "string", default: "1000000" } } });
const events = Number(values.events);
const perBatch = 1_000;

let grown = 0;
await underAttack(async ({ url, pid }) => {
  const before = await residentMebibytes(pid);
  for (let first = 0; first < events; first += perBatch) {
    const lines = Array.from({ length: perBatch }, (_, index) => {
      // Two bytes a character in memory.
      const id = String(first + index).padStart(128, "€");
      return `${price(first + index).slice(0, -1)},"eventId":"${id}"}`;
    });
    const headers = attackerHeaders("application/x-ndjson");
    const answer = await fetch(url, { method: "POST", headers, body: lines.join("\n") });
    if (answer.status !== 202) throw new Error(await answer.text());
    await answer.text();
  }
  grown = await residentMebibytes(pid) - before;
  return [`${events} eventIds of 128 characters: RSS grew by ${grown} MiB`];
});
conclude([{ what: `RSS grew by ${grown} MiB (at most 800)`, holds: grown <= 800 }], console.log);
