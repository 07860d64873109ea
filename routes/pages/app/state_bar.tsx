/**
 * Always in view: the connection in words, the age of the last sign of life, whether everything came,
 * who is signed in.
 *
 * @module
 */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import { Menu } from "../parts/menu.tsx";
import { CHANNELS, type Live } from "../data/live.ts";
import { describePresence } from "../logic/presence.ts";
import { showKeys } from "./keyboard.tsx";
import { showSignIn, signOut } from "./page.ts";
import { theme, zone } from "./preferences.ts";

/** The right end of the bar. */
export function StateBar({ live }: { readonly live: Live }): VNode {
  return (
    <div class="state">
      <PresenceChip live={live} />
      <Completeness live={live} />
      <Menu label={live.session.principal} class="who">
        <button type="button" onClick={() => zone.value = zone.value === "utc" ? "local" : "utc"}>
          Times: {zone.value === "utc" ? "UTC" : "local"}
        </button>
        <button
          type="button"
          onClick={() => theme.value = theme.value === "dark" ? "light" : "dark"}
        >
          Theme: {theme.value}
        </button>
        <button type="button" onClick={showKeys}>Keys</button>
        {live.session.authenticated
          ? <button type="button" onClick={signOut}>Sign out</button>
          : <button type="button" onClick={showSignIn}>Sign in with a key</button>}
      </Menu>
    </div>
  );
}

function PresenceChip({ live }: { readonly live: Live }): VNode {
  const presence = useComputed(() => {
    const state = live.connection.value;
    const silenceMs = live.clock.silenceMs.value;
    const untilRetryMs = state.status === "waiting" ? state.retryAt - Date.now() : 0;
    return describePresence(state, silenceMs, untilRetryMs);
  }).value;
  return (
    <span class={`chip presence ${presence.tone}`}>
      <b>{presence.word}</b>
      {presence.detail !== "" && <small>{presence.detail}</small>}
    </span>
  );
}

function Completeness({ live }: { readonly live: Live }): VNode {
  const skipped = useComputed(() =>
    CHANNELS.reduce((sum, name) => {
      return sum + (live.stores[name]?.progress.value.account.skipped ?? 0);
    }, 0)
  ).value;
  const waiting = useComputed(() =>
    CHANNELS.some((name) => {
      const store = live.stores[name];
      return store !== undefined && store.progress.value.place === undefined;
    })
  ).value;
  const label = waiting ? "Loading" : (
    <>
      Complete
      {skipped > 0 && <small>{skipped.toLocaleString("en")} conflated</small>}
    </>
  );
  return (
    <Menu label={label} class="complete">
      <table class="channels">
        <caption>
          What has arrived of each channel. Conflated: superseded by a later state before it was
          sent; the latest state is always here. Alerts and warnings are never left out.
        </caption>
        <thead>
          <tr>
            <th scope="col">Channel</th>
            <th scope="col">State</th>
            <th scope="col" class="end">Through</th>
            <th scope="col" class="end">Conflated</th>
          </tr>
        </thead>
        <tbody>{CHANNELS.map((name) => <ChannelRow key={name} live={live} name={name} />)}</tbody>
      </table>
    </Menu>
  );
}

function ChannelRow(
  { live, name }: { readonly live: Live; readonly name: (typeof CHANNELS)[number] },
): VNode {
  const store = live.stores[name];
  if (store === undefined) {
    return (
      <tr>
        <th scope="row">{name}</th>
        <td colSpan={3} class="muted">not part of this key</td>
      </tr>
    );
  }
  const { place, account } = store.progress.value;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{store.freshness.value.state}</td>
      <td class="end">{place === undefined ? "–" : `#${place.seq.toLocaleString("en")}`}</td>
      <td class="end">{account.skipped.toLocaleString("en")}</td>
    </tr>
  );
}
