/**
 * Who reads one channel: cursors in groups that are served together, and the views that they share.
 *
 * @module
 */
import type { ChannelStream } from "./channel_stream.ts";
import { CursorGroup } from "./cursor_group.ts";
import type { EventFilter } from "./event_filter.ts";
import type { LoggedEvent } from "./logged_event.ts";
import type { RowFilter } from "./row_filter.ts";
import type { RowView } from "./row_view.ts";
import { RowViews } from "./row_views.ts";
import { View } from "./view.ts";

/** The readers of one channel. */
export class ChannelReaders {
  /** What they read. */
  readonly stream: ChannelStream;
  /** The cursors, by how often they are served; the first group is served at once. */
  readonly groups: CursorGroup[];
  readonly #views = new Map<string, View>();
  readonly #rowViews: RowViews;

  /** Starts without any. */
  constructor(stream: ChannelStream) {
    this.stream = stream;
    this.groups = [new CursorGroup(0, stream.lane === "lossless")];
    this.#rowViews = new RowViews(stream);
  }

  /** Cursors. */
  get count(): number {
    return this.groups.reduce((sum, { cursors }) => sum + cursors.length, 0);
  }

  /** An event was appended to the stream; `now` is monotonic ms. */
  append(event: LoggedEvent, now: number): void {
    this.#rowViews.append(event, now);
  }

  /** The stream goes on as another sequence, which it holds already. */
  restart(): void {
    for (const view of this.#views.values()) view.forget();
    this.#rowViews.restart();
    for (const { cursors } of this.groups) for (const cursor of cursors) cursor.restart();
  }

  /** The cursors that are served every so many ms; 0 at once. */
  group(intervalMillis: number): CursorGroup {
    const known = this.groups.find((one) => one.intervalMillis === intervalMillis);
    if (known !== undefined) return known;
    const [immediate, ...others] = this.groups;
    const group = new CursorGroup(intervalMillis);
    const used = others.filter(({ cursors }) => cursors.length > 0);
    this.groups.splice(0, this.groups.length, immediate!, ...used, group);
    return group;
  }

  /** The channel through a limit to traders: the same view for limits that admit the same. */
  rows(filter: RowFilter): RowView {
    return this.#rowViews.get(filter);
  }

  /**
   * The channel through a client's filter and the limit of its key: the same view for those that
   * admit the same.
   */
  view(filter: EventFilter | undefined, limit?: RowFilter): View {
    const key = viewKey(filter, limit);
    let view = this.#views.get(key);
    if (view === undefined) {
      view = new View(this.stream, key, filter, limit && this.rows(limit));
      this.#views.set(key, view);
    }
    return view;
  }

  /** Removes a view without readers. */
  releaseView(view: View): void {
    if (view.users === 0 && this.#views.get(view.key) === view) this.#views.delete(view.key);
  }
}

/** Empty for a view of everything. */
function viewKey(filter: EventFilter | undefined, limit: RowFilter | undefined): string {
  return limit === undefined ? filter?.key ?? "" : `${filter?.key ?? ""} of ${limit.key}`;
}
