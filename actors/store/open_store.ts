/**
 * Opens the store that is configured and says what was found.
 *
 * @module
 */
import { dirname } from "node:path";
import { type ChannelSet, PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { Config } from "../../protocol/config.ts";
import type { Clock, Logger, RestoredStore, RestoreRequest, Store } from "../ports.ts";
import type { AuditStore } from "../audit/audit_store.ts";
import { MemoryAuditStore } from "../audit/memory_audit_store.ts";
import { MemoryStore } from "./memory.ts";
import { RetentionTicker } from "./retention_ticker.ts";
import type { Backup } from "./sqlite/backup.ts";
import type { OpenReport } from "./sqlite/database.ts";
import type { Damage } from "./sqlite/reader.ts";
import { SqliteStore } from "./sqlite/sqlite_store.ts";

const HOUR_MILLIS = 3_600_000;

/** A store in use. */
export interface OpenStore {
  /** The store. */
  readonly store: Store;
  /** What a gateway continues from. */
  readonly restored: RestoredStore;
  /** Where the rows of the audit are kept: as long as the events. */
  readonly audit: AuditStore;
  /** Begins a backup; absent when the store keeps nothing. */
  readonly backup: (() => Promise<Backup>) | undefined;
  /** Ends retention and closes the store. Commits must have ended before. Never rejects. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the store, reads what the gateway continues from, and starts retention.
 *
 * @param request How much to read.
 * @param channels The channels that it keeps.
 * @throws {StoreError} When it cannot be used; the message says why and what to do.
 */
export async function openStore(
  config: Config,
  clock: Clock,
  log: Logger,
  request: RestoreRequest,
  channels: ChannelSet = PRODUCT_CHANNELS,
): Promise<OpenStore> {
  const startedAt = clock.now();
  const store = await open(config, log, channels);
  try {
    const restored = await store.restore(request);
    const events = [...restored.channels].reduce(
      (sum, [channel, { seq }]) => sum + seq + 1 - store.oldest(channel),
      0,
    );
    const millis = Math.round(clock.now() - startedAt);
    log.info("store open", { store: store.kind, events, millis });
    const retention = new RetentionTicker(
      clock,
      log,
      store,
      config.store.retentionHours * HOUR_MILLIS,
      lastSeen(restored, clock.epochMillis()),
    );
    const pause = (millis: number) =>
      new Promise<void>((resolve) => clock.setTimeout(resolve, millis));
    return {
      store,
      restored,
      audit: store instanceof SqliteStore ? store.audit : new MemoryAuditStore(),
      backup: store instanceof SqliteStore ? () => store.backup(pause) : undefined,
      close: async () => {
        retention.stop();
        await store.close().catch((error) => {
          log.warn("the store was not closed cleanly", { error: String(error) });
        });
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * The time from which stored events age on: that of the newest, as the clock may have been set since.
 * So the time for which nothing ran does not count; everything is gone after the age of retention.
 */
function lastSeen({ channels }: RestoredStore, epochMillis: number): number {
  const newest = [...channels.values()].flatMap(({ events }) => events.at(-1)?.timestamp ?? []);
  return newest.length === 0 ? epochMillis : Math.min(epochMillis, Math.max(...newest));
}

async function open(
  { store, telemetry }: Config,
  log: Logger,
  channels: ChannelSet,
): Promise<Store> {
  if (store.kind === "memory") return new MemoryStore(telemetry.ringCapacity, undefined, channels);
  const opened = await SqliteStore.open({
    directory: store.dataDir,
    channels,
    durability: store.durability,
    ...(store.bootId !== undefined && { bootId: store.bootId }),
    onThreadLost: (why) => log.error("the store goes on in another thread", { error: why.message }),
    onDamage: (channel, damage) => tellDamage(log, channel, damage),
    retention: { events: store.retentionEvents, millis: store.retentionHours * HOUR_MILLIS },
  });
  tell(opened.report, log);
  return opened;
}

function tellDamage(log: Logger, channel: Channel, { seq, lost }: Damage): void {
  const what = lost === "event"
    ? "a stored event is damaged; it is not sent, and older ones come from the store"
    : "the latest state of a key is damaged and was left out until its next event";
  log.error(what, { channel, seq });
}

function tell(report: OpenReport, log: Logger): void {
  const { path, created, clean, migratedFrom, rotated, exposed } = report;
  if (exposed) {
    const advice = `chmod 700 ${dirname(path)}`;
    log.warn("other users of this machine can read the data directory", { path, advice });
  }
  if (created) log.info("store created", { path });
  if (migratedFrom !== undefined) log.info("store migrated", { path, from: migratedFrom });
  if (rotated === "file_replaced") {
    const message =
      "the store was removed or exchanged under the last gateway; every channel has a " +
      "new epoch";
    log.warn(message, { path, reason: rotated });
  } else if (rotated !== undefined) {
    const message = "the last stop may have lost events; every channel has a new epoch";
    log.warn(message, { path, reason: rotated });
  } else if (!clean) {
    log.warn("the last stop was unclean; the store is whole", { path });
  }
}
