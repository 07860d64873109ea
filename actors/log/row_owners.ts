/**
 * Whose row each event of a turn is: notes it in events that do not say it themselves, and refuses
 * what a publisher limited to traders may not publish.
 *
 * A removal names no trader: its row is that of the state, or of the tombstone, that it ends. A
 * position may be taken over by another trader; who loses it is noted.
 *
 * @module
 */
import type { Channel, ChannelSpec } from "../../protocol/channels.ts";
import type { Submission } from "../../protocol/publish.ts";
import { PublishError } from "../operations.ts";
import type { StoredEvent } from "../ports.ts";
import type { LoggedEvent } from "../stream/channel_log.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import { type RowFilter, traderOf } from "../stream/row_filter.ts";

/** Whose row an event is, as it is stored with it. */
export type RowOwner = Pick<StoredEvent, "trader" | "previousTrader">;

/** Whose row a key is. */
interface KnownRow {
  readonly trader: string | undefined;
  /** Whether the key has not ended. */
  readonly live: boolean;
}

type Rows = Map<Channel, Map<string, KnownRow>>;

/** What a request makes of the rows; nothing is noted before it is kept. */
export interface StagedOwners {
  /** By the index of the submission. */
  readonly owners: readonly RowOwner[];
  /** Notes them for the requests that follow in the turn. */
  keep(): void;
}

/** The rows of one turn. */
export class RowOwners {
  readonly #streams: ReadonlyMap<Channel, ChannelStream>;
  /** What the turn has changed so far. */
  readonly #changed: Rows = new Map();

  /** Begins with the states as they are. */
  constructor(streams: ReadonlyMap<Channel, ChannelStream>) {
    this.#streams = streams;
  }

  /**
   * Works out whose rows the events of a request are.
   *
   * @param isDuplicate Whether the submission of an index is a repetition, which stores nothing.
   * @param limit What the publisher may publish; everything when absent.
   * @throws {PublishError} `FORBIDDEN` when one of them is, or takes away, a row that is not the
   *   publisher's.
   */
  stage(
    submissions: readonly Submission[],
    isDuplicate: (index: number) => boolean,
    limit: RowFilter | undefined,
  ): StagedOwners {
    const staged: Rows = new Map();
    const owners = submissions.map(({ draft }, index) => {
      if (isDuplicate(index)) return NOBODY;
      const stream = this.#streams.get(draft.channel)!;
      const owner = this.#ownerOf(draft, stream, staged);
      if (limit !== undefined) checkOwner(limit, draft, owner, stream.spec);
      return owner;
    });
    return { owners, keep: () => merge(staged, this.#changed) };
  }

  #ownerOf(draft: Submission["draft"], { spec, latest }: ChannelStream, staged: Rows): RowOwner {
    const { channel, key, ends, trader } = draft;
    const { rows, filterFields } = spec;
    // Only a state of which the key does not name the trader can be another's.
    if (rows !== "trader" || filterFields.trader === "id" || latest === undefined) return NOBODY;
    const before = staged.get(channel)?.get(key) ?? this.#changed.get(channel)?.get(key) ??
      rowOf(latest.get(key), spec);
    const owner = trader ?? before?.trader;
    let changed = staged.get(channel);
    if (changed === undefined) staged.set(channel, changed = new Map());
    changed.set(key, { trader: owner, live: ends === undefined });
    if (ends === "removed") return owner === undefined ? NOBODY : { trader: owner };
    const moved = before?.live === true && before.trader !== undefined && before.trader !== owner;
    return moved ? { previousTrader: before.trader } : NOBODY;
  }
}

/** What is known of most events beside what they say themselves. */
const NOBODY: RowOwner = {};

function rowOf(event: LoggedEvent | undefined, spec: ChannelSpec): KnownRow | undefined {
  return event && { trader: traderOf(event, spec), live: event.stored.ends === undefined };
}

function merge(from: Rows, to: Rows): void {
  for (const [channel, rows] of from) {
    const known = to.get(channel);
    if (known === undefined) to.set(channel, rows);
    else for (const [key, row] of rows) known.set(key, row);
  }
}

function checkOwner(
  limit: RowFilter,
  { channel, ends, trader: named }: Submission["draft"],
  { trader = named, previousTrader }: RowOwner,
  spec: ChannelSpec,
): void {
  const foreign = !limit.owns(spec, { trader, ends }) ||
    (previousTrader !== undefined && !limit.owns(spec, { trader: previousTrader }));
  if (!foreign) return;
  const message = "nothing was stored; this key may publish for its own traders alone, and " +
    `an event of ${channel} is not known to be of one of them`;
  throw new PublishError("FORBIDDEN", message);
}
