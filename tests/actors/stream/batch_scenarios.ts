/**
 * Histories of v2 readers, for properties.
 *
 * @module
 */
import fc from "fast-check";
import type { Channel } from "../../../protocol/channels.ts";
import type { Filter } from "../../../protocol/v2/client_message.ts";

/** The channels of the model: one of each lane. */
export const MODEL_CHANNELS = ["risk-alerts", "positions", "market-data"] as const;

/** Every key that is published. */
export const KEYS = "abcdef";

/** Which place a reader says that it has reached. */
export type SincePlan =
  /** So many numbers behind the head, as far as there are. */
  | { readonly kind: "behind"; readonly by: number }
  /** A number that was never given. */
  | { readonly kind: "beyond" }
  /** A place in a sequence that is gone. */
  | { readonly kind: "elsewhere" };

/** One thing that happens. Readers are meant modulo their number. */
export type BatchCommand =
  | {
    readonly do: "publish";
    readonly channel: Channel;
    readonly key: string;
    readonly kind: "state" | "closed" | "removed";
    readonly fill: number;
    /** How many events of this kind and size; from one to the next the key moves on. */
    readonly times: number;
  }
  | { readonly do: "turn" | "turns" | "tick" | "advance" }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "drain"; readonly reader: number; readonly bytes: number }
  | {
    readonly do: "subscribe";
    /** One reader, or all of them, who then share what is sent. */
    readonly reader: number | "all";
    readonly channel: Channel;
    readonly since: SincePlan | undefined;
    readonly snapshot: boolean;
    readonly filter: Filter | undefined;
    readonly intervalMs: number;
    readonly conflate: boolean;
  }
  | { readonly do: "unsubscribe"; readonly reader: number; readonly channel: Channel }
  | { readonly do: "leave"; readonly reader: number }
  /** An event at every tick, so many times, to peers who read too little. */
  | { readonly do: "congestion"; readonly channel: Channel; readonly ticks: number }
  /** The store fails from now on, or works again. */
  | { readonly do: "break" | "mend" }
  /** Retention passes all but the newest alerts. */
  | { readonly do: "retain"; readonly newest: number };

/** How a reader behaves. */
export interface ReaderPlan {
  /** Frames per second on metered lanes; 0 is unlimited. */
  readonly rate: number;
  /** Whether its peer reads everything at once. */
  readonly prompt: boolean;
}

/** A whole history. */
export interface BatchScenario {
  readonly ring: number;
  /** How long sending one frame takes, in ms: slices end early with more. */
  readonly sendMillis: number;
  /** Whether lossless channels can be read beyond the ring. */
  readonly stored: boolean;
  readonly readers: readonly ReaderPlan[];
  readonly commands: readonly BatchCommand[];
}

const channel = fc.constantFrom<Channel>(...MODEL_CHANNELS);
const reader = fc.nat(2);

const filter: fc.Arbitrary<Filter | undefined> = fc.constantFrom<Filter | undefined>(
  undefined,
  undefined,
  undefined,
  { symbols: ["SA", "sc"] },
  { symbols: ["sf"] },
  { traderIds: ["t1"] },
  { traderIds: ["t2"], symbols: ["SD", "SE"] },
  { minSeverity: "WARNING" },
  { minSeverity: "CRITICAL", traderIds: ["t1", "t2"] },
);

const since: fc.Arbitrary<SincePlan | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("behind" as const),
      by: fc.oneof(fc.nat(5), fc.nat(200)),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "beyond" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "elsewhere" as const }) },
);

const subscribe: fc.Arbitrary<BatchCommand> = fc.record({
  do: fc.constant("subscribe" as const),
  reader: fc.oneof(reader, reader, fc.constant("all" as const)),
  channel,
  since,
  snapshot: fc.boolean(),
  filter,
  intervalMs: fc.constantFrom(0, 0, 70, 250, 1_000),
  conflate: fc.boolean(),
});

/** An hour makes tombstones go. */
const wait: fc.Arbitrary<BatchCommand> = fc.record({
  do: fc.constant("wait" as const),
  ms: fc.oneof(
    { weight: 8, arbitrary: fc.nat(400) },
    { weight: 1, arbitrary: fc.constant(3_600_000) },
  ),
});

const command: fc.Arbitrary<BatchCommand> = fc.oneof(
  {
    weight: 12,
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
  { weight: 4, arbitrary: wait },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("drain" as const),
      reader,
      bytes: fc.oneof(fc.constant(Infinity), fc.nat(70_000)),
    }),
  },
  { weight: 5, arbitrary: subscribe },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("advance" as const, "break", "mend") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("congestion" as const),
      channel,
      ticks: fc.integer({ min: 5, max: 30 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("unsubscribe" as const), reader, channel }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), reader }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("retain" as const), newest: fc.nat(100) }),
  },
);

/** Histories of one to three readers. The first things that happen are subscriptions. */
export const batchScenarios: fc.Arbitrary<BatchScenario> = fc.record({
  ring: fc.constantFrom(3, 16, 100),
  sendMillis: fc.constantFrom(0, 0, 0.5, 2),
  stored: fc.boolean(),
  readers: fc.array(
    fc.record({ rate: fc.constantFrom(0, 0, 1, 3, 7), prompt: fc.boolean() }),
    { minLength: 1, maxLength: 3 },
  ),
  commands: fc.tuple(
    fc.array(subscribe, { minLength: 1, maxLength: 5 }),
    fc.array(command, { minLength: 5, maxLength: 60, size: "max" }),
  ).map(([first, then]) => [...first, ...then]),
});
