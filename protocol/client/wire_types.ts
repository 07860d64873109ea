/**
 * The types of the wire, as the client uses them. The one file of the client that refers to the rest
 * of `protocol/`, and for types alone: the package has no dependency at run time.
 *
 * @module
 */
import type { input, output } from "zod";
import type { Channel as WireChannel, CHANNEL_SPECS } from "../channels.ts";
import type { Filter as WireFilter } from "../v2/client_message.ts";
import type { ENDINGS } from "../close_codes.ts";
import type { AcknowledgedAlert as WireAcknowledgedAlert } from "../rest/publishing.ts";
import type { ChannelState as WireChannelState, ServerMessageV2 } from "../v2/server_message.ts";

/** The wire name of a channel. */
export type Channel = WireChannel;

/** What the gateway knows of a channel. */
export type SpecOf<C extends Channel> = (typeof CHANNEL_SPECS)[C];

/** The channels whose specs have something in common. */
export type ChannelsWith<Part> = {
  [C in Channel]: SpecOf<C> extends Part ? C : never;
}[Channel];

/** Which events of a channel are wanted; absent conditions admit everything. */
export type Filter = Flat<Without<WireFilter>>;

/** Whether the publisher of a channel is alive (`fresh`), is silent, or events are refused. */
export type ChannelState = WireChannelState;

/** An alert that counts as acknowledged. */
export type AcknowledgedAlert = Flat<WireAcknowledgedAlert>;

/** What publishers send, by channel. Nobody but the gateway may publish `system-warnings`. */
export type PublishedData = { readonly [C in Channel]: input<SpecOf<C>["payload"]> };

/**
 * What subscribers receive, by channel: with `id`, the event's time in ISO form, and in epoch ms.
 * Alerts say whether and by whom their incident was acknowledged.
 */
export type ChannelData = {
  readonly [C in Channel]: Flat<
    & Sent<output<SpecOf<C>["payload"]>, SpecOf<C>["timeKey"]>
    & (SpecOf<C> extends { readonly alerts: true }
      ? { acknowledgedBy?: string; acknowledgedAt?: string }
      : unknown)
  >;
};

/** A frame of events. */
export type EventsFrame = Extract<ServerMessageV2, { type: "events" }>;

/** A part of a snapshot. */
export type SnapshotPart = Extract<ServerMessageV2, { type: "snapshot" }>;

/** An event as it is sent. */
export type WireEvent = EventsFrame["events"][number];

/** The close codes of the gateway's catalogue after which a client does one thing. */
export type CodesWhere<Reconnect extends string> = {
  [Name in keyof typeof ENDINGS]: (typeof ENDINGS)[Name] extends { reconnect: Reconnect }
    ? (typeof ENDINGS)[Name]["code"]
    : never;
}[keyof typeof ENDINGS];

type Sent<Payload, Time extends string> =
  & Omit<Payload, Time | "id">
  & { id: string; timestamp: number }
  & Record<Time, string>;

type Without<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> };

type Flat<Value> = { [Key in keyof Value]: Value[Key] };
