/**
 * Stores for tests: a directory that goes away, options that keep everything, and made-up events.
 *
 * @module
 */
import type { RestoreRequest, Store, StoredEvent, StoredIdentity } from "../../actors/ports.ts";
import type { SqliteOptions } from "../../actors/store/sqlite/sqlite_store.ts";
import type { Channel } from "../../protocol/channels.ts";

/** The time of the first made-up event, epoch ms. */
export const STORE_EPOCH: number = Date.parse("2026-01-01T00:00:00.000Z");

/** One hour in ms. */
export const HOUR = 3_600_000;

/** The boot that stores of {@link sqliteOptions} believe to run in. */
export const BOOT = "boot-1";

/** A temporary directory; disposing of it removes it. */
export class TempDir implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "store_" });

  /** Removes it with everything in it. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Options of a store that forgets nothing. */
export function sqliteOptions(
  directory: string,
  options: Partial<SqliteOptions> = {},
): SqliteOptions {
  const retention = { events: 1_000_000, millis: 1_000 * HOUR };
  return { directory, bootId: BOOT, retention, ...options };
}

/** What of a made-up event is not made up. */
export interface EventParts {
  readonly ends?: "closed" | "removed";
  /** Epoch ms; {@link STORE_EPOCH} plus the number when absent. */
  readonly timestamp?: number;
  readonly data?: string;
  readonly trader?: string;
  readonly previousTrader?: string;
}

/** An event as the log stores it. */
export function event(
  channel: Channel,
  seq: number,
  key = `k${seq % 3}`,
  { ends, timestamp = STORE_EPOCH + seq, data, ...traders }: EventParts = {},
): StoredEvent {
  return {
    channel,
    seq,
    key,
    ...(ends && { ends }),
    timestamp,
    time: new Date(timestamp).toISOString(),
    data: data ?? JSON.stringify({ id: key, traderId: null, n: seq, timestamp }),
    ...traders,
  };
}

/** Events of a channel with the numbers from `first` to `last`. */
export function events(
  channel: Channel,
  first: number,
  last: number,
  parts: EventParts = {},
): StoredEvent[] {
  const count = Math.max(0, last - first + 1);
  return Array.from(
    { length: count },
    (_, index) => event(channel, first + index, undefined, parts),
  );
}

/** The identity of an event of `channel` with number `seq`. */
export function identity(
  channel: Channel,
  seq: number,
  parts: Partial<StoredIdentity> = {},
): StoredIdentity {
  const eventId = `id-${seq}`;
  const expiresAt = STORE_EPOCH + 120_000;
  return { channel, seq, principal: "core", eventId, digest: `d${seq}`, expiresAt, ...parts };
}

/** A request that brings back everything. */
export function everything(parts: Partial<RestoreRequest> = {}): RestoreRequest {
  return {
    events: 1_000_000,
    characters: 1e9,
    recentKeys: 1_000,
    tombstoneMillis: HOUR,
    epochMillis: STORE_EPOCH,
    ...parts,
  };
}

/** The numbers of events; `undefined` stays. */
export function seqs(list: readonly StoredEvent[] | undefined): number[] | undefined {
  return list?.map(({ seq }) => seq);
}

/** Takes steps of retention until there is nothing left to forget. */
export async function retainAll(store: Store, epochMillis: number): Promise<number> {
  let steps = 0;
  while (await store.retain(epochMillis)) steps += 1;
  return steps;
}

/** The code of the error with which a promise rejects. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  throw new Error("it did not reject");
}
