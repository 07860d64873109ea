/**
 * What all peers do with a publication: read its lines, number the events, and write each as the
 * frame that the gateway would send. Each peer does this once per event, however many clients it has.
 *
 * @module
 */

/** Identity of the sequence, as long as the gateway's. */
const EPOCH = "1dc725ae98f7";

let seq = 0;

/**
 * The frames of an NDJSON body.
 *
 * @param {string} body
 * @returns {object[]} Frames of protocol v1, still to be serialised.
 */
export function framesOf(body) {
  const frames = [];
  for (const line of body.split("\n")) {
    if (line === "") continue;
    const { channel, data } = JSON.parse(line);
    seq += 1;
    frames.push({
      type: "event",
      channel,
      data: { ...data, timestamp: Date.parse(data.updatedAt) },
      meta: { seq: String(seq), epoch: EPOCH },
      timestamp: Date.now(),
    });
  }
  return frames;
}

/**
 * Events of v1 as one frame of protocol v2.
 *
 * @param {object[]} frames
 * @returns {object}
 */
export function batchOf(frames) {
  const events = frames.map(({ meta, timestamp, data }) => ({
    seq: Number(meta.seq),
    timestamp,
    data,
  }));
  return {
    type: "events",
    channel: frames[0].channel,
    from: events[0].seq,
    to: events.at(-1).seq,
    skipped: 0,
    filtered: 0,
    replay: false,
    events,
  };
}

/** The port of the command line, where the bench chooses one; 0 is any free port. */
export function portOf(args) {
  return Number(args[0] ?? 0);
}

/** Says where the peer listens; the bench waits for this line. */
export function announce(port) {
  // deno-lint-ignore no-console -- the line is what the bench reads
  console.log(`listening on http://127.0.0.1:${port}`);
}
