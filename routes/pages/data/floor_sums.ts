/**
 * What is summed up over all rows, kept up to date change by change: exact, and cheap for ten
 * thousand rows.
 *
 * @module
 */
import { KeyedSum } from "../logic/keyed_sum.ts";
import { Trail } from "../logic/sparkline.ts";
import type { Stores } from "./live.ts";

/** How far back the small lines go, in ms. */
const TRAIL_MILLIS = 3_600_000;

/** Most points of a line: one for each px. */
const TRAIL_POINTS = 92;

/** Distance of the first points, in ms. */
const TRAIL_STEP_MILLIS = 1_000;

/** Sums and small histories of the floor. Read them when the version of a store has changed. */
export class FloorSums {
  /** Of all traders since their start. */
  readonly netProfit = new KeyedSum();
  /** Of all open positions. */
  readonly unrealized = new KeyedSum();
  /** The net profit of each trader, as it was since the page is open. */
  readonly profitTrails = new Map<string, Trail>();
  /** The price of each symbol, as it was since the page is open. */
  readonly priceTrails = new Map<string, Trail>();

  /** Follows the tables. */
  constructor(stores: Stores) {
    stores["trader-status"]?.onChange((changed, removed) => {
      for (const [id, { metrics, timestamp }] of changed) {
        this.netProfit.set(id, metrics?.netProfit);
        if (metrics !== undefined) {
          trailOf(this.profitTrails, id).add(timestamp, Number(metrics.netProfit));
        }
      }
      for (const id of removed.keys()) {
        this.netProfit.delete(id);
        this.profitTrails.delete(id);
      }
    });
    stores.positions?.onChange((changed, removed) => {
      for (const [id, { unrealizedPnL }] of changed) this.unrealized.set(id, unrealizedPnL);
      for (const id of removed.keys()) this.unrealized.delete(id);
    });
    stores["market-data"]?.onChange((changed, removed) => {
      for (const [id, { price, timestamp }] of changed) {
        trailOf(this.priceTrails, id).add(timestamp, Number(price));
      }
      for (const id of removed.keys()) this.priceTrails.delete(id);
    });
  }
}

function trailOf(trails: Map<string, Trail>, id: string): Trail {
  let trail = trails.get(id);
  if (trail === undefined) {
    trails.set(id, trail = new Trail(TRAIL_MILLIS, TRAIL_POINTS, TRAIL_STEP_MILLIS));
  }
  return trail;
}
