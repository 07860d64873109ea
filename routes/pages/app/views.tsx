/**
 * The views by name: each is a folder in `views/`.
 *
 * @module
 */
import type { VNode } from "preact";
import type { Live } from "../data/live.ts";
import type { ViewName } from "../paths.ts";
import { Alerts } from "../views/alerts/alerts.tsx";
import { Floor } from "../views/floor/floor.tsx";
import { Market } from "../views/market/market.tsx";
import { Positions } from "../views/positions/positions.tsx";
import { Tape } from "../views/tape/tape.tsx";

/** A view. */
export type View = (props: { readonly live: Live }) => VNode;

/** What the navigation calls them. */
export const TITLES: Readonly<Record<ViewName, string>> = {
  floor: "Floor",
  positions: "Positions",
  alerts: "Alerts",
  market: "Market",
  tape: "Tape",
};

/** The views. */
export const VIEWS: Readonly<Record<ViewName, View>> = {
  floor: Floor,
  positions: Positions,
  alerts: Alerts,
  market: Market,
  tape: Tape,
};
