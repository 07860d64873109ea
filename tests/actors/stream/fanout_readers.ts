/**
 * What the tests of the fan-out share.
 *
 * @module
 */
import type { Channel } from "../../../protocol/channels.ts";
import {
  type Reader,
  type ReaderOptions,
  short,
  type StreamFixture,
} from "../../support/stream_fixture.ts";

/** Time between two ticks of the process, in ms. */
export const TICK = 50;

/** A reader of channels, without a replay. */
export function join(
  fixture: StreamFixture,
  channels: readonly Channel[],
  options: ReaderOptions = {},
): Reader {
  const reader = fixture.reader(options);
  for (const channel of channels) fixture.join(reader.subscriber, channel, 0);
  return reader;
}

/** What a reader was sent since the last look, in short. */
export const sent = ({ socket }: Reader) => short(socket.take());

/** One key per letter. */
export const keys = (text: string): readonly string[] => [...text];

/** The same key so many times. */
export const repeat = (key: string, times: number): readonly string[] =>
  Array.from({ length: times }, () => key);
