/**
 * The books of a v2 client: what it asked, what it was told, and every way in which the two do not
 * add up. Pure; it outlives connections.
 *
 * @module
 */
import { PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import type { AckV2, ServerMessageV2 } from "../../protocol/v2/server_message.ts";
import type { z } from "zod";
import { type Asked, ChannelLedger, type Place, sumOf, type Tally } from "./v2_channel_ledger.ts";

/** Most violations that are kept; the rest are counted only. */
const MAX_KEPT = 10;

/** A request without its answer. */
type Request =
  | { readonly action: "subscribe"; readonly channels: readonly (Asked | string)[] }
  | { readonly action: "unsubscribe"; readonly channels: readonly string[] }
  | { readonly action: "acknowledge" };

/** Something did not add up. */
export class LedgerError extends Error {
  /** Lists what was found. */
  constructor(violations: readonly string[]) {
    super(violations.join("\n"));
    this.name = "LedgerError";
  }
}

/** See the module. */
export class V2Ledger {
  /** What did not add up, the first {@link MAX_KEPT}. */
  readonly violations: string[] = [];
  /** The books of each channel. */
  readonly channels: ReadonlyMap<Channel, ChannelLedger>;
  readonly #requests = new Map<string | undefined, Request>();
  #welcomed = false;

  /** Starts with empty books. */
  constructor() {
    const fail = (fault: string) => this.#fail(fault);
    this.channels = new Map(CHANNELS.map((name) => [name, new ChannelLedger(name, fail)]));
  }

  /** The books of one channel. */
  of(channel: Channel): ChannelLedger {
    return this.channels.get(channel)!;
  }

  /** Up to where everything of a channel is known: what to resume from. */
  place(channel: Channel): Place | undefined {
    return this.of(channel).place;
  }

  /** Notes what is about to be asked; `id` is `undefined` for what the address asks. */
  asks(id: string | undefined, request: Request): void {
    if (this.#requests.has(id)) this.#fail(`request ${id} is still open`);
    this.#requests.set(id, request);
  }

  /** Takes a message, in the order of arrival. */
  takes(message: ServerMessageV2): void {
    if (!this.#welcomed && message.type !== "welcome") this.#fail(`${message.type} before welcome`);
    switch (message.type) {
      case "welcome":
        if (this.#welcomed) this.#fail("a second welcome");
        this.#welcomed = true;
        break;
      case "ack":
        this.#acked(message);
        break;
      case "error":
        this.#requests.delete(message.id);
        break;
      case "snapshot":
        this.of(message.channel).snapshot(message);
        break;
      case "events":
        this.of(message.channel).events(message);
        break;
    }
  }

  /** The connection is gone, and with it what was asked. */
  disconnected(): void {
    this.#welcomed = false;
    this.#requests.clear();
    for (const channel of this.channels.values()) channel.disconnected();
  }

  /** The sum of the tallies of all channels, or of some. */
  total(channels: readonly Channel[] = CHANNELS): Tally {
    return sumOf(channels.map((channel) => this.of(channel).tally));
  }

  /** @throws {LedgerError} When anything did not add up. */
  assertClean(): void {
    if (this.violations.length > 0) throw new LedgerError(this.violations);
  }

  #acked({ id, channels = {} }: z.infer<typeof AckV2>): void {
    const request = this.#requests.get(id);
    if (request === undefined) return this.#fail(`an ack of ${id}, which was never asked`);
    this.#requests.delete(id);
    if (request.action === "acknowledge") return;
    const asked = request.channels.map((one) => typeof one === "string" ? { name: one } : one);
    const names = new Map(asked.map((one) => [PRODUCT_CHANNELS.parse(one.name)!, one]));
    for (const [channel, one] of names) {
      const acked = channels[channel];
      if (request.action === "unsubscribe") this.of(channel).unsubscribed(acked);
      else if (acked === undefined) this.#fail(`${channel} was asked for, but not acked`);
      else this.of(channel).subscribed(one, acked);
    }
    const strays = Object.keys(channels).filter((channel) => !names.has(channel as Channel));
    if (strays.length > 0) this.#fail(`${strays} acked, but not asked for`);
  }

  #fail(fault: string): void {
    if (this.violations.length < MAX_KEPT) this.violations.push(fault);
  }
}
