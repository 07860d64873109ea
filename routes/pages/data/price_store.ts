/**
 * The prices of the symbol that is looked at.
 *
 * @module
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import { PriceSeries } from "../logic/price_series.ts";
import { inNextFrame } from "./frame.ts";
import { PAGE_EVENTS, readPage } from "./history.ts";
import type { RowStore } from "./row_store.ts";

/** Pages of history that are read at once. */
const PAGES = 4;

/** See the module. One per symbol; {@link PriceStore.stop} ends it. */
export class PriceStore {
  /** Changes with the prices. */
  readonly version: ReadonlySignal<number>;
  /** What is known of the past: being read, more to be had, all that is kept, not to be had. */
  readonly past: ReadonlySignal<"reading" | "more" | "whole" | "failed">;
  readonly #series = new PriceSeries();
  readonly #version = signal(0);
  readonly #past = signal<"reading" | "more" | "whole" | "failed">("more");
  readonly #id: string;
  readonly #stop: () => void;
  /** The number before which is read next. */
  #before: number | undefined;
  /** The oldest number that is kept. */
  #oldest = 1;
  #stopped = false;

  /** Follows a symbol, and reads what was before. */
  constructor(store: RowStore<"market-data">, id: string) {
    this.#id = id;
    this.version = this.#version;
    this.past = this.#past;
    const row = store.table.get(id);
    if (row !== undefined) this.#series.append(row.timestamp, Number(row.price));
    this.#stop = store.table.on("change", ({ changed }) => {
      const now = changed.get(id);
      if (now === undefined) return;
      if (this.#series.append(now.timestamp, Number(now.price))) inNextFrame(this.#write);
    });
    this.readEarlier();
  }

  /** The prices, the oldest first. */
  get points() {
    return this.#series.points;
  }

  /** Ends it. */
  stop(): void {
    this.#stopped = true;
    this.#stop();
  }

  /** Reads some pages more of the past. */
  async readEarlier(): Promise<void> {
    if (this.#past.value === "reading") return;
    this.#past.value = "reading";
    try {
      if (this.#before === undefined) {
        const { head, oldest } = await readPage("market-data", { limit: 1 });
        [this.#before, this.#oldest] = [head + 1, oldest];
      }
      for (let page = 0; page < PAGES && this.#before > this.#oldest; page += 1) {
        if (this.#stopped) return;
        this.#before = await this.#readPage(this.#before);
        inNextFrame(this.#write);
      }
      this.#past.value = this.#before > this.#oldest ? "more" : "whole";
    } catch {
      this.#past.value = "failed";
    }
  }

  /** Reads the page that ends before a number; returns the number with which it begins. */
  async #readPage(before: number): Promise<number> {
    const afterSeq = Math.max(this.#oldest - 1, before - 1 - PAGE_EVENTS);
    const query = { afterSeq, limit: before - 1 - afterSeq };
    const { events, oldest } = await readPage("market-data", query);
    this.#oldest = oldest;
    const own = events.filter(({ data }) => data.id === this.#id && "price" in data);
    this.#series.prepend(
      own.map(({ data }) => ({ at: data.timestamp, value: Number(data.price) })),
    );
    return afterSeq + 1;
  }

  readonly #write = () => {
    this.#version.value += 1;
  };
}
