/**
 * A table of the client as signals: one for each row that is on the screen, written once per
 * animation frame. What is not on the screen costs an entry in a set.
 *
 * @module
 */
import { computed, type ReadonlySignal, Signal, signal } from "@preact/signals";
import type {
  Account,
  ChannelData,
  Freshness,
  Row,
  StreamPosition,
  Table,
} from "../../../protocol/client/mod.ts";
import { inNextFrame } from "./frame.ts";
import type { RowSource } from "./row_source.ts";

/** The channels that have tables. */
export type TableChannel = keyof ChannelData;

/** A row of a channel. */
export type RowOf<C extends TableChannel> = Row<ChannelData[C]>;

/** Told of every change as it comes, before the screen is. */
export type ChangeListener<C extends TableChannel> = (
  changed: ReadonlyMap<string, ChannelData[C]>,
  removed: ReadonlyMap<string, ChannelData[C]>,
  reset: boolean,
) => void;

/** How far a channel is, and what became of its numbers. */
export interface Progress {
  /** Absent before the first snapshot. */
  readonly place: StreamPosition | undefined;
  readonly account: Account;
}

/** See the module. */
export class RowStore<C extends TableChannel> implements RowSource<ChannelData[C]> {
  /** The rows themselves. */
  readonly table: Table<C>;
  /** Changes when a row came or went. */
  readonly members: ReadonlySignal<number>;
  /** Changes when anything did. */
  readonly version: ReadonlySignal<number>;
  /** What the gateway says of the channel. */
  readonly freshness: ReadonlySignal<Freshness>;
  /** How far it is. */
  readonly progress: ReadonlySignal<Progress>;
  /** Whether the first snapshot is there. */
  readonly loaded: ReadonlySignal<boolean>;
  readonly #members = signal(0);
  readonly #version = signal(0);
  readonly #freshness: Signal<Freshness>;
  readonly #progress: Signal<Progress>;
  readonly #rows = new Map<string, Signal<RowOf<C> | undefined>>();
  readonly #dirty = new Set<string>();
  readonly #write = () => this.#writeScreen();
  #membersChanged = false;

  /** Follows a table. */
  constructor(table: Table<C>) {
    this.table = table;
    this.#freshness = signal(table.freshness);
    this.#progress = signal({ place: table.place, account: table.account });
    this.members = this.#members;
    this.version = this.#version;
    this.freshness = this.#freshness;
    this.progress = this.#progress;
    this.loaded = computed(() => this.#progress.value.place !== undefined);
    const known = new Set<string>();
    table.on("change", ({ changed, removed }) => {
      for (const id of changed.keys()) {
        this.#dirty.add(id);
        if (!known.has(id)) {
          known.add(id);
          this.#membersChanged = true;
        }
      }
      for (const id of removed.keys()) {
        this.#dirty.add(id);
        known.delete(id);
        this.#membersChanged = true;
      }
      inNextFrame(this.#write);
    });
    table.on("freshness", () => inNextFrame(this.#write));
    table.on("resync", () => inNextFrame(this.#write));
  }

  /** How many rows there are. */
  get size(): number {
    return this.table.size;
  }

  /** {@inheritDoc RowSource.entries} */
  entries(): Iterable<[string, ChannelData[C]]> {
    return this.table;
  }

  /** {@inheritDoc RowSource.staleSince} */
  staleSince(id: string): number | undefined {
    this.#freshness.value;
    return this.table.staleSince(id);
  }

  /** The signal of a row; it is forgotten when nothing shows it any more. */
  row(id: string): ReadonlySignal<RowOf<C> | undefined> {
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const row: Signal<RowOf<C> | undefined> = new Signal(this.table.row(id), {
      unwatched: () => {
        if (this.#rows.get(id) === row) this.#rows.delete(id);
      },
    });
    this.#rows.set(id, row);
    return row;
  }

  /** Tells of changes as they come, and of what is there already. */
  onChange(listener: ChangeListener<C>): void {
    listener(this.table, new Map(), true);
    this.table.on("change", ({ changed, removed, reset }) => listener(changed, removed, reset));
  }

  #writeScreen(): void {
    for (const id of this.#dirty) {
      const row = this.#rows.get(id);
      if (row !== undefined) row.value = this.table.row(id);
    }
    if (this.#dirty.size > 0) this.#version.value += 1;
    this.#dirty.clear();
    if (this.#membersChanged) this.#members.value += 1;
    this.#membersChanged = false;
    this.#freshness.value = this.table.freshness;
    this.#progress.value = { place: this.table.place, account: this.table.account };
  }
}
