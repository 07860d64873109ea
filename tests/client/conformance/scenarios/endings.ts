/**
 * Every way in which a gateway ends or refuses a connection.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Ending, ENDINGS } from "../../../../protocol/close_codes.ts";
import type { Refusal, Stage } from "../stage.ts";
import { goesOn, type Scenario } from "./scenario.ts";

/** How long a client that must not come back is watched, in ms. */
const AWAY_MS = 3_000;

const CODES = new Map<number, Ending>(
  Object.values<Ending>(ENDINGS).map((ending) => [ending.code, ending]),
);

function closing(code: number, { reason, reconnect }: Ending): Scenario {
  const outcomes = {
    "yes": "it comes back, and goes on where it was",
    "after-hint": "it comes back, and goes on where it was",
    "later": "it comes back, but not within three seconds",
    "no": "it does not come back, and says that it has ended",
  };
  return {
    fault: `the gateway closes with ${code} (${reason})`,
    outcome: outcomes[reconnect],
    async play(stage) {
      const first = await stage.subscribed();
      const log = [stage.alert()];
      await stage.isRight(log);
      first.close(code, reason);
      if (reconnect === "no" || reconnect === "later") {
        await stage.isIn(reconnect === "no" ? "ended" : "waiting");
        return await stage.staysAway(AWAY_MS);
      }
      await stage.subscribed(2);
      await goesOn(stage, log);
    },
  };
}

/** A handshake that is refused, while HTTP requests are answered in the same way. */
function refused(status: number, headers: Record<string, string> = {}) {
  return (stage: Stage) => {
    const refusal: Refusal = { status, headers };
    stage.http = refusal;
    stage.receptions = [refusal];
  };
}

const REFUSED_FOR_GOOD = [401, 403].map((status): Scenario => ({
  fault: `the handshake is refused with ${status}, and so are requests over HTTP`,
  outcome: "it ends: the credential is wrong, not the network",
  async play(stage) {
    refused(status)(stage);
    await stage.isIn("ended");
    await stage.staysAway(AWAY_MS);
  },
}));

const BUSY = [429, 503].map((status): Scenario => ({
  fault: `the handshake is refused with ${status} and Retry-After: 3`,
  outcome: "it comes back, but not within three seconds",
  async play(stage) {
    refused(status, { "Retry-After": "3" })(stage);
    await stage.isIn("waiting");
    stage.receptions = [{}];
    await stage.subscribed();
    const [first, second] = stage.handshakes as [number, number];
    assert.ok(second - first >= 2_990, `it came back after ${second - first} ms`);
    await goesOn(stage, []);
  },
}));

/** See the module. */
export const ENDING_FAULTS: readonly Scenario[] = [
  ...[...CODES].map(([code, ending]) => closing(code, ending)),
  ...REFUSED_FOR_GOOD,
  ...BUSY,
  {
    fault: "the handshake is refused with 401 once, while requests over HTTP are accepted",
    outcome: "it is tried again: the credential is right",
    async play(stage) {
      stage.receptions = [{ status: 401 }, {}];
      await stage.subscribed();
      await goesOn(stage, []);
    },
  },
  {
    fault: "the gateway announces going_away with 2,500 ms, and closes with 1001",
    outcome: "it comes back after that, and not before, and goes on where it was",
    async play(stage) {
      const first = await stage.subscribed();
      const log = [stage.alert()];
      await stage.isRight(log);
      first.say({ type: "going_away", reconnectAfterMs: 2_500 });
      const closedAt = performance.now();
      first.close(1001, "server going away");
      await stage.subscribed(2);
      const awayMs = stage.handshakes[1]! - closedAt;
      assert.ok(awayMs >= 2_490, `it came back after ${awayMs} ms`);
      await goesOn(stage, log);
    },
  },
  {
    fault: "the gateway announces going_away with 2,500 ms, and the connection is cut",
    outcome: "it comes back after that, and not before",
    async play(stage) {
      const first = await stage.subscribed();
      first.say({ type: "going_away", reconnectAfterMs: 2_500 });
      const cutAt = performance.now();
      setTimeout(() => first.cut(), 50);
      await stage.subscribed(2);
      const awayMs = stage.handshakes[1]! - cutAt;
      assert.ok(awayMs >= 2_490, `it came back after ${awayMs} ms`);
      await goesOn(stage, []);
    },
  },
];
