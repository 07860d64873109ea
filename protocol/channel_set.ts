/**
 * The channels that a gateway is built with, and every spelling of their names that clients use.
 *
 * @module
 */
import { z } from "zod";
import { type Channel, CHANNEL_SPECS, type ChannelSpec } from "./channels.ts";
import { fieldsOf, type ObjectShape } from "./events/shape.ts";

/** Specs by wire names: at least those that code names. */
export type ChannelSpecs =
  & Readonly<Record<Channel, ChannelSpec>>
  & Readonly<Record<string, ChannelSpec>>;

/** A channel of a set: its spec with its name. */
export interface ChannelDefinition extends ChannelSpec {
  /** The wire name. */
  readonly name: Channel;
  /** The fields of the payload. */
  readonly fields: ObjectShape;
}

/** The result of resolving a list of channel names. */
export interface ChannelSelection {
  /** The channels that were recognised, without repeats, in the order asked for. */
  readonly known: readonly Channel[];
  /** The names that mean no channel, as they were written. */
  readonly unknown: readonly string[];
}

/** A wire name, which stands unquoted in paths, in JSON and in names of tables. */
const WIRE_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Longest wire name, in characters; what is written for one is not looked at beyond it. */
export const MAX_CHANNEL_NAME_LENGTH = 64;

/** An unchangeable set of channels. */
export class ChannelSet {
  /**
   * The wire names in the order in which channels are served: lossless lanes first, so that an alert
   * never waits behind market data, else as in the specs.
   */
  readonly names: readonly Channel[];
  /** The channel whose events are alerts. */
  readonly alerts: Channel;
  readonly #definitions: ReadonlyMap<string, ChannelDefinition>;
  readonly #aliases: ReadonlyMap<string, Channel>;

  /**
   * Reads the specs once.
   *
   * @throws {TypeError} When a name is not lower-case words joined by dashes, or too long, when two channels have the same spelling, or when not exactly one has alerts.
   */
  constructor(specs: ChannelSpecs) {
    const definitions = Object.entries(specs).map(([name, spec]): ChannelDefinition => {
      if (!WIRE_NAME.test(name) || name.length > MAX_CHANNEL_NAME_LENGTH) {
        throw new TypeError(`${name}: the name of a channel is lower-case words with dashes`);
      }
      // The one place where a name becomes a channel; a set may hold more than code names.
      return { ...spec, name: name as Channel, fields: fieldsOf(spec.payload) };
    });
    const ordered = [
      ...definitions.filter(({ lane }) => lane === "lossless"),
      ...definitions.filter(({ lane }) => lane !== "lossless"),
    ];
    this.names = ordered.map(({ name }) => name);
    this.#definitions = new Map(ordered.map((one) => [one.name, one]));
    const spellings = ordered.flatMap(({ name, aliases }) =>
      aliases.map((alias) => [alias, name] as const)
    );
    this.#aliases = new Map(spellings);
    const all = [...this.names, ...spellings.map(([alias]) => alias)];
    if (new Set(all).size < all.length) throw new TypeError("two channels have the same spelling");
    const [alerts, ...others] = ordered.filter((one) => one.alerts === true);
    if (alerts === undefined || others.length > 0) {
      throw new TypeError("exactly one channel must be that of alerts");
    }
    this.alerts = alerts.name;
  }

  /** The names for people, in a list. */
  get list(): string {
    return this.names.join(", ");
  }

  /** A channel of the set. */
  get(name: Channel): ChannelDefinition {
    return this.#definitions.get(name)!;
  }

  /** Every channel, in the order of {@link ChannelSet.names}. */
  definitions(): Iterable<ChannelDefinition> {
    return this.#definitions.values();
  }

  /**
   * Resolves a channel name in any accepted spelling: any case, dots or underscores for dashes,
   * singular for plural (`trader.status`, `POSITION`, `risk_alert`).
   *
   * @returns The channel, or `undefined` when none is meant.
   */
  find(name: string): ChannelDefinition | undefined {
    const exact = this.#definitions.get(name);
    if (exact !== undefined) return exact;
    const dashed = name.trim().toLowerCase().replaceAll(/[._]/g, "-");
    return this.#definitions.get(this.#aliases.get(dashed) ?? dashed);
  }

  /** The wire name of the channel that {@link ChannelSet.find} finds. */
  parse(name: string): Channel | undefined {
    return this.find(name)?.name;
  }

  /** Resolves a list of names; the known ones can be used even when others are not. */
  select(names: readonly string[]): ChannelSelection {
    const known = new Set<Channel>();
    const unknown: string[] = [];
    for (const name of names) {
      const channel = this.parse(name);
      if (channel === undefined) unknown.push(name);
      else known.add(channel);
    }
    return { known: [...known], unknown };
  }

  /** The schema of a wire name. */
  wireName(): z.ZodEnum<{ readonly [Name in Channel]: Name }> {
    return z.enum(this.names);
  }

  /** The schema of a name in any accepted spelling; what comes out is the wire name. */
  anySpelling(): z.ZodType<Channel, string> {
    return z.string().transform((name, context) => {
      const channel = this.parse(name);
      if (channel !== undefined) return channel;
      context.addIssue({ code: "custom", message: `unknown channel; use one of ${this.list}` });
      return z.NEVER;
    });
  }
}

/** The channels of the product. */
export const PRODUCT_CHANNELS: ChannelSet = new ChannelSet(CHANNEL_SPECS);
