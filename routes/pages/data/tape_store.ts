/**
 * The tape of all channels: the last events of before, then every event as it comes.
 *
 * @module
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import {
  type EventLog,
  Gap,
  type Gateway,
  type Row,
  type StreamPosition,
} from "../../../protocol/client/mod.ts";
import { type NewTapeEvent, Tape, type TapeChannel, type TapeEvent } from "../logic/tape.ts";
import { readPage } from "./history.ts";
import type { RowSource } from "./row_source.ts";

/** Events of before, of each channel. */
const PAST_EVENTS = 40;

/** How often the screen is written, in ms: what passes faster cannot be read. */
const WRITE_MILLIS = 250;

/** See the module. {@link TapeStore.stop} ends it. */
export class TapeStore implements RowSource<TapeEvent> {
  readonly members: ReadonlySignal<number>;
  readonly loaded: ReadonlySignal<boolean>;
  /** Events that came since somebody paused; `undefined` while it runs. */
  readonly waiting: ReadonlySignal<number | undefined>;
  readonly #gateway: Gateway;
  readonly #tape = new Tape();
  readonly #members = signal(0);
  readonly #loaded = signal(false);
  readonly #waiting = signal<number | undefined>(undefined);
  readonly #logs = new Map<TapeChannel, EventLog<TapeChannel>>();
  #frozen: { readonly events: ReadonlyMap<string, TapeEvent>; readonly count: number } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  /** Begins. */
  constructor(gateway: Gateway, channels: readonly TapeChannel[]) {
    this.#gateway = gateway;
    this.members = this.#members;
    this.loaded = this.#loaded;
    this.waiting = this.#waiting;
    this.#start(channels);
  }

  /** How many events are shown, before a filter. */
  get size(): number {
    return this.#events.size;
  }

  /** An event that is shown. */
  get(key: string): TapeEvent | undefined {
    return this.#events.get(key);
  }

  /** {@inheritDoc RowSource.entries} */
  entries(): Iterable<[string, TapeEvent]> {
    return this.#events;
  }

  /** {@inheritDoc RowSource.row} */
  row(key: string): ReadonlySignal<Row<TapeEvent> | undefined> {
    const data = this.#events.get(key);
    return signal(data && { data, seq: data.seq, acceptedAt: data.timestamp });
  }

  /** What happened does not become stale. */
  staleSince(): undefined {
    return undefined;
  }

  /** Keeps what is shown, while events go on coming in; or goes on. */
  pause(paused: boolean): void {
    this.#frozen = paused ? { events: this.#tape.copy(), count: this.#tape.count } : undefined;
    this.#write();
  }

  /** Ends it. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const log of this.#logs.values()) log.close();
  }

  get #events(): ReadonlyMap<string, TapeEvent> {
    return this.#frozen?.events ?? this.#tape.events;
  }

  async #start(channels: readonly TapeChannel[]): Promise<void> {
    const pasts = await Promise.all(channels.map(readPast));
    const events = pasts.flatMap(({ events }) => events);
    this.#tape.add(events.sort((one, other) => one.timestamp - other.timestamp));
    this.#loaded.value = true;
    this.#write();
    for (const { channel, place } of pasts) this.#follow(channel, place);
  }

  /** Follows a channel until the connection ends for good; what cannot be had is said. */
  async #follow(channel: TapeChannel, since: StreamPosition | undefined): Promise<void> {
    while (!this.#stopped) {
      try {
        const log = this.#gateway.log(channel, since === undefined ? {} : { since });
        this.#logs.set(channel, log);
        for await (const { seq, acceptedAt, data } of log) {
          this.#add({ channel, seq, timestamp: acceptedAt, data: { ...data } });
        }
        return;
      } catch (error) {
        if (!(error instanceof Gap)) return;
        since = error.resumeAt;
        this.#add(noteOf(channel, error, this.#gateway.now));
      }
    }
  }

  #add(event: NewTapeEvent): void {
    this.#tape.add([event]);
    this.#timer ??= setTimeout(() => this.#write(), WRITE_MILLIS);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.value = this.#frozen && this.#tape.count - this.#frozen.count;
    if (this.#frozen === undefined || this.#frozen.count === this.#tape.count) {
      this.#members.value += 1;
    }
  }
}

interface Past {
  readonly channel: TapeChannel;
  readonly events: readonly NewTapeEvent[];
  readonly place: StreamPosition | undefined;
}

/** The last events of a channel; none when they cannot be had. */
async function readPast(channel: TapeChannel): Promise<Past> {
  try {
    const { epoch, head, oldest } = await readPage(channel, { limit: 1 });
    if (head < oldest) return { channel, events: [], place: { epoch, seq: head } };
    const afterSeq = Math.max(oldest - 1, head - PAST_EVENTS);
    const { events } = await readPage(channel, { afterSeq, limit: PAST_EVENTS });
    const seq = events.at(-1)?.seq ?? head;
    return {
      channel,
      events: events.map(({ seq, timestamp, data }) => ({
        channel,
        seq,
        timestamp,
        data: { ...data },
      })),
      place: { epoch, seq: Math.max(seq, head) },
    };
  } catch {
    return { channel, events: [], place: undefined };
  }
}

/** What stands on the tape where events are missing. */
function noteOf(channel: TapeChannel, { after, resumeAt }: Gap, now: number): NewTapeEvent {
  const isSame = after.epoch === resumeAt.epoch;
  const missing = isSame ? Math.max(0, resumeAt.seq - after.seq) : "Some";
  return { channel, seq: resumeAt.seq, timestamp: now, data: { missing } };
}
