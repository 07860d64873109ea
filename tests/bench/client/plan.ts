/**
 * What a load client has to know of a server: where it connects, what it says, and where the
 * numbers stand in the frames. Plain data, as it travels to a worker.
 *
 * @module
 */

/** How frames carry events: one with `"seq":"n"`, or a batch with `"from":n,"to":n`. */
export type FrameForm = "event" | "batch";

/** How to connect to a server and read its frames. */
export interface ClientPlan {
  /** Port on loopback. */
  readonly port: number;
  /** Path and query; `{n}` stands for the number of the client. */
  readonly path: string;
  /** Headers beside those of every handshake. */
  readonly headers: Readonly<Record<string, string>>;
  /** Text frame to send once the connection is open. */
  readonly hello?: string;
  /** Part of the text frame that says that events follow; absent: the open connection does. */
  readonly readyWhen?: string;
  /** How frames carry events. */
  readonly form: FrameForm;
  /** Bytes before the message in each event frame; 0 when absent. */
  readonly prefix?: number;
  /** Texts to answer, and the answers: heartbeats of protocols that have their own. */
  readonly answers?: Readonly<Record<string, string>>;
}

/** What clients have seen, added up. */
export interface Tally {
  /** Events delivered. */
  readonly events: number;
  /** Frames that carried them. */
  readonly frames: number;
  /** Events that batches declared as skipped. */
  readonly skipped: number;
  /** Numbers that were missing or came twice without being accounted for. */
  readonly gaps: number;
  /** Connections that have ended. */
  readonly ended: number;
  /** The lowest last number among the clients. */
  readonly lowestHead: number;
}

/** The tally of nobody. */
export const EMPTY_TALLY: Tally = {
  events: 0,
  frames: 0,
  skipped: 0,
  gaps: 0,
  ended: 0,
  lowestHead: Infinity,
};

/** The tally of two groups of clients. */
export function addTallies(a: Tally, b: Tally): Tally {
  return {
    events: a.events + b.events,
    frames: a.frames + b.frames,
    skipped: a.skipped + b.skipped,
    gaps: a.gaps + b.gaps,
    ended: a.ended + b.ended,
    lowestHead: Math.min(a.lowestHead, b.lowestHead),
  };
}
