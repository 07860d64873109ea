/**
 * Faults of answers, and of what a subscription begins with.
 *
 * @module
 */
import assert from "node:assert/strict";
import { pause } from "../../../support/wait.ts";
import type { Message } from "../honest_gateway.ts";
import type { Peer } from "../peer.ts";
import { changing, goesOn, type Scenario } from "./scenario.ts";

const isAck = ({ type }: Message) => type === "ack";

/** Changes how a subscription that goes on after a place is answered. */
function resumeAnswered(fields: (acked: Message) => Message) {
  return (message: Message) => {
    const names = Object.keys(message["channels"] ?? {});
    const isResume = isAck(message) && names.some((name) => message["channels"][name].recovered);
    if (!isResume) return undefined;
    const channels = Object.fromEntries(
      names.map((
        name,
      ) => [name, { ...message["channels"][name], ...fields(message["channels"][name]) }]),
    );
    return [{ ...message, channels }];
  };
}

/** See the module. */
export const ANSWER_FAULTS: readonly Scenario[] = [
  {
    fault: "acks come three seconds late, and everything after them",
    outcome: "the client waits",
    async play(stage) {
      stage.receptions = [{
        answer: (request, peer: Peer) => {
          if (request["action"] !== "subscribe") return false;
          pause(3_000).then(() => peer.answer(request));
          return true;
        },
      }, "reset"];
      await stage.subscribed();
      await goesOn(stage, []);
    },
  },
  {
    fault: "acks of requests that nobody made come first",
    outcome: "they are ignored",
    async play(stage) {
      stage.receptions = [{
        change: (message) =>
          isAck(message)
            ? [
              { ...message, id: "not-yours", channels: { "positions": { epoch: "e0", seq: 900 } } },
              { type: "ack", ok: true },
              message,
            ]
            : undefined,
      }, "reset"];
      await stage.subscribed();
      await goesOn(stage, []);
    },
  },
  {
    fault: "an ack never comes, and nothing of what was asked",
    outcome: "the client gives up waiting within half a minute, and connects again",
    async play(stage) {
      stage.receptions = [{ answer: ({ action }) => action === "subscribe" }, {}];
      await stage.subscribed(2);
      await goesOn(stage, []);
    },
  },
  {
    fault: "a snapshot never comes, though its ack does",
    outcome: "the client gives up waiting within half a minute, and connects again",
    async play(stage) {
      stage.receptions = [{ change: ({ type }) => type === "snapshot" ? [] : undefined }, {}];
      await stage.subscribed(2);
      await goesOn(stage, []);
    },
  },
  {
    fault: "events come before the ack of their subscription",
    outcome: "nothing is lost or counted twice, whatever the client does about it",
    async play(stage) {
      const held: Message[] = [];
      stage.receptions = [{
        change: (message) => {
          if (isAck(message) && held.length === 0) {
            held.push(message);
            return [];
          }
          return message["type"] === "snapshot" ? [message, ...held.splice(0, 1, {})] : undefined;
        },
      }, {}];
      await stage.subscribed();
      await goesOn(stage, []);
    },
  },
  {
    fault: "requests are refused as a flood, without the id of any",
    outcome: "they are made again, not sooner than asked",
    async play(stage) {
      const asked: number[] = [];
      stage.receptions = [{
        answer: ({ action }, peer) => {
          if (action !== "subscribe") return false;
          asked.push(performance.now());
          // A second request, made at the same time, is passed over as well.
          if (asked.at(-1)! - asked[0]! > 200) return false;
          if (asked.length > 1) return true;
          const message = "at most 20 messages per second";
          peer.say({ type: "error", code: "rate_limited", message, retryAfterMs: 1_500 });
          return true;
        },
      }, "reset"];
      await stage.subscribed();
      const [first] = asked;
      const early = asked.filter((at) => at - first! > 200 && at - first! < 1_490);
      assert.deepEqual(early, []);
      await goesOn(stage, []);
    },
  },
  {
    fault: "a place that is confirmed is not the one that was given",
    outcome: "it is not believed; no event is left out",
    async play(stage) {
      const first = await stage.subscribed();
      const log = [stage.alert()];
      await stage.isRight(log);
      stage.receptions = [
        { change: resumeAnswered(({ seq }) => ({ seq: seq + 2 })) },
        {},
      ];
      first.cut();
      stage.gateway.publish("risk-alerts", { id: "missed" });
      await stage.subscribed(3);
      await goesOn(stage, [...log, 2]);
    },
  },
  {
    fault: "what was missed is no longer there",
    outcome: "the table is replaced; the log says what is missing",
    async play(stage) {
      const first = await stage.subscribed();
      const log = [stage.alert()];
      await stage.isRight(log);
      first.cut();
      stage.gateway.publish("risk-alerts", { id: "missed" });
      stage.end("p1");
      stage.gateway.forget();
      await stage.subscribed(2);
      await stage.isRight(log, ["not_recoverable"]);
      await stage.subscribed(2);
      await goesOn(stage, log, ["not_recoverable"]);
    },
  },
  {
    fault: "the gateway comes back with an older store",
    outcome: "the table is replaced; the log says that its numbers are not known",
    async play(stage) {
      const first = await stage.subscribed();
      const log = [stage.alert(), stage.alert()];
      stage.price("p1", "later");
      await stage.isRight(log);
      first.cut();
      stage.gateway.rollBack(1);
      await stage.isRight(log, ["rolled_back"]);
    },
  },
  {
    fault: "the gateway comes back with a new store",
    outcome: "the table is replaced; the log says that its numbers end",
    async play(stage) {
      const first = await stage.subscribed();
      const log = [stage.alert()];
      await stage.isRight(log);
      first.cut();
      stage.gateway.rotate("e2");
      await stage.isRight(log, ["epoch_changed"]);
    },
  },
  {
    fault: "the first resume is answered with a snapshot that is then cut",
    outcome: "the old table stays until a new one is whole",
    async play(stage) {
      const first = await stage.subscribed();
      await goesOn(stage, []);
      const log = [...stage.beliefs.log];
      const cutLast = changing(({ type, last }) => type === "snapshot" && last, () => []);
      stage.receptions = [{
        change: (message, peer) => {
          const changed = cutLast(message);
          if (changed !== undefined) peer.cut();
          return changed;
        },
      }, {}];
      first.cut();
      stage.gateway.publish("positions", { id: "p8", currentPrice: "8" });
      stage.gateway.publish("positions", { id: "p9", currentPrice: "9" });
      stage.gateway.forget();
      await stage.isRight(log);
    },
  },
];
