/**
 * Watches one trader's limits and raises alerts while they are broken.
 *
 * @module
 */
import type { RiskAlert } from "../../protocol/events/risk_alert.ts";
import { Big, formatAmount, roundTo, ZERO } from "./money.ts";
import type { Moment, RiskAlertEvent } from "./publish.ts";

/** While a condition lasts its alert is repeated this often, in ms. */
export const REPEAT_MILLIS = 10_000;
/** For how long a stop loss counts as a condition, in ms. */
const STOP_LOSS_MILLIS = 25_000;
/** Fractions of a limit: from where on it is warned of, and from where on it is an emergency. */
const WARN_AT = new Big("0.8");
const EMERGENCY_AT = new Big("1.25");
const ONE = new Big(1);

/** What a trader may risk, in quote currency. */
export interface RiskLimits {
  /** Value of all open positions. */
  readonly exposure: Big;
  /** Realised loss of a session; the simulated day is one session. */
  readonly dailyLoss: Big;
}

/** What the desk sees of a trader. */
export interface RiskView {
  /** Id of the trader, and the first part of the ids of its alerts. */
  readonly traderId: string;
  /** What messages call the trader. */
  readonly traderName: string;
  /** Value of its open positions. */
  readonly exposure: Big;
  /** Realised profit of the session; negative when it is a loss. */
  readonly net: Big;
  /** The last position that was stopped out at a loss. */
  readonly stopLoss?: { readonly at: number; readonly positionId: string; readonly loss: Big };
}

/** What the desk decided. */
export interface Verdict {
  /** Alerts to publish now; empty between repetitions. */
  readonly alerts: readonly RiskAlertEvent[];
  /** Whether the trader may open positions. */
  readonly mayOpen: boolean;
  /** Whether the trader has to stop at once. */
  readonly mustStop: boolean;
}

type Violation = RiskAlert["violations"][number];
type Finding = Pick<RiskAlert, "severity" | "message"> & {
  readonly recommendation: NonNullable<RiskAlert["recommendation"]>;
  readonly violation: Violation;
};

interface Condition {
  severity: RiskAlert["severity"];
  readonly since: string;
  raisedAt: number;
}

/**
 * One id per trader and limit. While the limit stays broken the same id comes again every
 * {@link REPEAT_MILLIS}, and at once when the severity changes, as deployed cores do.
 */
export class RiskDesk {
  readonly #limits: RiskLimits;
  readonly #conditions = new Map<string, Condition>();

  /** A desk for one trader; both limits are above 0. */
  constructor(limits: RiskLimits) {
    this.#limits = limits;
  }

  /** Judges a trader. Meant to be called about once a second. */
  review(view: RiskView, now: Moment): Verdict {
    const findings = [this.#exposure(view), this.#dailyLoss(view), stopLoss(view, now.at)]
      .filter((finding) => finding !== undefined);
    const alerts: RiskAlertEvent[] = [];
    const lasting = new Set<string>();
    for (const finding of findings) {
      const id = `${view.traderId}-${finding.violation.type.toLowerCase().replaceAll("_", "-")}`;
      lasting.add(id);
      const since = this.#raise(id, finding.severity, now);
      if (since !== undefined) alerts.push(alert(id, view.traderId, finding, since, now.time));
    }
    for (const id of this.#conditions.keys()) if (!lasting.has(id)) this.#conditions.delete(id);
    const advice = new Set(findings.map((finding) => finding.recommendation));
    const mustStop = advice.has("EMERGENCY_STOP");
    return { alerts, mayOpen: !mustStop && !advice.has("BLOCK"), mustStop };
  }

  /** Since when the condition lasts, when its alert is due; else `undefined`. */
  #raise(id: string, severity: RiskAlert["severity"], now: Moment): string | undefined {
    const known = this.#conditions.get(id);
    if (known === undefined) {
      this.#conditions.set(id, { severity, since: now.time, raisedAt: now.at });
      return now.time;
    }
    if (known.severity === severity && now.at - known.raisedAt < REPEAT_MILLIS) return undefined;
    known.severity = severity;
    known.raisedAt = now.at;
    return known.since;
  }

  #exposure(view: RiskView): Finding | undefined {
    const used = view.exposure.div(this.#limits.exposure);
    if (used.lte(ONE)) return undefined;
    return {
      severity: used.gt(EMERGENCY_AT) ? "CRITICAL" : "WARNING",
      recommendation: "BLOCK",
      message: `${view.traderName} holds ${percent(used)} of its exposure limit`,
      violation: violation("EXPOSURE", view.exposure, this.#limits.exposure),
    };
  }

  #dailyLoss(view: RiskView): Finding | undefined {
    const loss = ZERO.minus(view.net);
    const used = loss.div(this.#limits.dailyLoss);
    if (used.lt(WARN_AT)) return undefined;
    const beyond = used.gte(ONE);
    return {
      severity: beyond ? "CRITICAL" : "WARNING",
      recommendation: used.gte(EMERGENCY_AT) ? "EMERGENCY_STOP" : beyond ? "BLOCK" : "WARN",
      message: `${view.traderName} has lost ${percent(used)} of its daily loss limit`,
      violation: violation("DAILY_LOSS", loss, this.#limits.dailyLoss),
    };
  }
}

function stopLoss(view: RiskView, at: number): Finding | undefined {
  const stop = view.stopLoss;
  if (stop === undefined || at - stop.at >= STOP_LOSS_MILLIS) return undefined;
  const loss = formatAmount(stop.loss);
  return {
    severity: "INFO",
    recommendation: "ALLOW",
    message: `${view.traderName} was stopped out of a position`,
    violation: {
      type: "STOP_LOSS",
      message: `position ${stop.positionId} was closed at its stop with a loss of ${loss}`,
      details: { positionId: stop.positionId, loss },
    },
  };
}

function violation(type: Violation["type"], value: Big, limit: Big): Violation {
  const current = formatAmount(roundTo(value, 2));
  return {
    type,
    message: `${current} of ${formatAmount(limit)}`,
    details: { current, limit: formatAmount(limit) },
  };
}

function alert(
  id: string,
  traderId: string,
  finding: Finding,
  since: string,
  time: string,
): RiskAlertEvent {
  const { severity, recommendation, message, violation } = finding;
  const violations = [{ ...violation, details: { ...violation.details, since } }];
  return {
    channel: "risk-alerts",
    data: {
      id,
      traderId,
      severity,
      recommendation,
      message,
      violations,
      status: "ACTIVE",
      createdAt: time,
    },
  };
}

function percent(fraction: Big): string {
  return `${fraction.times(100).toFixed(0)} %`;
}
