/**
 * The limits to traders through which a channel is being looked at.
 *
 * @module
 */
import type { LoggedEvent } from "./channel_log.ts";
import type { ChannelStream } from "./channel_stream.ts";
import type { RowFilter } from "./row_filter.ts";
import { RowView } from "./row_view.ts";

/** Most unused views that are kept, so that the next reader need not build one. */
export const MAX_IDLE_ROW_VIEWS = 32;

/** The row views of one channel. */
export class RowViews {
  readonly #stream: ChannelStream;
  /** By limit, the one that was asked for longest ago first. */
  readonly #views = new Map<string, RowView>();

  /** Starts without any. */
  constructor(stream: ChannelStream) {
    this.#stream = stream;
  }

  /** An event was appended; `now` is monotonic ms. */
  append(event: LoggedEvent, now: number): void {
    for (const view of this.#views.values()) view.append(event, now);
  }

  /** The stream goes on as another sequence, which it holds already. */
  restart(): void {
    for (const view of this.#views.values()) view.restart();
  }

  /** The channel through a limit: the same view for limits that admit the same. */
  get(filter: RowFilter): RowView {
    const view = this.#views.get(filter.key) ?? new RowView(this.#stream, filter);
    this.#views.delete(filter.key);
    this.#views.set(filter.key, view);
    this.#dropIdle();
    return view;
  }

  #dropIdle(): void {
    let idle = 0;
    for (const { users } of this.#views.values()) idle += Number(users === 0);
    for (const [key, { users }] of this.#views) {
      if (idle <= MAX_IDLE_ROW_VIEWS) return;
      if (users > 0) continue;
      this.#views.delete(key);
      idle -= 1;
    }
  }
}
