/**
 * The options of the gateway by section: type, default, bounds and one sentence each. Flags,
 * environment variables, `--help` and the reference in the docs are derived from here.
 *
 * What `meta` may say of an option:
 * - `description`: one sentence.
 * - `unit`: of the number.
 * - `allowed`: what is accepted, where type and bounds do not say it.
 * - `name`: the name that flag and environment variable are made of, where the key is too short.
 *
 * @module
 */
import { z } from "zod";

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Identifies a boot: a UUID on Linux, in systemd's `%b` without dashes. */
const BOOT_ID = /^[\w-]{1,64}$/;

/** A host to bind: a name or an address without port, brackets or scheme. */
const BIND_HOST = /^[\w.:%-]+$/;

/** What may stand in a `Host` header: a name or address, IPv6 in brackets, perhaps a port. */
const PUBLIC_HOST = /^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/** `scheme://host[:port]`; any scheme, as desktop shells have origins such as `app://desk`. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/** Where the gateway listens, and how much it takes on. */
export const ServerSection = z.strictObject({
  host: z.string().regex(BIND_HOST).default("127.0.0.1").meta({
    description: "The address to listen on; anything but a loopback address needs a key.",
    allowed: "a host name or IP address without port or brackets",
  }),
  port: z.int().min(0).max(65_535).default(8_080).meta({
    description: "The port to listen on; 0 takes any free one.",
  }),
  publicHosts: z.array(z.string().toLowerCase().regex(PUBLIC_HOST)).default([]).meta({
    description:
      "Values of the Host header to answer to besides loopback names; others get 421 (DNS rebinding). A default port may be written or not.",
    allowed: "host names, each perhaps with a port, such as desk.example:8443",
  }),
  tlsCert: z.string().min(1).optional().meta({
    description:
      "Certificate in PEM form, its chain after it; with server.tlsKey the gateway speaks TLS alone (https, wss, HTTP/2).",
    allowed: "a path",
  }),
  tlsKey: z.string().min(1).optional().meta({
    description: "Private key of server.tlsCert in PEM form. Both are read again when they change.",
    allowed: "a path",
  }),
  trustedProxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]).meta({
    description:
      "Proxies that are believed about the address of their client; everybody else's headers about it are ignored.",
    allowed: "IP addresses and blocks such as 10.0.0.0/8 or fd00::/8",
  }),
  forwardedHeader: z.enum(["auto", "x-forwarded-for", "forwarded"]).default("auto").meta({
    description:
      "The header that trusted proxies write; auto reads whichever is there, and neither when both are there and contradict each other.",
  }),
  maxConnections: z.int().min(1).max(1_000_000).default(20_000).meta({
    description:
      "WebSocket connections in all, lingering ones included; clipped to 80 % of the descriptor limit when that is known.",
    unit: "connections",
  }),
  maxConnectionsPerAddress: z.int().min(1).max(1_000_000).default(12_000).meta({
    description: "WebSocket connections from one remote address, IPv6 by its /64.",
    unit: "connections",
  }),
  maxConnectionsPerKey: z.int().min(1).max(1_000_000).default(12_000).meta({
    description: "WebSocket connections of one key.",
    unit: "connections",
  }),
  handshakesPerSecond: z.int().min(0).max(1_000_000).default(5_000).meta({
    description:
      "WebSocket handshakes with valid credentials that are served a second, with a burst of as many; 0 is unlimited.",
    unit: "handshakes/s",
  }),
  handshakesPerSecondPerAddress: z.int().min(0).max(1_000_000).default(3_000).meta({
    description: "The same from one remote address, IPv6 by its /64; 0 is unlimited.",
    unit: "handshakes/s",
  }),
  requestsPerSecondPerKey: z.int().min(0).max(1_000_000).default(5_000).meta({
    description:
      "REST requests of one key that are served a second, with a burst of as many; 0 is unlimited. Clients without a key count by address.",
    unit: "requests/s",
  }),
  fileDescriptorLimit: z.int().min(0).max(1_073_741_824).default(0).meta({
    description:
      "How many files and sockets the system lets the process open; 0 is unknown. The start task finds it out.",
    unit: "descriptors",
  }),
  // The most that one principal may have in memory unread, less what is kept for small bodies.
  maxBodyBytes: z.int().min(KIB).max(15 * MIB).default(8 * MIB).meta({
    description: "Largest body of an HTTP request, and largest message of a publisher's socket.",
    unit: "bytes",
  }),
  maxBatchEvents: z.int().min(1).max(10_000).default(1_000).meta({
    description: "Most events in one published batch.",
    unit: "events",
  }),
  drainSeconds: z.number().min(1).max(300).default(10).meta({
    description: "How long a shutdown may take to see clients off before the process ends.",
    unit: "seconds",
  }),
});

/** Who is let in. */
export const SecuritySection = z.strictObject({
  keysFile: z.string().min(1).optional().meta({
    description:
      "File of named keys, read again when it changes; unset, keys.json in the data directory. One that is named or exists counts as configured.",
    allowed: "a path",
  }),
  anonymousScopes: z.array(z.enum(["subscribe"])).default([]).meta({
    description: "What clients without a key may do; none by default.",
  }),
  allowAnonymousRemote: z.boolean().default(false).meta({
    description: "Lets anonymousScopes apply when the gateway does not listen on loopback.",
  }),
  allowedOrigins: z.array(z.string().toLowerCase().regex(ORIGIN)).default([]).meta({
    description: "Origins whose pages may connect besides the gateway's own.",
    allowed: "origins such as https://desk.example",
  }),
  allowQueryApiKey: z.boolean().default(true).meta({
    description: "Accepts ?apiKey=, as old clients send it.",
  }),
  maxSessionsPerKey: z.int().min(1).max(100_000).default(1_000).meta({
    description: "Sessions of pages that one key may have at a time.",
    unit: "sessions",
  }),
  maxSessions: z.int().min(1).max(100_000).default(10_000).meta({
    description: "Sessions of pages in all.",
    unit: "sessions",
  }),
  maxTicketsPerKey: z.int().min(1).max(100_000).default(1_000).meta({
    description: "Tickets that one key may have issued and not yet used; each counts for 60 s.",
    unit: "tickets",
  }),
  maxTickets: z.int().min(1).max(100_000).default(10_000).meta({
    description: "Tickets that were issued and not yet used, in all.",
    unit: "tickets",
  }),
});

/** How events flow to clients. */
export const TelemetrySection = z.strictObject({
  heartbeatIntervalSeconds: z.number().min(0.1).max(3_600).default(15).meta({
    description: "Time between two heartbeats to a client.",
    unit: "seconds",
  }),
  heartbeatTimeoutSeconds: z.number().min(0.2).max(7_200).default(45).meta({
    description:
      "Silence of a peer, pongs included, after which its connection ends; longer than the interval.",
    unit: "seconds",
  }),
  requireClientHeartbeat: z.boolean().default(false).meta({
    description: "Ends clients that answer pings but send no message within the timeout.",
  }),
  rateLimitPerSecond: z.int().min(0).max(1_000_000).default(120).meta({
    description:
      "Events a second to one connection on channels that can be conflated; 0 is unlimited. Alerts and warnings are never held back.",
    unit: "events/s",
  }),
  replayLimit: z.int().min(1).max(10_000).default(50).meta({
    description: "Most events of a channel that a v1 replay sends.",
    unit: "events",
  }),
  ringCapacity: z.int().min(16).max(1_048_576).default(4_096).meta({
    description: "Events of a channel that are kept in memory for slow and returning clients.",
    unit: "events",
  }),
  flushIntervalMs: z.int().min(5).max(1_000).default(50).meta({
    description: "Time between two batches to a v2 client.",
    unit: "ms",
  }),
  dedupeWindowSeconds: z.int().min(1).max(3_600).default(120).meta({
    description: "How long an eventId makes a repeated publication harmless.",
    unit: "seconds",
  }),
  marketDataMaxAgeSeconds: z.number().min(0.5).max(86_400).default(10).meta({
    description:
      "Silence of market-data, of events and of publishers' heartbeats alike, after which it is stale; from its first event on.",
    unit: "seconds",
  }),
  declaredMaxAgeSeconds: z.number().min(0.5).max(86_400).default(30).meta({
    description:
      "The same for the other channels, once the heartbeat of a publisher has declared them.",
    unit: "seconds",
  }),
  incidentGapSeconds: z.int().min(1).max(86_400).default(300).meta({
    description:
      "Longest time between two emissions of a risk alert that are one incident, which is acknowledged as a whole.",
    unit: "seconds",
  }),
  unknownFields: z.enum(["ignore", "reject"]).default("ignore").meta({
    description:
      "What becomes of a field of a published payload that the gateway does not know: ignore leaves it out and names it in the receipt, reject refuses the event.",
  }),
  maxSubscriptions: z.int().min(1).max(64).default(16).meta({
    description: "Channels that one connection may be subscribed to at a time.",
    unit: "channels",
  }),
  maxFilterValues: z.int().min(1).max(256).default(256).meta({
    description: "Most symbols, and most trader ids, in the filter of a subscription.",
    unit: "values",
  }),
  inboundMessagesPerSecond: z.int().min(1).max(1_000).default(20).meta({
    description: "Messages a second that one client may send before it is told to slow down.",
    unit: "messages/s",
  }),
});

/** Where events and the development key are kept. */
export const StoreSection = z.strictObject({
  kind: z.enum(["sqlite", "memory"]).default("sqlite").meta({
    description:
      "Where events are kept; sqlite keeps them in the data directory, memory forgets them when the process ends.",
    name: "store",
  }),
  dataDir: z.string().min(1).default("./data").meta({
    description: "Directory of what outlives the process: events and the development key.",
    allowed: "a path",
  }),
  durability: z.enum(["process", "power"]).default("process").meta({
    description:
      "What an acknowledged event survives: the end of the process, or a power failure as well, for which each commit waits for the disk.",
    name: "storeDurability",
  }),
  retentionEvents: z.int().min(1_000).max(100_000_000).default(1_000_000).meta({
    description: "Events of a channel that are kept; the latest state of each key stays longer.",
    unit: "events",
  }),
  retentionHours: z.number().min(0.1).max(87_600).default(168).meta({
    description: "Age at which an event is forgotten; the latest state of each key stays longer.",
    unit: "hours",
  }),
  bootId: z.string().regex(BOOT_ID).optional().meta({
    description:
      "Identifies the boot of the machine, so that a killed process is told from a power failure. The start task finds it out; unset, every unclean stop begins a new epoch.",
    allowed: "1 to 64 letters, digits and dashes",
  }),
});

/** What the process says about itself. */
export const LogSection = z.strictObject({
  level: z.enum(["debug", "info", "warning", "error"]).default("info").meta({
    description: "The least severe records to write.",
    name: "logLevel",
  }),
  format: z.enum(["pretty", "json"]).optional().meta({
    description: "How records are written; unset, pretty on a terminal and json otherwise.",
    name: "logFormat",
  }),
});

/** The simulated trading floor. */
export const DemoSection = z.strictObject({
  enabled: z.boolean().default(false).meta({
    description:
      "Publishes a simulated trading floor; on a loopback address it also prints a link that opens the pages signed in, once.",
    name: "demo",
  }),
  seed: z.int().min(0).max(4_294_967_295).default(1).meta({
    description: "Makes the simulation repeatable: the same seed tells the same story.",
    name: "demoSeed",
  }),
});

/** Every section by its name in the file. */
export const SECTIONS = {
  server: ServerSection,
  security: SecuritySection,
  telemetry: TelemetrySection,
  store: StoreSection,
  log: LogSection,
  demo: DemoSection,
} as const;
