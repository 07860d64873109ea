/**
 * Faults of snapshots.
 *
 * @module
 */
import { priced } from "../honest_gateway.ts";
import { changing, goesOn, type Scenario } from "./scenario.ts";

const isPart = ({ type }: Record<string, unknown>) => type === "snapshot";
const REPLACED = "the table is replaced as a whole, and goes on";

/** See the module. */
export const SNAPSHOT_FAULTS: readonly Scenario[] = [
  {
    fault: "nothing is wrong",
    outcome: "the table is the gateway's, and the log has every event",
    async play(stage) {
      await stage.subscribed();
      stage.end("p2");
      await goesOn(stage, []);
    },
  },
  {
    fault: "the connection is cut in the middle of a snapshot",
    outcome: "half a table is never shown; the next connection begins anew",
    async play(stage) {
      const cutting = changing(({ type, last }) => type === "snapshot" && last, () => []);
      stage.receptions = [{
        change: (message, peer) => {
          const changed = cutting(message);
          if (changed !== undefined) peer.cut();
          return changed;
        },
      }, {}];
      await stage.subscribed(2);
      await goesOn(stage, []);
    },
  },
  {
    fault: "a snapshot begins again in the middle of another",
    outcome: REPLACED,
    async play(stage) {
      let parts = 0;
      stage.receptions = [{
        change: (message) => {
          if (!isPart(message) || ++parts > 2) return undefined;
          if (parts === 2) return []; // Its end gives way to the other one, which was sent by then.
          stage.gateway.publish("positions", { ...priced("p2", "2"), status: "CLOSED" });
          return [message, ...stage.gateway.snapshot("positions")];
        },
      }];
      await stage.subscribed();
      await goesOn(stage, []);
    },
  },
  {
    fault: "a snapshot comes unasked in the same epoch",
    outcome: REPLACED,
    async play(stage) {
      const peer = await stage.subscribed();
      await goesOn(stage, []);
      const log = [...stage.beliefs.log];
      peer.subscribed.delete("positions"); // The client does not hear of these.
      stage.end("p1");
      stage.price("p9", "9");
      peer.subscribed.add("positions");
      for (const part of stage.gateway.snapshot("positions")) peer.say(part);
      await goesOn(stage, log);
    },
  },
  {
    fault: "a snapshot of another epoch comes unasked on both channels",
    outcome: "the table is replaced; the log says that its numbers end",
    async play(stage) {
      const peer = await stage.subscribed();
      await goesOn(stage, []);
      const log = [...stage.beliefs.log];
      stage.gateway.rotate("e2");
      stage.gateway.publish("positions", { id: "n1", currentPrice: "1" });
      for (const channel of ["positions", "risk-alerts"] as const) {
        for (const part of stage.gateway.snapshot(channel)) peer.say(part);
      }
      await stage.isRight(log, ["epoch_changed"]);
      await stage.subscribed();
      await goesOn(stage, log, ["epoch_changed"]);
    },
  },
];
