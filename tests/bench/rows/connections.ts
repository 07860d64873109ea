/**
 * What a connection costs: CPU until it is subscribed, memory while it is idle.
 *
 * @module
 */
import { alternate, remarksOn, type Results } from "../alternate.ts";
import { type Connecting, type ConnectingLoad, measureConnecting } from "../measure/connecting.ts";
import type { BenchSettings, Row, RowReport, Series } from "../row.ts";
import { gateway } from "../servers/gateway.ts";
import { bareLoop } from "../servers/peers.ts";
import { median } from "../statistics.ts";

/** 10,000 connections to the gateway, authenticated and subscribed, and to the bare loop. */
export const connections: Row = {
  id: "connections",
  title: "10,000 connections: accepted, then idle",
  about:
    "The gateway authenticates each by its key, starts its actor, welcomes it, subscribes it " +
    "to one channel, acknowledges, and writes three lines of log; the bare loop accepts. The first " +
    "thousands meet code that is not compiled yet, so the second half is shown as well. RSS is " +
    "the growth from 100 connections on, after some seconds of silence.",
  run,
  once: (settings) => measureConnecting(gateway(), loadOf(settings)),
};

function loadOf({ quick }: BenchSettings): ConnectingLoad {
  return quick ? { clients: 200, idleSeconds: 0.5 } : { clients: 10_000, idleSeconds: 5 };
}

async function run(settings: BenchSettings): Promise<RowReport> {
  const load = loadOf(settings);
  const results = await alternate(
    settings,
    [gateway(), bareLoop],
    (contestant) => measureConnecting(contestant, load),
    ({ cpuMicros, rssKib, idleShare }) =>
      `${cpuMicros.toFixed(0)} µs and ${rssKib.toFixed(1)} KiB a connection, ` +
      `idle ${(idleShare * 100).toFixed(1)} % of a core`,
  );
  const series = (measure: string, unit: string, valueOf: (run: Connecting) => number) =>
    results.map(({ name, runs }): Series => ({
      contestant: name,
      measure,
      unit,
      values: runs.map(valueOf),
    }));
  const middle = (index: number, valueOf: (run: Connecting) => number) =>
    median((results[index] as Results<Connecting>).runs.map(valueOf));
  const cpu = ({ cpuMicros }: Connecting) => cpuMicros;
  const laterCpu = ({ laterCpuMicros }: Connecting) => laterCpuMicros;
  return {
    series: [
      ...series("server CPU per connection", "µs", cpu),
      ...series("the same, second half of them", "µs", laterCpu),
      ...series("RSS per connection", "KiB", ({ rssKib }) => rssKib),
      ...series("server CPU, all idle", "% of a core", ({ idleShare }) => idleShare * 100),
    ],
    verdicts: [
      {
        what: "RSS per idle connection of the gateway",
        reached: middle(0, ({ rssKib }) => rssKib),
        unit: "KiB",
        target: { sign: "≤", value: 26 },
      },
      {
        what: "CPU to accept, authenticate and subscribe, gateway / bare accept",
        reached: middle(0, cpu) / middle(1, cpu),
        unit: "×",
        target: { sign: "≤", value: 2 },
      },
      {
        what: "the same, second half of the connections",
        reached: middle(0, laterCpu) / middle(1, laterCpu),
        unit: "×",
      },
    ],
    ...remarksOn(results),
  };
}
