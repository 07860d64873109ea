/**
 * Histories of a fan-out, for properties.
 *
 * @module
 */
import fc from "fast-check";
import type { Channel } from "../../../protocol/channels.ts";

/** The channels of the model: one of each lane. */
export const MODEL_CHANNELS = ["risk-alerts", "positions", "market-data"] as const;

/** One thing that happens. Readers are meant modulo their number. */
export type Command =
  | {
    readonly do: "publish";
    readonly channel: Channel;
    readonly key: string;
    readonly kind: "state" | "closed" | "removed";
    readonly fill: number;
    /** How many events of this kind and size; from one to the next the key moves on. */
    readonly times: number;
  }
  | { readonly do: "turn" | "turns" | "tick" }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "drain"; readonly reader: number; readonly bytes: number }
  | {
    readonly do: "subscribe";
    readonly reader: number;
    readonly channel: Channel;
    readonly limit: number;
  }
  | { readonly do: "unsubscribe"; readonly reader: number; readonly channel: Channel }
  | { readonly do: "leave"; readonly reader: number };

/** A whole history. */
export interface Scenario {
  readonly ring: number;
  /** How long sending one frame takes, in ms: slices end early with more. */
  readonly sendMillis: number;
  readonly readers: readonly { readonly rate: number; readonly channels: readonly Channel[] }[];
  readonly commands: readonly Command[];
}

const channel = fc.constantFrom<Channel>(...MODEL_CHANNELS);
const reader = fc.nat(2);
export const KEYS = "abcdef";

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      channel,
      key: fc.constantFrom(...KEYS),
      kind: fc.constantFrom(
        "state" as const,
        "state" as const,
        "closed" as const,
        "removed" as const,
      ),
      fill: fc.constantFrom(0, 0, 300, 5_000, 20_000, 60_000),
      times: fc.constantFrom(1, 1, 2, 5, 30),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("turn", "turns", "tick") }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(400) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("drain" as const),
      reader,
      bytes: fc.oneof(fc.constant(Infinity), fc.nat(70_000)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("subscribe" as const),
      reader,
      channel,
      limit: fc.constantFrom(0, 1, 3, 100),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("unsubscribe" as const), reader, channel }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), reader }) },
);

/** Histories of one to three readers. */
export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  ring: fc.constantFrom(3, 16, 100),
  sendMillis: fc.constantFrom(0, 0, 0.5, 2),
  readers: fc.array(
    fc.record({
      rate: fc.constantFrom(0, 1, 2, 3, 7, 20, 1_000),
      channels: fc.subarray([...MODEL_CHANNELS]),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  commands: fc.array(command, { minLength: 5, maxLength: 60, size: "max" }),
});
