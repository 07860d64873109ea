/**
 * A gateway in memory with everything that the matrix of credentials asks for: events of a trader, a
 * connection, and keys in a file of which some were revoked, replaced or have expired.
 *
 * @module
 */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { formatKeys } from "../../../protocol/keys/document.ts";
import type { KeyRecord } from "../../../protocol/keys/record.ts";
import { SCOPES } from "../../../protocol/scopes.ts";
import type { RunningBackup } from "../../../routes/api/backup.ts";
import { KeyAuthenticator } from "../../../routes/auth/authenticator.ts";
import { originRules } from "../../../routes/context.ts";
import type { Principal } from "../../../actors/ports.ts";
import { secretIdOf } from "../../../routes/auth/api_keys.ts";
import { FileKeyStore } from "../../../routes/auth/keys/key_store.ts";
import { accessInMemory } from "../../../actors/access/access.ts";
import type { Sessions } from "../../../actors/access/sessions.ts";
import type { Tickets } from "../../../actors/access/tickets.ts";
import { marketData, position, riskAlert, traderStatus } from "../events.ts";
import { FAKE_ADDRESS, type FakeClient, FakeGateway, RecordingLogger } from "../fake_gateway.ts";
import { MemoryKeysFile } from "../memory_keys_file.ts";
import { cookieOf, OWN_ORIGIN } from "../sign_in.ts";
import { TestClock } from "../test_clock.ts";
import { Config } from "../../../protocol/config.ts";

/** The trader whose events there are. */
export const TRADER = "trader-of-the-scene";

/** A channel that requests of the matrix never name. */
export const OTHER_CHANNEL = "market-data";

/** When the key that expires does, in ms after the start. */
const EXPIRY_MILLIS = 62_000;

/** Keys of the file by name: what they may do. */
const RIGHTS: Readonly<Record<string, Partial<KeyRecord>>> = {
  ...Object.fromEntries(SCOPES.map((scope) => [`only-${scope}`, { scopes: [scope] }])),
  every: { scopes: SCOPES },
  // A key with the scope admin cannot be limited.
  "foreign-channel": {
    scopes: SCOPES.filter((scope) => scope !== "admin"),
    channels: [OTHER_CHANNEL],
  },
  "foreign-trader": {
    scopes: SCOPES.filter((scope) => scope !== "admin"),
    traders: ["another-trader"],
  },
  rotated: { scopes: SCOPES },
  revoked: { scopes: SCOPES },
  expired: { scopes: SCOPES },
};

/** The names of the keys. */
export const KEY_NAMES: readonly string[] = Object.keys(RIGHTS);

/** The secrets of the key that was rotated: the first is revoked, the others are valid. */
export type Generation = 1 | 2 | 3;

/** The secret of a key. */
export function secretOf(name: string, generation: Generation = 1): string {
  return `secret-${generation}-of-${name}-0123456789`;
}

/** A credential that a client was given for a key. */
export interface Given {
  /** The cookie of a session. */
  readonly cookie: string;
  /** A ticket. */
  readonly ticket: string;
}

/** Options of the gateway by section, as in a configuration file. */
export type SceneConfig = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** See the module. */
export class Scene {
  readonly fake: FakeGateway;
  readonly file: MemoryKeysFile;
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  /** A client whose connection requests are about. */
  readonly client: FakeClient;
  /** What was given out for each key, by its name. */
  readonly given = new Map<string, Given>();
  /** A ticket that was used. */
  usedTicket = "";
  /** A ticket whose time is over. */
  oldTicket = "";
  /** The cookie of a session that was signed out. */
  endedCookie = "";
  /** The id of the last secret of the key that was rotated. */
  readonly lastSecretId = secretIdOf(digestOf(secretOf("rotated", 3)));
  /** The id of a ban in force. */
  banId = "";
  /** How often a backup was begun. */
  backups = 0;
  #senders = 0;
  readonly #keys: FileKeyStore;
  readonly #authenticator: KeyAuthenticator;

  private constructor(
    keys: FileKeyStore,
    clock: TestClock,
    file: MemoryKeysFile,
    config: SceneConfig,
  ) {
    this.file = file;
    this.#keys = keys;
    const access = accessInMemory(Config.parse(config), clock);
    ({ sessions: this.sessions, tickets: this.tickets } = access);
    const backup = () => {
      this.backups += 1;
      return Promise.resolve(EMPTY_BACKUP);
    };
    const deps = { keys, keyAdmin: keys, access, backup };
    this.fake = new FakeGateway({ clock, config, deps });
    this.client = this.fake.connect({ clientId: "desk-7" });
    const { security } = this.fake.config;
    const rules = { ...originRules(this.fake.config), security, keys, access };
    this.#authenticator = new KeyAuthenticator(rules);
  }

  /** Builds it: credentials are given out first, then those that end are ended. */
  static async build(config: SceneConfig = {}): Promise<Scene> {
    const clock = new TestClock();
    const file = new MemoryKeysFile(formatKeys(recordsAt(clock, "before")));
    const log = new RecordingLogger();
    const keys = await FileKeyStore.open({ clock, log, file, fixed: [] });
    const scene = new Scene(keys, clock, file, config);
    await scene.#prepare();
    return scene;
  }

  async #prepare(): Promise<void> {
    const { fake } = this;
    await fake.publish(
      traderStatus(TRADER),
      position("p1", { traderId: TRADER }),
      position("p2", { traderId: TRADER }),
      riskAlert("r1", { traderId: TRADER }),
      marketData("BTCUSDT", "1"),
    );
    this.oldTicket = this.#ticketOf("every");
    // As if the machine slept: nothing has to be run in this time.
    fake.clock.suspend(EXPIRY_MILLIS - 1_000);
    for (const name of KEY_NAMES) {
      this.given.set(name, { cookie: await this.#cookieOf(name), ticket: this.#ticketOf(name) });
    }
    this.usedTicket = this.#ticketOf("every");
    const used = await this.send("GET", `/api/v1/session?ticket=${this.usedTicket}`);
    assert.equal(used.status, 200);
    this.endedCookie = await this.#cookieOf("every");
    const headers = { Cookie: this.endedCookie, Origin: OWN_ORIGIN };
    assert.equal((await this.send("DELETE", "/api/v1/session", { headers })).status, 200);
    this.file.write(formatKeys(recordsAt(fake.clock, "after")), 1);
    await this.advance(2_000);
    assert.equal(this.#keys.current("revoked", idOf("revoked")), undefined);
    const banned = { clientId: "banned" };
    fake.connect(banned);
    fake.hub.disconnect(banned.clientId, "test", 3_600, "ops");
    this.banId = fake.hub.bans()[0]!.id;
  }

  /** Rewrites the keys file, and waits until the gateway has read it. */
  async editKeys(edit: (key: KeyRecord) => KeyRecord | undefined): Promise<void> {
    const { keys } = JSON.parse(this.file.text!) as { keys: KeyRecord[] };
    const edited = keys.flatMap((key) => edit(key) ?? []);
    this.file.inode += 1;
    this.file.write(formatKeys(edited), this.file.changedAt + 1);
    await this.advance(1_000);
  }

  /** The principal of a request. */
  async principalOf(request: Request): Promise<Principal> {
    const found = await this.#authenticator.authenticate(request, FAKE_ADDRESS);
    assert.ok(found.ok, JSON.stringify(found));
    return found.principal;
  }

  /** Lets time pass, everywhere. */
  advance(ms: number): Promise<void> {
    return this.fake.clock.advanceAsync(ms);
  }

  /** Sends a request as it is, from an address of its own: the answers to wrong keys are not held then. */
  send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    this.#senders += 1;
    const address = `10.0.${this.#senders >> 8}.${this.#senders & 255}`;
    return this.fake.request(path, { ...init, method }, null, address);
  }

  /** How many administrative acts were recorded. */
  get acts(): number {
    return this.fake.log.find({ message: "audit" }).length;
  }

  /** Everything that a request may change, to be compared; sessions and tickets that end aside. */
  fingerprint(): unknown {
    const { fake, acts, file, tickets, backups, client } = this;
    const { channels } = fake.hub.stats();
    return {
      heads: Object.entries(channels).map(([name, { head }]) => [name, head]),
      acts,
      bans: fake.hub.bans().length,
      drains: fake.drains,
      backups,
      keys: file.text,
      tickets: tickets.issued,
      open: client.socket.codes,
      subscribed: fake.hub.clientsById("desk-7").map(({ subscribedChannels }) =>
        subscribedChannels
      ),
    };
  }

  /** Ends it. */
  stop(): void {
    this.#keys.stop();
    this.fake.stop();
  }

  #ticketOf(name: string): string {
    const issued = this.tickets.issue({ name, secretId: idOf(name) });
    if (typeof issued === "string") throw new Error(`no ticket: ${issued}`);
    return issued.ticket;
  }

  async #cookieOf(name: string): Promise<string> {
    const headers = { Origin: OWN_ORIGIN, "X-API-Key": secretOf(name) };
    const answer = await this.send("POST", "/api/v1/session", { headers });
    assert.equal(answer.status, 200, name);
    return cookieOf(answer);
  }
}

/** Runs a test body with a scene that is stopped afterwards. */
export async function withScene(
  body: (scene: Scene) => Promise<void>,
  config?: SceneConfig,
): Promise<void> {
  const scene = await Scene.build(config);
  try {
    await body(scene);
  } finally {
    scene.stop();
  }
}

function recordsAt(clock: TestClock, when: "before" | "after"): KeyRecord[] {
  const expiresAt = new Date(clock.epochMillis() - clock.now() + EXPIRY_MILLIS).toISOString();
  return KEY_NAMES.flatMap((name) => {
    if (name === "revoked" && when === "after") return [];
    const isRotated = name === "rotated";
    const generations = !isRotated
      ? [1] as const
      : when === "after"
      ? [2, 3] as const
      : [1] as const;
    const secrets = generations.map((generation) => {
      const digest = digestOf(secretOf(name, generation));
      return { id: secretIdOf(digest), sha256: digest.toString("hex") };
    });
    const rights = { scopes: SCOPES, ...RIGHTS[name] };
    return [{ name, ...rights, ...(name === "expired" && { expiresAt }), secrets }];
  });
}

function idOf(name: string): string {
  return secretIdOf(digestOf(secretOf(name)));
}

function digestOf(secret: string) {
  return hash("sha256", secret, "buffer");
}

/** A backup of nothing. */
const EMPTY_BACKUP: RunningBackup = {
  rows: 0,
  bytes: 0,
  extents: new Map(),
  async *parts() {
    await Promise.resolve();
    yield { kind: "file", bytes: 0, damaged: 0 };
  },
  end: () => Promise.resolve(),
};
