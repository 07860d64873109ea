/**
 * `data` of v1 events as the deployed classes decode it: a table of fields per class, written from
 * the contract and not from the gateway's own schemas.
 *
 * @module
 */

/** A field of a deployed class. */
interface Field {
  /** What its value must be, for the message of a failure. */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Whether the class has a default for it, so that it may be absent. */
  readonly optional?: boolean;
}

type Fields = Readonly<Record<string, Field>>;
type Data = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === "string";
const isDouble = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);

const text: Field = { expected: "text", accepts: isText };
const nullableText: Field = {
  expected: "text or null",
  accepts: (value) => value === null || isText(value),
};
const flag: Field = { expected: "a boolean", accepts: (value) => typeof value === "boolean" };
const double: Field = { expected: "a number", accepts: isDouble };
const int: Field = {
  expected: "a count of 32 bits",
  accepts: (value) => isDouble(value) && value === (value | 0) && value >= 0,
};
const long: Field = { expected: "epoch ms", accepts: Number.isSafeInteger };
const decimal: Field = {
  expected: "a decimal string",
  accepts: (value) => isText(value) && /^-?\d+(\.\d+)?$/.test(value),
};
const amount: Field = {
  expected: "a decimal string of 0 or more",
  accepts: (value) => decimal.accepts(value) && !/^-.*[1-9]/.test(value as string),
};
const share: Field = {
  expected: "a number from 0 to 1",
  accepts: (value) => isDouble(value) && value >= 0 && value <= 1,
};
const instant: Field = {
  expected: "an ISO time with at most nine digits of fraction",
  accepts: (value) =>
    isText(value) &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value)),
};
/** The pattern in the source of `java.time.Duration`, with the bounds of the contract. */
const duration: Field = {
  expected: "a duration that Java parses",
  accepts: (value) => {
    if (!isText(value)) return false;
    const match =
      /^([-+]?)P(?:([-+]?[0-9]+)D)?(T(?:([-+]?[0-9]+)H)?(?:([-+]?[0-9]+)M)?(?:([-+]?[0-9]+)(?:[.,]([0-9]{0,9}))?S)?)?$/
        .exec(value);
    if (match === null || match[3] === "T") return false;
    const [, , days, , hours, minutes, seconds] = match;
    const digits = (part: string | undefined) => (part ?? "").replace(/^[-+]/, "").length;
    return [days, hours, minutes, seconds].some((part) => part !== undefined) &&
      digits(days) <= 9 && digits(hours) <= 15 && digits(minutes) <= 15 && digits(seconds) <= 15;
  },
};
const details: Field = {
  expected: "a map of text to text or null",
  accepts: (value) => isRecord(value) && Object.values(value).every(nullableText.accepts),
};

function oneOf(...values: readonly string[]): Field {
  return { expected: values.join(", "), accepts: (value) => values.includes(value as string) };
}

function optional(field: Field): Field {
  return { ...field, optional: true };
}

const VIOLATION: Fields = {
  type: oneOf(
    ...["BUDGET", "LEVERAGE", "EXPOSURE", "DAILY_LOSS", "STOP_LOSS", "EMERGENCY", "UNKNOWN"],
  ),
  message: text,
  details,
};

const METRICS: Fields = {
  totalTrades: optional(int),
  winningTrades: optional(int),
  losingTrades: optional(int),
  totalProfit: optional(amount),
  totalLoss: optional(amount),
  netProfit: optional(decimal),
  winRate: optional(share),
  averageProfit: optional(decimal),
  averageLoss: optional(decimal),
  profitFactor: optional(double),
  maxDrawdown: optional(decimal),
  sharpeRatio: optional(double),
  startTime: optional(instant),
  uptime: optional(duration),
  signalsExecuted: optional(int),
  closeSignalsExecuted: optional(int),
  lastSignalAction: optional(oneOf("BUY", "SELL", "HOLD", "CLOSE")),
  lastSignalConfidence: optional(double),
  lastSignalTime: optional(instant),
};

/** The class of each channel. Those of positions and alerts carry what v1 adds to them. */
export const DEPLOYED_CLASSES: Readonly<Record<string, Fields>> = {
  "trader-status": {
    id: text,
    name: text,
    status: oneOf("IDLE", "STARTING", "RUNNING", "PAUSED", "STOPPING", "STOPPED", "ERROR"),
    exchange: text,
    symbol: text,
    strategy: text,
    reason: text,
    metrics: optional({ expected: "metrics", accepts: (value) => faultOfMetrics(value) === "" }),
    updatedAt: instant,
    timestamp: long,
  },
  "positions": {
    id: text,
    traderId: text,
    symbol: text,
    action: oneOf("LONG", "SHORT"),
    quantity: decimal,
    entryPrice: decimal,
    currentPrice: decimal,
    unrealizedPnL: decimal,
    realizedPnL: optional(decimal),
    status: oneOf("OPEN", "UPDATED", "CLOSED"),
    reason: optional(text),
    trailingStopActivated: flag,
    stopLossPrice: optional(decimal),
    takeProfitPrice: optional(decimal),
    isActive: flag,
    timestamp: long,
  },
  "risk-alerts": {
    id: text,
    traderId: nullableText, // Without a default: it must be there.
    severity: oneOf("INFO", "WARNING", "CRITICAL"),
    recommendation: optional(oneOf("ALLOW", "WARN", "BLOCK", "EMERGENCY_STOP")),
    message: text,
    violations: {
      expected: "a list of violations",
      accepts: (value) =>
        Array.isArray(value) &&
        value.every((one) => isRecord(one) && faultOf(one, VIOLATION) === undefined),
    },
    status: text,
    acknowledgedBy: optional(text),
    acknowledgedAt: optional(instant),
    createdAt: instant,
    timestamp: long,
  },
  "market-data": {
    id: text,
    symbol: text,
    price: decimal,
    source: text,
    change24h: optional(double),
    isSnapshot: flag,
    updatedAt: instant,
    timestamp: long,
  },
  "system-warnings": {
    id: text,
    severity: oneOf("INFO", "WARNING", "CRITICAL"),
    code: text,
    message: text,
    details,
    createdAt: instant,
    timestamp: long,
  },
};

/**
 * What a deployed client could not decode of an event.
 *
 * @param time `meta.updatedAt` of a position, which stands in for the time of its class.
 * @returns `undefined` when it decodes.
 */
export function payloadFault(channel: string, data: Data, time?: string): string | undefined {
  const fields = DEPLOYED_CLASSES[channel];
  if (fields === undefined) return `there is no channel ${channel}`;
  if (channel === "positions" && !instant.accepts(time)) {
    return `meta.updatedAt ${time}: expected ${instant.expected}`;
  }
  if ("metrics" in data) {
    const fault = faultOfMetrics(data["metrics"]);
    if (fault !== "") return `data.metrics.${fault}`;
  }
  const fault = faultOf(data, fields);
  return fault && `data.${fault}`;
}

function faultOf(data: Data, fields: Fields): string | undefined {
  const stray = Object.keys(data).find((key) => !Object.hasOwn(fields, key));
  if (stray !== undefined) return `${stray}: unknown key`;
  for (const [name, { expected, accepts, optional: mayMiss }] of Object.entries(fields)) {
    if (!Object.hasOwn(data, name)) {
      if (!mayMiss) return `${name}: is missing`;
    } else if (!accepts(data[name])) {
      return `${name}: expected ${expected}, got ${JSON.stringify(data[name])}`;
    }
  }
  return undefined;
}

/** Empty when metrics decode. */
function faultOfMetrics(value: unknown): string {
  if (!isRecord(value)) return "expected an object";
  const fault = faultOf(value, METRICS);
  if (fault !== undefined) return fault;
  const count = (name: string) => value[name] as number | undefined ?? 0;
  const consistent = count("winningTrades") + count("losingTrades") <= count("totalTrades");
  return consistent ? "" : "totalTrades: less than winning and losing trades";
}

function isRecord(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
