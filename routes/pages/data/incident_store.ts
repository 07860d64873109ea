/**
 * The incidents of the alerts: from history what was before, event by event from the stream.
 *
 * @module
 */
import { type ReadonlySignal, Signal, signal } from "@preact/signals";
import { Gap, type Gateway, type Row, type StreamPosition } from "../../../protocol/client/mod.ts";
import { type AlertEvent, type Incident, IncidentBook } from "../logic/incidents.ts";
import { inNextFrame } from "./frame.ts";
import { readBackwards, readPage } from "./history.ts";
import type { RowSource } from "./row_source.ts";
import type { RowStore } from "./row_store.ts";

/** Most pages of history that are read. */
const MAX_PAGES = 5;

/** See the module. */
export class IncidentStore implements RowSource<Incident> {
  readonly members: ReadonlySignal<number>;
  readonly loaded: ReadonlySignal<boolean>;
  /** Since when incidents are counted, epoch ms; `undefined` when since the oldest event. */
  readonly countedSince: ReadonlySignal<number | undefined>;
  readonly #gateway: Gateway;
  readonly #alerts: RowStore<"risk-alerts">;
  readonly #members = signal(0);
  readonly #loaded = signal(false);
  readonly #countedSince = signal<number | undefined>(undefined);
  readonly #rows = new Map<string, Signal<Row<Incident> | undefined>>();
  readonly #dirty = new Set<string>();
  #book = new IncidentBook();
  #started = false;

  /** Reads nothing before {@link IncidentStore.start}. */
  constructor(gateway: Gateway, alerts: RowStore<"risk-alerts">) {
    this.#gateway = gateway;
    this.#alerts = alerts;
    this.members = this.#members;
    this.loaded = this.#loaded;
    this.countedSince = this.#countedSince;
  }

  /** How many incidents there are. */
  get size(): number {
    return this.#book.incidents.size;
  }

  /** {@inheritDoc RowSource.entries} */
  entries(): Iterable<[string, Incident]> {
    return this.#book.incidents;
  }

  /** An incident. */
  get(key: string): Incident | undefined {
    return this.#book.incidents.get(key);
  }

  /** {@inheritDoc RowSource.row} */
  row(key: string): ReadonlySignal<Row<Incident> | undefined> {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row: Signal<Row<Incident> | undefined> = new Signal(this.#read(key), {
      unwatched: () => {
        if (this.#rows.get(key) === row) this.#rows.delete(key);
      },
    });
    this.#rows.set(key, row);
    return row;
  }

  /** What was reported stays true. */
  staleSince(): undefined {
    return undefined;
  }

  /** Begins, once. It ends with the client. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    // After a gap everything is read again: a count with a hole would be wrong.
    while (await this.#follow(await this.#load()));
  }

  /** Returns the place to go on from. */
  async #load(): Promise<StreamPosition | undefined> {
    const book = new IncidentBook();
    try {
      const { epoch, head } = await readPage("risk-alerts", { limit: 1 });
      const pages: (readonly AlertEvent[])[] = [];
      let isWhole = false;
      await readBackwards("risk-alerts", (events, isOldest) => {
        pages.unshift(events);
        isWhole = isOldest;
        return !isOldest;
      }, MAX_PAGES);
      for (const event of pages.flat()) book.add(event);
      this.#show(book, isWhole ? undefined : pages[0]?.[0]?.timestamp);
      return { epoch, seq: head };
    } catch {
      // The table knows the latest event of each alert; what was before is not counted.
      const { table } = this.#alerts;
      const rows = [...table.keys()].map((id) => table.row(id)!);
      for (const { data, seq, acceptedAt } of rows.sort((one, other) => one.seq - other.seq)) {
        book.add({ data, seq, timestamp: acceptedAt });
      }
      this.#show(book, this.#gateway.now);
      return table.place;
    }
  }

  /** Returns whether to begin anew. */
  async #follow(since: StreamPosition | undefined): Promise<boolean> {
    try {
      const log = this.#gateway.log("risk-alerts", since === undefined ? {} : { since });
      for await (const { seq, acceptedAt, data } of log) {
        if ("removed" in data) continue;
        for (const key of this.#book.add({ seq, timestamp: acceptedAt, data })) {
          this.#dirty.add(key);
        }
        inNextFrame(this.#write);
      }
      return false;
    } catch (error) {
      return error instanceof Gap;
    }
  }

  #show(book: IncidentBook, since: number | undefined): void {
    for (const key of [...this.#book.incidents.keys(), ...book.incidents.keys()]) {
      this.#dirty.add(key);
    }
    this.#book = book;
    this.#countedSince.value = since;
    this.#loaded.value = true;
    this.#write();
  }

  #read(key: string): Row<Incident> | undefined {
    const incident = this.#book.incidents.get(key);
    return incident && { data: incident, seq: incident.seq, acceptedAt: incident.last };
  }

  readonly #write = () => {
    for (const key of this.#dirty) {
      const row = this.#rows.get(key);
      if (row !== undefined) row.value = this.#read(key);
    }
    this.#dirty.clear();
    this.#members.value += 1;
  };
}
