/**
 * What clients say on sockets in the matrix, and what it needs: written down by hand from the contract.
 *
 * @module
 */
import type { ProtocolName } from "../../../protocol/api.ts";
import type { Scope } from "../../../protocol/scopes.ts";
import { position } from "../events.ts";
import { TRADER } from "./scene.ts";

/** A message, and who may send it. */
export interface MessageRule {
  readonly say: unknown;
  /** The scope that it needs beside that of the socket. */
  readonly needs?: Scope;
  /** Whether it is about a channel that a key may be kept from. */
  readonly channel?: true;
  /** What becomes of it when it is about a trader that the key may not see. */
  readonly foreignTrader?: "forbidden" | "not_found" | "withheld";
  /** The type of the answer to those who may. */
  readonly answer: "ack" | "heartbeat";
  /** Whether something is different after it. */
  readonly changes: boolean;
}

/** A dialect: where it is spoken, what it takes to speak it, and its messages. */
export interface DialectRule {
  readonly path: string;
  readonly needs: Scope;
  readonly messages: Readonly<Record<string, MessageRule>>;
}

const UNSUBSCRIBE = {
  say: { action: "unsubscribe", channels: ["positions"] },
  answer: "ack",
  changes: false,
} as const;

const HEARTBEAT = { say: { action: "heartbeat" }, answer: "heartbeat", changes: false } as const;

/** Every dialect. */
export const DIALECTS: Readonly<Record<ProtocolName, DialectRule>> = {
  "telemetry.v1": {
    path: "/ws/telemetry",
    needs: "subscribe",
    messages: {
      subscribe: {
        say: { action: "subscribe", channels: ["positions"], replay: true },
        channel: true,
        foreignTrader: "withheld",
        answer: "ack",
        changes: false,
      },
      unsubscribe: UNSUBSCRIBE,
      heartbeat: HEARTBEAT,
    },
  },
  "telemetry.v2": {
    path: "/ws/telemetry",
    needs: "subscribe",
    messages: {
      subscribe: {
        say: { action: "subscribe", channels: [{ name: "positions", snapshot: true }] },
        channel: true,
        foreignTrader: "withheld",
        answer: "ack",
        changes: false,
      },
      unsubscribe: UNSUBSCRIBE,
      heartbeat: HEARTBEAT,
      acknowledge: {
        say: { action: "acknowledge", alerts: [{ id: "r1" }] },
        needs: "acknowledge",
        channel: true,
        foreignTrader: "not_found",
        answer: "ack",
        changes: true,
      },
    },
  },
  "telemetry.collector": {
    path: "/ws/collector",
    needs: "publish",
    messages: {
      publish: {
        say: { id: "1", action: "publish", events: [position("p3", { traderId: TRADER })] },
        channel: true,
        foreignTrader: "forbidden",
        answer: "ack",
        changes: true,
      },
      heartbeat: {
        say: { action: "heartbeat", channels: ["positions"] },
        channel: true,
        answer: "heartbeat",
        changes: false,
      },
    },
  },
};
