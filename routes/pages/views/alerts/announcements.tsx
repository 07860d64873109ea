/** @module How critical alerts are announced, and why nothing can be acknowledged. */
import type { VNode } from "preact";
import { notificationsRefused, toggleNotifications, toggleSound } from "../../app/announcer.ts";
import { notify, sound } from "../../app/preferences.ts";
import type { Live } from "../../data/live.ts";
import { useAcknowledgeObstacle } from "../../parts/acknowledge.tsx";

/** The choices; the browser is asked by a click alone. */
export function Announcements({ live }: { readonly live: Live }): VNode {
  const obstacle = useAcknowledgeObstacle(live);
  return (
    <>
      <span>Critical alerts:</span>
      <button type="button" aria-pressed={sound.value === "on"} onClick={toggleSound}>
        Sound {sound.value}
      </button>
      <button type="button" aria-pressed={notify.value === "on"} onClick={toggleNotifications}>
        Notifications {notify.value}
      </button>
      {notificationsRefused.value && <span>The browser does not allow them for this page.</span>}
      {obstacle !== undefined && <span class="obstacle">{obstacle}.</span>}
    </>
  );
}
