/**
 * Faults of frames: numbers that are missing, come twice, or do not add up.
 *
 * @module
 */
import type { Message } from "../honest_gateway.ts";
import type { Changed } from "../peer.ts";
import type { Stage } from "../stage.ts";
import { changing, goesOn, isFrame, type Scenario } from "./scenario.ts";

const FETCHED = "nothing of it counts: the client goes back to its place and gets everything once";

/** A fault in the second frame of each channel. */
function inSecondFrame(change: (frame: Message) => Changed): (stage: Stage) => Promise<void> {
  return async (stage) => {
    const position = changing(isFrame("positions"), change, { after: 1 });
    const alert = changing(isFrame("risk-alerts"), change, { after: 1 });
    stage.receptions = [{ change: (message) => position(message) ?? alert(message) }, {}];
    await stage.subscribed();
    const log: number[] = [];
    for (const price of ["10", "11", "12", "13"]) {
      stage.price("p1", price);
      stage.price(`p${price}`, price);
      log.push(stage.alert());
    }
    await stage.isRight(log);
    await goesOn(stage, log);
  };
}

/** A frame with two events, in place of one that has one. */
const widened = (frame: Message) => [frame["events"][0], { ...frame["events"][0] }];

/** See the module. */
export const FRAME_FAULTS: readonly Scenario[] = [
  {
    fault: "a frame is missing",
    outcome: FETCHED,
    play: inSecondFrame(() => []),
  },
  {
    fault: "a frame comes twice",
    outcome: "the second one changes nothing",
    play: inSecondFrame((frame) => [frame, frame]),
  },
  {
    fault: "a frame accounts for more numbers than it has",
    outcome: FETCHED,
    play: inSecondFrame((frame) => [{ ...frame, to: frame["to"] + 3 }]),
  },
  {
    fault: "a frame has more events than numbers",
    outcome: FETCHED,
    play: inSecondFrame((frame) => [{ ...frame, events: widened(frame) }]),
  },
  {
    fault: "a frame has an event whose number is outside of its range",
    outcome: FETCHED,
    play: inSecondFrame((frame) => [{
      ...frame,
      events: [{ ...frame["events"][0], seq: frame["to"] + 7 }],
    }]),
  },
  {
    fault: "numbers of a frame descend",
    outcome: FETCHED,
    play: inSecondFrame((frame) => {
      const [event] = frame["events"];
      return [{ ...frame, to: frame["to"] + 1, events: [{ ...event, seq: event.seq + 1 }, event] }];
    }),
  },
  {
    fault: "a frame has numbers in text",
    outcome: FETCHED,
    play: inSecondFrame((frame) => [{ ...frame, from: String(frame["from"]) }]),
  },
  {
    fault: "an event has no data",
    outcome: FETCHED,
    play: inSecondFrame((frame) => [{ ...frame, events: [{ seq: frame["from"] }] }]),
  },
  {
    fault: "what came before a reconnect comes again after it",
    outcome: "it changes nothing, and is not in the log twice",
    async play(stage) {
      const first = await stage.subscribed();
      const sent: Message[] = [];
      stage.receptions = [{
        change: (message) => message["type"] === "events" ? [...sent, message] : undefined,
      }];
      const log = [stage.alert(), stage.alert()];
      await stage.isRight(log);
      sent.push({
        ...{ type: "events", channel: "risk-alerts", from: 1, to: 2, skipped: 0, filtered: 0 },
        replay: true,
        events: [1, 2].map((seq) => ({ seq, timestamp: 0, data: { id: `alert-${seq}` } })),
      });
      first.cut();
      await stage.subscribed(2);
      await goesOn(stage, log);
    },
  },
  {
    fault: "a message is not JSON",
    outcome: "the connection cannot be trusted: another one goes on where this one was",
    play: inSecondFrame(() => ['{"type":"events","chan']),
  },
  {
    fault: "there are types and keys that nobody knows",
    outcome: "they are ignored, on the same connection",
    async play(stage) {
      stage.receptions = [{
        change: (message) => [{ type: "weather", channel: "positions" }, { ...message, more: [1] }],
      }, "reset"];
      await stage.subscribed();
      await goesOn(stage, []);
    },
  },
  {
    fault: "frames without events, whose numbers are skipped and filtered",
    outcome: "they advance the place, which a reconnect goes on from",
    async play(stage) {
      const first = await stage.subscribed();
      const hidden = stage.gateway.publish("positions", { id: "p2", currentPrice: "2" });
      first.say({ ...hidden, skipped: 0, filtered: 1, events: [] });
      await goesOn(stage, []);
      const place = stage.gateway.head("positions");
      first.cut();
      const second = await stage.subscribed(2);
      const asked = second.requests.flatMap(({ channels }) => channels ?? []);
      const { since } = asked.find(({ name }: Message) => name === "positions");
      if (since?.seq !== place) throw new Error(`since.seq is ${since?.seq}, not ${place}`);
    },
  },
];
