/**
 * Makes pictures of pages small enough for a repository: a palette of the 256 most frequent colours,
 * the others become the one that is closest. Pages have few colours, and shades of text between them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");

/** Colours of a palette. */
const COLOURS = 256;

/**
 * Writes a PNG of 8-bit RGB or RGBA without transparency, as browsers make them, with a palette.
 *
 * @throws {Error} When it is another kind of picture.
 */
export function withPalette(png: Uint8Array): Uint8Array {
  const { width, height, channels, pixels } = decode(Buffer.from(png));
  const counts = new Map<number, number>();
  const colours = new Uint32Array(width * height);
  for (let index = 0; index < colours.length; index += 1) {
    const at = index * channels;
    const colour = pixels[at]! << 16 | pixels[at + 1]! << 8 | pixels[at + 2]!;
    colours[index] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = [...counts].sort(([, one], [, other]) => other - one).slice(0, COLOURS)
    .map(([colour]) => colour);
  const places = new Map(palette.map((colour, index) => [colour, index]));
  const rows = Buffer.alloc(height * (width + 1));
  for (let index = 0; index < colours.length; index += 1) {
    const colour = colours[index]!;
    let place = places.get(colour);
    if (place === undefined) places.set(colour, place = nearest(palette, colour));
    rows[index + Math.floor(index / width) + 1] = place;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap(partsOf))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const partsOf = (colour: number) => [colour >> 16, colour >> 8 & 255, colour & 255];

function nearest(palette: readonly number[], colour: number): number {
  const wanted = partsOf(colour);
  let [found, least] = [0, Infinity];
  palette.forEach((candidate, index) => {
    const distance = partsOf(candidate)
      .reduce((sum, part, at) => sum + (part - wanted[at]!) ** 2, 0);
    if (distance < least) [found, least] = [index, distance];
  });
  return found;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** Reads the pixels; see RFC 2083 for chunks and filters. */
function decode(png: Buffer) {
  const data: Buffer[] = [];
  let header: Buffer = Buffer.alloc(0);
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") header = body;
    if (type === "IDAT") data.push(body);
    at += length + 12;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = header[9] === 6 ? 4 : 3;
  if (header[8] !== 8 || (header[9] !== 6 && header[9] !== 2) || header[12] !== 0) {
    throw new Error("not an 8-bit RGB picture");
  }
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * channels;
  const pixels = Buffer.alloc(height * stride);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)]!;
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x < channels ? 0 : pixels[at - channels]!;
      const above = y === 0 ? 0 : pixels[at - stride]!;
      const corner = y === 0 || x < channels ? 0 : pixels[at - stride - channels]!;
      const predicted = [0, left, above, left + above >> 1, paeth(left, above, corner)][filter]!;
      pixels[at] = raw[at + y + 1]! + predicted;
    }
  }
  return { width, height, channels, pixels };
}

function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const distances = [left, above, corner].map((value) => Math.abs(estimate - value));
  if (distances[0]! <= distances[1]! && distances[0]! <= distances[2]!) return left;
  return distances[1]! <= distances[2]! ? above : corner;
}
