/**
 * The connection of the page and what comes over it.
 *
 * @module
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import {
  type ChannelData,
  connect,
  type ConnectionState,
  type Gateway,
} from "../../../protocol/client/mod.ts";
import type { Session } from "../app/session.ts";
import { ScreenClock } from "./clock.ts";
import { ClosedStore } from "./closed_store.ts";
import { FloorSums } from "./floor_sums.ts";
import { IncidentStore } from "./incident_store.ts";
import { RowStore, type TableChannel } from "./row_store.ts";

/** How often rows may change on the screen, in ms: more often cannot be read. */
const INTERVAL_MILLIS = 100;

/** The channels in the order in which they are shown. */
export const CHANNELS = [
  "trader-status",
  "positions",
  "risk-alerts",
  "market-data",
  "system-warnings",
] as const satisfies readonly TableChannel[];

const NONE_STALE = signal(0);

/** The tables of a page; one is absent when the session may not read its channel. */
export type Stores = { readonly [C in TableChannel]?: RowStore<C> };

/** See the module. One per session. */
export class Live {
  /** The client. */
  readonly gateway: Gateway;
  /** Whose session it is. */
  readonly session: Session;
  /** What the connection is doing. */
  readonly connection: ReadonlySignal<ConnectionState>;
  /** Time on the screen. */
  readonly clock: ScreenClock;
  /** The tables. */
  readonly stores: Stores;
  /** What is summed up over all rows. */
  readonly sums: FloorSums;
  /** Today's closed trades; absent when the session may not read positions. */
  readonly closed: ClosedStore | undefined;
  /** Alerts by incident; absent when the session may not read alerts. */
  readonly incidents: IncidentStore | undefined;
  readonly #staleCounts = new Map<TableChannel, ReadonlySignal<number>>();
  readonly #stop: () => void;

  /** Connects. */
  constructor(session: Session) {
    this.session = session;
    this.gateway = connect({ url: location.origin });
    const connection = signal(this.gateway.state);
    this.connection = connection;
    this.#stop = this.gateway.on("state", (state) => connection.value = state);
    this.clock = new ScreenClock(this.gateway);
    const names = CHANNELS.filter((name) => session.channels?.includes(name) ?? true);
    this.stores = Object.fromEntries(names.map((name) => [name, this.#store(name)])) as Stores;
    this.sums = new FloorSums(this.stores);
    const { positions } = this.stores;
    this.closed = positions && new ClosedStore(positions, this.clock);
    const alerts = this.stores["risk-alerts"];
    this.incidents = alerts && new IncidentStore(this.gateway, alerts);
  }

  /** How many rows of a table are stale, looked at once a second for all who want to know. */
  staleCount<C extends TableChannel>(store: RowStore<C> | undefined): ReadonlySignal<number> {
    if (store === undefined) return NONE_STALE;
    const known = this.#staleCounts.get(store.table.channel);
    if (known !== undefined) return known;
    const count = computed(() => {
      this.clock.second.value;
      store.members.value;
      store.freshness.value;
      let stale = 0;
      for (const id of store.table.keys()) if (store.table.staleSince(id) !== undefined) stale += 1;
      return stale;
    });
    this.#staleCounts.set(store.table.channel, count);
    return count;
  }

  /** Ends it; what is on the screen stays as it is. */
  close(): void {
    this.#stop();
    this.clock.stop();
    this.closed?.stop();
    this.gateway.close();
  }

  #store<C extends keyof ChannelData>(channel: C): RowStore<C> {
    const isNotice = channel === "risk-alerts" || channel === "system-warnings";
    const options = isNotice ? {} : { intervalMs: INTERVAL_MILLIS, conflate: true };
    return new RowStore(this.gateway.table(channel, options));
  }
}
