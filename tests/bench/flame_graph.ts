/**
 * Draws a CPU profile as a flame graph: one SVG without scripts or foreign parts. The width of a
 * frame is its share of the samples; callers stand below what they call.
 *
 *     deno run -RW tests/bench/flame_graph.ts IN.cpuprofile OUT.svg [TITLE]
 *
 * @module
 */

import type { TimeWindow } from "./row.ts";

/** A profile as V8 writes it; only what is drawn. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
    readonly children?: readonly number[];
  }[];
  /** When it began, in µs since the machine's start. */
  readonly startTime: number;
  /** Node of each sample. */
  readonly samples: readonly number[];
  /** Time before each sample, in µs. */
  readonly timeDeltas: readonly number[];
}

/** A function where it was called from, with everything that it called. */
export interface Flame {
  readonly name: string;
  /** Time in it and in what it called, in µs. */
  readonly micros: number;
  readonly children: readonly Flame[];
}

/** What V8 calls time in which nothing was run. */
const IDLE = "(idle)";

/** Width of the picture in pixels. */
const WIDTH = 1_200;

/** Height of a frame in pixels. */
const ROW = 17;

/** Frames with a smaller share of the whole are left out. */
const LEAST_SHARE = 0.002;

/** Pixels of a letter. */
const LETTER = 6.2;

/**
 * Builds the tree of a profile, without the time in which nothing was run.
 *
 * @param window What to look at; everything when absent.
 */
export function flamesOf(profile: CpuProfile, window?: TimeWindow): Flame {
  const { nodes, samples, timeDeltas, startTime } = profile;
  const own = new Map<number, number>();
  let now = startTime;
  samples.forEach((id, index) => {
    const micros = timeDeltas[index] ?? 0;
    now += micros;
    if (window !== undefined && !isWithin(now / 1e6, window)) return;
    own.set(id, (own.get(id) ?? 0) + micros);
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const build = (id: number): Flame => {
    const { callFrame, children: ids = [] } = byId.get(id)!;
    const name = nameOf(callFrame);
    const children = merge(
      ids.filter((child) => byId.get(child)!.callFrame.functionName !== IDLE).map(build),
    );
    const below = children.reduce((sum, { micros }) => sum + micros, 0);
    return { name, micros: (own.get(id) ?? 0) + below, children };
  };
  return { ...build(nodes[0]!.id), name: "all" };
}

function isWithin(seconds: number, { fromSeconds, toSeconds }: TimeWindow): boolean {
  return seconds >= fromSeconds && seconds <= toSeconds;
}

/** Functions of the same name under the same caller are one. */
function merge(flames: readonly Flame[]): readonly Flame[] {
  const groups = Map.groupBy(flames, ({ name }) => name);
  return [...groups]
    .map(([name, same]) => ({
      name,
      micros: same.reduce((sum, { micros }) => sum + micros, 0),
      children: same.length === 1 ? same[0]!.children : merge(same.flatMap((f) => f.children)),
    }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
}

function nameOf(frame: CpuProfile["nodes"][number]["callFrame"]): string {
  const name = frame.functionName || "(anonymous)";
  if (frame.url === "") return name;
  const file = frame.url.split("/").slice(-2).join("/").split("?")[0];
  return `${name} ${file}:${frame.lineNumber + 1}`;
}

/** Draws the tree. */
export function drawFlames(root: Flame, title: string): string {
  const depth = depthOf(root, root.micros * LEAST_SHARE);
  const height = (depth + 2) * ROW;
  const boxes: string[] = [];
  const draw = (flame: Flame, left: number, level: number) => {
    const width = (flame.micros / root.micros) * WIDTH;
    if (flame.micros < root.micros * LEAST_SHARE) return;
    boxes.push(box(flame, left, height - (level + 1) * ROW, width, root.micros));
    let x = left;
    for (const child of flame.children) {
      draw(child, x, level + 1);
      x += (child.micros / root.micros) * WIDTH;
    }
  };
  draw(root, 0, 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
    `font-family="monospace" font-size="10">\n` +
    `<rect width="100%" height="100%" fill="#fff"/>\n` +
    `<text x="4" y="12">${escape(title)}</text>\n${boxes.join("\n")}\n</svg>\n`;
}

function depthOf(flame: Flame, least: number): number {
  const below = flame.children.filter(({ micros }) => micros >= least);
  return 1 + Math.max(0, ...below.map((child) => depthOf(child, least)));
}

function box({ name, micros }: Flame, x: number, y: number, width: number, all: number): string {
  const letters = Math.floor((width - 4) / LETTER);
  const label = letters < 3 ? "" : name.slice(0, letters);
  const share = ((micros / all) * 100).toFixed(1);
  return `<g><title>${escape(name)}: ${share} %, ${Math.round(micros / 1_000)} ms</title>` +
    `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" ` +
    `fill="${colourOf(name)}"/>` +
    (label === "" ? "" : `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escape(label)}</text>`) +
    `</g>`;
}

/** The same function has the same colour in every picture; our own files are warmer. */
function colourOf(name: string): string {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)!) % 997;
  const ours = /(actors|routes|protocol|stream|connection|hub|collector|store|sqlite)\//.test(name);
  const hue = ours ? 20 + hash % 25 : 190 + hash % 50;
  return `hsl(${hue} 80% ${68 + hash % 12}%)`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

if (import.meta.main) {
  const [from, to, title = "CPU profile"] = Deno.args;
  const profile: CpuProfile = JSON.parse(Deno.readTextFileSync(from!));
  Deno.writeTextFileSync(to!, drawFlames(flamesOf(profile), title));
}
