/**
 * Histories of v2 clients on one gateway, for properties.
 *
 * @module
 */
import fc from "fast-check";
import type { Channel } from "../../../protocol/channels.ts";

/** The channels that are published on: every lane. */
export const CHANNELS_V2 = ["risk-alerts", "trader-status", "positions", "market-data"] as const;

/** Where a subscription asks to begin. */
export type From =
  /** At the head. */
  | "head"
  /** With a snapshot. */
  | "snapshot"
  /** After the last number that the client knows, or at the head when it knows none. */
  | "place"
  /** At a place of another epoch. */
  | "strange"
  /** Beyond the head. */
  | "ahead";

/** One thing that happens. Clients are meant modulo their number. */
export type StepV2 =
  | {
    readonly do: "publish";
    readonly channel: Channel;
    readonly key: number;
    readonly kind: "state" | "closed" | "removed";
    /** Length of a text in the event, in characters. */
    readonly fill: number;
    /** How many events, of one key after the other. */
    readonly times: number;
  }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "read"; readonly client: number; readonly bytes: number }
  | {
    readonly do: "subscribe";
    readonly client: number;
    readonly channel: Channel;
    readonly from: From;
    readonly filter: number;
    readonly intervalMs: number;
    readonly conflate: boolean;
  }
  | { readonly do: "unsubscribe"; readonly client: number; readonly channel: Channel }
  | { readonly do: "cut"; readonly client: number };

/** A whole history. */
export interface ScenarioV2 {
  readonly ring: number;
  /** Frames a second that a client is sent; 0 is unlimited. */
  readonly rate: number;
  readonly clients: number;
  readonly steps: readonly StepV2[];
}

const channel = fc.constantFrom<Channel>(...CHANNELS_V2);
const client = fc.nat(2);

const step: fc.Arbitrary<StepV2> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      channel,
      key: fc.nat(5),
      kind: fc.constantFrom(
        "state" as const,
        "state" as const,
        "closed" as const,
        "removed" as const,
      ),
      fill: fc.constantFrom(0, 0, 300, 4_000),
      times: fc.constantFrom(1, 1, 2, 5, 40),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(400) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("read" as const),
      client,
      bytes: fc.oneof(fc.constant(1e9), fc.nat(70_000)),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("subscribe" as const),
      client,
      channel,
      from: fc.constantFrom<From>("head", "snapshot", "place", "place", "strange", "ahead"),
      filter: fc.nat(3),
      intervalMs: fc.constantFrom(0, 0, 120, 700),
      conflate: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("unsubscribe" as const), client, channel }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cut" as const), client }) },
);

/** Any history. */
export const scenarioV2: fc.Arbitrary<ScenarioV2> = fc.record({
  ring: fc.constantFrom(16, 16, 64, 1_024),
  rate: fc.constantFrom(0, 0, 3, 30),
  clients: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(step, { minLength: 1, maxLength: 60, size: "max" }),
});
