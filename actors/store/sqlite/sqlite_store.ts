/**
 * The durable store: one SQLite file, one process.
 *
 * @module
 */
import { type ChannelSet, PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import type { Channel } from "../../../protocol/channels.ts";
import { normaliseStored } from "../../../protocol/events/normalise_stored.ts";
import type { StreamPosition } from "../../../protocol/stream_position.ts";
import type {
  OwnAge,
  RestoredChannel,
  RestoredStore,
  RestoreRequest,
  Store,
  StoredEvent,
  StoredIdentity,
} from "../../ports.ts";
import type { AuditStore } from "../../audit/audit_store.ts";
import { SqliteAuditStore } from "./sqlite_audit_store.ts";
import type { OpenReport } from "./database.ts";
import { Backup } from "./backup.ts";
import { EngineHost } from "./engine_host.ts";
import type { Durability } from "./epoch.ts";
import { StoreError } from "./errors.ts";
import type { Damage, Extent, SoundChannel } from "./reader.ts";
import type { RetentionLimits } from "./retention.ts";

/** How to open a store. */
export interface SqliteOptions {
  /** The data directory; made when it is missing. */
  readonly directory: string;
  /** What a committed event survives; `process` when absent. */
  readonly durability?: Durability;
  /** The present boot of the machine; unknown when absent or empty. */
  readonly bootId?: string;
  /** The channels that it keeps; the product's when absent. */
  readonly channels?: ChannelSet;
  /** How much is kept. */
  readonly retention: RetentionLimits;
  /** Module of the store's thread, for tests of its end; ours when absent. */
  readonly threadModule?: URL;
  /** Told that the store's thread was lost and another takes over. */
  readonly onThreadLost?: (why: StoreError) => void;
  /** Told what a start left out because it is damaged. */
  readonly onDamage?: (channel: Channel, damage: Damage) => void;
}

/** Keeps events in `telemetry.db` of a directory. */
export class SqliteStore implements Store {
  /** `sqlite` */
  readonly kind = "sqlite";
  /** {@inheritDoc Store.channels} */
  readonly channels: ChannelSet;
  /** What opening found and did. */
  readonly report: OpenReport;
  /** The rows of the audit, in the same file. */
  readonly audit: AuditStore;
  readonly #host: EngineHost;
  readonly #onDamage: SqliteOptions["onDamage"];
  readonly #extents: Map<Channel, Extent>;
  #closing: Promise<void> | undefined;

  private constructor(
    host: EngineHost,
    channels: ChannelSet,
    report: OpenReport,
    extents: ReadonlyMap<Channel, Extent>,
    onDamage: SqliteOptions["onDamage"],
  ) {
    this.#host = host;
    this.audit = new SqliteAuditStore(host);
    this.channels = channels;
    this.#onDamage = onDamage;
    this.report = report;
    this.#extents = new Map(extents);
  }

  /**
   * Opens or makes the store of a directory.
   *
   * @throws {StoreError} When it is locked, foreign, newer, damaged, or cannot be written.
   * @throws {Deno.errors.NotCapable} When the permissions do not cover the directory.
   */
  static async open(options: SqliteOptions): Promise<SqliteStore> {
    const { directory, durability = "process", bootId = "", retention } = options;
    const { channels = PRODUCT_CHANNELS } = options;
    const tables = [...channels.definitions()].map(({ name, lane, snapshot }) => {
      const keyed = lane !== "lossless";
      return { name, keyed, indexed: !keyed && snapshot === "latest-per-key" };
    });
    const engine = { directory, durability, bootId, retention, channels: tables };
    const { threadModule: module, onThreadLost: onLost } = options;
    const host = await EngineHost.start(engine, { module, onLost });
    const { report, extents } = await host.call("opened");
    return new SqliteStore(host, channels, report, extents, options.onDamage);
  }

  /** {@inheritDoc Store.head} */
  head(channel: Channel): StreamPosition {
    const { epoch, seq } = this.#extents.get(channel)!;
    return { epoch, seq };
  }

  /** {@inheritDoc Store.oldest} */
  oldest(channel: Channel): number {
    return this.#extents.get(channel)!.oldest;
  }

  /** {@inheritDoc Store.restore} */
  async restore(request: RestoreRequest): Promise<RestoredStore> {
    this.#requireOpen();
    const channels = new Map<Channel, RestoredChannel>();
    for (const { name: channel, lane } of this.channels.definitions()) {
      const restored = await this.#host.call("restore", channel, request);
      const { damaged, ...sound } = lane === "lossless"
        ? restored
        : await this.#addStates(channel, request, restored);
      const { events, latest, ...rest } = sound;
      for (const damage of damaged) this.#onDamage?.(channel, damage);
      channels.set(channel, {
        ...rest,
        events: this.#normalise(channel, events),
        latest: this.#normalise(channel, latest),
      });
    }
    const identities: StoredIdentity[] = [];
    for (let from: number | undefined, more = true; more;) {
      const after = request.expiredIdentities ? -Infinity : request.epochMillis;
      const page = await this.#host.call("identities", after, from);
      for (const identity of page.identities) identities.push(identity);
      from = page.next;
      more = from !== undefined;
    }
    return { channels, identities };
  }

  /** In pages, as what passes between threads at once is held three times and then garbage. */
  async #addStates(
    channel: Channel,
    request: RestoreRequest,
    restored: SoundChannel,
  ): Promise<SoundChannel> {
    const latest: StoredEvent[] = [];
    const damaged = [...restored.damaged];
    let { horizon } = restored;
    for (let from: string | undefined, more = true; more;) {
      const page = await this.#host.call("states", channel, request, from);
      for (const state of page.states) latest.push(state);
      for (const damage of page.damaged) {
        damaged.push(damage);
        // Below a state that is lost no table is whole: clients get a snapshot that replaces theirs.
        horizon = Math.max(horizon, damage.seq);
      }
      from = page.next;
      more = from !== undefined;
    }
    latest.sort((a, b) => a.seq - b.seq);
    return { ...restored, latest, horizon, damaged };
  }

  /** {@inheritDoc Store.commit} */
  async commit(
    batch: readonly StoredEvent[],
    identities: readonly StoredIdentity[] = [],
  ): Promise<void> {
    this.#requireOpen();
    await this.#host.call("commit", batch, identities);
    for (const { channel, seq } of batch) this.#move(channel, { seq });
  }

  /** {@inheritDoc Store.read} */
  async read(
    channel: Channel,
    afterSeq: number,
    limit: number,
  ): Promise<readonly StoredEvent[] | undefined> {
    this.#requireOpen();
    if (afterSeq + 1 < this.oldest(channel)) return undefined;
    const events = await this.#host.call("page", channel, afterSeq, limit);
    // A step of retention may have come first: then there is a gap before the first event.
    const [first] = events;
    if (first !== undefined && first.seq > afterSeq + 1) return undefined;
    return this.#normalise(channel, events);
  }

  /** {@inheritDoc Store.retain} */
  async retain(epochMillis: number, own?: ReadonlyMap<Channel, OwnAge>): Promise<boolean> {
    this.#requireOpen();
    const { removed, cut } = await this.#host.call("retain", epochMillis, own);
    if (cut !== undefined) this.#move(cut.channel, { oldest: cut.oldest });
    return removed > 0;
  }

  /** {@inheritDoc Store.rotateEpoch} */
  async rotateEpoch(): Promise<void> {
    this.#requireOpen();
    const extents = await this.#host.call("rotateEpoch");
    for (const [channel, { epoch }] of extents) this.#move(channel, { epoch });
  }

  /**
   * Begins a backup of what is stored now, while the store goes on.
   *
   * @throws {StoreError} `busy` while another is made, `full` when the disk has no room for it.
   */
  async backup(pause: (millis: number) => Promise<void>): Promise<Backup> {
    this.#requireOpen();
    return await Backup.begin(this.#host, pause);
  }

  /** {@inheritDoc Store.close} */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#host.call("close");
    } finally {
      this.#host.dispose();
    }
  }

  #normalise(channel: Channel, events: readonly StoredEvent[]): StoredEvent[] {
    const { repair } = this.channels.get(channel);
    return events.map((event) => normaliseStored(event, repair));
  }

  #move(channel: Channel, change: Partial<Extent>): void {
    this.#extents.set(channel, { ...this.#extents.get(channel)!, ...change });
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new StoreError("closed", "the store is closed");
  }
}
