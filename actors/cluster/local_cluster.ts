/**
 * The cluster of one instance.
 *
 * @module
 */
import type { ClientDetails, ClientInfo } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { Ban } from "../../protocol/rest/bans.ts";
import type { Operations } from "../operations.ts";
import type { ClientsQuery, Cluster, Disconnection } from "./cluster.ts";

/** What an instance does when it is told to. */
export interface ClusterInstance {
  /** Its connections. */
  readonly operations: Omit<Operations, "stats">;
  /** Hears which channels publishers have declared. */
  readonly declared: (channels: readonly Channel[]) => void;
}

/** Hands everything to the one instance. */
export class LocalCluster implements Cluster {
  readonly #instance: ClusterInstance;
  #end: (() => void) | undefined;

  /** Takes the instance. */
  constructor(instance: ClusterInstance) {
    this.#instance = instance;
  }

  /** Says what drains the instance; nothing does before. */
  onDrain(end: () => void): void {
    this.#end = end;
  }

  /** {@inheritDoc Cluster.clients} */
  clients({ after, state, channel, limit }: ClientsQuery): Promise<readonly ClientInfo[]> {
    const clients: ClientInfo[] = [];
    for (const client of this.#instance.operations.clients(after, state)) {
      if (channel !== undefined && !client.subscribedChannels.includes(channel)) continue;
      if (clients.length === limit) break;
      clients.push(client);
    }
    return Promise.resolve(clients);
  }

  /** {@inheritDoc Cluster.clientsById} */
  clientsById(id: string): Promise<readonly ClientDetails[]> {
    return Promise.resolve(this.#instance.operations.clientsById(id));
  }

  /** {@inheritDoc Cluster.disconnect} */
  disconnect({ id, reason, banSeconds, principal, by }: Disconnection): Promise<number> {
    const { operations } = this.#instance;
    return Promise.resolve(operations.disconnect(id, reason, banSeconds, principal, by));
  }

  /** {@inheritDoc Cluster.bans} */
  bans(): Promise<readonly Ban[]> {
    return Promise.resolve(this.#instance.operations.bans());
  }

  /** {@inheritDoc Cluster.liftBan} */
  liftBan(id: string): Promise<Ban | undefined> {
    return Promise.resolve(this.#instance.operations.liftBan(id));
  }

  /** {@inheritDoc Cluster.declare} */
  declare(channels: readonly Channel[]): void {
    this.#instance.declared(channels);
  }

  /** {@inheritDoc Cluster.drain} */
  drain(): void {
    this.#end?.();
  }
}
