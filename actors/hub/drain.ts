/**
 * Ends all connections in waves, so that the reconnects are spread as well.
 *
 * Clients that read hints are told when to come back and closed in waves, their returns spread over
 * a few seconds. v1 clients know no hint, reconnect without a delay and give up after a few refusals,
 * so they are closed last and in one wave, when the next process is soonest there.
 *
 * @module
 */
import type { Connection } from "../connection/actor.ts";
import type { Clock } from "../ports.ts";

/** Connections closed in one wave: their goodbyes take about 10 ms. */
export const WAVE_SIZE = 250;

/** Time between two waves, in ms. */
export const WAVE_MILLIS = 50;

/** The earliest return that is proposed, in ms: a restart takes about as long. */
export const RECONNECT_MILLIS = 1_000;

/** Over how long returns are spread, in ms. */
export const RECONNECT_SPREAD_MILLIS = 4_000;

/**
 * Ends connections in waves; those of v1 last.
 *
 * @param millis By when the last wave must be over: waves grow where there are too many.
 */
export function drainInWaves(
  connections: readonly Connection[],
  clock: Clock,
  millis: number,
): void {
  const patient = connections.filter(({ dialect }) => dialect.hearsHints);
  const eager = connections.filter(({ dialect }) => !dialect.hearsHints);
  const waves = Math.max(1, Math.floor(millis / WAVE_MILLIS));
  const size = Math.max(WAVE_SIZE, Math.ceil(patient.length / waves));
  let next = 0;
  const wave = () => {
    if (next === patient.length) {
      for (const connection of eager) connection.end("goingAway");
      return;
    }
    for (const connection of patient.slice(next, next + size)) {
      sayGoodbye(connection, next / patient.length);
      next += 1;
    }
    if (next < patient.length || eager.length > 0) clock.setTimeout(wave, WAVE_MILLIS);
  };
  wave();
}

/** @param share The connection's position among those that are closed in waves, 0 to 1. */
function sayGoodbye(connection: Connection, share: number): void {
  if (connection.is("open")) {
    connection.session.flushProgress(0); // What waits for the next batch goes now.
    connection.session.sendGoingAway(
      RECONNECT_MILLIS + Math.floor(share * RECONNECT_SPREAD_MILLIS),
    );
  }
  connection.end("goingAway");
}
