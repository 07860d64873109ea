/**
 * Faults of networks and proxies.
 *
 * @module
 */
import { pause } from "../../../support/wait.ts";
import { encodeFrame, OPCODE } from "../../../support/ws_frames.ts";
import type { Behaviour } from "../peer.ts";
import { goesOn, type Scenario } from "./scenario.ts";

const RESUMED = "another connection goes on where this one was";

/** Writes every byte by itself. */
const BYTE_BY_BYTE: Behaviour = {
  async write(frame, send) {
    for (let at = 0; at < frame.length; at++) await send(frame.subarray(at, at + 1));
  },
};

/** Sends a text in three fragments, with pings between them. */
function fragmented(text: string): Uint8Array[] {
  const payload = new TextEncoder().encode(text);
  const [first, second] = [Math.floor(payload.length / 3), Math.floor(payload.length / 2)];
  const ping = encodeFrame({ opcode: OPCODE.ping, mask: null });
  const part = (opcode: number, from: number, to: number, fin: boolean) =>
    encodeFrame({ opcode, payload: payload.subarray(from, to), fin, mask: null });
  return [
    part(OPCODE.text, 0, first, false),
    ping,
    part(OPCODE.continuation, first, second, false),
    ping,
    part(OPCODE.continuation, second, payload.length, true),
  ];
}

/** See the module. */
export const CONNECTION_FAULTS: readonly Scenario[] = [
  {
    fault: "frames come in pieces of one byte",
    outcome: "they are put together",
    async play(stage) {
      stage.receptions = [BYTE_BY_BYTE, "reset"];
      await stage.subscribed();
      await goesOn(stage, []);
    },
  },
  {
    fault: "messages come in fragments with pings between them",
    outcome: "they are put together",
    async play(stage) {
      stage.receptions = [{ change: (message) => fragmented(JSON.stringify(message)) }, "reset"];
      await stage.subscribed();
      await goesOn(stage, []);
    },
  },
  {
    fault: "the connection ends in the middle of a frame",
    outcome: RESUMED,
    async play(stage) {
      const first = await stage.subscribed();
      const log = [stage.alert()];
      await stage.isRight(log);
      const payload = new TextEncoder().encode('{"type":"heartbeat"}');
      first.sayAsIs(encodeFrame({ opcode: OPCODE.text, payload, mask: null }).subarray(0, 9));
      first.cut();
      await stage.subscribed(2);
      await goesOn(stage, log);
    },
  },
  {
    fault: "the connection is half open: nothing comes, and nothing is answered",
    outcome: "it is given up after two heartbeat intervals; " + RESUMED,
    async play(stage) {
      stage.receptions = [{ welcome: { heartbeatIntervalSeconds: 1 } }, {}];
      const first = await stage.subscribed();
      const log = [stage.alert()];
      await stage.isRight(log);
      first.isDeaf = true;
      first.subscribed.clear();
      log.push(stage.alert());
      await stage.subscribed(2);
      await goesOn(stage, log);
    },
  },
  {
    fault: "the gateway is quiet, but ticks every heartbeat interval",
    outcome: "the connection is kept",
    async play(stage) {
      stage.receptions = [{ welcome: { heartbeatIntervalSeconds: 1 } }, "reset"];
      const first = await stage.subscribed();
      for (let tick = 0; tick < 5; tick++) {
        await pause(1_000);
        first.say({ type: "heartbeat", direction: "server", timestamp: Date.now() });
      }
      await goesOn(stage, []);
    },
  },
  {
    fault: "the gateway's clock steps by years, forth and back",
    outcome: "nothing depends on it",
    async play(stage) {
      stage.receptions = [{ welcome: { timestamp: 4_000_000_000_000 } }, "reset"];
      const first = await stage.subscribed();
      for (const timestamp of [1, 9_000_000_000_000, 1_000]) {
        first.say({ type: "heartbeat", direction: "server", timestamp });
      }
      await goesOn(stage, []);
    },
  },
  {
    fault: "the connection is reset during the handshake, twice",
    outcome: "it is tried again",
    async play(stage) {
      stage.receptions = ["reset", "reset", {}];
      await stage.subscribed();
      await goesOn(stage, []);
    },
  },
  {
    fault: "a handshake is never answered",
    outcome: "it is given up within half a minute, and tried again",
    async play(stage) {
      stage.receptions = ["hang", {}];
      await stage.subscribed();
      await goesOn(stage, []);
    },
  },
  {
    fault: "nobody listens for two seconds",
    outcome: RESUMED,
    async play(stage) {
      await stage.subscribed();
      await goesOn(stage, []);
      const log = [...stage.beliefs.log];
      await stage.goAway(2_000);
      await stage.subscribed(2);
      await goesOn(stage, log);
    },
  },
  {
    fault: "every connection ends right after the welcome",
    outcome: "attempts become rarer: at most ten in six seconds",
    async play(stage) {
      stage.receptions = [{
        change: (message, peer) => {
          if (message["type"] === "welcome") setTimeout(() => peer.cut(), 0);
          return undefined;
        },
      }];
      await pause(6_000);
      const { length } = stage.handshakes;
      if (length < 2 || length > 10) throw new Error(`${length} attempts in 6 s`);
    },
  },
];
