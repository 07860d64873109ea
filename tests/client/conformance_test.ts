/**
 * The conformance check for clients: our client passes it, and one that is wrong does not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { projectPath } from "../support/paths.ts";
import { playAll, type Subject } from "./conformance/runner.ts";
import { SCENARIOS } from "./conformance/scenarios/mod.ts";
import type { Scenario } from "./conformance/scenarios/scenario.ts";

/** Scenarios at a time: they mostly wait. */
const AT_ONCE = 8;

/** A program of the check's folder as a subject. */
function subject(name: string): Subject {
  return [Deno.execPath(), "run", "-A", projectPath(`tests/client/conformance/${name}`)];
}

/** The faults whose outcome is wrong, with what was wrong. */
async function wrongOutcomes(scenarios: readonly Scenario[], name: string, patienceMs?: number) {
  const wrong = new Map<string, string>();
  await playAll(scenarios, subject(name), AT_ONCE, ({ fault }, verdict) => {
    if (verdict !== undefined) wrong.set(fault, verdict);
  }, patienceMs);
  return wrong;
}

Deno.test("there are planted faults for everything that networks, proxies and gateways do", () => {
  assert.ok(SCENARIOS.length >= 50);
  const faults = SCENARIOS.map(({ fault }) => fault);
  assert.equal(new Set(faults).size, faults.length);
});

Deno.test("the client does what is right about every planted fault", async () => {
  assert.deepEqual(Object.fromEntries(await wrongOutcomes(SCENARIOS, "our_client.ts")), {});
});

/** Faults that a naive client gets wrong, and the check finds soon. */
const FOUND = [
  "a frame comes twice",
  "a snapshot begins again in the middle of another",
  "what was missed is no longer there",
  "the gateway closes with 4409 (replaced by a newer connection)",
  "the gateway closes with 1013 (overloaded)",
  "the handshake is refused with 401, and so are requests over HTTP",
  "the handshake is refused with 503 and Retry-After: 3",
  "the gateway announces going_away with 2,500 ms, and the connection is cut",
  "frames without events, whose numbers are skipped and filtered",
];

Deno.test("the check finds what a naive client does wrong, and what it does right", async () => {
  const right = ["nothing is wrong", "frames come in pieces of one byte"];
  const chosen = SCENARIOS.filter(({ fault }) => [...FOUND, ...right].includes(fault));
  assert.equal(chosen.length, FOUND.length + right.length);
  const wrong = await wrongOutcomes(chosen, "naive_client.ts", 6_000);
  assert.deepEqual([...wrong.keys()].sort(), [...FOUND].sort());
});
