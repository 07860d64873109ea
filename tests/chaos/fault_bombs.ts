/**
 * Sends bodies whose faults are expensive to find, one after the other, for some seconds each. A
 * script of its own:
 *
 *     deno run -A tests/chaos/fault_bombs.ts [--seconds 2]
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { parseArgs } from "node:util";
import { attackerHeaders, price, underAttack } from "./attack.ts";
import { type Check, conclude } from "./process_facts.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "2" } } });
const seconds = Number(values.seconds);

/** Longest pause of the loop that any body may cause, in ms. */
const MAX_PAUSE_MS = 50;

function alert(details: string): string {
  return `{"channel":"risk-alerts","data":{"id":"a","severity":"INFO","message":"m",` +
    `"violations":[{"type":"BUDGET","message":"m","details":${details}}]}}`;
}

function repeat(count: number, part: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => part(index)).join(",");
}

const deep = `${"[".repeat(3_000)}${"]".repeat(3_000)}`;
const BOMBS: Readonly<Record<string, string>> = {
  "3,000 levels": `{"channel":"market-data","data":{"symbol":{"length":${deep}}}}`,
  "130,000 wrong details": alert(`{${repeat(130_000, (index) => `"k${index}":[]`)}}`),
  "600,000 wrong details": alert(`{${repeat(600_000, (index) => `"k${index}":[]`)}}`),
  "1,000 events with 1,000 wrong details each": `[${
    repeat(1_000, () => alert(`{${repeat(700, (index) => `"k${index}":[]`)}}`))
  }]`,
  "40 events of 190 KB with 15,000 wrong details each": `[${
    repeat(40, () => alert(`{${repeat(15_000, (index) => `"k${index}":[]`)}}`))
  }]`,
  "a million empty lists": `[${repeat(1_000_000, () => "[]")}]`,
  "8 MB of valid events, no JSON at its end": `[${
    repeat(999, (index) => price(index).padEnd(8_000))
  },!]`,
  "a million keys": `{${repeat(700_000, (index) => `"${index}":0`)}}`,
};

const checks: Check[] = [];
for (const [name, body] of Object.entries(BOMBS)) {
  console.log(`\n${name} (${(body.length / 1e6).toFixed(1)} MB)`);
  const { peace, attacked } = await underAttack(async ({ url }) => {
    const answers = new Map<string, number>();
    let longest = 0;
    const until = performance.now() + seconds * 1_000;
    do {
      const from = performance.now();
      const answer = await fetch(url, { method: "POST", headers: attackerHeaders(), body });
      const text = await answer.text();
      longest = Math.max(longest, performance.now() - from);
      const key = `${answer.status} ${/"code":"(\w+)"/.exec(text)?.[1]}`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
    } while (performance.now() < until);
    return [
      `answers: ${[...answers].map(([key, count]) => `${count} x ${key}`).join(", ")}; ` +
      `the slowest after ${longest.toFixed(0)} ms`,
    ];
  });
  checks.push({
    what: `${name}: longest pause ${attacked.longestPause.toFixed(1)} ms ` +
      `(${peace.longestPause.toFixed(1)} in peace)`,
    holds: attacked.longestPause <= Math.max(MAX_PAUSE_MS, 1.5 * peace.longestPause),
  });
}
console.log("");
conclude(checks, console.log);
