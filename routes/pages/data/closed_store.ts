/**
 * Today's closed trades: from the stream as they close, from history what was before.
 *
 * @module
 */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Row } from "../../../protocol/client/mod.ts";
import { zone } from "../app/preferences.ts";
import { type ClosedPosition, ClosedTrades } from "../logic/closed_trades.ts";
import { startOfDay } from "../logic/times.ts";
import type { ScreenClock } from "./clock.ts";
import { inNextFrame } from "./frame.ts";
import { readBackwards } from "./history.ts";
import type { RowSource } from "./row_source.ts";
import type { RowStore } from "./row_store.ts";

/** Most pages of history that are read when the list is opened. */
const MAX_PAGES = 8;

/** See the module. */
export class ClosedStore implements RowSource<ClosedPosition> {
  /** Changes when a trade came or went. */
  readonly members: ReadonlySignal<number>;
  /** Whether what was before has been read. */
  readonly loaded: ReadonlySignal<boolean>;
  /** Since when the list is complete, epoch ms. */
  readonly completeSince: ReadonlySignal<number>;
  readonly #trades: ClosedTrades;
  readonly #members = signal(0);
  readonly #loaded = signal(false);
  readonly #completeSince: ReturnType<typeof signal<number>>;
  readonly #stop: () => void;
  #day: number;

  /** Follows the positions; {@link ClosedStore.load} fetches what was before. */
  constructor(positions: RowStore<"positions">, clock: ScreenClock) {
    const now = clock.second.peek();
    this.#day = startOfDay(now, zone.peek());
    this.#trades = new ClosedTrades(this.#day);
    this.#completeSince = signal(now);
    this.members = this.#members;
    this.loaded = this.#loaded;
    this.completeSince = this.#completeSince as ReadonlySignal<number>;
    positions.onChange((_, removed, reset) => {
      for (const position of removed.values()) this.#take(position);
      // What left in a snapshot may have been closed while nobody listened.
      if (reset && removed.size > 0 && this.#loaded.peek()) this.load();
    });
    this.#stop = effect(() => this.#turnDay(startOfDay(clock.second.value, zone.value)));
  }

  /** How many trades there are. */
  get size(): number {
    return this.#trades.trades.size;
  }

  /** What they came to. */
  get trades(): ClosedTrades {
    return this.#trades;
  }

  /** Stops following the clock. */
  stop(): void {
    this.#stop();
  }

  /** {@inheritDoc RowSource.entries} */
  entries(): Iterable<[string, ClosedPosition]> {
    return this.#trades.trades;
  }

  /** {@inheritDoc RowSource.row} */
  row(key: string): ReadonlySignal<Row<ClosedPosition> | undefined> {
    const data = this.#trades.trades.get(key);
    return signal(data && { data, seq: 0, acceptedAt: data.timestamp });
  }

  /** What is over does not become stale. */
  staleSince(): undefined {
    return undefined;
  }

  /** Reads what was closed before, as far as a few pages of history reach. */
  async load(): Promise<void> {
    try {
      await readBackwards("positions", (events, isOldest) => {
        for (const { data } of events) this.#take(data);
        const first = events[0]?.timestamp ?? this.#day;
        const isWhole = isOldest || first < this.#day;
        this.#completeSince.value = isWhole ? this.#day : first;
        return !isWhole;
      }, MAX_PAGES);
    } catch { /* The list says since when it is complete. */ }
    this.#loaded.value = true;
  }

  #take(position: ClosedPosition): void {
    if (this.#trades.add(position)) inNextFrame(this.#write);
  }

  readonly #write = () => {
    this.#members.value += 1;
  };

  #turnDay(day: number): void {
    if (day === this.#day) return;
    this.#day = day;
    this.#trades.begin(day);
    if (this.#completeSince.peek()! < day) this.#completeSince.value = day;
    inNextFrame(this.#write);
  }
}
