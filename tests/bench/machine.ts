/**
 * What the bench ran on, for whoever compares figures.
 *
 * @module
 */
import { peerVersions } from "./servers/peer_packages.ts";

/** Where and with what a row was measured. */
export interface Machine {
  /** Model and number of cores. */
  readonly processor: string;
  readonly memoryGib: number;
  readonly kernel: string;
  /** Whether server and load had a core of their own. */
  readonly pinned: boolean;
  /** Programs and packages with their versions. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Looks at this machine. */
export async function describeMachine(pinned: boolean, withPeers: boolean): Promise<Machine> {
  const cpuinfo = Deno.readTextFileSync("/proc/cpuinfo");
  const model = /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? Deno.build.arch;
  const { deno, v8 } = Deno.version;
  const peers = withPeers ? { Node: await nodeVersion(), ...peerVersions() } : {};
  return {
    processor: `${model}, ${navigator.hardwareConcurrency} cores`,
    memoryGib: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    kernel: `${Deno.build.os} ${Deno.osRelease()}`,
    pinned,
    versions: { Deno: deno, V8: v8, ...peers },
  };
}

async function nodeVersion(): Promise<string> {
  const { stdout } = await new Deno.Command("node", { args: ["--version"] }).output();
  return new TextDecoder().decode(stdout).trim().replace(/^v/, "");
}
