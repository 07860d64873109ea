/**
 * The addresses of the pages.
 *
 * @module
 */

/** Where scripts and styles are. */
export const ASSETS_PATH = "/assets";

/** Where the client is, for pages of others. */
export const CLIENT_PATH = "/client.js";

/** The views in the order of the navigation, with their addresses. */
export const VIEW_PATHS = {
  floor: "/",
  positions: "/positions",
  alerts: "/alerts",
  market: "/market",
  tape: "/tape",
} as const;

/** A view of the dashboard. */
export type ViewName = keyof typeof VIEW_PATHS;
