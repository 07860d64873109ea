/**
 * A v2 client that is cut off again and again, and goes on where it was every time.
 *
 * @module
 */
import { type Channel, CHANNEL_SPECS } from "../../protocol/channels.ts";
import type { Asked } from "../support/v2_channel_ledger.ts";
import { V2Client } from "../support/v2_client.ts";
import { LedgerError, V2Ledger } from "../support/v2_ledger.ts";
import { V2DecodeError } from "../support/decode_v2.ts";
import { DeadlineError, pause } from "../support/wait.ts";
import { ABNORMAL } from "../support/ws_messages.ts";
import { anyOf, pick, SYMBOLS, TRADERS } from "./resume_publishers.ts";

/** How connections ended. */
export interface Endings {
  /** Socket destroyed by the client. */
  cut: number;
  /** Closed politely by the client. */
  left: number;
  /** Closed with 1001: a drain. */
  drained: number;
  /** Gone without a Close frame: the gateway was killed. */
  killed: number;
  /** Closed with 4413: a reader too slow for its lossless channels. */
  tooSlow: number;
  /** Ended in any other way. */
  otherwise: number;
}

/** Where the gateway is, whenever it is there. */
export interface Address {
  readonly wsUrl: string;
  readonly apiKey: string;
}

const ROAMED: readonly Channel[] = ["risk-alerts", "trader-status", "positions", "market-data"];

/** Longest life of a connection that the client cuts itself, in ms. */
const LONGEST_LIFE_MS = 4_000;

/** What a gateway that goes or is busy answers. */
const BUSY: readonly string[] = ["unavailable", "overloaded"];

/** See the module. */
export class RoamingClient {
  /** What it knows, over all connections. */
  readonly ledger = new V2Ledger();
  readonly endings: Endings = { cut: 0, left: 0, drained: 0, killed: 0, tooSlow: 0, otherwise: 0 };
  /** What went wrong beside what the ledger finds. */
  readonly faults: string[] = [];
  /** Alerts that it has acknowledged. */
  acknowledged = 0;
  readonly #address: Address;
  readonly #wants: readonly Asked[];
  readonly #readsSlowly: boolean;
  #client: V2Client | undefined;
  #calm = false;
  #resting = false;
  #stopping = false;

  /** @param index Decides what it wants and how it behaves. */
  constructor(index: number, address: Address) {
    this.#address = address;
    this.#readsSlowly = index % 10 === 3;
    this.#wants = wantsOf(index);
  }

  /** The channels that it follows. */
  get channels(): readonly Channel[] {
    return this.#wants.map(({ name }) => name as Channel);
  }

  /** Whether it has a connection. */
  get isConnected(): boolean {
    return this.#client !== undefined;
  }

  /** Whether something did not add up. */
  get isFaulty(): boolean {
    return this.faults.length > 0 || this.ledger.violations.length > 0;
  }

  /** Channels that are not at the head, in words. */
  lag(heads: Readonly<Record<string, number>>): string[] {
    return this.channels.flatMap((channel) => {
      const at = this.ledger.place(channel)?.seq ?? -1;
      return at === heads[channel] ? [] : [`${channel} at ${at} of ${heads[channel]}`];
    });
  }

  /** No connection is ended by the client any more. */
  calmDown(): void {
    this.#calm = true;
  }

  /** Nothing is acknowledged any more. */
  rest(): void {
    this.#resting = true;
  }

  /** Ends with the connection that it has. */
  stop(): void {
    this.#stopping = true;
    this.#client?.socket.drop();
  }

  /** Connects, follows and loses its connection until {@link RoamingClient.stop}. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#live();
      } catch (error) {
        this.#note(error as Error);
      }
      await pause(20 + Math.random() * 200);
    }
  }

  async #live(): Promise<void> {
    const { ledger } = this;
    const client = await V2Client.to(this.#address, { ledger, keep: false, withinMs: 10_000 });
    this.#client = client;
    let ended: keyof Endings | undefined;
    const cutAt = this.#calm ? Infinity : Math.random() ** 2 * LONGEST_LIFE_MS;
    const from = performance.now();
    try {
      const behaving = this.#behave(client);
      behaving.catch(() => {}); // seen below, unless the end comes first
      while (!client.socket.isClosed && !this.#stopping) {
        await Promise.race([client.closed, pause(25)]);
        if (this.#calm || performance.now() - from < cutAt) continue;
        ended = pick(4) === 0 ? "left" : "cut";
        if (ended === "cut") client.socket.drop();
        else await client.close();
      }
      await behaving.catch((error) => {
        if (!client.socket.isClosed || !isEnding(error)) throw error;
      });
      if (!this.#stopping) this.endings[ended ?? endingOf((await client.closed).code)] += 1;
    } finally {
      this.#client = undefined;
      await client[Symbol.asyncDispose]();
    }
  }

  /** Resumes everything, now and then from a place that nobody knows, then reads at its pace and does what operators do. */
  async #behave(client: V2Client): Promise<void> {
    const isStrange = pick(12) === 0;
    const asked = this.#wants.map((want) => {
      const since = this.ledger.place(want.name as Channel);
      if (since === undefined) return { ...want, snapshot: true };
      return { ...want, since: isStrange ? { ...since, epoch: "another" } : since };
    });
    await client.subscribe(...asked);
    while (!client.socket.isClosed) {
      await pause(200 + Math.random() * 600);
      if (this.#readsSlowly) {
        client.socket.pause();
        await pause(Math.random() * 1_500);
        client.socket.resume();
      } else if (!this.#resting && pick(20) === 0) await this.#acknowledge(client);
    }
  }

  async #acknowledge(client: V2Client): Promise<void> {
    const alerts = [...this.ledger.of("risk-alerts").delivered.values()].slice(-20);
    if (alerts.length === 0) return;
    const { seq, data } = anyOf(alerts);
    const answer = await client.request({ action: "acknowledge", alerts: [{ id: data.id, seq }] });
    if (answer.type === "ack") this.acknowledged += 1;
    else if (answer.type !== "error" || !BUSY.includes(answer.code)) {
      this.faults.push(`${data.id} was not acknowledged: ${JSON.stringify(answer)}`);
    }
  }

  #note(error: Error): void {
    const isOurs = error instanceof LedgerError || error instanceof V2DecodeError ||
      error instanceof DeadlineError;
    if (isOurs && !(error instanceof LedgerError)) this.faults.push(error.message.slice(0, 1_000));
  }
}

/** What a client of a number wants: different channels, filters, paces. */
function wantsOf(index: number): Asked[] {
  const channels = ROAMED.filter((_, place) => (index >> place) % 2 === 0 || place === index % 4);
  return channels.map((name, place) => {
    const variety = index + place;
    const filter = filterOf(name, variety);
    return {
      name,
      intervalMs: [0, 100, 0, 700][variety % 4]!,
      conflate: variety % 3 === 0,
      ...(filter !== undefined && { filter }),
    };
  });
}

function filterOf(channel: Channel, variety: number): Asked["filter"] {
  const severities = ["INFO", "WARNING", "CRITICAL"] as const;
  const traderIds = TRADERS.filter((_, index) => index % 4 === variety % 4);
  const symbols = SYMBOLS.filter((_, index) => index % 3 === variety % 3);
  switch (variety % 5) {
    case 0:
    case 1:
      return undefined;
    case 2:
      return CHANNEL_SPECS[channel].lane === "lossless"
        ? { minSeverity: severities[variety % 3]! }
        : { symbols };
    case 3:
      return { traderIds };
    default:
      return { traderIds, symbols };
  }
}

/** Which way of ending a close code tells of. */
function endingOf(code: number): keyof Endings {
  if (code === 1001) return "drained";
  if (code === ABNORMAL) return "killed";
  return code === 4413 ? "tooSlow" : "otherwise";
}

/** Whether an error only says that the connection is gone. */
function isEnding(error: unknown): boolean {
  return !(error instanceof LedgerError || error instanceof V2DecodeError);
}
