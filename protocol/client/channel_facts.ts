/**
 * What the client knows of channels at run time. Of the specs it has types alone; the compiler
 * compares these facts with them, so that one that is missing, wrong or too many does not compile.
 *
 * @module
 */
import type { Channel, ChannelsWith, SpecOf } from "./wire_types.ts";

/** A fact that some channels have. */
type Facts<Value> = { readonly [C in Channel]?: Value };

/** The value that the spec of a channel has under a name. */
type Of<C extends Channel, Name extends string> = SpecOf<C> extends Record<Name, infer Value>
  ? Value
  : never;

/** Exactly the values that specs have under a name. */
type Every<Name extends string> =
  & { [C in ChannelsWith<Record<Name, unknown>>]: Of<C, Name> }
  & { [C in Exclude<Channel, ChannelsWith<Record<Name, unknown>>>]?: never };

/** A mark on exactly the channels whose specs have something in common. */
type Marks<Part, Mark> =
  & Record<ChannelsWith<Part>, Mark>
  & { [C in Exclude<Channel, ChannelsWith<Part>>]?: never };

/** The channels whose rows never end, as every event counts. */
export const LOSSLESS: Facts<1> = {
  "risk-alerts": 1,
  "system-warnings": 1,
} satisfies Marks<{ readonly lane: "lossless" }, 1>;

/** The `status` that ends a row. */
export const CLOSING: Facts<string> = {
  "positions": "CLOSED",
} satisfies Every<"closingStatus">;

/** The `status` in which a row promises to change; where a `status` ends rows, every other does. */
export const BUSY: Facts<string> = {
  "trader-status": "RUNNING",
} satisfies Every<"busyStatus">;

/** The field that names the trader, where it is not `traderId`. */
export const TRADER_FIELD: Facts<string> = {
  "trader-status": "id",
} satisfies Marks<{ readonly filterFields: { readonly trader: "id" } }, "id">;
